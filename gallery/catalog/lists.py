"""Lists of images: pages by keyset, and counts that stop at a cap.

Every list is a walk along an index that ends in its sort key, begun where the last page ended.
Which index that is, is said here (``hint``): left to itself, the planner walks all images for a
rare word now and then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from pymongo import IndexModel

from gallery.catalog import terms
from gallery.catalog.documents import UNSHOWN, Document, image_of, taken_sort_of, text
from gallery.catalog.failures import database_failures
from gallery.catalog.records import ImageRecords
from gallery.catalog.vocabulary import beginning_with
from gallery.errors import InvalidCursorError
from gallery.model import Counts, Filter, Image, Page, Place, Sort, Status

MAX_PAGE = 1000

MAX_COMPLETIONS = 100
"""Words that a beginning may stand for: MongoDB merges up to 200 index scans in sort order."""

ARRIVAL = IndexModel([("status", 1), ("_id", 1)], name="arrival")
TAKEN = IndexModel([("status", 1), ("taken_sort", 1), ("_id", 1)], name="taken")
# ``terms`` leads: only then does the planner weigh which of several terms is the rarest.
BY_TERM = IndexModel([("terms", 1), ("status", 1), ("_id", 1)], name="by_term")
BY_TERM_TAKEN = IndexModel(
    [("terms", 1), ("status", 1), ("taken_sort", 1), ("_id", 1)], name="by_term_taken"
)
INDEXES = [ARRIVAL, TAKEN, BY_TERM, BY_TERM_TAKEN]


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort order: its keys, where a page begins, the indexes to walk without and with terms."""

    keys: list[tuple[str, int]]
    behind: Callable[[Place], Document]
    index: IndexModel
    index_by_term: IndexModel


def _arrived_before(place: Place) -> Document:
    return {"_id": {"$lt": _order_of(place)}}


def _arrived_after(place: Place) -> Document:
    return {"_id": {"$gt": _order_of(place)}}


def _taken_before(place: Place) -> Document:
    if place.taken_at is None:
        raise InvalidCursorError
    # The first condition bounds the scan, the second passes those taken at that very moment.
    return {
        "taken_sort": {"$lte": place.taken_at},
        "$or": [{"taken_sort": {"$lt": place.taken_at}}, {"_id": {"$lt": _order_of(place)}}],
    }


def _order_of(place: Place) -> ObjectId:
    try:
        return ObjectId(text(place.order))
    except InvalidId as error:
        raise InvalidCursorError from error


_ORDERS = {
    Sort.NEWEST: _Order([("_id", -1)], _arrived_before, ARRIVAL, BY_TERM),
    Sort.OLDEST: _Order([("_id", 1)], _arrived_after, ARRIVAL, BY_TERM),
    Sort.TAKEN: _Order([("taken_sort", -1), ("_id", -1)], _taken_before, TAKEN, BY_TERM_TAKEN),
}


@dataclass(frozen=True, slots=True)
class _Selection:
    """A filter: a status, and conditions on ``terms`` that all must hold."""

    status: Status
    bounding: list[Any]
    """Those by which an index of terms is bound, and gives what is left in the order of a sort."""
    passing: list[Any]
    """Those that are looked at in passing."""

    @property
    def query(self) -> Document:
        """What MongoDB is asked."""
        conditions = [{"terms": each} for each in (*self.bounding, *self.passing)]
        return {"status": self.status.value} | ({"$and": conditions} if conditions else {})

    def hint(self, order: _Order) -> str:
        """The index for a page in that order."""
        return _name(order.index_by_term if self.bounding else order.index)

    def hint_to_count(self) -> str:
        """The index for a count, which has no order."""
        return _name(BY_TERM if self.bounding or self.passing else ARRIVAL)


class Lists(ImageRecords):
    """Pages and counts of the images that a filter meets."""

    @database_failures
    def page(self, wanted: Filter, sort: Sort, *, after: Place | None, limit: int) -> Page:
        """At most ``limit`` images behind ``after``; the cost does not depend on how deep that is.

        Raises InvalidCursorError for a place that is none of this sort.
        """
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"a page has 1 to {MAX_PAGE} images")
        order, chosen = _ORDERS[sort], self._select(wanted)
        query = chosen.query | (order.behind(after) if after else {})
        found = self._images.find(query, UNSHOWN).sort(order.keys).hint(chosen.hint(order))
        documents = list(found.limit(limit + 1))
        images = tuple(image_of(document) for document in documents[:limit])
        more = len(documents) > limit
        return Page(images=images, next=_place(images[-1], sort) if more else None)

    @database_failures
    def counts(self, wanted: Filter, *, months: Sequence[str], cap: int = 1000) -> Counts:
        """How many images there are, and how many arrived in each month (``2026-11``, UTC)."""
        chosen = self._select(wanted)
        by_month = chosen.hint(_ORDERS[Sort.NEWEST])

        def count(more: Document, hint: str) -> int:
            return self._images.count_documents(chosen.query | more, limit=cap + 1, hint=hint)

        total = count({}, chosen.hint_to_count())
        return Counts(
            total=min(total, cap),
            capped=total > cap,
            months={month: min(count(_arrived_in(month), by_month), cap) for month in months},
        )

    def _select(self, wanted: Filter) -> _Selection:
        words = [text(word) for word in wanted.words]
        tags = [terms.tag_term(text(tag)) for tag in wanted.tags]
        albums = [] if wanted.album is None else [terms.album_term(text(wanted.album))]
        chosen = _Selection(wanted.status, [*albums, *tags, *words[:-1]], [])
        for word in words[-1:]:
            self._add_beginning(word, chosen)
        return chosen

    def _add_beginning(self, word: str, chosen: _Selection) -> None:
        words = [word]
        if not terms.is_unspaced(word):
            words = self._vocabulary.complete(word, limit=MAX_COMPLETIONS + 1) or words
        if len(words) <= MAX_COMPLETIONS:
            chosen.bounding.append({"$in": words})
        elif terms.is_number(word):
            # Very many numbers: each is rare, and who looks for one types it whole.
            chosen.bounding.append(word)
        else:
            # A language has few words: when very many of them begin so, most images have one.
            chosen.passing.append({"$elemMatch": beginning_with(word)})


def _name(index: IndexModel) -> str:
    name: str = index.document["name"]
    return name


def _place(image: Image, sort: Sort) -> Place:
    taken_at = taken_sort_of(image) if sort is Sort.TAKEN else None
    return Place(order=image.order, taken_at=taken_at)


def _arrived_in(month: str) -> Document:
    if not re.fullmatch(r"(19[7-9][0-9]|20[0-9]{2})-(0[1-9]|1[0-2])", text(month)):
        raise ValueError(f"not a month: {month!r}")
    year, number = int(month[:4]), int(month[5:])
    first = datetime(year, number, 1, tzinfo=UTC)
    next_one = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return {"_id": {"$gte": ObjectId.from_datetime(first), "$lt": ObjectId.from_datetime(next_one)}}
