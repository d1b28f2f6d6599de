"""Pending images: recorded, leased, taken over, made ready or dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.images import ContentTakenError, ImageCatalog
from gallery.errors import ConflictError, NotFoundError
from gallery.model import Camera, Filter, Image, Sort, Status
from tests.catalog.making import HOLDER, NOON, add, at_once, finish, pending, record, stored
from tests.conftest import Clock


def test_an_image_comes_back_as_it_was_recorded(catalog: ImageCatalog, clock: Clock) -> None:
    told = pending(
        description="A garden",
        alt="Green",
        tags=("garden", "summer"),
        albums=("a1",),
        filename="garden.jpg",
        frames=2,
        taken_at=datetime(2020, 5, 1, 8, 30, tzinfo=UTC),
        camera=Camera(model="X100", exposure="1/250 s"),
        color="#808080",
        placeholder="cGxhY2Vob2xkZXI",
    )
    recorded = catalog.record_intent(told, unique_content=True, holder=HOLDER, lease_s=60)
    assert recorded == replace(told, order=recorded.order)
    clock.advance(5)
    ready = finish(catalog, recorded)
    assert ready == replace(
        recorded,
        status=Status.READY,
        bytes=1234,
        etag="etag",
        store_version="1",
        url=f"/x/{told.id}",
        updated_at=NOON + timedelta(seconds=5),
    )
    assert catalog.find(told.id) == catalog.find_by_public_id(told.public_id) == ready


def test_a_plain_find_shows_url_and_description(
    catalog: ImageCatalog, either_database: Database[dict[str, Any]]
) -> None:
    image = add(catalog, description="A garden")
    document = either_database["images"].find_one()
    assert document is not None
    assert (document["url"], document["description"]) == (f"/x/{image.id}", "A garden")
    assert None not in document.values()


def test_a_pending_image_is_not_seen(catalog: ImageCatalog) -> None:
    image = record(catalog, description="garden", tags=("garden",))
    with pytest.raises(NotFoundError):
        catalog.find(image.id)
    for wanted in (Filter(), Filter(words=("garden",)), Filter(tags=("garden",))):
        assert catalog.page(wanted, Sort.NEWEST, after=None, limit=10).images == ()
        assert catalog.counts(wanted, months=()).total == 0
    assert catalog.tags() == []
    assert catalog.find(image.id, among=(Status.PENDING,)) == image


def test_the_same_bytes_meet_the_image_that_holds_them(catalog: ImageCatalog) -> None:
    first = record(catalog)
    for _ in ("pending", "ready"):
        with pytest.raises(ContentTakenError):
            record(catalog, sha256=first.sha256)
        here = catalog.find_by_content(first.sha256)
        assert here is not None
        assert here.id == first.id
        if here.status is Status.PENDING:
            finish(catalog, first)


def test_a_duplicate_that_was_asked_for_is_kept_beside_the_first(catalog: ImageCatalog) -> None:
    first = add(catalog)
    again = pending(sha256=first.sha256)
    catalog.record_intent(again, unique_content=False, holder=HOLDER, lease_s=60)
    assert finish(catalog, again).id != first.id
    here = catalog.find_by_content(first.sha256)
    assert here is not None
    assert here.id == first.id


def test_the_first_of_its_bytes_holds_them_even_if_duplicates_were_allowed(
    catalog: ImageCatalog,
) -> None:
    first = catalog.record_intent(pending(), unique_content=False, holder=HOLDER, lease_s=60)
    with pytest.raises(ContentTakenError):
        record(catalog, sha256=first.sha256)


def test_an_image_of_unknown_bytes_holds_none(catalog: ImageCatalog) -> None:
    assert record(catalog, sha256="").id != record(catalog, sha256="").id
    assert catalog.find_by_content("") is None


def test_a_known_name_is_refused(catalog: ImageCatalog) -> None:
    first = add(catalog)
    with pytest.raises(ConflictError):
        record(catalog, id=first.id)
    with pytest.raises(ConflictError):
        record(catalog, public_id=first.public_id)


def test_only_its_holder_makes_an_image_ready_renews_or_drops_it(catalog: ImageCatalog) -> None:
    image = record(catalog)
    assert not catalog.renew(image.id, holder="another", lease_s=60)
    assert not catalog.drop_intent(image.id, holder="another")
    with pytest.raises(ConflictError):
        catalog.make_ready(image.id, holder="another", stored=stored(image), url="/x")
    assert catalog.renew(image.id, holder=HOLDER, lease_s=60)
    assert catalog.drop_intent(image.id, holder=HOLDER)
    assert not catalog.drop_intent(image.id, holder=HOLDER)
    with pytest.raises(ConflictError):
        finish(catalog, image)


def test_a_ready_image_is_neither_dropped_nor_made_ready_again(catalog: ImageCatalog) -> None:
    image = add(catalog)
    assert not catalog.drop_intent(image.id, holder=HOLDER)
    with pytest.raises(ConflictError):
        finish(catalog, image)
    assert catalog.find(image.id) == image


def test_a_dropped_image_frees_its_bytes(catalog: ImageCatalog) -> None:
    image = record(catalog)
    catalog.drop_intent(image.id, holder=HOLDER)
    assert add(catalog, sha256=image.sha256).status is Status.READY


def test_what_ran_out_is_interrupted_and_taken_over_once(real_catalog: ImageCatalog) -> None:
    running = record(real_catalog)
    stuck = [record(real_catalog, lease_s=0) for _ in range(3)]
    add(real_catalog)
    assert real_catalog.interrupted(limit=10) == stuck
    assert real_catalog.interrupted(limit=2) == stuck[:2]
    assert not real_catalog.take_over(running.id, holder="sweep", lease_s=60)
    assert real_catalog.take_over(stuck[0].id, holder="sweep", lease_s=60)
    assert not real_catalog.take_over(stuck[0].id, holder="another sweep", lease_s=60)
    assert real_catalog.interrupted(limit=10) == stuck[1:]


def test_a_lease_runs_out_by_the_clock_of_the_database(
    real_catalog: ImageCatalog, clock: Clock, database: Database[dict[str, Any]]
) -> None:
    image = record(real_catalog, lease_s=60)
    clock.advance(10 * 60)
    assert real_catalog.interrupted(limit=10) == []
    database["images"].update_one(
        {"id": image.id}, [{"$set": {"lease.renewed_at": {"$subtract": ["$$NOW", 61_000]}}}]
    )
    assert real_catalog.interrupted(limit=10) == [image]
    real_catalog.renew(image.id, holder=HOLDER, lease_s=60)
    assert real_catalog.interrupted(limit=10) == []


def test_whoever_wakes_late_cannot_win(real_catalog: ImageCatalog) -> None:
    image = record(real_catalog, lease_s=0)
    assert real_catalog.take_over(image.id, holder="sweep", lease_s=60)
    with pytest.raises(ConflictError):
        finish(real_catalog, image)
    assert not real_catalog.drop_intent(image.id, holder=HOLDER)
    ready = real_catalog.make_ready(image.id, holder="sweep", stored=stored(image), url="/x")
    assert ready.status is Status.READY


def test_of_many_with_the_same_bytes_at_once_one_wins(real_catalog: ImageCatalog) -> None:
    results = at_once(8, lambda _: record(real_catalog, sha256="ab" * 32))
    won = [each for each in results if isinstance(each, Image)]
    assert len(won) == 1
    assert sum(isinstance(each, ContentTakenError) for each in results) == 7
    assert real_catalog.find_by_content("ab" * 32) == won[0]


def test_of_many_that_take_over_at_once_one_wins(real_catalog: ImageCatalog) -> None:
    image = record(real_catalog, lease_s=0)
    results = at_once(
        8, lambda index: real_catalog.take_over(image.id, holder=f"sweep {index}", lease_s=60)
    )
    assert sorted(map(bool, results)) == [False] * 7 + [True]
