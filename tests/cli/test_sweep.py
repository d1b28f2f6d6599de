from __future__ import annotations

from pathlib import Path

import pytest

from gallery.errors import StoreUnavailableError
from gallery.model import Status
from gallery.services import ingest
from gallery.stores.local import LocalStore
from tests.cli.conftest import Here


def interrupted(here: Here, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an upload whose program died after the put; its received file lies there yet."""
    put = LocalStore.put

    def dies(self: LocalStore, *given: object) -> object:
        put(self, *given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put", dies)
        patch.setattr(ingest, "LEASE_S", 3600)
        with pytest.raises(KeyboardInterrupt):
            here.add()
    [document] = here.database["images"].find()
    return str(document["id"])


def left_file(here: Here) -> Path:
    [path] = (here.settings.gallery_data / "incoming").iterdir()
    return path


def test_nothing_due(here: Here) -> None:
    here.add()

    ended = here.run("sweep")

    assert (ended.exit_code, ended.stdout) == (0, "nothing was due\n")


def test_a_lease_is_respected_until_told_otherwise(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = interrupted(here, monkeypatch)
    file = left_file(here)
    assert here.run("sweep").stdout == "nothing was due\n"

    told = here.run("sweep", "--grace", "0", "--dry-run").stdout
    assert told.splitlines() == [
        f"would be finished  {image_id}",
        f"would be removed  {file.name}",
        "2 things due: 1 finished, 1 removed",
    ]
    assert here.run_json("sweep", "--grace", "0") == {
        "finished": 1,
        "undone": 0,
        "purged": 0,
        "removed": 1,
        "failed": 0,
        "waiting": 0,
        "dry_run": False,
    }
    with here.opened() as gallery:
        assert gallery.library.find(image_id).status is Status.READY
    assert here.run("audit", "--grace", "0").exit_code == 0


def test_what_must_wait_ends_with_one(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(here, monkeypatch)

    def away(self: LocalStore, key: str) -> object:
        raise StoreUnavailableError

    monkeypatch.setattr(LocalStore, "stat", away)

    ended = here.run("sweep", "--grace", "0")

    assert ended.exit_code == 1
    assert "1 failed" in ended.stdout
