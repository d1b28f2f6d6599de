"""Notifications that were heard, for as long as somebody could send them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pymongo import IndexModel
from pymongo.database import Database

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures

KEPT_S = 3600
"""Longer than any notification is believed."""


class Heard:
    """The notifications of the last hour, by names that are the same when they come again."""

    def __init__(self, database: Database[Document], *, now: Callable[[], datetime]) -> None:
        self._heard = collection(database, "heard")
        self._now = now

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the index by which they are forgotten."""
        self._heard.create_indexes(
            [IndexModel("heard_at", name="forget", expireAfterSeconds=KEPT_S)]
        )

    @database_failures
    def knows(self, name: str) -> bool:
        """Whether that one has had its effect."""
        return self._heard.find_one({"_id": text(name)}) is not None

    @database_failures
    def remember(self, name: str) -> None:
        """It has had its effect."""
        told = {"$set": {"heard_at": self._now()}}
        self._heard.update_one({"_id": text(name)}, told, upsert=True)
