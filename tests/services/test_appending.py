"""Pieces of uploads are kept as they come, by one writer at a time."""

from __future__ import annotations

import base64
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gallery.catalog.upload import Part
from gallery.errors import (
    ChecksumMismatchError,
    DatabaseUnavailableError,
    IncompleteBodyError,
    LockedError,
    NotFoundError,
    OffsetMismatchError,
    StorageFullError,
    TooLargeError,
    TooManyRequestsError,
)
from gallery.services import appending, uploads
from gallery.services.body import Body
from gallery.stores.parts import DiskPart
from tests.programs import eventually
from tests.services.conftest import Parts
from tests.services.uploading import ME, YOU, Sender, Uploading, uploading_on

CONTENT = secrets.token_bytes(100_000)
WITHIN_S = 60.0


@pytest.fixture
def pieces(parts: Parts, where: str) -> Uploading:
    return uploading_on(parts, where=where)


@pytest.fixture
def other(parts: Parts, where: str) -> Uploading:
    """Another process on the same data."""
    return uploading_on(parts, where=where)


def read(pieces: Uploading, upload_id: str) -> bytes:
    """What is kept of an upload."""
    upload = pieces.catalog.find(upload_id, ME)
    content = b""
    for part in upload.parts:
        assert part.offset == len(content)
        with pieces.parts.open(part.name) as file:
            content += file.read()
    assert upload.offset == len(content)
    return content


def test_any_process_goes_on(pieces: Uploading, other: Uploading) -> None:
    upload = pieces.create(CONTENT)
    assert pieces.append(upload, CONTENT[:300]).offset == 300

    whole = other.append(upload, CONTENT[300:], 300)

    assert whole.is_whole
    assert read(pieces, upload.id) == CONTENT
    assert len(pieces.kept()) == 2


def test_an_upload_is_there_for_nobody_else(pieces: Uploading) -> None:
    upload = pieces.create(CONTENT, principal=YOU)

    for call in (
        lambda: pieces.append(upload, CONTENT),
        lambda: pieces.uploads.find(upload.id, ME),
        lambda: pieces.uploads.settled(upload.id, ME),
        lambda: pieces.uploads.cancel(upload.id, ME),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert pieces.uploads.settled(upload.id, YOU).offset == 0


def test_what_came_before_a_line_broke_is_kept(pieces: Uploading) -> None:
    upload = pieces.create(CONTENT)

    def broken(_: int) -> bytes:
        raise OSError("connection reset")

    steps = iter([lambda _: CONTENT[:500], broken])
    cut = Body(read=lambda size: next(steps)(size), length=len(CONTENT))

    assert pieces.append(upload, cut).offset == 500
    assert read(pieces, upload.id) == CONTENT[:500]


def test_a_long_piece_is_kept_on_the_way(
    pieces: Uploading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "PART_BYTES", 1000)
    upload, sender = pieces.create(CONTENT), Sender(CONTENT[:1000], length=len(CONTENT))

    with ThreadPoolExecutor(1) as running:
        sending = running.submit(pieces.append, upload, sender.body)
        eventually(lambda: pieces.uploads.find(upload.id, ME).offset == 1000, WITHIN_S)
        assert read(pieces, upload.id) == CONTENT[:1000]
        sender.goes_on(CONTENT[1000:])
        assert sending.result().is_whole

    assert read(pieces, upload.id) == CONTENT


def test_a_slow_piece_is_kept_on_the_way(
    pieces: Uploading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "PART_S", 0.0)
    upload, sender = pieces.create(CONTENT), Sender(CONTENT[:7], length=len(CONTENT))

    with ThreadPoolExecutor(1) as running:
        sending = running.submit(pieces.append, upload, sender.body)
        eventually(lambda: pieces.uploads.find(upload.id, ME).offset == 7, WITHIN_S)
        sender.goes_on()
        assert sending.result().offset == 7


def test_whoever_is_asked_hands_over_what_came(pieces: Uploading, other: Uploading) -> None:
    upload, sender = pieces.create(CONTENT), Sender(CONTENT[:700], length=len(CONTENT))

    with ThreadPoolExecutor(1) as running:
        sending = running.submit(pieces.append, upload, sender.body)
        eventually(lambda: is_held(pieces, upload.id), WITHIN_S)
        assert other.uploads.settled(upload.id, ME).offset in (0, 700)
        settled = other.uploads.settled(upload.id, ME)
        assert other.append(upload, CONTENT[settled.offset :], settled.offset).is_whole
        sender.goes_on(b"too late")
        with pytest.raises(LockedError):
            sending.result()

    assert read(pieces, upload.id) == CONTENT


def is_held(pieces: Uploading, upload_id: str) -> bool:
    found = pieces.catalog._uploads.find_one({"_id": upload_id, "lease": {"$exists": True}})
    return found is not None


def test_who_sends_nothing_any_more_is_given_up(
    pieces: Uploading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "SILENT_S", 0.0)
    upload, sender = pieces.create(CONTENT), Sender(CONTENT[:700], length=len(CONTENT))

    with ThreadPoolExecutor(1) as running:
        sending = running.submit(pieces.append, upload, sender.body)
        eventually(lambda: pieces.uploads.find(upload.id, ME).offset == 700, WITHIN_S)
        sender.goes_on()
        with pytest.raises(IncompleteBodyError):
            sending.result()

    assert read(pieces, upload.id) == CONTENT[:700]


def test_a_writer_that_wakes_late_harms_nobody(pieces: Uploading) -> None:
    upload = pieces.create(CONTENT)
    late = pieces.catalog.take(upload.id, holder="late", lease_s=0)
    assert late is not None

    assert pieces.append(upload, CONTENT[:300]).offset == 300

    part = Part(offset=0, bytes=5, name=f"{upload.id}.late")
    assert pieces.catalog.add(late, part, holder="late", release=True) is None
    assert read(pieces, upload.id) == CONTENT[:300]


def test_a_dead_writer_is_fenced_out_by_whoever_looks(pieces: Uploading) -> None:
    upload = pieces.create(CONTENT)
    dead = pieces.catalog.take(upload.id, holder="dead", lease_s=0)
    assert dead is not None

    assert pieces.uploads.settled(upload.id, ME).offset == 0

    part = Part(offset=0, bytes=5, name=f"{upload.id}.dead")
    assert pieces.catalog.add(dead, part, holder="dead", release=True) is None


def test_nobody_waits_for_ever(pieces: Uploading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_WAIT_S", 0.0)
    upload = pieces.create(CONTENT)
    pieces.catalog.take(upload.id, holder="stubborn", lease_s=1000)

    for call in (
        lambda: pieces.append(upload, CONTENT),
        lambda: pieces.uploads.settled(upload.id, ME),
        lambda: pieces.uploads.cancel(upload.id, ME),
    ):
        with pytest.raises(LockedError) as refused:
            call()
        assert refused.value.retry_after_s


def test_of_many_at_once_each_byte_is_taken_once(pieces: Uploading) -> None:
    upload = pieces.create(CONTENT)

    def send(_: int) -> str:
        try:
            return str(pieces.append(upload, CONTENT).offset)
        except (OffsetMismatchError, LockedError, TooLargeError) as error:
            return error.code

    with ThreadPoolExecutor(6) as running:
        results = list(running.map(send, range(6)))

    assert str(len(CONTENT)) in results
    assert read(pieces, upload.id) == CONTENT


def test_a_full_disk_keeps_what_was_kept(
    pieces: Uploading, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = pieces.create(CONTENT)
    pieces.append(upload, CONTENT[:300])

    def full(*_: object) -> None:
        raise StorageFullError

    with monkeypatch.context() as patch:
        patch.setattr(DiskPart, "keep", full)
        patch.setattr("gallery.catalog.blobs.BlobWriter.keep", full)
        with pytest.raises(StorageFullError):
            pieces.append(upload, CONTENT[300:], 300)

    assert read(pieces, upload.id) == CONTENT[:300]
    assert len(pieces.kept()) == 1
    assert pieces.append(upload, CONTENT[300:], 300).is_whole


def test_a_part_that_may_count_is_never_deleted(
    pieces: Uploading, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, add = pieces.create(CONTENT), pieces.catalog.add

    def kept_then_unheard(*given: object, **told: object) -> None:
        add(*given, **told)  # type: ignore[arg-type]
        raise DatabaseUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(pieces.catalog, "add", kept_then_unheard)
        with pytest.raises(DatabaseUnavailableError):
            pieces.append(upload, CONTENT[:300])

    assert read(pieces, upload.id) == CONTENT[:300]


def test_a_wrong_checksum_drops_the_piece(pieces: Uploading) -> None:
    upload = pieces.create(CONTENT)
    told = "sha256 " + base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()

    with pytest.raises(ChecksumMismatchError):
        pieces.append(upload, CONTENT[:-1], checksum=told)
    assert pieces.kept() == []
    assert pieces.uploads.settled(upload.id, ME).offset == 0

    assert pieces.append(upload, CONTENT, checksum=told).is_whole


def test_a_thousand_uploads_of_nothing_are_enough(pieces: Uploading, parts: Parts) -> None:
    document = parts.database["uploads"].find_one({"_id": pieces.create(CONTENT).id})
    assert document is not None
    more = [document | {"_id": f"{number:022}"} for number in range(uploads.MAX_OPEN - 1)]
    parts.database["uploads"].insert_many(more)

    with pytest.raises(TooManyRequestsError):
        pieces.create(CONTENT)
    assert pieces.create(CONTENT, principal=YOU)

    pieces.uploads.cancel(more[0]["_id"], ME)
    pieces.create(CONTENT)


def test_what_is_promised_already_takes_room(pieces: Uploading) -> None:
    pieces.uploads._free_bytes = lambda: uploads.FREE_SPACE_FLOOR_BYTES + 250_000
    upload = pieces.create(CONTENT)

    with pytest.raises(StorageFullError):
        pieces.create(CONTENT, principal=YOU)

    pieces.append(upload, CONTENT[:60_000])
    pieces.create(CONTENT, principal=YOU)


def test_parts_lie_where_nobody_else_looks(pieces: Uploading, parts: Parts) -> None:
    pieces.sent(CONTENT)

    for path in (parts.folder / "uploads").glob("*"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert Path(path).parent.stat().st_mode & 0o777 == 0o700
