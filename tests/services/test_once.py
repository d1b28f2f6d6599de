"""The same upload under the same key is done once, and answered alike ever after."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.errors import (
    BrokenImageError,
    DatabaseUnavailableError,
    InProgressError,
    KeyReusedError,
    NotFoundError,
    StoreError,
    StoreUnavailableError,
)
from gallery.model import Edit, Status
from gallery.services import ingest, mending, once
from gallery.services.ingest import Outcome
from gallery.services.reconcile import Swept
from tests import pictures
from tests.catalog.making import at_once
from tests.services.conftest import Parts


def crash(*given: Any, **named: Any) -> None:
    raise KeyboardInterrupt


def send(
    parts: Parts,
    picture: pictures.Picture | None = None,
    *,
    key: str = "k-1",
    scope: str = "owner",
    keep: bool = False,
    **told: Any,
) -> Outcome:
    received = parts.receive(picture)
    return parts.once.take(received, Edit(**told), keep_duplicates=keep, scope=scope, key=key)


def test_the_same_again_is_answered_as_the_first_time(parts: Parts) -> None:
    first = send(parts, description="The old cherry")

    assert send(parts, description="The old cherry") == first
    assert not first.duplicate
    assert parts.store.calls.count("put") == 1


def test_a_duplicate_stays_a_duplicate(parts: Parts) -> None:
    image = parts.take().image

    assert send(parts) == send(parts) == Outcome(image=image, duplicate=True)


def test_bytes_kept_anew_are_kept_anew_once(parts: Parts) -> None:
    parts.take()

    assert send(parts, keep=True) == send(parts, keep=True)
    assert len(parts.objects()) == 2


def test_the_answer_shows_the_image_as_it_is_now(parts: Parts) -> None:
    image = send(parts).image
    parts.library.trash(image.id, version=None)

    again = send(parts).image

    assert (again.id, again.status) == (image.id, Status.TRASHED)


def test_an_image_that_is_gone_does_not_come_back_by_its_key(parts: Parts) -> None:
    parts.library.purge(send(parts).image.id)

    with pytest.raises(NotFoundError):
        send(parts)


@pytest.mark.parametrize(
    "changed",
    [
        {"picture": pictures.photo(seed=2)},
        {"description": "other"},
        {"alt": "other"},
        {"tags": ("other",)},
        {"albums": ("other",)},
        {"keep": True},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_key_is_for_one_thing(parts: Parts, changed: dict[str, Any]) -> None:
    send(parts, description="The old cherry")

    with pytest.raises(KeyReusedError):
        send(parts, **{"description": "The old cherry"} | changed)

    assert len(parts.objects()) == 1


def test_keys_of_different_people_are_different(parts: Parts) -> None:
    first = send(parts, scope="owner")

    second = send(parts, pictures.photo(seed=2), scope="contributor")

    assert first.image.id != second.image.id


@pytest.mark.parametrize("failure", [StoreError("Refused."), RuntimeError("A mistake of ours.")])
def test_what_failed_may_be_tried_again(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    for module in (ingest, once):
        monkeypatch.setattr(module, "LEASE_S", 0)
    parts.store.fails("put", failure)
    with pytest.raises(type(failure)):
        send(parts)

    parts.store.works()
    parts.sweep.run()

    assert not send(parts).duplicate
    assert parts.ready()


def test_a_bad_picture_does_not_use_up_its_key(parts: Parts) -> None:
    with pytest.raises(BrokenImageError):
        send(parts, pictures.photo().cut_off(200))

    assert not send(parts).duplicate


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("after", [False, True], ids=["not kept", "kept"])
@pytest.mark.parametrize("keep", [False, True])
def test_a_retry_after_an_unknown_outcome_ends_in_one_image_at_once(
    parts: Parts, keep: bool, after: bool, swept: bool
) -> None:
    parts.store.fails("put", StoreUnavailableError("Timed out."), after=after)
    with pytest.raises(StoreUnavailableError):
        send(parts, keep=keep)
    parts.store.works()
    if swept:
        parts.sweep.run()

    again = send(parts, keep=keep)

    assert (again.image.id, again.duplicate) == (parts.ready()["id"], False)
    assert parts.sweep.run() == Swept()


@pytest.mark.parametrize("keep", [False, True])
def test_what_is_just_being_undone_is_no_answer(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    for module in (ingest, once, mending):
        monkeypatch.setattr(module, "LEASE_S", 0)
    parts.store.fails("put", StoreUnavailableError("Timed out."))
    with pytest.raises(StoreUnavailableError):
        send(parts, keep=keep)
    parts.store.works()
    parts.store.fails("delete", StoreUnavailableError("Timed out."))
    parts.sweep.run()
    assert parts.statuses() == ["deleting"]
    with pytest.raises(InProgressError):
        send(parts, keep=keep)

    parts.store.works()
    parts.sweep.run()

    assert send(parts, keep=keep).image.id == parts.ready()["id"]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("lost", ["the image", "the answer"])
def test_what_a_crash_left_under_a_key_is_not_made_twice(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, lost: str, keep: bool
) -> None:
    for module in (ingest, once):
        monkeypatch.setattr(module, "LEASE_S", 0)
    owner, method = {
        "the image": (parts.catalog, "make_ready"), "the answer": (parts.keys, "finish")
    }[lost]  # fmt: skip
    with monkeypatch.context() as crashing:
        crashing.setattr(owner, method, crash)
        with pytest.raises(KeyboardInterrupt):
            send(parts, keep=keep)
    parts.sweep.run()
    made = parts.ready()["id"]

    again = send(parts, keep=keep)

    assert (again.image.id, again.duplicate) == (made, False)
    assert send(parts, keep=keep) == again
    assert parts.objects() == [made]


@pytest.mark.parametrize("keep", [False, True])
def test_a_flip_whose_outcome_is_unknown_is_not_repeated_under_another_id(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    make_ready = parts.catalog.make_ready

    def made_but_not_told(*given: Any, **named: Any) -> None:
        make_ready(*given, **named)
        raise DatabaseUnavailableError("The database does not answer.")

    with monkeypatch.context() as away:
        away.setattr(parts.catalog, "make_ready", made_but_not_told)
        with pytest.raises(DatabaseUnavailableError):
            send(parts, keep=keep)

    again = send(parts, keep=keep)

    assert (again.image.id, again.duplicate) == (parts.ready()["id"], False)


@pytest.mark.parametrize("keep", [False, True])
def test_of_many_at_once_one_is_done(parts: Parts, keep: bool) -> None:
    results = at_once(12, lambda _: send(parts, keep=keep))

    taken = [each for each in results if isinstance(each, Outcome)]
    assert {type(each) for each in results} <= {Outcome, InProgressError}
    assert {each.image.id for each in taken} == {parts.ready()["id"]}
    assert parts.store.calls.count("put") == 1
