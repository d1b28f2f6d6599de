"""Uploads whose makers died make way for the same again; what still comes of them is deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gallery.catalog.leases import LATE_S
from gallery.errors import ConflictError, InProgressError, StoreError
from gallery.model import Image, Received, Status
from gallery.services.holding import LEASE_S
from gallery.services.reconcile import Swept
from gallery.stores.registry import Stores
from tests import pictures
from tests.services.breaking import DiedError
from tests.services.conftest import Parts
from tests.services.remote import RemoteStore
from tests.services.test_once import send
from tests.services.uploading import uploading_on

PHOTO = pictures.photo()


class Elsewhere:
    """A gallery whose store is on another machine, where objects may come late."""

    def __init__(self, parts: Parts, cloud: RemoteStore) -> None:
        self.parts = parts
        self.cloud = cloud

    def killed_in_the_put(self, send: Callable[[], object]) -> Callable[[], None]:
        """Whoever sends so is killed; the object comes to the store when the result is called."""
        sent: list[tuple[str, bytes]] = []

        def dies(key: str, original: Received) -> None:
            sent.append((key, Path(original.path).read_bytes()))
            raise DiedError

        put, self.cloud.put = self.cloud.put, dies  # type: ignore[method-assign, assignment]
        with pytest.raises(DiedError):
            send()
        self.cloud.put = put  # type: ignore[method-assign]
        [(key, content)] = sent

        def comes_late() -> None:
            file = self.parts.folder / "late"
            file.write_bytes(content)
            received = self.parts.receive(PHOTO)
            assert Path(received.path).read_bytes() == content
            self.cloud.put(key, received)

        return comes_late

    def objects(self) -> list[str]:
        return [each.key for each in self.cloud.list()]

    def one(self) -> dict[str, Any]:
        """The one image there is, with the one object."""
        [document] = self.parts.database["images"].find()
        assert document["status"] == "ready"
        assert self.objects() == [document["key"]]
        return dict(document)


@pytest.fixture
def elsewhere(make_parts: Callable[..., Parts], tmp_path: Path) -> Elsewhere:
    cloud = RemoteStore(tmp_path / "cloud")
    return Elsewhere(make_parts(others=Stores([cloud], for_new="cloud")), cloud)


Came = bool | None
CAME = pytest.mark.parametrize(
    "came", [True, False, None], ids=["came before", "comes after", "never comes"]
)


@CAME
@pytest.mark.parametrize("keep", [False, True])
def test_the_same_under_the_same_key_goes_on_where_a_dead_one_was(
    elsewhere: Elsewhere, came: Came, keep: bool
) -> None:
    parts = elsewhere.parts
    comes = elsewhere.killed_in_the_put(lambda: send(parts, PHOTO, keep=keep))
    with pytest.raises(InProgressError):
        send(parts, PHOTO, keep=keep)
    if came:
        comes()
    parts.pass_time(LEASE_S)
    end_keys(parts)

    again = send(parts, PHOTO, keep=keep)

    if came is False:
        comes()
    assert (again.image.id, again.duplicate) == (elsewhere.one()["id"], False)
    assert send(parts, PHOTO, keep=keep) == again
    assert parts.sweep.run() == Swept()


def end_keys(parts: Parts) -> None:
    """As if their leases had run out."""
    parts.database["idempotency"].update_many({}, {"$set": {"lease.lasts_s": 0}})


@CAME
def test_the_same_bytes_of_somebody_else_become_one_image(elsewhere: Elsewhere, came: Came) -> None:
    parts = elsewhere.parts
    comes = elsewhere.killed_in_the_put(lambda: parts.take(PHOTO))
    if came:
        comes()
    parts.pass_time(LEASE_S)

    other = parts.take(PHOTO)

    if came is False:
        comes()
    assert other.duplicate is bool(came)
    parts.pass_time(LEASE_S + LATE_S)
    parts.sweep.run()
    assert elsewhere.one()["id"] == other.image.id
    assert parts.sweep.run() == Swept()


@CAME
def test_the_sweep_waits_for_what_may_still_come(elsewhere: Elsewhere, came: Came) -> None:
    parts = elsewhere.parts
    comes = elsewhere.killed_in_the_put(lambda: parts.take(PHOTO))
    if came:
        comes()
    parts.pass_time(LEASE_S)

    assert parts.sweep.run() == Swept(finished=1 if came else 0)
    assert parts.sweep.run(dry_run=True) == Swept()
    if came is False:
        comes()
        assert parts.sweep.run(dry_run=True) == parts.sweep.run() == Swept(finished=1)
    if came is None:
        parts.pass_time(LATE_S)
        assert parts.sweep.run(dry_run=True) == parts.sweep.run() == Swept(undone=1)
        assert parts.statuses() == elsewhere.objects() == []
    else:
        elsewhere.one()


def test_without_grace_it_waits_for_nothing(elsewhere: Elsewhere) -> None:
    elsewhere.killed_in_the_put(lambda: elsewhere.parts.take(PHOTO))

    assert elsewhere.parts.sweep.run(grace_s=0) == Swept(undone=1)
    assert elsewhere.parts.statuses() == []


@CAME
def test_what_is_refused_the_second_time_leaves_nothing(elsewhere: Elsewhere, came: Came) -> None:
    """The first may still come when the second was told that it failed."""
    parts = elsewhere.parts
    comes = elsewhere.killed_in_the_put(lambda: send(parts, PHOTO))
    if came:
        comes()
    parts.pass_time(LEASE_S)
    end_keys(parts)
    elsewhere.cloud.kept.fails("put", StoreError("Refused."))
    with pytest.raises(StoreError, match="Refused"):
        send(parts, PHOTO)
    elsewhere.cloud.kept.works()
    if came is False:
        comes()

    assert parts.sweep.run() == Swept()
    third = send(parts, PHOTO)
    parts.pass_time(LEASE_S + LATE_S)
    assert parts.sweep.run() == Swept(purged=1)

    assert elsewhere.one()["id"] == third.image.id


@CAME
def test_a_replacement_that_was_left_makes_way(elsewhere: Elsewhere, came: Came) -> None:
    parts = elsewhere.parts
    image = parts.take(pictures.photo(seed=9)).image
    comes = elsewhere.killed_in_the_put(lambda: replaced(parts, image, PHOTO))
    if came:
        comes()
    parts.pass_time(LEASE_S)

    now = replaced(parts, image, pictures.photo(seed=10))

    if came is False:
        comes()
    leaving_comes_no_more(parts)
    parts.sweep.run()
    assert elsewhere.one()["sha256"] == now.sha256
    assert parts.sweep.run() == Swept()


def test_an_image_that_something_may_still_come_to_is_remembered_when_it_is_deleted(
    elsewhere: Elsewhere,
) -> None:
    parts = elsewhere.parts
    image = parts.take(pictures.photo(seed=9)).image
    comes = elsewhere.killed_in_the_put(lambda: replaced(parts, image, PHOTO))
    parts.pass_time(LEASE_S)
    parts.library.purge(image.id)
    comes()

    assert parts.sweep.run().failed == 0
    leaving_comes_no_more(parts)
    parts.pass_time(LATE_S)
    parts.sweep.run()

    assert parts.statuses() == elsewhere.objects() == []


def replaced(parts: Parts, image: Image, picture: pictures.Picture) -> Image:
    received = parts.receive(picture)
    return parts.replacing.replace(image, received)


def leaving_comes_no_more(parts: Parts) -> None:
    """As if it had been waited for long enough."""
    for document in list(parts.database["images"].find({"leaving.until": {"$exists": True}})):
        left = [
            each | ({"until": parts.clock()} if "until" in each else {})
            for each in document["leaving"]
        ]
        parts.database["images"].update_one({"_id": document["_id"]}, {"$set": {"leaving": left}})


@CAME
def test_an_upload_in_pieces_is_finished_by_the_next_who_comes(
    elsewhere: Elsewhere, where: str, came: Came
) -> None:
    parts = elsewhere.parts
    pieces = uploading_on(parts, where=where)
    upload = pieces.sent(PHOTO.content)
    comes = elsewhere.killed_in_the_put(lambda: pieces.finishing.finish(upload))
    if came:
        comes()
    parts.pass_time(LEASE_S)
    parts.database["uploads"].update_many({}, {"$set": {"lease.lasts_s": 0}})

    ended = pieces.finishing.finish(upload)

    if came is False:
        comes()
    assert ended.image_id == elsewhere.one()["id"] == upload.id


def test_who_stood_still_and_puts_while_it_is_being_undone_leaves_no_object(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His lease has run out; the sweep has deleted what was not there yet, and not forgotten it."""
    remove, outcome = parts.catalog.remove_aborted, list[object]()
    put = parts.store.put

    def stands_still(key: str, original: Received) -> Any:
        def comes_between(*given: Any, **named: Any) -> None:
            image = parts.catalog.find(key, among=tuple(Status))
            with pytest.raises(ConflictError):
                parts.ingest._flip(image, put(key, original), "late")
            remove(*given, **named)

        monkeypatch.setattr(parts.catalog, "remove_aborted", comes_between)
        parts.pass_time(LEASE_S)
        outcome.append(parts.sweep.run())
        raise DiedError

    monkeypatch.setattr(parts.store, "put", stands_still)
    with pytest.raises(DiedError):
        parts.take(PHOTO)

    assert outcome == [Swept(undone=1, purged=1)]
    assert parts.nothing_left()
