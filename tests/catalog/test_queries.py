"""What the catalog asks of MongoDB: by which index, in which order, how much it looks at.

Each command is caught on its way and explained: what is tested is what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from gallery import embedded
from gallery.catalog.documents import arrival_of, document_of
from gallery.catalog.health import check_writable
from gallery.catalog.idempotency import Answer, IdempotencyKeys
from gallery.catalog.images import ImageCatalog
from gallery.catalog.terms import terms_of
from gallery.catalog.vocabulary import Vocabulary
from gallery.model import Edit, Filter, Image, Place, Sort, Status
from tests.catalog.making import HOLDER, NOON, add, finish, pending, record
from tests.catalog.plans import Asked, Commands, explained, names_of
from tests.conftest import Clock

IMAGES = 3000
LIMIT = 50


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands()


@pytest.fixture(scope="module")
def database(mongod: embedded.Embedded, commands: Commands) -> Iterator[Database[dict[str, Any]]]:
    """A database with some thousand images, whose commands are listened to."""
    with MongoClient[dict[str, Any]](
        mongod.uri, tz_aware=True, event_listeners=[commands]
    ) as client:
        database = client["test_queries"]
        ImageCatalog(database, now=lambda: NOON).ensure_indexes()
        IdempotencyKeys(database).ensure_indexes()
        images = [_image(number) for number in range(IMAGES)]
        database["images"].insert_many(_document(image) for image in images)
        words = {word for image in images for word in terms_of(image.description)}
        Vocabulary(database).learn(words)
        yield database
        client.drop_database("test_queries")


def _image(number: int) -> Image:
    """One of many: every description has ``common``, one in 400 ``rare``, six share ``wordabc``."""
    words = ["common", f"word{_letters(number % 500)}", "rare" if number % 400 == 0 else "usual"]
    return pending(
        created_at=NOON + timedelta(minutes=number),
        taken_at=NOON - timedelta(minutes=number // 3) if number % 2 else None,
        description=" ".join(words),
        phash=f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}",
        tags=("all", "hundredth") if number % 100 == 0 else ("all",),
        albums=("tenth",) if number % 10 == 0 else (),
        status=Status.TRASHED if number % 7 == 0 else Status.READY,
    )


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _document(image: Image) -> dict[str, Any]:
    terms = terms_of(image.description, tags=image.tags, albums=image.albums)
    added = {"_id": arrival_of(image), "terms": terms, "content": image.sha256}
    return document_of(image) | added


@pytest.fixture
def asked(database: Database[dict[str, Any]], commands: Commands) -> Asked:
    return explained(database, commands)


FILTERS = {
    "everything": Filter(),
    "the trash": Filter(status=Status.TRASHED),
    "a common word": Filter(words=("common", "usual")),
    "a rare word": Filter(words=("rare",)),
    "a rare word after a common one": Filter(words=("common", "rare")),
    "a common word after a rare one": Filter(words=("rare", "common")),
    "a rare word in the trash": Filter(words=("common", "rare"), status=Status.TRASHED),
    "the beginning of few words": Filter(words=("wordbc",)),
    "the beginning of very many words": Filter(words=("wo",)),
    "a common word and the beginning of very many": Filter(words=("common", "wo")),
    "a rare word and the beginning of very many": Filter(words=("rare", "wo")),
    "the beginning of one common word": Filter(words=("com",)),
    "a beginning after a common word": Filter(words=("common", "wordbc")),
    "a tag": Filter(tags=("all",)),
    "two tags": Filter(tags=("all", "hundredth")),
    "an album": Filter(album="tenth"),
    "all at once": Filter(words=("common", "us"), tags=("all",), album="tenth"),
    "nothing": Filter(words=("nothing",)),
}


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("name", FILTERS)
def test_a_page_at_any_depth_walks_an_index_and_looks_at_a_page(
    database: Database[dict[str, Any]],
    asked: Asked,
    name: str,
    sort: Sort,
) -> None:
    catalog = ImageCatalog(database, now=lambda: NOON)
    middle = NOON + timedelta(minutes=IMAGES // 2)
    deep = Place(order=f"{int(middle.timestamp()):x}" + "0" * 16, taken_at=NOON)
    for after in (None, deep):
        *looked_up, plan = asked(
            partial(catalog.page, FILTERS[name], sort, after=after, limit=LIMIT)
        )
        for each in (*looked_up, plan):
            assert not names_of(each) & {"COLLSCAN", "SORT"}, each
        # Rare ones are looked at whole; on the way to the others some do not meet the whole filter.
        assert plan["documents"] <= LIMIT * 1.5, plan
        assert plan["keys"] <= LIMIT * 1.5 + 100, plan


def test_counts_stop_where_they_are_told(
    database: Database[dict[str, Any]],
    asked: Asked,
) -> None:
    catalog = ImageCatalog(database, now=lambda: NOON)
    for wanted in FILTERS.values():
        plans = asked(partial(catalog.counts, wanted, months=("2026-11",), cap=100))
        for plan in plans:
            assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
            assert plan["keys"] <= 300, plan


def test_one_image_is_found_and_changed_by_an_index(
    database: Database[dict[str, Any]],
    asked: Asked,
    clock: Clock,
) -> None:
    catalog = ImageCatalog(database, now=clock)
    image = add(catalog, description="one", tags=("all", "few"))
    left = record(catalog, lease_s=0)
    steps: list[Callable[[], object]] = [
        lambda: catalog.find(image.id),
        lambda: catalog.find_by_public_id(image.public_id),
        lambda: catalog.find_by_content(image.sha256),
        lambda: finish(catalog, record(catalog, description="two", tags=("all",))),
        lambda: catalog.renew(left.id, holder=HOLDER, lease_s=0),
        lambda: catalog.interrupted(limit=10),
        lambda: catalog.take_over(left.id, holder="sweep", lease_s=60),
        lambda: catalog.drop_intent(left.id, holder="sweep"),
        lambda: catalog.edit(image.id, Edit(description="three", tags=("b",)), version=1),
        lambda: catalog.trash(image.id),
        lambda: catalog.restore(image.id),
        lambda: catalog.expired_trash(before=NOON, limit=10),
        lambda: catalog.mark_deleting(image.id),
        lambda: catalog.unfinished_deletes(limit=10),
        lambda: catalog.remove(image.id),
        catalog.tags,
    ]
    for number, step in enumerate(steps):
        for plan in asked(step):
            assert not names_of(plan) & {"COLLSCAN", "SORT"}, (number, plan)
            assert plan["documents"] <= 30, (number, plan)


def test_an_idempotency_key_is_found_by_its_name(
    database: Database[dict[str, Any]],
    asked: Asked,
) -> None:
    keys = IdempotencyKeys(database)
    answer = Answer(status=201, body={})
    steps: list[Callable[[], object]] = [
        lambda: keys.begin("me", "key", "f", holder="h", lease_s=0, makes="x"),
        lambda: keys.begin("me", "key", "f", holder="i", lease_s=60, makes="x"),
        lambda: keys.finish("me", "key", "i", answer),
        lambda: keys.begin("me", "key", "f", holder="j", lease_s=60, makes="x"),
        lambda: keys.abandon("me", "key", "j"),
    ]
    for step in steps:
        for plan in asked(step):
            assert "COLLSCAN" not in names_of(plan), plan
            assert plan["documents"] <= 1, plan


def test_every_command_ends_in_time_and_every_write_is_durable(
    database: Database[dict[str, Any]], commands: Commands, clock: Clock
) -> None:
    catalog, keys = ImageCatalog(database, now=clock), IdempotencyKeys(database)
    commands.sent.clear()
    image = add(catalog, description="durable", tags=("all",))
    catalog.edit(image.id, Edit(tags=("b",)), version=None)
    catalog.page(Filter(words=("du",)), Sort.NEWEST, after=None, limit=10)
    catalog.counts(Filter(), months=("2026-11",))
    catalog.tags()
    catalog.restore(catalog.trash(image.id).id)
    catalog.remove(catalog.mark_deleting(image.id).id)
    keys.begin("me", "another", "f", holder="h", lease_s=0, makes="x")
    check_writable(database)
    sent = {next(iter(command)) for command in commands.sent}
    assert sent >= {"find", "insert", "update", "findAndModify", "delete", "aggregate"}
    for command in commands.sent:
        assert 0 < command["maxTimeMS"] <= 5000, command
        if next(iter(command)) in {"insert", "update", "findAndModify", "delete"}:
            assert command["writeConcern"] == {"w": "majority", "j": True}, command


def test_indexes_that_are_there_are_not_made_again(
    database: Database[dict[str, Any]], commands: Commands, clock: Clock
) -> None:
    before = database["images"].index_information()
    commands.sent.clear()
    ImageCatalog(database, now=clock).ensure_indexes()
    assert len(commands.sent) == 3
    assert database["images"].index_information() == before


def test_what_looks_alike_is_found_by_its_bands(
    database: Database[dict[str, Any]], asked: Asked
) -> None:
    catalog = ImageCatalog(database, now=lambda: NOON)
    image = add(catalog, phash="0123456789abcdef")

    looked, read = asked(lambda: catalog.find_alike("0123456789abcdee"))

    assert looked["indexes"] == {"phash_bands"}
    assert looked["documents"] < IMAGES / 20
    assert read["command"]["filter"]["_id"]["$in"][0] == ObjectId(image.order)
    assert read["documents"] == 1
