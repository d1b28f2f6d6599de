"""Pages and counts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from gallery.catalog import lists
from gallery.catalog.images import ImageCatalog
from gallery.catalog.terms import words_of
from gallery.errors import InvalidCursorError
from gallery.model import Edit, Filter, Image, Page, Place, Sort, Status
from tests.catalog.making import NOON, add

EVERYTHING = Filter()


def pages(
    catalog: ImageCatalog, wanted: Filter, sort: Sort, *, limit: int
) -> Iterator[tuple[Image, ...]]:
    after: Place | None = None
    while True:
        page = catalog.page(wanted, sort, after=after, limit=limit)
        assert len(page.images) <= limit
        yield page.images
        if page.next is None:
            return
        after = page.next


def ids(catalog: ImageCatalog, wanted: Filter, sort: Sort = Sort.NEWEST) -> list[str]:
    return [image.id for page in pages(catalog, wanted, sort, limit=3) for image in page]


def searched(catalog: ImageCatalog, query: str) -> set[str]:
    found = catalog.page(Filter(words=words_of(query)), Sort.NEWEST, after=None, limit=100)
    return {image.description for image in found.images}


def test_newest_oldest_and_taken_list_in_their_order(catalog: ImageCatalog) -> None:
    taken = [datetime(2020, 1, 1, tzinfo=UTC), None, datetime(2030, 1, 1, tzinfo=UTC)]
    first, second, third = (
        add(catalog, created_at=NOON + timedelta(seconds=arrived), taken_at=moment).id
        for arrived, moment in enumerate(taken)
    )
    assert ids(catalog, EVERYTHING, Sort.NEWEST) == [third, second, first]
    assert ids(catalog, EVERYTHING, Sort.OLDEST) == [first, second, third]
    # The second one does not say when it was taken: it stands where it arrived.
    assert ids(catalog, EVERYTHING, Sort.TAKEN) == [third, second, first]
    late = add(catalog, created_at=NOON + timedelta(seconds=9), taken_at=taken[0]).id
    assert ids(catalog, EVERYTHING, Sort.TAKEN) == [third, second, late, first]


def test_the_last_page_says_so(catalog: ImageCatalog) -> None:
    assert catalog.page(EVERYTHING, Sort.NEWEST, after=None, limit=2) == Page(images=(), next=None)
    for _ in range(4):
        add(catalog)
    sizes = [len(page) for page in pages(catalog, EVERYTHING, Sort.NEWEST, limit=2)]
    assert sizes == [2, 2]


FILTERS = [
    EVERYTHING,
    Filter(words=("garden",)),
    Filter(words=("gar",)),
    Filter(words=("red", "gar")),
    Filter(tags=("a",)),
    Filter(tags=("a", "b")),
    Filter(album="one"),
    Filter(words=("re",), tags=("b",), album="one"),
    Filter(status=Status.TRASHED),
    Filter(words=("garden",), status=Status.TRASHED),
]


@pytest.mark.parametrize("sort", Sort)
def test_every_image_is_listed_once_while_others_come(catalog: ImageCatalog, sort: Sort) -> None:
    draw = random.Random(7)  # noqa: S311 - the same pictures in every run

    def some(moment: int) -> Image:
        words = draw.sample(["red", "garden", "garage", "reed", "sea"], k=draw.randint(0, 3))
        image = add(
            catalog,
            created_at=NOON + timedelta(seconds=moment),
            # Bursts: many were taken in the very same second, or do not say when.
            taken_at=draw.choice([None, NOON, NOON - timedelta(days=draw.randint(0, 3))]),
            description=" ".join(words),
            tags=tuple(draw.sample(["a", "b"], k=draw.randint(0, 2))),
            albums=tuple(draw.sample(["one", "two"], k=draw.randint(0, 2))),
        )
        return catalog.trash(image.id) if draw.random() < 0.2 else image

    there = [some(moment) for moment in range(40)]
    for wanted, limit in product(FILTERS, (1, 7)):
        expected = {image.id for image in there if meets(image, wanted)}
        listed = []
        for number, page in enumerate(pages(catalog, wanted, sort, limit=limit)):
            listed += [image.id for image in page]
            if number == 1:
                there.append(some(100 + len(there)))
        assert len(listed) == len(set(listed))
        assert expected <= set(listed)
        assert set(listed) <= {image.id for image in there if meets(image, wanted)}


def meets(image: Image, wanted: Filter) -> bool:
    """The filter once more, said plainly."""
    words = {*image.description.split(), *image.tags}
    return (
        image.status is wanted.status
        and set(wanted.words[:-1]) <= words
        and (not wanted.words or any(word.startswith(wanted.words[-1]) for word in words))
        and set(wanted.tags) <= set(image.tags)
        and wanted.album in (None, *image.albums)
    )


def test_a_search_wants_every_word_and_the_last_may_be_begun(catalog: ImageCatalog) -> None:
    both, red = "A red garden", "Red gate"
    for description in (both, red, "Gardens"):
        add(catalog, description=description)
    assert searched(catalog, "red") == {both, red}
    assert searched(catalog, "RED gar") == {both}
    assert searched(catalog, "gar red") == set()
    assert searched(catalog, "garden") == {both, "Gardens"}
    assert searched(catalog, "g") == {both, red, "Gardens"}
    assert searched(catalog, "nothing") == searched(catalog, "red nothing") == set()
    assert searched(catalog, "gar*") == {both, "Gardens"}


def test_a_search_looks_at_alt_and_tags_and_keeps_up_with_edits(catalog: ImageCatalog) -> None:
    image = add(catalog, description="one", alt="Two", tags=("Three four",))
    for word in ("one", "two", "four"):
        assert searched(catalog, word) == {"one"}
    catalog.edit(image.id, Edit(description="five"), version=None)
    assert searched(catalog, "one") == set()
    assert searched(catalog, "five two") == {"five"}


def test_chinese_is_found_by_any_part(catalog: ImageCatalog) -> None:
    add(catalog, description="東京都の桜")
    for part in ("東", "都", "京都", "東京都の桜", "桜"):
        assert searched(catalog, part) == {"東京都の桜"}
    assert searched(catalog, "東桜") == set()


def test_a_beginning_that_very_many_words_share_finds_them_all(
    catalog: ImageCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_COMPLETIONS", 3)
    there = {f"sea shell{letter}" for letter in "abcdefg"}
    for description in (*there, "shore"):
        add(catalog, description=description)
    for query in ("shell", "sea shell"):
        assert searched(catalog, query) == there
        counts = catalog.counts(Filter(words=words_of(query)), months=("2026-11",))
        assert (counts.total, counts.months) == (7, {"2026-11": 7})


def test_a_number_is_completed_only_while_few_begin_so(
    catalog: ImageCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_COMPLETIONS", 3)
    for number in ("10", "100", "101", "102", "205", "206", "207"):
        add(catalog, description=f"IMG_{number}")
    assert searched(catalog, "img 20") == {"IMG_205", "IMG_206", "IMG_207"}
    assert searched(catalog, "img 10") == searched(catalog, "10") == {"IMG_10"}


def test_a_tag_is_taken_whole_and_by_its_letters(catalog: ImageCatalog) -> None:
    image = add(catalog, tags=("New York",))
    assert ids(catalog, Filter(tags=("New York",))) == [image.id]
    for tag in ("new york", "New", "York", "#New York", ""):
        assert ids(catalog, Filter(tags=(tag,))) == []


@pytest.mark.parametrize(
    ("place", "sort"),
    [
        (Place(order="nonsense"), Sort.NEWEST),
        (Place(order=""), Sort.OLDEST),
        (Place(order="nonsense", taken_at=NOON), Sort.TAKEN),
        (Place(order="6b0000000000000000000000"), Sort.TAKEN),
    ],
)
def test_a_place_of_no_list_is_refused(catalog: ImageCatalog, place: Place, sort: Sort) -> None:
    with pytest.raises(InvalidCursorError):
        catalog.page(EVERYTHING, sort, after=place, limit=10)


@pytest.mark.parametrize("limit", [-1, 0, lists.MAX_PAGE + 1])
def test_a_page_has_a_bounded_size(catalog: ImageCatalog, limit: int) -> None:
    with pytest.raises(ValueError, match="a page has"):
        catalog.page(EVERYTHING, Sort.NEWEST, after=None, limit=limit)


def test_counts_stop_at_their_cap(catalog: ImageCatalog) -> None:
    for _ in range(4):
        add(catalog, description="garden")
    add(catalog, description="sea")
    few, many = Filter(words=("sea",)), Filter(words=("gar",))
    assert catalog.counts(few, months=(), cap=3).total == 1
    assert not catalog.counts(few, months=(), cap=3).capped
    assert catalog.counts(many, months=("2026-11",), cap=3).total == 3
    assert catalog.counts(many, months=("2026-11",), cap=3).capped
    assert catalog.counts(many, months=("2026-11",), cap=3).months == {"2026-11": 3}
    assert not catalog.counts(many, months=(), cap=4).capped


def test_months_are_those_of_arrival_in_utc(catalog: ImageCatalog) -> None:
    for moment in (
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
        "2026-01-31T23:59:59Z",
        "2026-02-01T00:00:00Z",
    ):
        add(catalog, created_at=datetime.fromisoformat(moment), taken_at=NOON)
    months = ("2026-02", "2026-01", "2025-12", "2024-05")
    counts = catalog.counts(EVERYTHING, months=months)
    assert counts.total == 4
    assert counts.months == {"2026-02": 1, "2026-01": 2, "2025-12": 1, "2024-05": 0}


@pytest.mark.parametrize("month", ["2026", "2026-13", "1969-12", "2026-1", "20266-01", "$where"])
def test_what_is_no_month_is_refused(catalog: ImageCatalog, month: str) -> None:
    with pytest.raises(ValueError, match="not a month"):
        catalog.counts(EVERYTHING, months=(month,))
