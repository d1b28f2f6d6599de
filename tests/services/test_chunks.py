"""Chunked uploads go on in any process, know their limits, and end."""

from __future__ import annotations

import hashlib
import secrets
import threading
from pathlib import Path

import pytest

from gallery.catalog.uploads import KEPT
from gallery.errors import (
    BadRequestError,
    InProgressError,
    StorageFullError,
    TooLargeError,
    TooManyRequestsError,
)
from gallery.model import Received
from gallery.services import chunks, uploads
from gallery.services.chunked import Chunk
from gallery.services.chunks import Chunks
from tests import pictures
from tests.conftest import Clock
from tests.programs import eventually
from tests.services.breaking import DiedError, breaking
from tests.services.conftest import Parts
from tests.services.uploading import Uploading, uploading_on

CONTENT = secrets.token_bytes(1000)
WITHIN_S = 60.0


@pytest.fixture
def pieces(parts: Parts, where: str, monkeypatch: pytest.MonkeyPatch) -> Uploading:
    pieces = uploading_on(parts, where=where)
    monkeypatch.setattr(pieces.uploads, "_max_bytes", lambda: 1000)
    return pieces


@pytest.fixture
def kept(pieces: Uploading) -> Chunks:
    return pieces.chunks


def chunk(first: int, end: int, *, total: int | None = 1000, folder: Path) -> Chunk:
    piece = CONTENT[first:end]
    path = folder / secrets.token_hex(4)
    path.write_bytes(piece)
    received = Received(
        path=str(path), filename="a", bytes=len(piece), sha256=hashlib.sha256(piece).hexdigest()
    )
    return Chunk(received=received, first=first, last=end - 1, total=total)


def add(kept: Chunks, upload_id: str, each: Chunk) -> bool:
    with kept.opened("vitrine", upload_id, each) as upload:
        return upload.is_whole


def test_another_process_goes_on_where_one_ended(
    kept: Chunks, parts: Parts, where: str, tmp_path: Path
) -> None:
    assert not add(kept, "x", chunk(0, 400, folder=tmp_path))

    other = uploading_on(parts, where=where).chunks
    with other.opened("vitrine", "x", chunk(400, 1000, folder=tmp_path)) as upload:
        assert upload.is_whole
        with upload.received("b.png") as received:
            assert Path(received.path).read_bytes() == CONTENT

    assert received.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert received.md5 == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert (received.bytes, received.filename) == (1000, "b.png")
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_name_is_told_again_until_it_ends(
    kept: Chunks, parts: Parts, where: str, tmp_path: Path
) -> None:
    with kept.opened("vitrine", "x", chunk(0, 400, folder=tmp_path)) as upload:
        assert upload.public_id == ""
        upload.name("handed-out", is_own=False)
    with kept.opened("vitrine", "y", chunk(0, 400, folder=tmp_path)) as upload:
        upload.name("own", is_own=True)

    other = uploading_on(parts, where=where).chunks

    assert other.handed_out("vitrine", "x") == "handed-out"
    assert other.handed_out("vitrine", "y") == other.handed_out("vitrine", "z") == ""
    with other.opened("vitrine", "y", chunk(400, 800, folder=tmp_path)) as upload:
        assert (upload.public_id, upload.is_own) == ("own", True)


def test_a_chunk_that_was_lost_is_sent_again(
    kept: Chunks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "TURN_LASTS_S", 0.1)
    add(kept, "x", chunk(0, 400, folder=tmp_path))
    for call in ("add", "release"):
        with breaking(kept._catalog, call), pytest.raises(DiedError):
            add(kept, "x", chunk(400, 800, folder=tmp_path))

    # Whoever died held it: after a while nobody believes that any more.
    assert not add(kept, "x", chunk(400, 800, folder=tmp_path))
    assert add(kept, "x", chunk(800, 1000, folder=tmp_path))


def test_a_chunk_that_is_here_is_compared(kept: Chunks, tmp_path: Path) -> None:
    for first in (0, 250, 500):
        add(kept, "x", chunk(first, first + 250, folder=tmp_path))

    assert not add(kept, "x", chunk(100, 600, folder=tmp_path))
    other = chunk(100, 600, folder=tmp_path).received
    shifted = Chunk(received=other, first=101, last=600, total=1000)
    with pytest.raises(BadRequestError, match="other bytes"):
        add(kept, "x", shifted)
    with pytest.raises(BadRequestError, match="overlaps"):
        add(kept, "x", chunk(600, 800, folder=tmp_path))


def test_clouds_and_ids_are_apart(kept: Chunks, tmp_path: Path) -> None:
    add(kept, "x", chunk(0, 400, folder=tmp_path))

    for cloud_name, upload_id in (("other", "x"), ("vitrine", "y"), ("vitrine\0x", "")):
        later = chunk(400, 800, folder=tmp_path)
        with pytest.raises(BadRequestError), kept.opened(cloud_name, upload_id, later):
            pass


def test_only_so_many_may_be_unfinished(
    kept: Chunks, pieces: Uploading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MAX_OPEN", 2)
    for upload_id in ("a", "b"):
        add(kept, upload_id, chunk(0, 400, folder=tmp_path))

    with pytest.raises(TooManyRequestsError):
        add(kept, "c", chunk(0, 400, folder=tmp_path))
    with kept.opened("vitrine", "a", chunk(400, 1000, folder=tmp_path)) as upload:
        upload.finish("some image")
    add(kept, "c", chunk(0, 400, folder=tmp_path))
    assert len(pieces.kept()) == 2


def test_no_upload_grows_beyond_the_limit(kept: Chunks, pieces: Uploading, tmp_path: Path) -> None:
    with pytest.raises(TooLargeError):
        add(kept, "x", chunk(0, 400, total=1001, folder=tmp_path))
    add(kept, "x", chunk(0, 1000, total=None, folder=tmp_path))
    beyond = chunk(0, 1, total=None, folder=tmp_path)
    with pytest.raises(TooLargeError):
        add(kept, "x", Chunk(received=beyond.received, first=1000, last=1000, total=None))
    assert len(pieces.kept()) == 1


def test_a_full_disk_takes_no_chunk(
    kept: Chunks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "FREE_SPACE_FLOOR_BYTES", 2**60)
    with pytest.raises(StorageFullError):
        add(kept, "x", chunk(0, 400, folder=tmp_path))


def test_what_became_of_it_is_told_again(kept: Chunks, pieces: Uploading, tmp_path: Path) -> None:
    add(kept, "x", chunk(0, 400, folder=tmp_path))
    with kept.opened("vitrine", "x", chunk(400, 1000, folder=tmp_path)) as upload:
        upload.finish("some image")
    assert pieces.kept() == []

    for first, end in ((400, 1000), (0, 400)):
        with kept.opened("vitrine", "x", chunk(first, end, folder=tmp_path)) as upload:
            assert (upload.image_id, upload.is_whole) == ("some image", True)


def test_nobody_finishes_it_but_its_sender(
    kept: Chunks, pieces: Uploading, parts: Parts, tmp_path: Path
) -> None:
    assert add(kept, "x", chunk(0, 1000, folder=tmp_path))

    pieces.finishing.run()

    assert parts.nothing_left()
    with kept.opened("vitrine", "x", chunk(0, 1000, folder=tmp_path)) as upload:
        assert upload.is_whole


def test_what_nobody_continues_is_forgotten(
    kept: Chunks, pieces: Uploading, clock: Clock, tmp_path: Path
) -> None:
    add(kept, "old", chunk(0, 400, folder=tmp_path))
    clock.advance(KEPT.total_seconds() / 2)
    add(kept, "new", chunk(0, 400, folder=tmp_path))
    clock.advance(KEPT.total_seconds() / 2 + 1)

    pieces.finishing.run()

    assert len(pieces.kept()) == 1
    with pytest.raises(BadRequestError):
        add(kept, "old", chunk(400, 800, folder=tmp_path))
    assert not add(kept, "new", chunk(400, 800, folder=tmp_path))
    assert not add(kept, "old", chunk(0, 400, folder=tmp_path))  # It may begin anew.


def test_what_is_being_taken_is_not_forgotten(
    kept: Chunks, pieces: Uploading, clock: Clock, tmp_path: Path
) -> None:
    with kept.opened("vitrine", "x", chunk(0, 400, folder=tmp_path)):
        clock.advance(KEPT.total_seconds() + 1)
        pieces.finishing.run()
        assert len(pieces.kept()) == 1
    pieces.finishing.run()
    assert pieces.kept() == []


def test_whoever_waited_for_what_was_given_up_is_told(
    kept: Chunks, parts: Parts, tmp_path: Path
) -> None:
    failures: list[Exception] = []

    def wait() -> None:
        try:
            add(kept, "x", chunk(400, 800, folder=tmp_path))
        except BadRequestError as error:
            failures.append(error)

    def is_waited_for() -> bool:
        return parts.database["uploads"].find_one({"wanted": True}) is not None

    with kept.opened("vitrine", "x", chunk(0, 400, folder=tmp_path)) as upload:
        waiting = threading.Thread(target=wait)
        waiting.start()
        eventually(is_waited_for, WITHIN_S)
        upload.give_up()
    waiting.join()

    assert "begin it anew" in str(failures[0])


def test_nobody_waits_for_ever(
    kept: Chunks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "_WAIT_S", 0.0)
    with (
        kept.opened("vitrine", "x", chunk(0, 400, folder=tmp_path)),
        pytest.raises(InProgressError),
    ):
        add(kept, "x", chunk(400, 800, folder=tmp_path))


def test_tus_knows_nothing_of_it(kept: Chunks, pieces: Uploading, tmp_path: Path) -> None:
    add(kept, "x", chunk(0, 400, folder=tmp_path))
    upload = pieces.create(pictures.photo().content[:1000])

    [other] = [each for each in pieces.catalog._uploads.find() if each["_id"] != upload.id]
    assert other["principal"] == "cdn vitrine"
