"""What images leave behind when their objects are replaced, or move to another store.

============================ =======================================================================
``leaving.store``, ``key``   an object that is the image's no more, until it is deleted
``leaving.until``            when nobody can be putting it there any more
``staying.store``, ``key``   an object that was the image's until it moved: addresses that are out
                             lead there still
``staying.until``            when it is to be deleted; later while somebody is at it
============================ =======================================================================

When another picture takes its place, nothing of the one before stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import IndexModel

from gallery.catalog.documents import Document, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import LATE_S
from gallery.catalog.records import ImageRecords

INDEXES = [
    IndexModel("leaving.key", name="leaving", sparse=True),
    IndexModel("staying.until", name="staying", sparse=True),
]

NOTHING_COMES: Document = {"$expr": {"$lte": [{"$max": "$leaving.until"}, "$$NOW"]}}
"""The condition that nobody can be putting anything any more where an image has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """An object in a store."""

    store: str
    key: str
    until: datetime | None = None
    """Somebody may have been putting it there until then."""


class Leaving(ImageRecords):
    """Objects of images, and those that are no more."""

    @database_failures
    def objects_left(
        self, *, limit: int, behind: str = "", late_s: float = LATE_S
    ) -> list[tuple[str, ObjectName]]:
        """Objects that images have left behind, with the image's id: they may be deleted.

        In the order of their keys, behind one of them; all of an image's together. ``late_s``: how
        long what was sent to a store may be on its way.
        """
        query = {"leaving.key": {"$gt": text(behind)}}
        found = self._images.find(query, {"id": 1, "leaving": 1}).sort("leaving.key", 1)
        left = [
            (document["id"], ObjectName(**each))
            for document in found.limit(limit)
            for each in sorted(document["leaving"], key=lambda each: str(each["key"]))
        ]
        if all(each.until is None for _, each in left):
            return left
        over = self._database_now() + timedelta(seconds=LATE_S - late_s)
        return [(id, each) for id, each in left if each.until is None or each.until <= over]

    @database_failures
    def forget_left(self, id: str, left: ObjectName) -> None:
        """Forgets an object that was deleted; one named with another ``until`` may still come."""
        query = {"id": text(id)}
        until = left.until or {"$exists": False}
        gone = {"store": left.store, "key": left.key, "until": until}
        self._images.update_one(query, {"$pull": {"leaving": gone}})
        self._images.update_one({**query, "leaving": []}, {"$unset": {"leaving": ""}})

    @database_failures
    def left_of(self, id: str) -> list[ObjectName]:
        """What an image has left behind that may be deleted now."""
        document = self._images.find_one({"id": text(id)}, {"leaving": 1}) or {}
        left = [ObjectName(**each) for each in document.get("leaving", ())]
        if all(each.until is None for each in left):
            return left
        now = self._database_now()
        return [each for each in left if each.until is None or each.until <= now]

    @database_failures
    def claim_stay(self, *, lease_s: float) -> tuple[str, list[ObjectName]] | None:
        """Objects of a moved image that have stayed for their time, with its id: they may be
        deleted. Nobody else is told of them for so long."""
        now = self._database_now()
        document = self._images.find_one_and_update(
            {"staying.until": {"$lte": now}},
            {"$set": {"staying.$[ended].until": now + timedelta(seconds=lease_s)}},
            {"id": 1, "staying": 1},
            hint="staying",
            array_filters=[{"ended.until": {"$lte": now}}],
        )
        if document is None:
            return None
        ended = (each for each in document["staying"] if each["until"] <= now)
        return document["id"], [_named(each) for each in ended]

    @database_failures
    def count_ended_stays(self) -> int:
        """How many images have such objects."""
        ended = {"staying.until": {"$lte": self._database_now()}}
        return self._images.count_documents(ended, hint="staying")

    @database_failures
    def forget_stay(self, id: str, stayed: ObjectName) -> None:
        """Forgets an object that was deleted."""
        query = {"id": text(id)}
        gone = {"store": stayed.store, "key": stayed.key}
        self._images.update_one(query, {"$pull": {"staying": gone}})
        self._images.update_one({**query, "staying": []}, {"$unset": {"staying": ""}})

    @database_failures
    def objects_of(self, id: str) -> list[ObjectName]:
        """Every object that may be there for an image: its own, those to come, those left behind,
        and where they are to go."""
        wanted = ("store", "key", "replacing", "leaving", "staying", "migrating")
        document = self._images.find_one({"id": text(id)}, dict.fromkeys(wanted, 1))
        if document is None:
            return []
        coming = [document["replacing"]] if "replacing" in document else []
        moving = [
            {"store": each["migrating"]["to"], "key": each["migrating"]["key"]}
            for each in (document, *(each["becomes"] for each in coming))
            if "migrating" in each
        ]
        left = (*document.get("leaving", ()), *document.get("staying", ()))
        return list(dict.fromkeys(map(_named, (document, *coming, *moving, *left))))


def _named(place: Document) -> ObjectName:
    return ObjectName(store=place["store"], key=place["key"])


def left_by(document: Document) -> list[Document]:
    """The objects that an image leaves behind when another picture takes its place."""
    stayed = [_place_of(each) for each in document.get("staying", ())]
    left = [_place_of(document), *stayed]
    if migrating := document.get("migrating"):
        there: Document = {"store": migrating["to"], "key": migrating["key"]}
        if lease := migrating.get("lease"):
            lasts_s = lease["lasts_s"] + LATE_S
            there["until"] = lease["renewed_at"] + timedelta(seconds=lasts_s)
        left.append(there)
    return left


def _place_of(each: Document) -> Document:
    return {"store": each["store"], "key": each["key"]}
