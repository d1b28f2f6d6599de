"""Pieces of uploads as files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gallery.errors import ObjectMissingError, StorageFullError
from gallery.stores.parts import DiskParts
from tests.web.hostile import TRAVERSALS

NAME = "a-part_of.an-upload_1"


@pytest.fixture
def parts(tmp_path: Path) -> DiskParts:
    return DiskParts(tmp_path / "uploads")


def keep(parts: DiskParts, name: str, content: bytes) -> None:
    writer = parts.create(name)
    writer.write(content)
    writer.keep()


def test_a_piece_is_read_again(parts: DiskParts, tmp_path: Path) -> None:
    keep(parts, NAME, b"bytes")

    with parts.open(NAME) as file:
        assert file.read() == b"bytes"
    assert parts.path_of(NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "uploads").stat().st_mode & 0o777 == 0o700


def test_bytes_are_flushed_before_their_name(
    parts: DiskParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    keep(parts, NAME, b"bytes")

    assert flushed == [NAME, "uploads"]


def test_a_discarded_piece_is_gone(parts: DiskParts) -> None:
    writer = parts.create(NAME)
    writer.write(b"bytes")
    writer.discard()

    for call in (parts.open, parts.path_of):
        with pytest.raises(ObjectMissingError):
            call(NAME)


def test_a_name_is_used_once(parts: DiskParts) -> None:
    keep(parts, NAME, b"bytes")

    with pytest.raises(StorageFullError):
        parts.create(NAME)
    assert parts.path_of(NAME).read_bytes() == b"bytes"


def test_a_deleted_piece_is_gone_however_often(parts: DiskParts) -> None:
    keep(parts, NAME, b"bytes")
    parts.delete(NAME)
    parts.delete(NAME)
    with pytest.raises(ObjectMissingError):
        parts.open(NAME)


@pytest.mark.parametrize("name", ["", "x", "a/b.c", "../x.y", "a.b.c", *TRAVERSALS])
def test_no_name_climbs_out(parts: DiskParts, tmp_path: Path, name: str) -> None:
    for call in (parts.create, parts.open, parts.path_of, parts.delete):
        with pytest.raises(ObjectMissingError):
            call(name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_old_pieces_are_told(parts: DiskParts) -> None:
    now = datetime.now(UTC)
    assert list(parts.stale(older_than=now)) == []
    keep(parts, NAME, b"bytes")

    assert list(parts.stale(older_than=now - timedelta(hours=1))) == []
    assert list(parts.stale(older_than=now + timedelta(hours=1))) == [NAME]


def test_a_full_disk_is_named(parts: DiskParts, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = parts.create(NAME)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError):
        writer.keep()
    writer.discard()
