"""Receipts of deletions: what was fetched at an image's addresses after it was purged.

=================== ==============================================================================
``_id``             the image's id
``urls``            each address, and the status that it answered with; 0 for no answer
``still_there``     whether one of them may still show it; from the first look on
``due_at``          when somebody looks next; while somebody looks, when that one's lease ends.
                    Left out when all is known, or given up
``holder``          who looks: a fresh name for each look
=================== ==============================================================================

All times are the database's own. A receipt is forgotten after three months.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pymongo import IndexModel, ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures

KEPT_S = 90 * 24 * 3600

INDEXES = [
    IndexModel("purged_at", name="forget", expireAfterSeconds=KEPT_S),
    IndexModel("due_at", name="due", sparse=True),
    IndexModel([("still_there", 1), ("purged_at", 1)], name="still_there"),
]

_DUE: Document = {"due_at": {"$exists": True}, "$expr": {"$lte": ["$due_at", "$$NOW"]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is known of a deletion."""

    id: str
    store: str
    purged_at: datetime
    looked_at: datetime | None
    looks: int
    still_there: bool | None
    """``None`` before the first look."""
    is_open: bool
    """Somebody will look again."""
    urls: tuple[tuple[str, int | None], ...]


class Receipts:
    """The receipts of the last months."""

    def __init__(self, database: Database[Document]) -> None:
        self._receipts = collection(database, "receipts")

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the indexes that are missing."""
        self._receipts.create_indexes(INDEXES)

    @database_failures
    def open(self, id: str, *, store: str, urls: Sequence[str]) -> None:
        """Records that an image was purged; its addresses are looked at soon. Again is success."""
        # An upsert that matches nothing: unlike an insert it can write the database's own time.
        with suppress(DuplicateKeyError):
            self._receipts.update_one(
                {"_id": text(id), "purged_at": {"$exists": False}},
                {
                    "$setOnInsert": {
                        "store": text(store),
                        "urls": [{"url": text(url)} for url in urls],
                        "looks": 0,
                    },
                    "$currentDate": {"purged_at": True, "due_at": True},
                },
                upsert=True,
            )

    @database_failures
    def claim(self, *, holder: str, lease_s: float) -> Receipt | None:
        """A receipt whose addresses are due to be looked at, ``holder``'s to do now."""
        document = self._receipts.find_one_and_update(
            _DUE,
            [{"$set": {"due_at": _in(lease_s), "holder": {"$literal": text(holder)}}}],
            sort=[("due_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return _receipt(document) if document else None

    @database_failures
    def note(
        self,
        id: str,
        *,
        holder: str,
        statuses: Sequence[int],
        still_there: bool,
        again_after_s: float | None,
    ) -> None:
        """Records how the addresses answered, in their order; ``None``: nobody looks again."""
        document = self._receipts.find_one({"_id": text(id), "holder": text(holder)})
        if document is None:
            return
        urls = [
            {"url": each["url"], "status": status}
            for each, status in zip(document["urls"], statuses, strict=True)
        ]
        told: Document = {
            "urls": {"$literal": urls},
            "still_there": still_there,
            "looked_at": "$$NOW",
            "looks": {"$add": ["$looks", 1]},
        }
        if again_after_s is not None:
            told["due_at"] = _in(again_after_s)
        gone = ["holder"] if again_after_s is not None else ["holder", "due_at"]
        self._receipts.update_one(
            {"_id": text(id), "holder": text(holder)}, [{"$set": told}, {"$unset": gone}]
        )

    @database_failures
    def newest(self, *, limit: int) -> list[Receipt]:
        """The newest first."""
        found = self._receipts.find().sort("purged_at", -1).limit(limit)
        return [_receipt(document) for document in found]

    @database_failures
    def given_up(self, *, limit: int) -> list[Receipt]:
        """Those whose addresses were never found empty, and that nobody looks after any more."""
        found = self._receipts.find({"still_there": True, "due_at": {"$exists": False}})
        return [_receipt(document) for document in found.sort("purged_at", 1).limit(limit)]


def _in(seconds: float) -> Document:
    return {"$add": ["$$NOW", seconds * 1000]}


def _receipt(document: Document) -> Receipt:
    return Receipt(
        id=document["_id"],
        store=document["store"],
        purged_at=document["purged_at"],
        looked_at=document.get("looked_at"),
        looks=document["looks"],
        still_there=document.get("still_there"),
        is_open="due_at" in document,
        urls=tuple((each["url"], each.get("status")) for each in document["urls"]),
    )
