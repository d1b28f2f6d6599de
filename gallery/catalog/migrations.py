"""Migrations: orders to move all images of one store to another, and where each stands.

One document is one order; at most one of them is ``open``, running or paused:

====================== ==========================================================================
``from``, ``to``       the stores
``back``               it was turned back: what has moved moves home
``state``              ``running``, ``paused`` or ``done``
``keep_s``             how long objects stay where they were
``rate``               images a second at most, all programs together
``next_at``            when the next one may be moved, where there is a rate
``failures``           failures in a row that may be the store's; too many, and it rests
``not_before``         until when it rests
``problem``            why
``moved``, ``refused`` how many images moved, and how many the store never took, when it was done;
``refusals``           why not, of the first of them
====================== ==========================================================================

Which images have moved, and which have not, their own documents say (``migration_moves.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures
from gallery.errors import ConflictError
from gallery.signing import new_id

MOST_FAILURES = 5
"""Failures in a row after which the store, and not a picture, is thought to be the reason."""

REST_S = 600.0

_BURST_MS = 1000
"""How much of its time a rate may catch up on."""


class State(StrEnum):
    """Where a migration is in its life."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One order."""

    id: str
    from_: str
    to: str
    is_back: bool
    """It was turned back."""
    state: State
    keep_s: float
    rate: float | None
    begun_at: datetime
    ended_at: datetime | None
    problem: str
    """Why it rests."""
    rests_s: float
    """For how long; 0 when it does not."""
    moved: int
    refused: int
    """Images that moved, and that the store never took, known when it is done."""
    refusals: tuple[tuple[str, str], ...]
    """The first of them by id, and why."""

    @property
    def source(self) -> str:
        """The store that images leave."""
        return self.to if self.is_back else self.from_

    @property
    def target(self) -> str:
        """The store that they go to."""
        return self.from_ if self.is_back else self.to

    @property
    def leg(self) -> str:
        """One of its two ways: what images move by."""
        return f"{self.id}.back" if self.is_back else self.id


class Migrations:
    """All orders that were given."""

    def __init__(self, database: Database[Document]) -> None:
        self._orders = collection(database, "migrations")

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes those that are missing."""
        one = IndexModel("open", name="open", unique=True, sparse=True)
        self._orders.create_indexes([one, IndexModel("begun_at", name="begun")])

    @database_failures
    def begin(self, *, from_: str, to: str, keep_s: float, rate: float | None) -> Migration:
        """A new order, running. Raises ConflictError while another is open."""
        order_id = new_id()
        told = {"from": text(from_), "to": text(to), "keep_s": keep_s, "rate": rate}
        state = {"state": State.RUNNING.value, "back": False, "failures": 0, "open": True}
        try:
            # An upsert that matches nothing: unlike an insert it can write the database's own time.
            self._orders.update_one(
                {"_id": order_id},
                {"$setOnInsert": told | state, "$currentDate": {"begun_at": True}},
                upsert=True,
            )
        except DuplicateKeyError as error:
            raise ConflictError("Another migration is under way.") from error
        return self._find(order_id)

    @database_failures
    def open(self) -> Migration | None:
        """The one that is running or paused."""
        document = self._orders.find_one({"open": True})
        return self._migration(document) if document else None

    @database_failures
    def last(self) -> Migration | None:
        """The open one, or the one that was begun last."""
        document = self._orders.find_one({}, sort=[("begun_at", -1)])
        return self._migration(document) if document else None

    @database_failures
    def adjust(self, order: Migration, *, keep_s: float, rate: float | None) -> Migration:
        """The order, running, with other bounds from now on."""
        told = {"keep_s": keep_s, "rate": rate, "state": State.RUNNING.value}
        self._orders.update_one({"_id": order.id, "open": True}, {"$set": told, **_RESTED})
        return self._find(order.id)

    @database_failures
    def pause(self, order: Migration) -> Migration:
        """The order, paused: no move begins any more."""
        self._orders.update_one(
            {"_id": order.id, "open": True}, {"$set": {"state": State.PAUSED.value}}
        )
        return self._find(order.id)

    @database_failures
    def resume(self, order: Migration) -> Migration:
        """The order, running again at once, whatever it rested for."""
        self._orders.update_one(
            {"_id": order.id, "open": True}, {"$set": {"state": State.RUNNING.value}, **_RESTED}
        )
        return self._find(order.id)

    @database_failures
    def turn_back(self, order: Migration) -> Migration:
        """The order, running the other way. Raises ConflictError while another is open."""
        told = {"back": True, "open": True, "state": State.RUNNING.value, "failures": 0}
        known_at_the_end = ("ended_at", "moved", "refused", "refusals")
        gone = dict.fromkeys((*known_at_the_end, "not_before", "problem"), "")
        try:
            self._orders.update_one({"_id": order.id}, {"$set": told, "$unset": gone})
        except DuplicateKeyError as error:
            raise ConflictError("Another migration is under way.") from error
        return self._find(order.id)

    @database_failures
    def permit(self, order: Migration) -> float:
        """Seconds until the next image may be moved; 0: one may, and is counted."""
        if order.rate is None:
            return 0.0
        caught_up = {"$max": ["$next_at", {"$subtract": ["$$NOW", _BURST_MS]}]}
        granted = self._orders.update_one(
            {"_id": order.id, "$expr": {"$lte": [{"$ifNull": ["$next_at", "$$NOW"]}, "$$NOW"]}},
            [{"$set": {"next_at": {"$add": [caught_up, 1000 / order.rate]}}}],
        )
        if granted.matched_count:
            return 0.0
        document = self._orders.find_one({"_id": order.id}) or {}
        return max(0.01, self._seconds_until(document.get("next_at")))

    @database_failures
    def note_success(self, order_id: str) -> None:
        """Forgets what failed before."""
        self._orders.update_one(
            {"_id": text(order_id), "failures": {"$gt": 0}}, {"$set": {"failures": 0}}
        )

    @database_failures
    def note_failure(self, order_id: str, problem: str) -> None:
        """Counts a failure that may be the store's. After too many in a row the order rests."""
        query = {"_id": text(order_id)}
        self._orders.update_one(query, {"$inc": {"failures": 1}})
        rest: Document = {
            "not_before": {"$add": ["$$NOW", round(REST_S * 1000)]},
            "problem": {"$literal": problem},
            "failures": 0,
        }
        many = {"failures": {"$gte": MOST_FAILURES}}
        self._orders.update_one({**query, **many}, [{"$set": rest}])

    @database_failures
    def end(
        self,
        order: Migration,
        *,
        moved: int,
        refused: int,
        refusals: Sequence[tuple[str, str]],
    ) -> Migration:
        """The order, done unless somebody paused it or turned it back meanwhile."""
        self._orders.update_one(
            {"_id": order.id, "state": State.RUNNING.value, "back": order.is_back},
            {
                "$set": {
                    "state": State.DONE.value,
                    "moved": moved,
                    "refused": refused,
                    "refusals": [list(each) for each in refusals],
                },
                "$unset": {"open": "", "not_before": "", "problem": ""},
                "$currentDate": {"ended_at": True},
            },
        )
        return self._find(order.id)

    def _find(self, order_id: str) -> Migration:
        return self._migration(self._orders.find_one({"_id": order_id}) or {})

    def _migration(self, document: Document) -> Migration:
        return Migration(
            id=document["_id"],
            from_=document["from"],
            to=document["to"],
            is_back=document["back"],
            state=State(document["state"]),
            keep_s=document["keep_s"],
            rate=document["rate"],
            begun_at=document["begun_at"],
            ended_at=document.get("ended_at"),
            problem=document.get("problem", ""),
            rests_s=self._seconds_until(document.get("not_before")),
            moved=document.get("moved", 0),
            refused=document.get("refused", 0),
            refusals=tuple((id, why) for id, why in document.get("refusals", ())),
        )

    def _seconds_until(self, moment: datetime | None) -> float:
        """By the database's own clock."""
        if moment is None:
            return 0.0
        now: datetime = self._orders.database.command("hello")["localTime"]
        now = now if now.tzinfo else now.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())


_RESTED: Document = {"$unset": {"not_before": "", "problem": "", "failures": ""}}
