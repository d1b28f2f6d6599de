"""Archives that were ordered: which images, for whom. MongoDB forgets them after an hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from gallery.catalog.documents import collection, text
from gallery.catalog.failures import database_failures
from gallery.errors import NotFoundError
from gallery.signing import new_id

KEPT = timedelta(hours=1)


class ArchiveOrders:
    """The orders. The documents hold ids alone: what is packed is read when it is fetched."""

    def __init__(self, database: Database[dict[str, Any]], *, now: Callable[[], datetime]) -> None:
        self._orders = collection(database, "archives")
        self._now = now

    @database_failures
    def ensure_indexes(self) -> None:
        """Orders that have expired are removed by MongoDB itself."""
        self._orders.create_index("expires_at", expireAfterSeconds=0)

    @database_failures
    def record(self, image_ids: Sequence[str], *, principal: str) -> tuple[str, datetime]:
        """The id of a new order, and when it expires."""
        order, expires_at = new_id(), self._now() + KEPT
        self._orders.insert_one(
            {
                "_id": order,
                "image_ids": [text(each) for each in image_ids],
                "principal": text(principal),
                "expires_at": expires_at,
            }
        )
        return order, expires_at

    @database_failures
    def find(self, order: str, *, principal: str) -> list[str]:
        """The ids of the images ordered. Raises NotFoundError, also for somebody else's order."""
        mine = {"_id": text(order), "principal": text(principal)}
        found = self._orders.find_one(mine | {"expires_at": {"$gt": self._now()}})
        if found is None:
            raise NotFoundError("That archive is not ready any more: ask for it again.")
        return list(found["image_ids"])
