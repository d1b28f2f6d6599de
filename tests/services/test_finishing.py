"""Whole uploads become images, each once, whatever stops midway; others end in time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gallery.catalog.upload import Upload, UploadStatus
from gallery.catalog.uploads import KEPT
from gallery.errors import (
    DamagedUploadError,
    StoreUnavailableError,
    UnsupportedFormatError,
    UploadGoneError,
)
from gallery.services.finishing import TIDY_EVERY
from gallery.services.ingest import Outcome
from gallery.stores.parts import DiskParts
from tests import pictures
from tests.services.breaking import DiedError, breaking
from tests.services.conftest import Parts
from tests.services.uploading import (
    ME,
    Uploading,
    end_leases,
    uploading_on,
)

PHOTO = pictures.photo().content
OTHER = pictures.photo(seed=3).content


@pytest.fixture
def pieces(parts: Parts, where: str) -> Uploading:
    return uploading_on(parts, where=where)


def test_an_upload_becomes_the_image_of_its_name(pieces: Uploading, parts: Parts) -> None:
    upload = pieces.sent(PHOTO, told={"description": "The sea", "tags": ("a",)})

    ended = pieces.finishing.finish(upload)

    image = parts.ready()
    assert (ended.status, ended.image_id) == (UploadStatus.READY, upload.id)
    assert (image["id"], image["description"], image["tags"]) == (upload.id, "The sea", ["a"])
    assert pieces.kept() == []
    assert list((parts.folder / "incoming").iterdir()) == []


def test_many_parts_are_one_file(pieces: Uploading, parts: Parts) -> None:
    upload, at = pieces.create(PHOTO), 0
    for at in range(0, len(PHOTO), 300):
        last = pieces.append(upload, PHOTO[at : at + 300], at)

    pieces.finishing.finish(last)

    [key] = parts.objects()
    with parts.store.open(key) as file:
        assert file.read() == PHOTO


def test_of_many_who_finish_at_once_one_does(pieces: Uploading, parts: Parts) -> None:
    upload = pieces.sent(PHOTO)

    with ThreadPoolExecutor(6) as running:
        list(running.map(lambda _: pieces.finishing.finish(upload), range(6)))

    assert parts.ready()["id"] == upload.id
    assert pieces.uploads.find(upload.id, ME).status is UploadStatus.READY


def test_upkeep_finishes_what_nobody_finished(pieces: Uploading, parts: Parts) -> None:
    upload = pieces.sent(PHOTO)

    pieces.finishing.run()

    assert parts.ready()["id"] == upload.id
    assert pieces.kept() == []


@pytest.mark.parametrize(
    ("whose", "call", "after"),
    [
        ("finishing", "_taken", False),
        ("store", "put", False),
        ("store", "put", True),
        ("catalog", "make_ready", False),
        ("catalog", "make_ready", True),
        ("uploads", "end", False),
        ("uploads", "end", True),
        ("parts", "delete", False),
        ("parts", "delete", True),
    ],
)
def test_whatever_a_crash_interrupts_ends_in_one_image(
    pieces: Uploading,
    parts: Parts,
    whose: str,
    call: str,
    after: bool,
) -> None:
    owners = {
        "finishing": pieces.finishing,
        "store": parts.store,
        "catalog": parts.catalog,
        "uploads": pieces.catalog,
        "parts": pieces.parts,
    }
    upload = pieces.sent(PHOTO)
    with breaking(owners[whose], call, after=after), pytest.raises(DiedError):
        pieces.finishing.finish(upload)

    for _ in range(3):  # What the sweep must look at first is looked at again.
        end_leases(parts)
        parts.sweep.run()
        pieces.finishing.run()

    assert parts.ready()["id"] == upload.id
    ended = pieces.uploads.find(upload.id, ME)
    assert (ended.status, ended.image_id) == (UploadStatus.READY, upload.id)
    assert pieces.kept() == []
    assert "due_at" not in (parts.database["uploads"].find_one() or {})


@pytest.mark.parametrize("call", ["record_replacement", "finish_replacement"])
@pytest.mark.parametrize("after", [False, True])
def test_a_picture_is_replaced_once(
    pieces: Uploading, parts: Parts, call: str, after: bool
) -> None:
    image = parts.take().image
    upload = pieces.sent(OTHER, replaces=image.id)
    with breaking(parts.catalog, call, after=after), pytest.raises(DiedError):
        pieces.finishing.finish(upload)

    for _ in range(3):
        end_leases(parts)
        parts.sweep.run()
        pieces.finishing.run()

    document = parts.ready()
    assert (document["id"], document["version"]) == (image.id, image.version + 1)
    assert pieces.uploads.find(upload.id, ME).image_id == image.id


def test_a_store_that_is_away_is_waited_for(pieces: Uploading, parts: Parts) -> None:
    upload = pieces.sent(PHOTO)
    parts.store.fails("put", StoreUnavailableError())

    waiting = pieces.finishing.finish(upload)

    assert waiting.status is UploadStatus.PROCESSING
    assert len(pieces.kept()) == 1
    parts.store.works()
    for _ in range(3):
        end_leases(parts)
        parts.sweep.run()
        pieces.finishing.run()
    assert parts.ready()["id"] == upload.id


def test_one_that_waits_is_not_tried_all_the_time(pieces: Uploading, parts: Parts) -> None:
    upload = pieces.sent(PHOTO)
    parts.store.fails("put", StoreUnavailableError())
    pieces.finishing.finish(upload)
    calls = len(parts.store.calls)

    pieces.finishing.run()

    assert len(parts.store.calls) == calls


@pytest.mark.parametrize(
    ("content", "told", "error"),
    [
        (b"no picture", {}, UnsupportedFormatError),
        (PHOTO, {"sha256": "0" * 64}, DamagedUploadError),
    ],
)
def test_what_cannot_be_taken_fails_and_leaves_nothing(
    pieces: Uploading, parts: Parts, content: bytes, told: dict[str, Any], error: type[Exception]
) -> None:
    upload = pieces.sent(content, **told)

    with pytest.raises(error):
        pieces.finishing.finish(upload)

    failed = pieces.uploads.find(upload.id, ME)
    assert failed.status is UploadStatus.FAILED
    assert failed.problem is not None
    assert failed.problem["detail"].startswith("beach.jpg: ")
    assert pieces.kept() == []
    assert parts.nothing_left()
    with pytest.raises(UploadGoneError):
        pieces.uploads.settled(upload.id, ME)


def test_pieces_that_are_gone_fail(pieces: Uploading) -> None:
    upload = pieces.sent(PHOTO)
    pieces.parts.delete(upload.parts[0].name)

    with pytest.raises(DamagedUploadError):
        pieces.finishing.finish(upload)


def test_what_nobody_continues_for_a_day_is_given_up(pieces: Uploading, parts: Parts) -> None:
    upload = pieces.create(PHOTO)
    pieces.append(upload, PHOTO[:100])
    parts.clock.advance(KEPT.total_seconds() - 1)
    pieces.finishing.run()
    assert pieces.append(upload, PHOTO[100:200], 100).offset == 200  # Which puts it off.
    parts.clock.advance(KEPT.total_seconds() - 1)
    pieces.finishing.run()
    assert len(pieces.kept()) == 2

    parts.clock.advance(2)
    pieces.finishing.run()

    assert pieces.kept() == []
    with pytest.raises(UploadGoneError):
        pieces.append(upload, PHOTO[200:], 200)
    [document] = parts.database["uploads"].find()
    assert document["status"] == "expired"
    assert document["forget_at"] == parts.clock() + KEPT


def test_an_upload_that_ended_is_forgotten_in_time(pieces: Uploading, parts: Parts) -> None:
    index = parts.database["uploads"].index_information()["forget"]
    assert dict(index["key"]) == {"forget_at": 1}
    assert index["expireAfterSeconds"] == 0

    pieces.finishing.finish(pieces.sent(PHOTO))

    [document] = parts.database["uploads"].find()
    assert document["forget_at"] == parts.clock() + KEPT


def test_parts_that_nobody_names_are_deleted(parts: Parts) -> None:
    pieces = uploading_on(parts, where="disk")
    upload = pieces.create(PHOTO)
    [named] = pieces.append(upload, PHOTO[:100]).parts
    folder = parts.folder / "uploads"
    for name in (f"{upload.id}.lost", "x" * 22 + ".lost"):
        (folder / name).write_bytes(b"x")

    def run(*, age_s: float) -> list[str]:
        written_at = parts.clock().timestamp() - age_s
        for path in folder.iterdir():
            os.utime(path, (written_at, written_at))
        parts.clock.advance(TIDY_EVERY.total_seconds())
        pieces.finishing.run()
        return pieces.kept()

    assert len(run(age_s=0)) == 3
    assert run(age_s=KEPT.total_seconds()) == [named.name]


def test_two_who_mend_at_once_are_harmless(
    make_parts: Callable[..., Parts], pieces: Uploading, parts: Parts
) -> None:
    uploads = [pieces.sent(pictures.photo(seed=seed).content) for seed in range(4)]

    with ThreadPoolExecutor(3) as running:
        list(running.map(lambda _: pieces.finishing.run(), range(3)))

    assert parts.statuses() == ["ready"] * 4
    assert {each["id"] for each in parts.database["images"].find()} == {each.id for each in uploads}


def test_a_process_that_ends_gives_back_what_it_finishes(
    pieces: Uploading, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = pieces.sent(PHOTO)
    before = pieces.finishing._taken
    given_back: list[bool] = []

    def cut_off(begun: Upload) -> Outcome:
        pieces.finishing.stop()
        pieces.finishing.release()
        where = "disk" if isinstance(pieces.parts, DiskParts) else "mongodb"
        uploading_on(parts, where=where).finishing.run()
        given_back.append(parts.ready()["id"] == upload.id)
        return before(begun)

    monkeypatch.setattr(pieces.finishing, "_taken", cut_off)
    ended = pieces.finishing.finish(upload)

    assert given_back == [True]
    assert ended.status is UploadStatus.READY
    assert parts.ready()["id"] == upload.id
    pieces.finishing.run()  # Which does nothing any more.
