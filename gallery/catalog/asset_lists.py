"""Lists of assets as Cloudinary's Admin API asks for them, each a walk along an index.

An *asset* is an image of the gallery or a raw file that is kept beside them. Lists by tag, folder
and context go by the index of terms; those by the beginning of a public id go in its order, the
others by arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from bson.min_key import MinKey
from pymongo import IndexModel

from gallery.catalog import terms
from gallery.catalog.documents import UNSHOWN, Document, image_of, text
from gallery.catalog.failures import answering, database_failures
from gallery.catalog.lists import ARRIVAL, BY_TERM
from gallery.catalog.records import ImageRecords
from gallery.catalog.vocabulary import beginning_with
from gallery.errors import InvalidCursorError
from gallery.model import Image, Status

BY_TYPE = IndexModel([("status", 1), ("type", 1), ("_id", 1)], name="by_type")
BY_NAME = IndexModel([("status", 1), ("type", 1), ("public_id", 1)], name="by_name")
INDEXES = [BY_TYPE, BY_NAME]

SHOWN = {"image": Status.READY, "raw": Status.KEPT}
"""The state in which assets of each resource type are there."""

_SUM_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """Which assets a list is about. At most one of tag, folder, context and moderation; ``prefix``
    alone with a type."""

    resource_type: str | None = None
    """``None``: of every resource type; then one of tag, folder or context."""
    type: str | None = None
    prefix: str | None = None
    tag: str | None = None
    folder: str | None = None
    context: tuple[str, str | None] | None = None
    """A key, and the value it must have if that matters."""
    moderation: str | None = None
    since: datetime | None = None

    @property
    def term(self) -> str | None:
        """The term that all of them have, if there is one."""
        if self.tag is not None:
            return terms.tag_term(text(self.tag))
        if self.folder is not None:
            return terms.folder_term(text(self.folder))
        if self.moderation is not None:
            return terms.moderation_term(text(self.moderation))
        return terms.context_term(*self.context) if self.context is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPage:
    """One page of a list. ``next`` is where the next one begins; ``None`` on the last one."""

    images: tuple[Image, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Some of the tags or folders in use. ``next`` is where the next ones begin."""

    names: tuple[str, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How many originals there are, and what they weigh together."""

    objects: int
    bytes: int
    derived: int
    """Variants that were made ready for addresses without a signature."""


class AssetLists(ImageRecords):
    """Pages of assets, and what they are called together."""

    @database_failures
    def asset_page(
        self, wanted: AssetFilter, *, after: str | None, limit: int, newest_first: bool
    ) -> AssetPage:
        """At most ``limit`` assets behind ``after``, at the same cost however deep that is.

        Raises InvalidCursorError for a place that is none of this list.
        """
        by_name = wanted.prefix is not None
        key = "public_id" if by_name else "_id"
        query, index = _query(wanted)
        if after is not None:
            place = text(after) if by_name else _order(after)
            behind = {"$lt" if newest_first else "$gt": place}
            query["$and"] = [{key: behind}]
        found = self._images.find(query, UNSHOWN).sort(key, -1 if newest_first else 1)
        documents = list(found.hint(index).limit(limit + 1))
        images = tuple(map(image_of, documents[:limit]))
        if len(documents) <= limit:
            return AssetPage(images=images, next=None)
        return AssetPage(images=images, next=str(documents[limit - 1][key]))

    @database_failures
    def assets_named(
        self, public_ids: Sequence[str], *, resource_type: str, type: str
    ) -> list[Image]:
        """Those of the public ids that there are, in the order of the ids."""
        query = {
            "status": SHOWN[resource_type].value,
            "type": text(type),
            "public_id": {"$in": [text(each) for each in public_ids]},
        }
        found = self._images.find(query, UNSHOWN).sort("public_id", 1).hint("by_name")
        return [image_of(document) for document in found]

    @database_failures
    def assets_of_ids(self, asset_ids: Sequence[str]) -> list[Image]:
        """Those of the asset ids that there are, in the order of the ids."""
        query = {
            "asset_id": {"$in": [text(each) for each in asset_ids]},
            "status": {"$in": [status.value for status in SHOWN.values()]},
        }
        return [image_of(each) for each in self._images.find(query, UNSHOWN).sort("asset_id", 1)]

    @database_failures
    def tags_in_use(
        self, *, resource_type: str, prefix: str, after: str | None, limit: int
    ) -> Names:
        """At most ``limit`` tags that begin so and come behind ``after``, in their order."""
        status = SHOWN[resource_type]
        lowest = max(text(prefix), text(after) + "\0" if after is not None else "")
        names: list[str] = []
        while len(names) <= limit:
            term = self._next_term(terms.tag_term(lowest), terms.tag_term(prefix), status)
            if term is None:
                return Names(names=tuple(names), next=None)
            names.append(term.removeprefix(terms.tag_term("")))
            lowest = names[-1] + "\0"
        return Names(names=tuple(names[:limit]), next=names[limit - 1])

    @database_failures
    def folders_in(self, path: str, *, after: str | None, limit: int) -> Names:
        """At most ``limit`` names of folders right below ``path``, behind ``after``.

        They are in the order in which their first asset is met; ``""`` is the top.
        """
        within = terms.folder_term(f"{text(path)}/" if path else "")
        lowest = text(after) if after is not None else within
        if not lowest.startswith(within):
            raise InvalidCursorError
        names: dict[str, str] = {}
        while len(names) <= limit:
            term = self._next_term(lowest, within, *SHOWN.values())
            if term is None:
                return Names(names=tuple(names), next=None)
            name, below, _ = term.removeprefix(within).partition("/")
            # Behind all that is in the folder: ``0`` comes right behind ``/``.
            lowest = f"{within}{name}0" if below else f"{term}\0"
            names.setdefault(name, lowest)
        shown = list(names)[:limit]
        return Names(names=tuple(shown), next=names[shown[-1]])

    def _next_term(self, lowest: str, beginning: str, *among: Status) -> str | None:
        """The first term from ``lowest`` on that begins so and that an asset has.

        Steps along the index of terms; MongoDB would read all of it to list the distinct ones.
        """
        statuses = {"$in": [status.value for status in among]}
        ends: str = beginning_with(beginning)["$lt"]
        while (term := self._first_term(lowest, ends)) is not None:
            shown = self._images.find({"terms": term, "status": statuses}, {"_id": 1})
            if list(shown.hint(_name(BY_TERM)).limit(1)):
                return term
            lowest = f"{term}\0"
        return None

    def _first_term(self, lowest: str, ends: str) -> str | None:
        # A range of a multikey index gives no order that may be asked for, but has it.
        found = self._images.find({}, {"terms": 1, "_id": 0}).hint(_name(BY_TERM))
        bounded = found.min(_at(lowest)).max(_at(ends)).limit(1)
        behind = (term for each in bounded for term in each["terms"] if lowest <= term < ends)
        return min(behind, default=None)

    def weight(self, *, before: datetime | None = None) -> Weight:
        """Of all assets that are there and had arrived by that moment. Reads every one of them."""
        query: Document = {"status": {"$in": [status.value for status in SHOWN.values()]}}
        if before is not None:
            query["_id"] = {"$lt": ObjectId.from_datetime(before)}
        summed = {
            "_id": None,
            "objects": {"$sum": 1},
            "bytes": {"$sum": "$bytes"},
            "derived": {"$sum": {"$size": {"$ifNull": ["$eager", []]}}},
        }
        with answering(within_s=_SUM_WITHIN_S):
            found = list(
                self._images.aggregate([{"$match": query}, {"$group": summed}], hint=_name(ARRIVAL))
            )
        told = found[0] if found else dict.fromkeys(("objects", "bytes", "derived"), 0)
        return Weight(objects=told["objects"], bytes=told["bytes"], derived=told["derived"])


def _at(term: str) -> list[tuple[str, Any]]:
    """The place in the index of terms before all that have this one."""
    return [("terms", term), ("status", MinKey()), ("_id", MinKey())]


def _query(wanted: AssetFilter) -> tuple[Document, str]:
    """The conditions of a list, and the index to walk."""
    among = [SHOWN[wanted.resource_type]] if wanted.resource_type else list(SHOWN.values())
    statuses = [status.value for status in among]
    query: Document = {"status": statuses[0] if len(statuses) == 1 else {"$in": statuses}}
    if wanted.type is not None:
        query["type"] = text(wanted.type)
    if wanted.since is not None:
        query["_id"] = {"$gte": ObjectId.from_datetime(wanted.since)}
    if wanted.term is not None:
        return query | {"terms": wanted.term}, _name(BY_TERM)
    if wanted.prefix is not None:
        return query | {"public_id": beginning_with(text(wanted.prefix))}, _name(BY_NAME)
    return query, _name(ARRIVAL if wanted.type is None else BY_TYPE)


def _order(place: str) -> ObjectId:
    try:
        return ObjectId(text(place))
    except InvalidId as error:
        raise InvalidCursorError from error


def _name(index: IndexModel) -> str:
    name: str = index.document["name"]
    return name
