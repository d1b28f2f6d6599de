"""How often somebody tried something, counted by all nodes together.

Flask-Limiter's storage in MongoDB would bring a second client, with no deadline of its own and
nobody to close it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from pymongo import IndexModel, ReturnDocument
from pymongo.database import Database

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures


class Attempts:
    """Counters of fixed windows of time; MongoDB forgets them when their window is over."""

    def __init__(self, database: Database[Document], *, now: Callable[[], datetime]) -> None:
        self._attempts = collection(database, "attempts")
        self._now = now

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the index by which counters are forgotten."""
        self._attempts.create_indexes(
            [IndexModel("window_ends_at", name="forget", expireAfterSeconds=0)]
        )

    @database_failures
    def seen(self, who: str, *, window_s: int) -> tuple[int, int]:
        """Attempts of ``who`` in this window so far, and the seconds till its end."""
        name, ends_in_s = self._window(who, window_s)
        counted = self._attempts.find_one({"_id": name})
        return int((counted or {"count": 0})["count"]), ends_in_s

    @database_failures
    def count(self, who: str, *, window_s: int) -> tuple[int, int]:
        """Attempts of ``who`` in this window, this one included, and the seconds till its end."""
        name, ends_in_s = self._window(who, window_s)
        ends_at = self._now() + timedelta(seconds=ends_in_s)
        counted = self._attempts.find_one_and_update(
            {"_id": name},
            {"$inc": {"count": 1}, "$setOnInsert": {"window_ends_at": ends_at}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return int((counted or {})["count"]), ends_in_s

    def _window(self, who: str, window_s: int) -> tuple[str, int]:
        """The name of the counter, and the seconds till the end of its window."""
        now = int(self._now().timestamp())
        number = now // window_s
        return f"{text(who)} {window_s} {number}", (number + 1) * window_s - now
