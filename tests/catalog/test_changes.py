"""The change stream: what people can see, told in order, whatever happens between."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect, OperationFailure

from gallery import embedded
from gallery.catalog.changes import Changes
from gallery.catalog.images import ImageCatalog
from gallery.errors import ChangesLostError
from gallery.model import Change, ChangeKind, Edit
from tests.catalog.making import HOLDER, add, record
from tests.conftest import Clock

CREATED, UPDATED, DELETED, PURGED = ChangeKind


@pytest.fixture
def changes(database: Database[dict[str, Any]], real_catalog: ImageCatalog) -> Changes:
    add(real_catalog)  # Before anybody watches.
    return Changes(database)


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def watching(changes: Changes, stop: threading.Event) -> Iterator[Iterator[Change | None]]:
    """The stream from now on."""
    watch = changes.watch(after=changes.now_token(), stop=stop)
    yield watch
    stop.set()
    assert not [change for change in watch if change]


def told(watch: Iterator[Change | None]) -> list[Change]:
    """Everything until the stream is idle."""
    return list(iter(lambda: next(watch), None))


def kinds(watch: Iterator[Change | None]) -> list[tuple[ChangeKind, str]]:
    return [(change.kind, change.id) for change in told(watch)]


def test_what_happens_to_an_image_is_told_in_order(
    watching: Iterator[Change | None], real_catalog: ImageCatalog
) -> None:
    image = add(real_catalog, description="One")
    (created,) = told(watching)
    assert (created.kind, created.id, created.image) == (CREATED, image.id, image)

    edited = real_catalog.edit(image.id, Edit(description="Two"), version=None)
    (updated,) = told(watching)
    assert (updated.kind, updated.id, updated.image) == (UPDATED, image.id, edited)

    real_catalog.trash(image.id)
    (deleted,) = told(watching)
    assert (deleted.kind, deleted.id, deleted.image) == (DELETED, image.id, None)

    restored = real_catalog.restore(image.id)
    (back,) = told(watching)
    assert (back.kind, back.id, back.image) == (CREATED, image.id, restored)

    real_catalog.mark_deleting(image.id)
    real_catalog.remove(image.id)
    assert kinds(watching) == [(DELETED, image.id)]


def test_the_end_of_what_was_in_the_trash_is_told_too(
    watching: Iterator[Change | None], real_catalog: ImageCatalog, clock: Clock
) -> None:
    one, two = add(real_catalog), add(real_catalog)
    for image in (one, two):
        real_catalog.trash(image.id)
    told(watching)

    real_catalog.mark_deleting(one.id)
    real_catalog.remove(one.id)
    real_catalog.mark_trash_deleting(before=clock(), limit=9)
    assert kinds(watching) == [(PURGED, one.id), (PURGED, two.id)]


def test_what_nobody_can_see_is_not_told(
    watching: Iterator[Change | None], real_catalog: ImageCatalog
) -> None:
    image = record(real_catalog)
    real_catalog.renew(image.id, holder=HOLDER, lease_s=60)
    real_catalog.drop_intent(image.id, holder=HOLDER)
    real_catalog.recount_tags()
    assert told(watching) == []


def test_the_end_of_what_was_trashed_is_not_told_twice(
    watching: Iterator[Change | None], real_catalog: ImageCatalog
) -> None:
    image = real_catalog.trash(add(real_catalog).id)
    real_catalog.mark_deleting(image.id)
    real_catalog.remove(image.id)
    assert kinds(watching)[-2:] == [(DELETED, image.id), (PURGED, image.id)]
    assert kinds(watching) == []


def test_an_image_that_is_hidden_by_now_is_only_told_as_deleted(
    watching: Iterator[Change | None], real_catalog: ImageCatalog
) -> None:
    image = add(real_catalog)
    real_catalog.edit(image.id, Edit(alt="x"), version=None)
    real_catalog.trash(image.id)
    other = add(real_catalog)
    real_catalog.mark_deleting(other.id)
    real_catalog.remove(other.id)
    assert kinds(watching) == [(DELETED, image.id), (DELETED, other.id)]


def test_an_image_that_another_program_puts_there_is_told(
    watching: Iterator[Change | None],
    real_catalog: ImageCatalog,
    database: Database[dict[str, Any]],
) -> None:
    image = add(real_catalog)
    document = database["images"].find_one_and_delete({"id": image.id})
    assert document is not None
    told(watching)
    database["images"].insert_one(document)
    database["images"].replace_one({"id": image.id}, document | {"alt": "x"})
    assert kinds(watching) == [(CREATED, image.id), (UPDATED, image.id)]


def test_a_token_goes_on_where_it_was_in_any_process(
    changes: Changes,
    real_catalog: ImageCatalog,
    database: Database[dict[str, Any]],
    stop: threading.Event,
) -> None:
    start = changes.now_token()
    added = [add(real_catalog).id for _ in range(5)]
    first = told(changes.watch(after=start, stop=stop))
    assert [change.id for change in first] == added
    elsewhere = Changes(database)
    for number, change in enumerate(first):
        again = told(elsewhere.watch(after=change.token, stop=stop))
        assert [each.id for each in again] == added[number + 1 :]
    tokens = [change.token for change in first]
    assert [start, *tokens] == sorted([start, *tokens])


def test_watching_without_a_token_begins_now(changes: Changes, stop: threading.Event) -> None:
    assert told(changes.watch(after=None, stop=stop)) == []


def test_a_watcher_that_is_to_stop_stops(changes: Changes, stop: threading.Event) -> None:
    watch = changes.watch(after=None, stop=stop)
    assert next(watch) is None
    stop.set()
    assert list(watch) == []


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "82",
        "82" + "00" * 600,
        "82" + "FF" * 20,
        "82" + "0" * 15,
        "826b016e8f000000042b0229296e04",
        "826B016E8F000000042B0229296E04\n",
        '{"$ne": ""}',
        "1",
    ],
)
def test_a_token_that_is_none_of_ours_is_lost(
    changes: Changes, stop: threading.Event, token: str
) -> None:
    with pytest.raises(ChangesLostError):
        next(changes.watch(after=token, stop=stop))


def test_a_token_of_another_gallery_is_lost(
    changes: Changes, real_catalog: ImageCatalog, stop: threading.Event
) -> None:
    start = changes.now_token()
    add(real_catalog)
    (change,) = told(changes.watch(after=start, stop=stop))
    # Made like ours, for a document that is not there: one digit of its ObjectId is another.
    foreign = change.token[:-6] + ("0" if change.token[-6] != "0" else "1") + change.token[-5:]
    with pytest.raises(ChangesLostError):
        next(changes.watch(after=foreign, stop=stop))


def test_a_collection_that_is_dropped_loses_the_changes(
    watching: Iterator[Change | None], database: Database[dict[str, Any]]
) -> None:
    database["images"].drop()
    with pytest.raises(ChangesLostError):
        told(watching)


@pytest.mark.parametrize(
    ("failure", "told_as"),
    [
        (OperationFailure("history lost", 286), ChangesLostError),
        (OperationFailure("no such token", 280), ChangesLostError),
        (OperationFailure("not allowed", 13), OperationFailure),
    ],
)
def test_a_stream_that_cannot_go_on_says_why(
    changes: Changes,
    stop: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    told_as: type[Exception],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    token = changes.now_token()
    monkeypatch.setattr(Collection, "watch", fail)
    with pytest.raises(told_as):
        next(changes.watch(after=token, stop=stop))


@pytest.fixture
def own_mongod(tmp_path: Path) -> Iterator[embedded.Embedded]:
    """A MongoDB that the test may end."""
    running = embedded.start(tmp_path)
    running.wait_until_ready()
    yield running
    running.stop()


def test_the_stream_goes_on_after_the_database_was_away(
    own_mongod: embedded.Embedded, clock: Clock, stop: threading.Event
) -> None:
    with MongoClient[dict[str, Any]](own_mongod.uri, tz_aware=True) as client:
        catalog = ImageCatalog(client["gallery"], now=clock)
        catalog.ensure_indexes()
        changes = Changes(client["gallery"])
        heard: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        watch = changes.watch(after=changes.now_token(), stop=stop)
        watcher = threading.Thread(target=pass_on, args=(watch, heard))
        watcher.start()
        image = add(catalog)
        assert next(changes_in(heard)).image == image
        with pytest.raises(AutoReconnect):
            client["admin"].command("shutdown", force=True)
        while own_mongod.exit_code() is None:
            stop.wait(0.01)
        own_mongod.restart()
        images = [add(catalog) for _ in range(3)]
        assert [change.image for change in islice(changes_in(heard), 3)] == images
        stop.set()
        watcher.join()


def pass_on(watch: Iterator[Change | None], heard: queue.SimpleQueue[Change | None]) -> None:
    for change in watch:
        heard.put(change)


def changes_in(heard: queue.SimpleQueue[Change | None]) -> Iterator[Change]:
    return filter(None, iter(lambda: heard.get(timeout=30), object()))
