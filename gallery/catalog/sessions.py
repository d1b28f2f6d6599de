"""Sessions of signed-in people: the cookie holds a random token, the database its digest and its
end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from gallery.catalog.failures import database_failures

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=90)


class SessionCatalog:
    """The live sessions. One not used for two weeks, or older than 90 days, has ended."""

    def __init__(self, database: Database[dict[str, Any]], *, now: Callable[[], datetime]) -> None:
        self._sessions = database["sessions"]
        self._now = now

    @database_failures
    def ensure_indexes(self) -> None:
        """Ended sessions are removed by MongoDB itself."""
        self._sessions.create_index("idle_at", expireAfterSeconds=0)

    @database_failures
    def begin(self) -> str:
        """A new session's token: 256 random bits, kept only as a digest."""
        token, now = secrets.token_urlsafe(32), self._now()
        self._sessions.insert_one(
            {
                "_id": _digest(token),
                "created_at": now,
                "idle_at": now + IDLE,
                "ends_at": now + ABSOLUTE,
            }
        )
        return token

    @database_failures
    def is_live(self, token: str) -> bool:
        """Whether the session goes on; being asked keeps it from idling out."""
        now = self._now()
        found = self._sessions.find_one_and_update(
            {"_id": _digest(token), "idle_at": {"$gt": now}, "ends_at": {"$gt": now}},
            {"$set": {"idle_at": now + IDLE}},
        )
        return found is not None

    @database_failures
    def end(self, token: str) -> None:
        """Ends the session; harmless when repeated."""
        self._sessions.delete_one({"_id": _digest(token)})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
