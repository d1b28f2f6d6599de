"""What a migration asks of MongoDB costs the same however many images there are, or one walk of an
index for its count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from gallery import embedded
from gallery.catalog.documents import arrival_of, document_of
from gallery.catalog.images import ImageCatalog
from gallery.catalog.leaving import ObjectName
from gallery.catalog.migrations import Migration, Migrations
from gallery.model import Status, StoredObject
from tests.catalog.making import NOON, pending, stored
from tests.catalog.plans import Asked, Commands, explained, names_of

IMAGES, MOVED = 2000, 1000


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands()


@pytest.fixture(scope="module")
def database(mongod: embedded.Embedded, commands: Commands) -> Iterator[Database[dict[str, Any]]]:
    """A database with some thousand images, whose commands are listened to."""
    with MongoClient[dict[str, Any]](
        mongod.uri,
        tz_aware=True,
        event_listeners=[commands],
    ) as client:
        database = client["test_migration_moves"]
        ImageCatalog(database, now=lambda: NOON).ensure_indexes()
        Migrations(database).ensure_indexes()
        yield database
        client.drop_database("test_migration_moves")


@pytest.fixture(scope="module")
def order(database: Database[dict[str, Any]]) -> Migration:
    """A migration that has moved half of all; what those left stays for an hour."""
    order = Migrations(database).begin(from_="local", to="cloud", keep_s=60, rate=None)
    until = NOON + timedelta(days=36500)
    for number in range(IMAGES):
        image = pending(status=Status.READY, created_at=NOON + timedelta(seconds=number))
        document = document_of(image) | {"_id": arrival_of(image), "store_version": "1"}
        if number % 2:
            staying = [{"store": "local", "key": image.key, "until": until}]
            moved = {"by": order.id, "at": NOON + timedelta(seconds=number)}
            document |= {"store": "cloud", "staying": staying, "moved": moved}
        database["images"].insert_one(document)
    return order


@pytest.fixture
def asked(database: Database[dict[str, Any]], commands: Commands) -> Asked:
    return explained(database, commands)


def test_each_move_looks_at_one_image(
    database: Database[dict[str, Any]], order: Migration, asked: Asked
) -> None:
    catalog = ImageCatalog(database, now=lambda: NOON)
    move = catalog.begin_move(order, images_only=True, holder="one", lease_s=60)
    assert move
    arrived = stored(move.image)

    def begins() -> None:
        assert catalog.begin_move(order, images_only=True, holder="two", lease_s=0)

    steps: list[Callable[[], object]] = [
        begins,
        lambda: catalog.claim_move(to=["cloud"], leg=order.leg, holder="three", lease_s=0),
        lambda: catalog.claim_move(to=["cloud"], holder="four", lease_s=0),
        lambda: catalog.finish_move(move, arrived, lambda image: ""),
        lambda: catalog.left_of(move.image.id),
        lambda: catalog.claim_stay(lease_s=60),
        lambda: catalog.forget_stay(move.image.id, ObjectName(store="local", key="no key")),
        lambda: catalog.count_ended_stays(),
        lambda: catalog.drop_moves(but=order.leg),
        lambda: catalog.refusals(order),
    ]
    for number, step in enumerate(steps):
        for plan in asked(step):
            assert "COLLSCAN" not in names_of(plan), (number, plan)
            assert plan["documents"] <= 10, (number, plan)


def test_the_way_back_is_found_by_its_index_too(
    database: Database[dict[str, Any]], order: Migration, asked: Asked
) -> None:
    catalog, orders = ImageCatalog(database, now=lambda: NOON), Migrations(database)
    back = orders.turn_back(order)

    plans = asked(lambda: catalog.begin_move(back, images_only=False, holder="one", lease_s=0))

    assert [plan["indexes"] for plan in plans] == [{"moved"}]
    assert all(plan["documents"] <= 10 for plan in plans)
    orders.pause(back)


def test_counting_walks_an_index(
    database: Database[dict[str, Any]], order: Migration, asked: Asked
) -> None:
    catalog = ImageCatalog(database, now=lambda: NOON)

    for plan in asked(lambda: catalog.standing(order, images_only=True, lately_s=60)):
        assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
        assert plan["documents"] <= IMAGES, plan


def test_a_move_is_finished_once_and_only_where_it_began(
    database: Database[dict[str, Any]], order: Migration
) -> None:
    catalog = ImageCatalog(database, now=lambda: NOON)
    move = catalog.begin_move(order, images_only=True, holder="mover", lease_s=60)
    assert move
    came = StoredObject(
        key=move.key, bytes=7, etag="e", created_at=NOON, modified_at=NOON, store_version="9"
    )

    image = catalog.finish_move(move, came, lambda moved: f"https://x/{moved.store}/{moved.key}")

    assert (image.store, image.key) == ("cloud", f"{image.id}.1")
    assert (image.url, image.version) == (f"https://x/cloud/{image.key}", 2)
    assert (image.store_version, image.earlier_versions) == ("9", ("1",))
    assert set(catalog.objects_of(image.id)) == {
        ObjectName(store="cloud", key=image.key),
        ObjectName(store="local", key=image.id),
    }
    assert catalog.left_of(image.id) == []
    surveyed = catalog.survey_one(image.id, grace_s=0)
    assert surveyed is not None
    assert (surveyed.overdue, len(surveyed.objects)) == ((), 2)
