"""Lists of assets: every page by an index, in order, whole, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from gallery import embedded
from gallery.catalog.asset_lists import AssetFilter
from gallery.catalog.documents import arrival_of, document_of
from gallery.catalog.images import ImageCatalog
from gallery.catalog.records import folder_of
from gallery.catalog.terms import terms_of
from gallery.errors import InvalidCursorError
from gallery.model import Image, Status
from gallery.signing import new_asset_id
from tests.catalog.making import NOON, pending
from tests.catalog.plans import Asked, Commands, explained, names_of

ASSETS = 3000
LIMIT = 50


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands()


@pytest.fixture(scope="module")
def database(mongod: embedded.Embedded, commands: Commands) -> Iterator[Database[dict[str, Any]]]:
    """A database with some thousand assets, whose commands are listened to."""
    with MongoClient[dict[str, Any]](
        mongod.uri, tz_aware=True, event_listeners=[commands]
    ) as client:
        database = client["test_asset_lists"]
        ImageCatalog(database, now=lambda: NOON).ensure_indexes()
        database["images"].insert_many(_document(_asset(number)) for number in range(ASSETS))
        yield database
        client.drop_database("test_asset_lists")


@pytest.fixture
def catalog(database: Database[dict[str, Any]]) -> ImageCatalog:
    return ImageCatalog(database, now=lambda: NOON)


@pytest.fixture
def asked(database: Database[dict[str, Any]], commands: Commands) -> Asked:
    return explained(database, commands)


def _asset(number: int) -> Image:
    """One of many: most lie in one of ten folders, one in 20 is private, one in 10 a raw file."""
    raw, trashed = number % 10 == 9, number % 7 == 0
    status = Status.TRASHED if trashed else Status.KEPT if raw else Status.READY
    folder = f"year/{number % 10}/" if number % 3 else ""
    return pending(
        public_id=f"{folder}{number:04d}{'.pdf' if raw else ''}",
        asset_id=new_asset_id(),
        resource_type="raw" if raw else "image",
        type="private" if number % 20 == 1 else "upload",
        created_at=NOON + timedelta(minutes=number),
        tags=("all", "hundredth") if number % 100 == 2 else ("all",),
        context={"alt": "common"} if number % 2 else {"alt": "rare"} if number % 500 == 2 else {},
        moderation="pending" if number % 300 == 1 else "",
        bytes=10,
        status=status,
    )


def _document(image: Image) -> dict[str, Any]:
    terms = terms_of(
        image.description,
        tags=image.tags,
        folder=folder_of(image),
        context=image.context,
        moderation=image.moderation,
    )
    return document_of(image) | {"_id": arrival_of(image), "terms": terms}


SHOWN = [
    image for image in map(_asset, range(ASSETS)) if image.status in (Status.READY, Status.KEPT)
]


def all_of(catalog: ImageCatalog, wanted: AssetFilter, *, newest_first: bool = True) -> list[str]:
    """The public ids of a whole list, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = catalog.asset_page(wanted, after=after, limit=500, newest_first=newest_first)
        found += [image.public_id for image in page.images]
        if page.next is None:
            return found
        after = page.next


def expected(**told: Any) -> list[str]:
    """The public ids of those that have these values, the newest first."""
    return [
        image.public_id
        for image in reversed(SHOWN)
        if all(getattr(image, name) == value for name, value in told.items())
    ]


LISTS = {
    "images": AssetFilter(resource_type="image"),
    "raw files": AssetFilter(resource_type="raw"),
    "uploads": AssetFilter(resource_type="image", type="upload"),
    "private": AssetFilter(resource_type="image", type="private"),
    "since": AssetFilter(resource_type="image", since=NOON + timedelta(minutes=1000)),
    "prefix": AssetFilter(resource_type="image", type="upload", prefix="year/1/"),
    "rare prefix": AssetFilter(resource_type="image", type="private", prefix="year/1/12"),
    "any prefix": AssetFilter(resource_type="image", type="upload", prefix=""),
    "tag": AssetFilter(resource_type="image", tag="all"),
    "rare tag": AssetFilter(resource_type="image", tag="hundredth"),
    "tag of raw": AssetFilter(resource_type="raw", tag="all"),
    "folder": AssetFilter(folder="year/1"),
    "key": AssetFilter(resource_type="image", context=("alt", None)),
    "value": AssetFilter(resource_type="image", context=("alt", "rare")),
    "moderation": AssetFilter(resource_type="image", moderation="pending"),
    "nothing": AssetFilter(resource_type="image", tag="nothing"),
}


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_at_any_depth_walks_an_index_and_looks_at_a_page(
    catalog: ImageCatalog, asked: Asked, name: str, newest_first: bool
) -> None:
    wanted = LISTS[name]
    middle = NOON + timedelta(minutes=ASSETS // 2)
    deep = "year/1/1500" if wanted.prefix is not None else f"{int(middle.timestamp()):x}" + "0" * 16
    for after in (None, deep):
        [plan] = asked(
            lambda after=after: catalog.asset_page(
                wanted, after=after, limit=LIMIT, newest_first=newest_first
            )
        )
        assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
        assert plan["documents"] <= LIMIT + 3, plan
        assert plan["keys"] <= LIMIT + 60, plan


def test_lists_are_whole_and_in_order(catalog: ImageCatalog) -> None:
    assert all_of(catalog, LISTS["images"]) == expected(resource_type="image")
    assert all_of(catalog, LISTS["raw files"]) == expected(resource_type="raw")
    private = expected(resource_type="image", type="private")
    assert all_of(catalog, LISTS["private"]) == private
    assert all_of(catalog, LISTS["private"], newest_first=False) == private[::-1]
    assert all_of(catalog, LISTS["tag of raw"]) == expected(resource_type="raw")
    rare = expected(resource_type="image", context={"alt": "rare"})
    assert all_of(catalog, LISTS["value"]) == rare


def test_a_list_by_prefix_goes_by_public_id(catalog: ImageCatalog) -> None:
    within = [
        each
        for each in sorted(expected(resource_type="image", type="upload"))
        if each.startswith("year/1/")
    ]

    assert all_of(catalog, LISTS["prefix"], newest_first=False) == within
    assert all_of(catalog, LISTS["prefix"]) == within[::-1]


def test_a_list_since_a_moment_begins_there(catalog: ImageCatalog) -> None:
    found = all_of(catalog, LISTS["since"], newest_first=False)

    later = [image for image in SHOWN if image.created_at >= NOON + timedelta(minutes=1000)]
    assert found == [image.public_id for image in later if image.resource_type == "image"]


def test_a_list_by_folder_has_every_resource_type(catalog: ImageCatalog) -> None:
    assert all_of(catalog, AssetFilter(folder="year/9")) == [
        image.public_id for image in reversed(SHOWN) if image.public_id.startswith("year/9/")
    ]
    assert all_of(catalog, AssetFilter(folder="year")) == []


def test_a_place_of_another_list_is_refused(catalog: ImageCatalog) -> None:
    with pytest.raises(InvalidCursorError):
        catalog.asset_page(LISTS["images"], after="year/1", limit=10, newest_first=True)
    with pytest.raises(InvalidCursorError):
        catalog.folders_in("year", after="#all", limit=10)


def test_named_ones_are_found_by_an_index(catalog: ImageCatalog, asked: Asked) -> None:
    ids = [image.public_id for image in SHOWN if image.type == "upload"][:100]
    [plan] = asked(
        lambda: catalog.assets_named([*ids, "nothing"], resource_type="image", type="upload")
    )
    assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
    assert plan["documents"] <= 100
    found = catalog.assets_named(ids, resource_type="image", type="upload")
    assert len(found) == len([each for each in ids if not each.endswith(".pdf")])

    asset_ids = [image.asset_id for image in found]
    [plan] = asked(lambda: catalog.assets_of_ids([*asset_ids, "f" * 32]))
    assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
    assert plan["documents"] <= 100
    assert {image.id for image in catalog.assets_of_ids(asset_ids)} == {image.id for image in found}


def test_tags_in_use_are_found_one_by_one(catalog: ImageCatalog, asked: Asked) -> None:
    first = catalog.tags_in_use(resource_type="image", prefix="", after=None, limit=1)
    assert (first.names, first.next) == (("all",), "all")
    rest = catalog.tags_in_use(resource_type="image", prefix="", after=first.next, limit=1)
    assert (rest.names, rest.next) == (("hundredth",), None)
    some = catalog.tags_in_use(resource_type="image", prefix="hun", after=None, limit=10)
    assert some.names == ("hundredth",)
    none = catalog.tags_in_use(resource_type="raw", prefix="hun", after=None, limit=10)
    assert none.names == ()

    for plan in asked(
        lambda: catalog.tags_in_use(resource_type="image", prefix="", after=None, limit=10)
    ):
        assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
        assert plan["documents"] <= 1, plan


def test_folders_are_found_one_by_one(catalog: ImageCatalog, asked: Asked) -> None:
    assert catalog.folders_in("", after=None, limit=10).names == ("year",)
    first = catalog.folders_in("year", after=None, limit=4)
    assert first.names == ("0", "1", "2", "3")
    rest = catalog.folders_in("year", after=first.next, limit=500)
    assert (rest.names, rest.next) == (("4", "5", "6", "7", "8", "9"), None)
    assert catalog.folders_in("year/1", after=None, limit=10).names == ()
    assert catalog.folders_in("yea", after=None, limit=10).names == ()

    for plan in asked(lambda: catalog.folders_in("year", after=None, limit=10)):
        assert not names_of(plan) & {"COLLSCAN", "SORT"}, plan
        assert plan["documents"] <= 3, plan


def test_what_all_weigh_is_summed(catalog: ImageCatalog, asked: Asked) -> None:
    whole = catalog.weight()
    assert (whole.objects, whole.bytes) == (len(SHOWN), 10 * len(SHOWN))
    moment = NOON + timedelta(minutes=700)
    early = len([image for image in SHOWN if image.created_at < moment])
    assert catalog.weight(before=moment).objects == early

    [plan] = asked(catalog.weight)
    assert "COLLSCAN" not in names_of(plan), plan
