"""Edits, the trash, the end of an image, and the tags that are kept in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.images import ImageCatalog
from gallery.errors import GalleryError, NotFoundError, VersionMismatchError
from gallery.model import Edit, Filter, Image, Sort, Status
from tests.catalog.making import NOON, add, at_once, record
from tests.conftest import Clock


def listed(catalog: ImageCatalog, status: Status = Status.READY) -> tuple[Image, ...]:
    return catalog.page(Filter(status=status), Sort.NEWEST, after=None, limit=100).images


def test_an_edit_changes_what_it_names_and_nothing_else(
    catalog: ImageCatalog, clock: Clock
) -> None:
    image = add(catalog, description="One", alt="Two", tags=("a",), albums=("x",))
    clock.advance(5)
    edited = catalog.edit(image.id, Edit(alt="", tags=("b", "c")), version=1)
    assert edited == replace(
        image, alt="", tags=("b", "c"), version=2, updated_at=NOON + timedelta(seconds=5)
    )
    assert catalog.find(image.id) == edited


def test_an_edit_of_another_version_is_refused(catalog: ImageCatalog) -> None:
    image = add(catalog, description="One")
    catalog.edit(image.id, Edit(description="Two"), version=image.version)
    with pytest.raises(VersionMismatchError):
        catalog.edit(image.id, Edit(description="Three"), version=image.version)
    assert catalog.find(image.id).description == "Two"


def test_only_a_ready_image_is_edited(catalog: ImageCatalog) -> None:
    gone = catalog.trash(add(catalog).id)
    for name in (record(catalog).id, gone.id, "unknown"):
        with pytest.raises(NotFoundError):
            catalog.edit(name, Edit(description="Two"), version=None)


def test_of_edits_at_once_none_is_lost(real_catalog: ImageCatalog) -> None:
    image = add(real_catalog, description="start")
    changes = [
        Edit(description="red"),
        Edit(alt="green"),
        Edit(tags=("blue",)),
        Edit(albums=("x",)),
    ]
    edited = at_once(4, lambda index: real_catalog.edit(image.id, changes[index], version=None))
    assert sorted(each.version for each in edited if isinstance(each, Image)) == [2, 3, 4, 5]
    now = real_catalog.find(image.id)
    assert (now.description, now.alt, now.tags, now.albums) == ("red", "green", ("blue",), ("x",))
    for wanted in (Filter(words=("red", "green", "blue")), Filter(tags=("blue",), album="x")):
        assert real_catalog.page(wanted, Sort.NEWEST, after=None, limit=5).images == (now,)
    assert real_catalog.tags() == [("blue", 1)]


def test_of_edits_of_one_version_at_once_one_is_done(real_catalog: ImageCatalog) -> None:
    image = add(real_catalog)
    edited = at_once(
        6, lambda index: real_catalog.edit(image.id, Edit(alt=str(index)), version=image.version)
    )
    assert sum(isinstance(each, VersionMismatchError) for each in edited) == 5
    assert [each for each in edited if isinstance(each, Image)] == [real_catalog.find(image.id)]


def test_the_trash_hides_and_gives_back(catalog: ImageCatalog, clock: Clock) -> None:
    image = add(catalog, description="garden", tags=("a",))
    clock.advance(5)
    trashed = catalog.trash(image.id, version=1)
    later = NOON + timedelta(seconds=5)
    assert trashed == replace(
        image, status=Status.TRASHED, version=2, updated_at=later, trashed_at=later
    )
    assert (listed(catalog), listed(catalog, Status.TRASHED)) == ((), (trashed,))
    with pytest.raises(NotFoundError):
        catalog.find(image.id)
    with pytest.raises(NotFoundError):
        catalog.trash(image.id)
    restored = catalog.restore(image.id)
    assert restored == replace(image, version=3, updated_at=later)
    assert (listed(catalog), listed(catalog, Status.TRASHED)) == ((restored,), ())
    assert catalog.restore(image.id) == restored


def test_the_trash_refuses_another_version(catalog: ImageCatalog) -> None:
    image = add(catalog)
    with pytest.raises(VersionMismatchError):
        catalog.trash(image.id, version=7)
    with pytest.raises(VersionMismatchError):
        catalog.mark_deleting(image.id, version=7)
    assert catalog.find(image.id) == image


def test_bytes_in_the_trash_may_be_uploaded_again_and_both_stay(catalog: ImageCatalog) -> None:
    first = add(catalog)
    catalog.trash(first.id)
    assert catalog.find_by_content(first.sha256) is None
    second = add(catalog, sha256=first.sha256)
    catalog.restore(first.id)
    assert {image.id for image in listed(catalog)} == {first.id, second.id}
    assert catalog.find_by_content(first.sha256) == second


def test_a_restored_image_holds_its_bytes_again(catalog: ImageCatalog) -> None:
    image = add(catalog)
    catalog.trash(image.id)
    restored = catalog.restore(image.id)
    assert catalog.find_by_content(image.sha256) == restored


def test_the_trash_tells_what_has_been_in_it_too_long(catalog: ImageCatalog, clock: Clock) -> None:
    old = catalog.trash(add(catalog).id)
    older_still_ready = add(catalog)
    clock.advance(60)
    young = catalog.trash(add(catalog).id)
    month = timedelta(days=30)
    assert catalog.expired_trash(before=NOON + timedelta(seconds=1), limit=5) == [old]
    assert catalog.expired_trash(before=NOON + month, limit=5) == [old, young]
    assert catalog.expired_trash(before=NOON + month, limit=1) == [old]
    catalog.mark_deleting(old.id)
    assert catalog.expired_trash(before=NOON + month, limit=5) == [young]
    assert listed(catalog) == (older_still_ready,)


@pytest.mark.parametrize("trashed_first", [False, True])
def test_a_deletion_hides_first_and_may_be_repeated(
    catalog: ImageCatalog, *, trashed_first: bool
) -> None:
    image = add(catalog, tags=("a",))
    if trashed_first:
        catalog.trash(image.id)
    marked = catalog.mark_deleting(image.id)
    assert marked.status is Status.DELETING
    assert (listed(catalog), listed(catalog, Status.TRASHED)) == ((), ())
    assert catalog.mark_deleting(image.id) == marked
    assert catalog.unfinished_deletes(limit=5) == [marked]
    with pytest.raises(NotFoundError):
        catalog.restore(image.id)
    for _ in range(2):
        catalog.remove(image.id)
        assert catalog.unfinished_deletes(limit=5) == []
    with pytest.raises(NotFoundError):
        catalog.mark_deleting(image.id)
    assert catalog.tags() == []
    assert add(catalog, sha256=image.sha256).status is Status.READY


def test_the_trash_is_emptied_of_what_was_there_then(
    real_catalog: ImageCatalog, clock: Clock
) -> None:
    early = [add(real_catalog) for _ in range(3)]
    shown, late = add(real_catalog), add(real_catalog)
    for image in early:
        real_catalog.trash(image.id)
    now = clock()
    clock.advance(seconds=1)
    real_catalog.trash(late.id)

    assert real_catalog.mark_trash_deleting(before=now, limit=2) == 2
    assert real_catalog.mark_trash_deleting(before=now, limit=2) == 1
    assert real_catalog.mark_trash_deleting(before=now, limit=2) == 0

    assert {each.id for each in real_catalog.unfinished_deletes(limit=9)} == {e.id for e in early}
    assert real_catalog.find(shown.id).status is Status.READY
    assert real_catalog.restore(late.id).status is Status.READY
    with pytest.raises(NotFoundError):
        real_catalog.restore(early[0].id)


def test_only_what_is_marked_is_removed(catalog: ImageCatalog) -> None:
    ready, trashed, intent = add(catalog), catalog.trash(add(catalog).id), record(catalog)
    for image in (ready, trashed, intent):
        catalog.remove(image.id)
        assert catalog.find(image.id, among=tuple(Status)) == image


def test_a_pending_image_is_neither_trashed_nor_deleted(catalog: ImageCatalog) -> None:
    image = record(catalog)
    for way in (catalog.trash, catalog.mark_deleting, catalog.restore):
        with pytest.raises(NotFoundError):
            way(image.id)


def test_of_two_who_hide_an_image_at_once_one_is_told(real_catalog: ImageCatalog) -> None:
    image = add(real_catalog, tags=("a",))
    results = at_once(6, lambda _: real_catalog.trash(image.id))
    assert sum(isinstance(each, NotFoundError) for each in results) == 5
    assert real_catalog.tags() == []


def test_tags_come_most_used_first(catalog: ImageCatalog) -> None:
    for tags in (("b", "a"), ("b",), ("c", "b", "a")):
        add(catalog, tags=tags)
    assert catalog.tags() == [("b", 3), ("a", 2), ("c", 1)]
    assert catalog.tags(limit=2) == [("b", 3), ("a", 2)]


def test_tags_count_what_is_ready(catalog: ImageCatalog) -> None:
    image = add(catalog, tags=("a", "b"))
    catalog.edit(image.id, Edit(tags=("b", "c")), version=None)
    assert dict(catalog.tags()) == {"b": 1, "c": 1}
    catalog.trash(image.id)
    assert catalog.tags() == []
    catalog.restore(image.id)
    assert dict(catalog.tags()) == {"b": 1, "c": 1}
    catalog.mark_deleting(image.id)
    assert catalog.tags() == []


def test_a_recount_puts_the_tags_right(
    catalog: ImageCatalog, either_database: Database[dict[str, Any]]
) -> None:
    add(catalog, tags=("a", "b"))
    catalog.trash(add(catalog, tags=("a", "c")).id)
    either_database["tags"].update_one({"_id": "a"}, {"$inc": {"count": 7}})
    either_database["tags"].insert_one({"_id": "lost", "count": 3})
    catalog.recount_tags()
    assert catalog.tags() == [("a", 1), ("b", 1)]


def test_what_is_not_text_never_reaches_a_query(catalog: ImageCatalog) -> None:
    image = add(catalog, tags=("a",))
    operator: Any = {"$ne": ""}
    calls: list[Callable[[], object]] = [
        lambda: catalog.find(operator),
        lambda: catalog.find_by_public_id(operator),
        lambda: catalog.find_by_content(operator),
        lambda: catalog.edit(operator, Edit(alt="x"), version=None),
        lambda: catalog.trash(operator),
        lambda: catalog.restore(operator),
        lambda: catalog.mark_deleting(operator),
        lambda: catalog.remove(operator),
        lambda: catalog.renew(operator, holder="h", lease_s=1),
        lambda: catalog.take_over(operator, holder="h", lease_s=1),
        lambda: catalog.take_over(image.id, holder=operator, lease_s=1),
        lambda: catalog.drop_intent(operator, holder="h"),
        lambda: catalog.drop_intent(image.id, holder=operator),
        lambda: listed_with(catalog, Filter(tags=(operator,))),
        lambda: listed_with(catalog, Filter(words=(operator,))),
        lambda: listed_with(catalog, Filter(words=(operator, "a"))),
        lambda: listed_with(catalog, Filter(album=operator)),
        lambda: catalog.counts(Filter(tags=(operator,)), months=()),
        lambda: catalog.counts(Filter(), months=(operator,)),
    ]
    for call in calls:
        with pytest.raises((TypeError, GalleryError)):
            call()
    assert listed(catalog) == (image,)


def listed_with(catalog: ImageCatalog, wanted: Filter) -> tuple[Image, ...]:
    return catalog.page(wanted, Sort.NEWEST, after=None, limit=5).images


@pytest.mark.parametrize(
    "word", ["$where", "a.b", ".*", "(a+)+$", "\\", "'", '"', "%", "\0", "a\nb"]
)
def test_signs_are_only_signs(catalog: ImageCatalog, word: str) -> None:
    image = add(catalog, tags=(word,), albums=(word,))
    assert listed_with(catalog, Filter(tags=(word,), album=word)) == (image,)
    assert listed_with(catalog, Filter(words=(word,))) == ()
    assert catalog.tags() == [(word, 1)]
