from __future__ import annotations

import pytest

from gallery.catalog.images import ImageCatalog
from gallery.services.judging import Hashing
from tests.cli.conftest import Here
from tests.pictures import photo


def test_a_clean_gallery_ends_well_and_is_remembered(here: Here) -> None:
    here.add()

    ended = here.run("audit")

    assert ended.exit_code == 0
    assert ended.stdout.splitlines() == [
        "1 image: 1 ready",
        "objects: 1 in local; 1 original read whole",
        "drift: 0",
    ]
    with here.opened() as gallery:
        last = gallery.auditor.last()
    assert last is not None
    assert (last.total_drift, last.hashed) == (0, 1)


def test_drift_is_named_and_ends_with_one(here: Here) -> None:
    images = [here.add(photo(seed=seed)) for seed in range(2)]
    here.original(images[0]).unlink()

    ended = here.run("audit")

    assert ended.exit_code == 1
    assert f"missing  {images[0].id}  local  the store has no such object\n" in ended.stdout
    assert ended.stdout.endswith("drift: 1 (1 missing)\n")


def test_the_same_as_json(here: Here) -> None:
    image = here.add()
    here.original(image).write_bytes(b"!" * image.bytes)

    told = here.run_json("audit")

    assert (told["drift"], told["kinds"], told["images"]) == (1, {"altered": 1}, {"ready": 1})
    assert told["findings"] == [
        {
            "drift": "altered",
            "name": image.id,
            "store": "local",
            "detail": "the bytes have another SHA-256",
        }
    ]
    assert told["started_at"].endswith("Z")
    assert here.run_json("audit", "--hash", "none")["drift"] == 0


def test_a_dry_run_is_not_remembered(here: Here) -> None:
    assert here.run("audit", "--dry-run").exit_code == 0
    with here.opened() as gallery:
        assert gallery.auditor.last() is None


def test_what_cannot_run_ends_with_two(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=50")
    ended = here.run("audit")

    assert ended.exit_code == 2
    assert ended.stderr.startswith("MONGO_URI: the database does not answer")


def test_a_mistake_of_ours_is_no_drift(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object, **named: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(ImageCatalog, "estimated_count", broken)

    assert here.run("audit").exit_code == 2


def test_an_interrupted_one_is_no_drift(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.add()

    def interrupted(*given: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Hashing, "includes", interrupted)
    ended = here.run("audit")

    assert (ended.exit_code, ended.stderr) == (130, "Interrupted.\n")
