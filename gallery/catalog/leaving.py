"""What images leave behind when their objects are replaced, or move to another store.

============================ =======================================================================
``leaving.store``, ``key``   an object that is the image's no more, until it is deleted
``leaving.until``            when nobody can be putting it there any more
============================ =======================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo import IndexModel

from gallery.catalog.documents import Document, text
from gallery.catalog.failures import database_failures
from gallery.catalog.records import ImageRecords

INDEXES = [IndexModel("leaving.key", name="leaving", sparse=True)]

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
    def objects_left(self, *, limit: int, behind: str = "") -> list[tuple[str, ObjectName]]:
        """Objects that images have left behind, with the image's id: they may be deleted.

        In the order of their keys, behind one of them; all of an image's together.
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
        now = self._database_now()
        return [(id, each) for id, each in left if each.until is None or each.until <= now]

    def _database_now(self) -> datetime:
        now: datetime = self._images.database.command("hello")["localTime"]
        return now if now.tzinfo else now.replace(tzinfo=UTC)

    @database_failures
    def forget_left(self, id: str, left: ObjectName) -> None:
        """Forgets an object that was deleted; one named with another ``until`` may still come."""
        query = {"id": text(id)}
        until = left.until or {"$exists": False}
        gone = {"store": left.store, "key": left.key, "until": until}
        self._images.update_one(query, {"$pull": {"leaving": gone}})
        self._images.update_one({**query, "leaving": []}, {"$unset": {"leaving": ""}})

    @database_failures
    def objects_of(self, id: str) -> list[ObjectName]:
        """Every object that may be there for an image: its own, those to come, those left behind,
        and where they are to go."""
        wanted = ("store", "key", "replacing", "leaving", "migrating")
        document = self._images.find_one({"id": text(id)}, dict.fromkeys(wanted, 1))
        if document is None:
            return []
        coming = [document["replacing"]] if "replacing" in document else []
        moving = [
            {"store": each["migrating"]["to"], "key": each["migrating"]["key"]}
            for each in (document, *(each["becomes"] for each in coming))
            if "migrating" in each
        ]
        every = (document, *coming, *moving, *document.get("leaving", []))
        return list(dict.fromkeys(map(_named, every)))


def _named(place: Document) -> ObjectName:
    return ObjectName(store=place["store"], key=place["key"])


def left_by(document: Document) -> list[Document]:
    """The objects that an image leaves behind when another picture takes its place."""
    left = [{"store": document["store"], "key": document["key"]}]
    if migrating := document.get("migrating"):
        there: Document = {"store": migrating["to"], "key": migrating["key"]}
        if lease := migrating.get("lease"):
            there["until"] = lease["renewed_at"] + timedelta(seconds=lease["lasts_s"])
        left.append(there)
    return left
