"""Images that a migration moves from one store to another.

Each is marked (``migrating``) only while somebody tries to move it. ``moved`` tells by which way of
a migration it came to where it is:

=================== ===========================================================================
``moved.by``        that way (``Migration.leg``)
``moved.at``        when
=================== ===========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from pymongo import IndexModel, ReturnDocument

from gallery.catalog.documents import UNSHOWN, Document, text
from gallery.catalog.failures import answering, database_failures
from gallery.catalog.leases import LATE_S, MIGRATING_LEASE, run_out
from gallery.catalog.migrations import Migration
from gallery.catalog.moves import MOVABLE, Move, move_of
from gallery.catalog.records import ImageRecords

INDEXES = [
    IndexModel([("store", 1), ("_id", 1)], name="store"),
    IndexModel([("moved.by", 1), ("moved.at", 1)], name="moved", sparse=True),
]

REFUSALS = 100
"""Refusals that are named; more are only counted."""

_TIDIED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a way of a migration stands."""

    moved: int
    left: int
    """Still where they were, the refused ones among them."""
    refused: int
    """The other store does not take them, as far as we know."""
    moved_a_second: float
    """Lately; 0 when nothing has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a migration is about."""

    images: int
    bytes: int
    too_large: int
    """More than the other store takes, as far as it tells."""
    stay: int
    """Raw files, which the other store does not take."""


class MigrationMoves(ImageRecords):
    """The moves by which a migration brings images from store to store."""

    @database_failures
    def begin_move(
        self, order: Migration, *, images_only: bool, holder: str, lease_s: float
    ) -> Move | None:
        """The image that has been in the store longest and nobody has tried to move yet, marked
        with a key that was never used, for ``holder`` alone until its lease ends.

        One that is just being replaced comes later. ``images_only``: raw files stay.
        """
        number = {"$add": [{"$ifNull": ["$replacements", 0]}, 1]}
        lease = {"holder": text(holder), "lasts_s": lease_s, "renewed_at": "$$NOW"}
        mark = {
            "to": {"$literal": order.target},
            "key": {"$concat": ["$id", ".", {"$toString": number}]},
            "leg": order.leg,
            "keep_s": order.keep_s,
            "since": "$$NOW",
            "tries": 1,
            "lease": lease,
        }
        idle = {"migrating": {"$exists": False}, "replacing": {"$exists": False}}
        document = self._images.find_one_and_update(
            {**_leaving(order, images_only=images_only), **idle},
            [{"$set": {"replacements": number, "migrating": mark}}],
            UNSHOWN,
            **_oldest_first(order),
            return_document=ReturnDocument.AFTER,
        )
        return move_of(document) if document else None

    def standing(self, order: Migration, *, images_only: bool, lately_s: float) -> Standing:
        """How many have moved and how many are left."""
        with answering():
            since = self._database_now() - timedelta(seconds=lately_s)
            lately = {"moved.by": order.leg, "moved.at": {"$gte": since}}
            first = self._images.find_one(lately, {"moved.at": 1}, sort=[("moved.at", 1)])
            took_s = (self._database_now() - first["moved"]["at"]).total_seconds() if first else 1.0
            left, refused = self.remaining(order, images_only=images_only)
            return Standing(
                moved=self.count_moved(order),
                left=left,
                refused=refused,
                moved_a_second=self._images.count_documents(lately) / max(took_s, 1.0),
            )

    @database_failures
    def count_moved(self, order: Migration) -> int:
        """How many have moved this way, and are there still."""
        return self._images.count_documents({"moved.by": order.leg}, hint="moved")

    @database_failures
    def remaining(self, order: Migration, *, images_only: bool) -> tuple[int, int]:
        """How many have not moved, and how many of them the other store does not take."""
        left = _leaving(order, images_only=images_only)
        return (
            self._images.count_documents(left, hint=_oldest_first(order)["hint"]),
            self._images.count_documents({**_marked(order.leg), **_REFUSED}),
        )

    @database_failures
    def refusals(self, order: Migration) -> list[tuple[str, str]]:
        """The first that the other store does not take, and why."""
        found = self._images.find(
            {**_marked(order.leg), **_REFUSED}, {"id": 1, "migrating.problem": 1}
        )
        return [(each["id"], each["migrating"]["problem"]) for each in found.limit(REFUSALS)]

    def extent(
        self,
        *,
        store: str,
        images_only: bool,
        max_bytes: int | None,
        max_pixels: int | None,
        max_side: int | None,
    ) -> Extent:
        """What there is to move. Reads the documents of all images of that store."""
        exceeds: list[Document] = [
            {"$gt": [size, limit]}
            for size, limit in (
                ("$bytes", max_bytes),
                ({"$multiply": ["$width", "$height"]}, max_pixels),
                ({"$max": ["$width", "$height"]}, max_side),
            )
            if limit is not None
        ]
        stays: Document = {"$ne": ["$resource_type", "image"]} if images_only else _NEVER
        summed = {
            "_id": None,
            "images": {"$sum": {"$cond": [stays, 0, 1]}},
            "bytes": {"$sum": {"$cond": [stays, 0, "$bytes"]}},
            "too_large": {"$sum": {"$cond": [{"$or": exceeds}, 1, 0]}},
            "stay": {"$sum": {"$cond": [stays, 1, 0]}},
        }
        with answering(within_s=None):
            match = {"$match": _in_store(store, images_only=False)}
            found = list(self._images.aggregate([match, {"$group": summed}], hint="store"))
        counted = found[0] if found else {}
        return Extent(**{each.name: counted.get(each.name, 0) for each in fields(Extent)})

    @database_failures
    def drop_moves(self, *, but: str | None) -> bool:
        """Whether no image is marked any more to move by a way that is over: by none but this.

        Where somebody is just at it, it is his for as long as his lease lasts. An object may be
        where it was to go, or still come.
        """
        stale = {**_marked(), "migrating.leg": {"$gt": "", "$ne": but}}
        free = {"$or": [{MIGRATING_LEASE: {"$exists": False}}, run_out(MIGRATING_LEASE)]}
        until = self._database_now() + timedelta(seconds=LATE_S)
        for document in self._images.find({**stale, **free}, {"migrating": 1}).limit(_TIDIED):
            mark = document["migrating"]
            left = {"store": mark["to"], "key": mark["key"], "until": until}
            self._images.update_one(
                {"_id": document["_id"], "migrating.key": mark["key"], **free},
                {"$unset": {"migrating": ""}, "$push": {"leaving": left}},
            )
        return self._images.find_one(stale, {"_id": 1}) is None


_NEVER: Document = {"$literal": False}

_REFUSED = {"migrating.refused": True}


def _marked(leg: str | None = None) -> Document:
    """Those that somebody tries to move, or has tried to."""
    marked: Document = {"migrating.to": {"$gt": ""}}
    return marked if leg is None else marked | {"migrating.leg": leg}


def _in_store(store: str, *, images_only: bool) -> Document:
    here: Document = {"store": text(store), "status": MOVABLE}
    return here | {"resource_type": "image"} if images_only else here


def _leaving(order: Migration, *, images_only: bool) -> Document:
    """What the order is about and is not moved yet; on the way back, what it has moved."""
    there = _in_store(order.source, images_only=images_only)
    return there | {"moved.by": order.id} if order.is_back else there


def _oldest_first(order: Migration) -> Document:
    if order.is_back:
        return {"sort": [("moved.by", 1), ("moved.at", 1)], "hint": "moved"}
    return {"sort": [("_id", 1)], "hint": "store"}
