from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.blobs import Blobs
from gallery.errors import SpoolFullError, StoreUnavailableError
from gallery.stores.base import MediaStore, SupportsLocalPath, SupportsTidying
from gallery.stores.local import LocalStore
from gallery.stores.spool import RECOUNT_S, BlobSpool, DiskSpool, Room
from tests.away import nobodys_database
from tests.store_contract import KEY, OTHER_KEY, SMALL, Draw, Fetch, StoreContract, image_of
from tests.stores import own_cdn
from tests.stores.failing import Clock

OWN: dict[str, Any] = {"cloud_name": "vitrine", "secret": own_cdn.SECRET}
ROOMY: dict[str, Any] = {"max_bytes": 10**9, **OWN}


@pytest.fixture
def blobs(database: Database[dict[str, Any]]) -> Blobs:
    blobs = Blobs(database, "spool")
    blobs.ensure_indexes()
    return blobs


class TestDiskSpool(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> MediaStore:
        return DiskSpool(tmp_path / "spool", **ROOMY)

    @pytest.fixture
    def down(self, tmp_path: Path) -> MediaStore:
        (tmp_path / "file").touch()
        return DiskSpool(tmp_path / "file", **ROOMY)

    @pytest.fixture
    def fetch(self) -> Fetch:
        return own_cdn.answer

    @pytest.fixture
    def outside(self, tmp_path: Path) -> Callable[[], object]:
        return lambda: {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}

    def test_variants_are_made_here(self, store: MediaStore) -> None:
        assert isinstance(store, SupportsLocalPath)


class TestBlobSpool(StoreContract):
    down_error = StoreUnavailableError

    @pytest.fixture
    def store(self, blobs: Blobs) -> MediaStore:
        return BlobSpool(blobs, **ROOMY)

    @pytest.fixture
    def down(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaStore]:
        """A spool whose database is away."""
        with nobodys_database(monkeypatch) as nobodys:
            yield BlobSpool(Blobs(nobodys, "spool"), **ROOMY)

    @pytest.fixture
    def fetch(self) -> Fetch:
        return own_cdn.answer

    @pytest.fixture
    def outside(self, tmp_path: Path, database: Database[dict[str, Any]]) -> Callable[[], object]:
        return lambda: (
            {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")},
            [list(database[name].find()) for name in sorted(database.list_collection_names())],
        )

    def test_what_a_crash_left_goes(
        self, store: MediaStore, blobs: Blobs, database: Database[dict[str, Any]]
    ) -> None:
        blobs.create(KEY).write(b"-" * 2 * 1024 * 1024)
        assert database["spool.chunks"].count_documents({}) == 2
        assert isinstance(store, SupportsTidying)

        assert store.tidy(older_than=datetime.now(UTC) - timedelta(hours=1)) == 0
        assert store.tidy(older_than=datetime.now(UTC) + timedelta(hours=1)) == 1

        assert database["spool.chunks"].count_documents({}) == 0


def test_its_addresses_are_those_of_our_own_disk(tmp_path: Path, blobs: Blobs, draw: Draw) -> None:
    local = LocalStore(tmp_path / "originals", **OWN)
    image = image_of(local, draw())

    for spool in (DiskSpool(tmp_path / "spool", **ROOMY), BlobSpool(blobs, **ROOMY)):
        assert spool.delivery_url(image, SMALL) == local.delivery_url(image, SMALL)


@pytest.fixture(params=["disk", "blobs"])
def make(request: pytest.FixtureRequest, tmp_path: Path, blobs: Blobs) -> Callable[..., MediaStore]:
    if request.param == "disk":
        return lambda max_bytes: DiskSpool(tmp_path / "spool", max_bytes=max_bytes, **OWN)
    return lambda max_bytes: BlobSpool(blobs, max_bytes=max_bytes, **OWN)


def test_a_full_spool_says_when_to_come_back(make: Callable[..., MediaStore], draw: Draw) -> None:
    first, second = draw(seed=1), draw(seed=2)
    spool = make(first.bytes + second.bytes - 1)
    spool.put(KEY, first)

    with pytest.raises(SpoolFullError) as refusal:
        spool.put(OTHER_KEY, second)

    assert refusal.value.retry_after_s == 60
    assert [each.key for each in spool.list()] == [KEY]


def test_one_that_was_full_before_is_full_after_a_restart(
    make: Callable[..., MediaStore], draw: Draw
) -> None:
    original = draw()
    make(original.bytes).put(KEY, original)

    with pytest.raises(SpoolFullError):
        make(original.bytes).put(OTHER_KEY, original)


def test_room_is_measured_anew_when_the_count_is_old() -> None:
    clock, there = Clock(), [5]
    room = Room(10, lambda: there[0], now=clock)
    room.take(4)
    there[0] = 0
    with pytest.raises(SpoolFullError):
        room.take(2)

    clock.sleep(RECOUNT_S + 1)
    room.take(10)

    with pytest.raises(SpoolFullError):
        room.take(1)
