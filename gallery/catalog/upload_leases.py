"""Who has an unfinished upload: adds to it, or finishes it. One at a time, for as long as a lease.

A holder that wakes late finds another's name in the lease, and moves nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from pymongo import ReturnDocument
from pymongo.database import Database

from gallery.catalog import leases
from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import RUN_OUT, held_by, lease_to
from gallery.catalog.upload import Upload, UploadStatus, upload_of

UPLOADS = "uploads"

UNLEASED: Document = {"$unset": {"lease": "", "wanted": ""}}
"""The update that ends a lease, and the wish of who waits for it."""


class Hold(StrEnum):
    """What a holder finds when it looks after its lease."""

    OURS = "ours"
    WANTED = "wanted"
    LOST = "lost"


class UploadLeases:
    """The leases of the uploads of one gallery."""

    def __init__(self, database: Database[Document], *, now: Callable[[], datetime]) -> None:
        self._uploads = collection(database, UPLOADS)
        self._now = now

    @database_failures
    def take(
        self, id: str, *, holder: str, lease_s: float, principal: str | None = None
    ) -> Upload | None:
        """The upload, pending and ``holder``'s now; ``None`` when it is not free, or not there."""
        whose = {} if principal is None else {"principal": text(principal)}
        # Without a lease the sum of missing values is null, which is less than any time.
        free = {"_id": text(id), "status": UploadStatus.PENDING.value, **whose, **RUN_OUT}
        return self._changed(free, lease_to(holder, lease_s) | {"$unset": {"wanted": ""}})

    @database_failures
    def ask_to_yield(self, id: str) -> None:
        """Lets whoever has the lease know that somebody waits for it."""
        held = {"_id": text(id), "lease": {"$exists": True}}
        self._uploads.update_one(held, {"$set": {"wanted": True}})

    @database_failures
    def fence(self, id: str) -> bool:
        """Whether nobody has the lease, and nobody who had it once can still move the offset."""
        dead = {"_id": text(id), "lease": {"$exists": True}, **RUN_OUT}
        self._uploads.update_one(dead, UNLEASED)
        return self._uploads.find_one({"_id": text(id), "lease": {"$exists": True}}) is None

    @database_failures
    def renew(self, id: str, *, holder: str, lease_s: float) -> Hold:
        """Whether the lease is still ours, and then lasts anew."""
        document = self._uploads.find_one_and_update(
            upload_held(id, holder), lease_to(holder, lease_s), {"wanted": 1}
        )
        if document is None:
            return Hold.LOST
        return Hold.WANTED if document.get("wanted") else Hold.OURS

    @database_failures
    def release(self, id: str, *, holder: str) -> None:
        """Ends a lease of ours; harmless when it is none."""
        self._uploads.update_one(upload_held(id, holder), UNLEASED)

    @database_failures
    def end_leases(self, *, begun_before: datetime) -> None:
        """Ends the leases of holders that are known to be dead since that moment."""
        self._uploads.update_many(leases.begun_before(begun_before), leases.ended())
        processing = {"status": UploadStatus.PROCESSING.value, "lease.lasts_s": 0}
        self._uploads.update_many(processing, {"$set": {"due_at": self._now()}})

    def _changed(self, query: Document, update: Document) -> Upload | None:
        document = self._uploads.find_one_and_update(
            query, update, return_document=ReturnDocument.AFTER
        )
        return upload_of(document) if document else None


def upload_held(id: str, holder: str) -> Document:
    """The condition that the upload is that holder's."""
    return {"_id": text(id), **held_by(holder)}
