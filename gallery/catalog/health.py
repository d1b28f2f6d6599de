"""Whether the database takes writes."""

from __future__ import annotations

from pymongo.database import Database

from gallery.catalog.documents import Document, collection
from gallery.catalog.failures import answering

_DEADLINE_S = 2.0


def check_writable(database: Database[Document]) -> None:
    """Returns when a write is in the journals of the majority. Raises DatabaseUnavailableError.

    ``hello`` would be cheaper, and answer from a server whose disk is full.
    """
    with answering(within_s=_DEADLINE_S):
        collection(database, "health").update_one(
            {"_id": "writable"}, {"$currentDate": {"at": True}}, upsert=True
        )
