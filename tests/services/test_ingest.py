"""A file becomes an image that can be seen, or leaves what the sweep can finish or undo."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from gallery.errors import (
    BrokenImageError,
    DatabaseUnavailableError,
    InProgressError,
    KeyTakenError,
    StorageFullError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.model import Edit, Image, Status
from gallery.services import ingest
from tests import pictures
from tests.catalog.making import at_once
from tests.services.breaking import breaking
from tests.services.conftest import Parts

PHOTO = pictures.photo()


@pytest.fixture
def _no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever crashed is known to have crashed at once."""
    monkeypatch.setattr(ingest, "LEASE_S", 0)


def test_a_photo_is_recorded_stored_and_ready(parts: Parts) -> None:
    outcome = parts.take(PHOTO, description="The old cherry", tags=("garden",))

    image = outcome.image
    assert not outcome.duplicate
    assert (image.status, image.description, image.tags) == (
        Status.READY,
        "The old cherry",
        ("garden",),
    )
    assert (image.width, image.height, image.format) == (120, 80, "jpeg")
    assert image.sha256 == hashlib.sha256(PHOTO.content).hexdigest()
    assert image.url == parts.addresses.shown_at(image)
    assert parts.ready()["id"] == image.id
    with parts.store.open(image.key) as original:
        assert original.read() == PHOTO.content


def test_nothing_is_put_before_the_intent_is_recorded(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    put = parts.store.put

    def looking(key: str, original: Any) -> Any:
        seen.append(parts.statuses())
        return put(key, original)

    monkeypatch.setattr(parts.store, "put", looking)
    parts.take()

    assert seen == [["pending"]]


def test_the_same_bytes_are_the_same_image(parts: Parts) -> None:
    first = parts.take(PHOTO, description="First")

    again = parts.take(PHOTO, description="Again")

    assert again.duplicate
    assert again.image == first.image
    assert parts.store.calls.count("put") == 1


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"Dear diary", UnsupportedFormatError),
        (PHOTO.cut_off(200).content, BrokenImageError),
        (b"\xff" * (1024 * 1024 + 1), TooLargeError),
    ],
    ids=["text", "cut off", "too large"],
)
def test_what_is_no_good_picture_leaves_nothing(
    parts: Parts, content: bytes, failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        parts.take(replace(PHOTO, content=content))

    assert parts.nothing_left()
    assert parts.store.calls == []


@pytest.mark.parametrize("after", [False, True], ids=["not kept", "kept"])
@pytest.mark.parametrize(
    "failure", [StoreError("Refused."), StorageFullError("Full."), TooLargeError("Too large.")]
)
def test_a_store_that_refuses_for_good_leaves_nothing(
    parts: Parts, failure: Exception, after: bool
) -> None:
    parts.store.fails("put", failure, after=after)

    with pytest.raises(type(failure)):
        parts.take(PHOTO)

    assert parts.nothing_left()
    parts.store.works()
    assert not parts.take(PHOTO).duplicate


def test_an_object_of_somebody_else_is_left_alone(parts: Parts) -> None:
    parts.store.fails("put", KeyTakenError("Taken."), after=True)

    with pytest.raises(KeyTakenError):
        parts.take(PHOTO)

    assert parts.statuses() == []
    assert len(parts.objects()) == 1


@pytest.mark.parametrize("change", [{"bytes": 5}, {"sha256": "0" * 64}], ids=str)
def test_a_store_that_kept_something_else_leaves_nothing(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    put = parts.store.put
    monkeypatch.setattr(
        parts.store, "put", lambda key, original: replace(put(key, original), **change)
    )

    with pytest.raises(StoreError):
        parts.take(PHOTO)

    assert parts.nothing_left()


@pytest.mark.usefixtures("_no_lease")
def test_of_a_store_that_did_not_answer_and_did_not_keep_nothing_is_left(parts: Parts) -> None:
    parts.store.fails("put", StoreUnavailableError("Timed out."))

    with pytest.raises(StoreUnavailableError):
        parts.take(PHOTO)
    assert parts.statuses() == ["pending"]

    parts.store.works()
    assert parts.sweep.run().undone == 1
    assert parts.nothing_left()
    assert not parts.take(PHOTO).duplicate


@pytest.mark.usefixtures("_no_lease")
def test_of_a_store_that_kept_but_did_not_answer_one_image_is_left(parts: Parts) -> None:
    parts.store.fails("put", StoreUnavailableError("Timed out."), after=True)

    with pytest.raises(StoreUnavailableError):
        parts.take(PHOTO, description="The old cherry")
    assert parts.statuses() == ["pending"]
    assert len(parts.objects()) == 1

    parts.store.works()
    assert parts.sweep.run().finished == 1
    assert parts.ready()["description"] == "The old cherry"
    again = parts.take(PHOTO)
    assert again.duplicate
    assert again.image.id == parts.ready()["id"]


@pytest.mark.usefixtures("_no_lease")
def test_an_undo_that_fails_is_left_to_the_sweep(parts: Parts) -> None:
    parts.store.fails("put", StoreError("Refused."), after=True)
    parts.store.fails("delete", StoreUnavailableError("Timed out."))

    with pytest.raises(StoreError, match="Refused"):
        parts.take(PHOTO)
    assert parts.statuses() == ["deleting"]

    parts.store.works()
    parts.sweep.run()
    assert parts.nothing_left()


@pytest.mark.parametrize(
    ("call", "after", "left"),
    [
        ("find_by_content", False, ([], 0)),
        ("record_intent", False, ([], 0)),
        ("record_intent", True, (["pending"], 0)),
        ("make_ready", False, (["pending"], 1)),
        ("make_ready", True, (["ready"], 1)),
    ],
)
@pytest.mark.usefixtures("_no_lease")
def test_a_database_that_does_not_answer_takes_nothing_back(
    parts: Parts, call: str, after: bool, left: tuple[list[str], int]
) -> None:
    with (
        breaking(parts.catalog, call, DatabaseUnavailableError(), after=after),
        pytest.raises(DatabaseUnavailableError),
    ):
        parts.take(PHOTO)
    assert (parts.statuses(), len(parts.objects())) == left

    parts.sweep.run()

    assert (parts.statuses(), len(parts.objects())) in (([], 0), (["ready"], 1))
    parts.take(PHOTO)
    assert parts.ready()


@pytest.mark.usefixtures("_no_lease")
def test_a_crash_in_the_put_is_mended(parts: Parts) -> None:
    parts.store.fails("put", RuntimeError("A mistake of ours."), after=True)

    with pytest.raises(RuntimeError):
        parts.take(PHOTO)

    parts.sweep.run()
    assert parts.ready()


@pytest.mark.usefixtures("_no_lease")
def test_whoever_wakes_late_does_not_win_and_breaks_nothing(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = parts.store.put

    def slowly(key: str, original: Any) -> Any:
        stored = put(key, original)
        assert parts.sweep.run().finished == 1
        return stored

    monkeypatch.setattr(parts.store, "put", slowly)

    assert parts.take(PHOTO).image.id == parts.ready()["id"]


@pytest.mark.usefixtures("_no_lease")
def test_whoever_puts_after_it_was_undone_begins_anew(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = parts.store.put

    def late(key: str, original: Any) -> Any:
        assert parts.sweep.run().undone == 1
        return put(key, original)

    monkeypatch.setattr(parts.store, "put", late)

    assert parts.take(PHOTO).image.id == parts.ready()["id"]


def test_of_many_with_the_same_bytes_at_once_one_is_stored(parts: Parts) -> None:
    received = [parts.receive(PHOTO) for _ in range(12)]

    results = at_once(12, lambda number: parts.ingest.take(received[number], Edit()))

    taken = [each for each in results if isinstance(each, ingest.Outcome)]
    others = [each for each in results if not isinstance(each, ingest.Outcome)]
    assert {type(each) for each in others} <= {InProgressError}
    assert [each.duplicate for each in taken].count(False) == 1
    assert {each.image.id for each in taken} == {parts.ready()["id"]}


def test_many_different_at_once_are_all_stored(parts: Parts) -> None:
    received = [parts.receive(pictures.photo(seed=seed)) for seed in range(8)]

    results = at_once(8, lambda number: parts.ingest.take(received[number], Edit()))

    images = [each.image for each in results if isinstance(each, ingest.Outcome)]
    assert len({image.id for image in images}) == 8
    assert all(isinstance(image, Image) for image in images)
    assert parts.statuses() == ["ready"] * 8
    assert len(parts.objects()) == 8
