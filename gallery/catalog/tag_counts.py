"""How often each tag is used, kept beside the images: counting them would read every one."""

from __future__ import annotations

from collections.abc import Iterable

from pymongo import IndexModel
from pymongo.database import Database

from gallery.catalog.documents import IMAGES, Document, collection
from gallery.model import Status

_MOST_USED = [("count", -1), ("_id", 1)]


class TagCounts:
    """The tags of ready images.

    A crash between two writes leaves a count off by one, until ``recount``.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._tags = collection(database, "tags")
        self._images = collection(database, IMAGES)

    def ensure_indexes(self) -> None:
        """Makes the index of ``most_used``."""
        self._tags.create_indexes([IndexModel(_MOST_USED, name="most_used")])

    def most_used(self, *, limit: int) -> list[tuple[str, int]]:
        """Tags with their counts, the most used first."""
        found = self._tags.find({"count": {"$gt": 0}}).sort(_MOST_USED).limit(limit)
        return [(document["_id"], document["count"]) for document in found]

    def change(self, *, before: Iterable[str], after: Iterable[str]) -> None:
        """Notes that an image had some tags and has others now. One that is not ready has none."""
        lost, gained = set(before) - set(after), set(after) - set(before)
        if lost:
            self._tags.update_many({"_id": {"$in": sorted(lost)}}, {"$inc": {"count": -1}})
        for tag in sorted(gained):
            self._tags.update_one({"_id": tag}, {"$inc": {"count": 1}}, upsert=True)

    def recount(self) -> None:
        """Counts every tag anew. Reads all ready images: for the sweep, never for a request."""
        self._images.aggregate(
            [
                {"$match": {"status": Status.READY.value}},
                {"$unwind": "$tags"},
                {"$group": {"_id": "$tags", "count": {"$sum": 1}}},
                {"$out": self._tags.name},
            ]
        )
