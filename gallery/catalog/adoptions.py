"""What was adopted: which image came of a picture that lay at a provider, so that nobody fetches it
again to find out."""

from __future__ import annotations

from datetime import datetime

from pymongo.database import Database

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures


class Adoptions:
    """One document for each picture, by its store and its name there."""

    def __init__(self, database: Database[Document]) -> None:
        self._adopted = collection(database, "adoptions")

    @database_failures
    def find(self, store: str, name: str, *, modified_at: datetime) -> str | None:
        """The id of the image that came of it, unless it has changed since."""
        document = self._adopted.find_one(
            {"_id": _named(store, name), "modified_at": modified_at}, {"image": 1}
        )
        return str(document["image"]) if document else None

    @database_failures
    def record(self, store: str, name: str, *, modified_at: datetime, image_id: str) -> None:
        """Remembers it, in place of what was known of that name."""
        told = {"modified_at": modified_at, "image": text(image_id)}
        self._adopted.update_one({"_id": _named(store, name)}, {"$set": told}, upsert=True)


def _named(store: str, name: str) -> Document:
    return {"store": text(store), "name": text(name)}
