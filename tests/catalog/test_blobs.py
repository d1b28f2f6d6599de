"""Bytes that lie in MongoDB."""

from __future__ import annotations

import hashlib
import io
import secrets
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.blobs import CHUNK_BYTES, Blobs
from gallery.errors import DatabaseUnavailableError, KeyTakenError, ObjectMissingError, StoreError
from tests.catalog.making import at_once

SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 7]
FUTURE = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def blobs(database: Database[dict[str, Any]]) -> Blobs:
    blobs = Blobs(database, "spool")
    blobs.ensure_indexes()
    return blobs


def chunks(database: Database[dict[str, Any]]) -> int:
    return database["spool.chunks"].count_documents({})


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Pattern(io.RawIOBase):
    """A file of any size that nobody has in memory."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = bytes(min(size, self._left))
        self._left -= len(piece)
        return piece


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_read_again(blobs: Blobs, size: int) -> None:
    content = secrets.token_bytes(size)

    kept = blobs.put("key", io.BytesIO(content), sha256=sha256_of(content))

    assert (kept.key, kept.bytes, kept.sha256) == ("key", size, sha256_of(content))
    assert abs(datetime.now(UTC) - kept.created_at) < timedelta(hours=1)
    assert blobs.stat("key") == kept
    with blobs.open("key") as file:
        assert file.read() == content


def test_a_file_is_read_from_anywhere(blobs: Blobs) -> None:
    content = secrets.token_bytes(2 * CHUNK_BYTES + 100)
    blobs.put("key", io.BytesIO(content))

    with blobs.open("key") as file:
        for at in (CHUNK_BYTES - 3, 5, 2 * CHUNK_BYTES, len(content), len(content) + 9):
            assert file.seek(at) == at
            assert file.read(10) == content[at : at + 10]
        assert file.seek(-4, io.SEEK_END) == len(content) - 4
        assert file.read() == content[-4:]


def test_memory_is_flat_both_ways(blobs: Blobs) -> None:
    size = 40 * CHUNK_BYTES
    tracemalloc.start()
    try:
        blobs.put("key", Pattern(size))  # type: ignore[arg-type]
        with blobs.open("key") as file:
            read = sum(len(piece) for piece in iter(lambda: file.read(64 * 1024), b""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert read == size
    assert peak < 12 * CHUNK_BYTES


def test_the_same_bytes_again_are_taken_as_they_lie(
    blobs: Blobs, database: Database[dict[str, Any]]
) -> None:
    first = blobs.put("key", io.BytesIO(b"bytes"))

    assert blobs.put("key", io.BytesIO(b"bytes")) == first
    assert chunks(database) == 1


def test_other_bytes_never_take_a_key(blobs: Blobs, database: Database[dict[str, Any]]) -> None:
    blobs.put("key", io.BytesIO(b"bytes"))

    with pytest.raises(KeyTakenError):
        blobs.put("key", io.BytesIO(b"other"))

    assert blobs.open("key").read() == b"bytes"
    assert chunks(database) == 1


def test_of_many_writers_at_once_one_has_the_key(
    blobs: Blobs, database: Database[dict[str, Any]]
) -> None:
    results = at_once(6, lambda index: blobs.put("key", io.BytesIO(b"%d" % index)))

    assert sum(isinstance(each, KeyTakenError) for each in results) == 5
    assert sha256_of(blobs.open("key").read()) == blobs.stat("key").sha256
    assert chunks(database) == 1


def test_bytes_that_are_not_as_announced_are_not_kept(
    blobs: Blobs, database: Database[dict[str, Any]]
) -> None:
    with pytest.raises(StoreError):
        blobs.put("key", io.BytesIO(b"bytes"), sha256=sha256_of(b"other"))

    assert chunks(database) == 0
    with pytest.raises(ObjectMissingError):
        blobs.stat("key")


def test_a_file_that_cannot_be_read_leaves_nothing(
    blobs: Blobs, database: Database[dict[str, Any]]
) -> None:
    class Torn(Pattern):
        def read(self, size: int = -1) -> bytes:
            if piece := super().read(size):
                return piece
            raise OSError("torn")

    with pytest.raises(OSError, match="torn"):
        blobs.put("key", Torn(3 * CHUNK_BYTES))  # type: ignore[arg-type]

    assert chunks(database) == 0


def test_nothing_is_there_before_it_is_whole(
    blobs: Blobs, database: Database[dict[str, Any]]
) -> None:
    writer = blobs.create("key")
    writer.write(bytes(CHUNK_BYTES + 1))

    assert chunks(database) == 1
    with pytest.raises(ObjectMissingError):
        blobs.open("key")

    assert writer.keep().bytes == CHUNK_BYTES + 1
    writer.discard()
    assert len(blobs.open("key").read()) == CHUNK_BYTES + 1


def test_what_a_crash_left_is_tidied_away(blobs: Blobs, database: Database[dict[str, Any]]) -> None:
    blobs.put("kept", io.BytesIO(bytes(CHUNK_BYTES + 1)))
    for _ in range(2):
        blobs.create("lost").write(bytes(2 * CHUNK_BYTES))

    assert blobs.tidy(older_than=datetime.now(UTC) - timedelta(days=1)) == 0
    assert chunks(database) == 6
    assert blobs.tidy(older_than=FUTURE) == 2
    assert chunks(database) == 2
    assert len(blobs.open("kept").read()) == CHUNK_BYTES + 1


def test_a_deleted_blob_is_gone_with_its_bytes(
    blobs: Blobs, database: Database[dict[str, Any]]
) -> None:
    blobs.put("key", io.BytesIO(bytes(CHUNK_BYTES + 1)))
    blobs.put("other", io.BytesIO(b"bytes"))

    blobs.delete("key")
    blobs.delete("key")

    assert [each.key for each in blobs.list()] == ["other"]
    assert chunks(database) == 1
    assert blobs.put("key", io.BytesIO(b"anew")).bytes == 4


def test_a_reader_of_a_deleted_blob_is_told(blobs: Blobs) -> None:
    blobs.put("key", io.BytesIO(bytes(2 * CHUNK_BYTES)))
    with blobs.open("key") as file:
        file.read(1)
        blobs.delete("key")
        with pytest.raises(ObjectMissingError):
            file.read()


def test_blobs_are_listed_by_their_keys(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.catalog.blobs._PAGE", 2)
    keys = ["a", "a.1", "a.2", "ab", "b", "c"]
    for key in reversed(keys):
        blobs.put(key, io.BytesIO(key.encode()))

    assert [each.key for each in blobs.list()] == keys
    assert [each.key for each in blobs.list("a.")] == ["a.1", "a.2"]
    assert list(blobs.list("d")) == []


def test_names_are_apart(blobs: Blobs, database: Database[dict[str, Any]]) -> None:
    other = Blobs(database, "parts")
    blobs.put("key", io.BytesIO(b"bytes"))

    with pytest.raises(ObjectMissingError):
        other.open("key")


def test_a_database_that_is_away_is_named(nobody: Database[dict[str, Any]]) -> None:
    blobs = Blobs(nobody, "spool")
    with pytest.raises(DatabaseUnavailableError):
        blobs.stat("key")
    with pytest.raises(DatabaseUnavailableError):
        blobs.create("key").write(bytes(CHUNK_BYTES))
