"""The outbox: notifications on their way to those who asked for them, until they have arrived.

======================= ==========================================================================
``url``, ``body``       where to, and the JSON exactly as it is signed and sent
``attempts``            how often it was tried
``due_at``              when it is tried next; while somebody is trying, when that one's lease ends
``holder``              who is trying: a fresh name for each attempt
======================= ==========================================================================

All times are the database's own. One that has arrived, or that nobody takes, is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId
from pymongo import IndexModel, ReturnDocument
from pymongo.database import Database

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures

DUE = IndexModel("due_at", name="due")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One notification that ``holder`` may deliver now."""

    id: str
    holder: str
    url: str
    body: str
    attempts: int
    """This one included."""


class Notifications:
    """The outbox of one gallery, shared by all its processes."""

    def __init__(self, database: Database[Document]) -> None:
        self._outbox = collection(database, "notifications")

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the index by which what is due is found."""
        self._outbox.create_indexes([DUE])

    @database_failures
    def record(self, url: str, body: str) -> None:
        """Keeps a notification, due at once."""
        # An upsert that matches nothing: unlike an insert it can write the database's own time.
        self._outbox.update_one(
            {"_id": ObjectId()},
            {
                "$setOnInsert": {"url": text(url), "body": text(body), "attempts": 0},
                "$currentDate": {"due_at": True},
            },
            upsert=True,
        )

    @database_failures
    def claim(self, *, holder: str, lease_s: float) -> Notification | None:
        """The one that has been due the longest, for ``holder`` alone until its lease ends."""
        leased = {
            "holder": text(holder),
            "attempts": {"$add": ["$attempts", 1]},
            "due_at": _in(lease_s),
        }
        document = self._outbox.find_one_and_update(
            {"$expr": {"$lte": ["$due_at", "$$NOW"]}},
            [{"$set": leased}],
            sort=[("due_at", 1)],
            hint="due",
            return_document=ReturnDocument.AFTER,
        )
        if document is None:
            return None
        return Notification(
            id=str(document["_id"]),
            holder=document["holder"],
            url=document["url"],
            body=document["body"],
            attempts=document["attempts"],
        )

    @database_failures
    def put_off(self, notification: Notification, *, pause_s: float) -> bool:
        """Whether it was still this holder's, and is due again after the pause."""
        update: list[Document] = [{"$set": {"due_at": _in(pause_s)}}, {"$unset": "holder"}]
        return self._outbox.update_one(_held(notification), update).matched_count == 1

    @database_failures
    def forget(self, notification: Notification) -> bool:
        """Whether it was still this holder's, and is gone now."""
        return self._outbox.delete_one(_held(notification)).deleted_count == 1


def _in(seconds: float) -> Document:
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def _held(notification: Notification) -> Document:
    return {"_id": ObjectId(notification.id), "holder": notification.holder}
