"""Duties that come round: of many nodes one does each, when the database says that it is due."""

from __future__ import annotations

from contextlib import suppress

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import RUN_OUT, held_by, lease_to

_DUE = {"$expr": {"$lte": ["$due_at", "$$NOW"]}}


class Duties:
    """One document for each duty: when it is due, and who is at it."""

    def __init__(self, database: Database[Document]) -> None:
        self._duties = collection(database, "duties")

    @database_failures
    def begin(self, name: str, *, first_after_s: float, holder: str, lease_s: float) -> bool:
        """Whether the duty is due and nobody is at it; it is this holder's then.

        One that was never heard of is first due after so many seconds.
        """
        query = {"_id": text(name)}
        first = {"$add": ["$$NOW", first_after_s * 1000]}
        with suppress(DuplicateKeyError):  # Another has just heard of it, too.
            self._duties.update_one(
                query, [{"$set": {"due_at": {"$ifNull": ["$due_at", first]}}}], upsert=True
            )
        free = {"$or": [{"lease": {"$exists": False}}, RUN_OUT]}
        taken = self._duties.update_one({**query, **_DUE, **free}, lease_to(holder, lease_s))
        return taken.matched_count == 1

    @database_failures
    def renew(self, name: str, *, holder: str, lease_s: float) -> bool:
        """Whether the duty is still this holder's, and then for so long again."""
        held = {"_id": text(name), **held_by(holder)}
        return self._duties.update_one(held, lease_to(holder, lease_s)).matched_count == 1

    @database_failures
    def end(self, name: str, *, holder: str, again_after_s: float) -> None:
        """Gives the duty back, due again after so many seconds."""
        due_at = {"$add": ["$$NOW", again_after_s * 1000]}
        self._duties.update_one(
            {"_id": text(name), **held_by(holder)},
            [{"$set": {"due_at": due_at}}, {"$unset": "lease"}],
        )
