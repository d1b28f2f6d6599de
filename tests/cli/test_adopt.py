"""``gallery adopt``: what lies in an account already, taken in by a command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from gallery import config
from tests.cli.conftest import Here
from tests.cloudinary_server import Account, CloudinaryServer
from tests.cloudinary_server.account import Asset
from tests.pictures import photo

LONG_AGO = datetime(2019, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def twin() -> Iterator[CloudinaryServer]:
    with CloudinaryServer(Account(largest_page=2)) as twin:
        yield twin


@pytest.fixture
def abroad(
    make_here: Callable[[str], Here], monkeypatch: pytest.MonkeyPatch, twin: CloudinaryServer
) -> Here:
    """A gallery that keeps its photographs on this machine, and has an account besides."""
    made = make_here("data")
    monkeypatch.setenv("CLOUDINARY_URL", twin.url)
    monkeypatch.setenv("MEDIA_STORE", "local")
    return Here(config.read(os.environ), made.database)


def leave(twin: CloudinaryServer, public_id: str, seed: int, **told: object) -> None:
    """A picture in the account that an app has left there."""
    usual: dict[str, object] = {"type": "upload", "context": {}}
    asset = Asset(
        public_id=public_id,
        content=photo(seed=seed).content,
        format="jpg",
        width=photo().width,
        height=photo().height,
        version=7,
        created_at=LONG_AGO,
        **usual | told,  # type: ignore[arg-type]
    )
    twin.account.assets[asset.type, public_id] = asset


def test_what_apps_left_in_an_account_comes_with_its_words(
    abroad: Here, twin: CloudinaryServer
) -> None:
    words = {"caption": "The old cherry", "alt": "A tree"}
    leave(twin, "garden/cherry", 1, context=words, tags=("garden", "2019"))
    for seed in range(2, 5):
        leave(twin, f"garden/{seed}", seed)
    leave(twin, "somebody/private", 9, type="private")
    before = dict(twin.account.assets)

    dry = abroad.run("adopt", "--from", "cloudinary", "--dry-run")
    assert dry.stdout == "4 pictures would be adopted, 0 duplicates skipped\n"
    assert twin.requests("download") == []
    ended = abroad.run("adopt", "--from", "cloudinary", "--prefix", "garden/", "--tag", "old")

    assert (ended.exit_code, ended.stdout) == (
        0, "4 pictures adopted, 0 duplicates skipped\n"
    )  # fmt: skip
    [cherry] = abroad.database["images"].find({"public_id": "garden/cherry"})
    assert (cherry["description"], cherry["alt"]) == ("The old cherry", "A tree")
    assert (cherry["tags"], cherry["store"]) == (["old", "garden", "2019"], "local")
    assert cherry["created_at"] == LONG_AGO
    assert twin.account.assets == before
    assert len(twin.requests("download")) == 4
    assert abroad.run_json("adopt", "--from", "cloudinary")["duplicates"] == 4
    assert len(twin.requests("download")) == 4
    assert abroad.run("audit", "--grace", "0").exit_code == 0


def test_our_own_disk_holds_nothing_of_anybody_else(here: Here) -> None:
    ended = here.run("adopt", "--from", "local")

    assert ended.exit_code == 2
    assert ended.stderr.startswith("Nothing can be adopted from 'local'.")


def test_a_tag_that_cannot_be_one_is_refused(here: Here) -> None:
    assert here.run("adopt", "--from", "local", "--tag", "x" * 65).exit_code == 2
