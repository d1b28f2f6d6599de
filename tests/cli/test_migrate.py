"""``gallery migrate`` on our own disk and a double of Cloudinary."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gallery import config
from gallery.cli.migrate import _in_short, _spoken
from gallery.services.migrating import told
from tests.cli.conftest import Here
from tests.cloudinary_server import Account, CloudinaryServer
from tests.pictures import photo
from tests.programs import eventually

COUNT = 6


@pytest.fixture
def twin() -> Iterator[CloudinaryServer]:
    with CloudinaryServer(Account()) as twin:
        yield twin


@pytest.fixture
def here(
    make_here: Callable[[str], Here], monkeypatch: pytest.MonkeyPatch, twin: CloudinaryServer
) -> Here:
    """A gallery whose new photographs stay on this machine, and a cloud beside it."""
    made = make_here("data")
    monkeypatch.setenv("CLOUDINARY_URL", twin.url)
    monkeypatch.setenv("MEDIA_STORE", "local")
    return Here(config.read(os.environ), made.database)


def fill(here: Here, count: int = COUNT) -> None:
    for seed in range(count):
        here.add(photo(seed=seed))


def stores_of(here: Here) -> list[str]:
    return sorted(each["store"] for each in here.database["images"].find())


def test_there_and_back(here: Here, twin: CloudinaryServer) -> None:
    fill(here)

    ended = here.run("migrate", "--from", "local", "--to", "cloudinary", "--keep", "0")

    assert (ended.exit_code, ended.stdout) == (
        0, "6 images moved from local to cloudinary: done\n"
    )  # fmt: skip
    assert ended.stderr == "New photographs still go to local: see MEDIA_STORE.\n"
    assert stores_of(here) == ["cloudinary"] * COUNT
    assert sorted(asset.content for asset in twin.account.assets.values()) == sorted(
        photo(seed=seed).content for seed in range(COUNT)
    )
    assert originals(here) == []
    assert here.run("audit", "--grace", "0", "--hash", "all").exit_code == 0

    ended = here.run("migrate", "--rollback")

    assert ended.stdout == "6 images moved from cloudinary back to local: done\n"
    assert stores_of(here) == ["local"] * COUNT
    assert len(originals(here)) == COUNT
    assert twin.account.assets == {}
    assert here.run("audit", "--grace", "0").exit_code == 0


def originals(here: Here) -> list[Path]:
    return list((here.settings.gallery_data / "originals").glob("??/*"))


def test_for_a_day_the_originals_stay_where_they_were(here: Here) -> None:
    image = here.add()

    assert here.run("migrate", "--from", "local", "--to", "cloudinary").exit_code == 0

    assert here.original(image).exists()
    assert here.run("sweep", "--grace", "0").stdout == "nothing was due\n"
    assert here.run("audit", "--grace", "0").exit_code == 0


def test_a_dry_run_tells_how_much_there_is(here: Here, twin: CloudinaryServer) -> None:
    fill(here, 2)
    sizes = sum(len(photo(seed=seed).content) for seed in range(2))

    ended = here.run("migrate", "--from", "local", "--to", "cloudinary", "--dry-run")

    size = f"{sizes / 1024**2:,.1f} MiB"
    assert ended.stdout == f"2 images ({size}) would move from local to cloudinary\n"
    assert here.run_json("migrate", "--from", "local", "--to", "cloudinary", "--dry-run") == {
        "images": 2,
        "bytes": sizes,
        "too_large": 0,
        "stay": 0,
        "dry_run": True,
    }
    assert here.run_json("migrate", "--status")["migration"] is None
    assert twin.account.assets == {}


def test_how_far_it_is(here: Here) -> None:
    assert here.run("migrate", "--status").stdout == "there has been no migration\n"
    fill(here, 2)
    words = ("migrate", "--from", "local", "--to", "cloudinary", "--detach", "--rate", "2.5")
    assert here.run(*words).stdout == "0 images moved from local to cloudinary, 2 left: running\n"

    known = here.run_json("migrate", "--pause")["migration"]

    assert known.pop("begun_at").endswith("Z")
    assert known == {
        "from": "local",
        "to": "cloudinary",
        "back": False,
        "state": "paused",
        "ended_at": None,
        "moved": 0,
        "left": 2,
        "refused": 0,
        "eta_s": None,
        "rate": 2.5,
        "problem": "",
    }
    resumed = here.run("migrate", "--resume")
    assert (resumed.exit_code, resumed.stdout) == (
        0, "2 images moved from local to cloudinary: done\n"
    )  # fmt: skip
    assert here.run_json("migrate", "--status")["migration"]["state"] == "done"


def test_somebody_else_may_pause_it(here: Here, twin: CloudinaryServer) -> None:
    fill(here)

    def pauses() -> None:
        eventually(lambda: len(twin.account.assets) > 0, 60)
        with here.opened() as gallery:
            gallery.migrating.pause()

    somebody = threading.Thread(target=pauses)
    somebody.start()
    ended = here.run("migrate", "--from", "local", "--to", "cloudinary", "--rate", "0.5")
    somebody.join()

    assert ended.exit_code == 1
    assert ended.stdout.endswith("left: paused\n")


def test_what_is_refused_is_told_and_stays(here: Here, twin: CloudinaryServer) -> None:
    fill(here, 2)
    twin.account.max_bytes = max(len(photo(seed=seed).content) for seed in range(2)) - 1

    ended = here.run("migrate", "--from", "local", "--to", "cloudinary")

    assert ended.exit_code == 1
    assert ended.stdout.startswith("1 image moved from local to cloudinary, 1 left: done\n")
    assert stores_of(here) == ["cloudinary", "local"]
    refused = here.run_json("migrate", "--status")["refusals"]
    assert len(refused) == 1
    assert f"{refused[0][0]}: {refused[0][1]}\n" in ended.stderr
    assert here.run("audit").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give --from and --to"),
        (("--from", "local"), "Give --from and --to"),
        (("--from", "local", "--to", "cloudinary", "--pause"), "Give --from and --to"),
        (("--dry-run", "--status"), "--dry-run goes with"),
        (("--from", "local", "--to", "cloudinary", "--rate", "0"), "--rate"),
        (("--from", "local", "--to", "cloudinary", "--keep", "-1"), "--keep"),
        (("--from", "local", "--to", "s4"), "There is no store 's4' here"),
        (("--from", "local", "--to", "local"), "not the same"),
        (("--pause",), "No migration is under way."),
        (("--resume",), "No migration is under way."),
        (("--rollback",), "There has been no migration."),
    ],
)
def test_what_cannot_be_done_ends_with_two(here: Here, words: tuple[str, ...], said: str) -> None:
    ended = here.run("migrate", *words)

    assert ended.exit_code == 2
    assert said in ended.stderr


def test_a_cloud_that_does_not_answer_is_told_before_anything_moves(
    here: Here, twin: CloudinaryServer
) -> None:
    here.add()
    twin.account.api_secret = "another"

    ended = here.run("migrate", "--from", "local", "--to", "cloudinary")

    assert ended.exit_code == 2
    assert here.run_json("migrate", "--status")["migration"] is None


def test_the_time_left_in_words(here: Here) -> None:
    fill(here, 1)
    with here.opened() as gallery:
        gallery.migrating.begin(from_="local", to="cloudinary", keep_s=0, rate=None)
        progress = gallery.migrating.progress()
    assert progress is not None
    assert (told(progress)["eta_s"], _in_short(progress)) == (None, "")
    assert [_spoken(each) for each in (9.4, 119, 150, 7100, 7300)] == [
        "9 s", "119 s", "2 min", "118 min", "2 h"
    ]  # fmt: skip
