"""Requests that carry an ``Idempotency-Key``: done once, answered alike whenever they come again.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog import leases
from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import answering, database_failures
from gallery.catalog.leases import RUN_OUT, held_by, lease_to
from gallery.errors import InProgressError, InvalidInputError, KeyReusedError

KEPT_S = 25 * 3600
"""A day is promised; an hour more is for those who come at its end."""

_KEY = re.compile(r"[\x20-\x7e]{1,255}")

_RETRY_AFTER_S = 2

_TRIES = 3

_GIVING_BACK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request was answered, to be told again."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request that has come, for the first time or again."""

    makes: str
    """The id of what it makes: the same for everybody who tries, so that nobody makes another."""
    again: bool
    """Whether somebody has tried before."""
    answer: Answer | None = None
    """What it was answered. Without one the request is this holder's to do."""


class IdempotencyKeys:
    """The requests of the last day by their keys; ``scope`` says whose key it is."""

    def __init__(self, database: Database[Document]) -> None:
        self._requests = collection(database, "idempotency")

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the index by which MongoDB forgets what is older than a day."""
        self._requests.create_indexes(
            [IndexModel("used_at", name="forget", expireAfterSeconds=KEPT_S)]
        )

    @database_failures
    def begin(
        self, scope: str, key: str, fingerprint: str, *, makes: str, holder: str, lease_s: float
    ) -> Begun:
        """The answer given before, or leave to do the request.

        ``holder`` and ``makes`` are fresh names for each request. Raises KeyReusedError when the
        key came with something else, InProgressError while another holder is at it,
        InvalidInputError for what is no key.
        """
        name = _name(scope, key)
        for _ in range(_TRIES):
            if self._insert(name, fingerprint, makes, holder, lease_s):
                return Begun(makes=makes, again=False)
            request = self._requests.find_one({"_id": name})
            if request is None:
                continue  # Abandoned just now.
            if request["fingerprint"] != fingerprint:
                raise KeyReusedError("This Idempotency-Key came with something else before.")
            before = Begun(makes=request.get("makes", makes), again=True)
            if "answer" in request:
                answer = Answer(status=request["answer"]["status"], body=_read(request))
                return replace(before, answer=answer)
            if self._take_over(name, holder, lease_s):
                return before
            break
        raise InProgressError("This request is being done already.", retry_after_s=_RETRY_AFTER_S)

    def _insert(
        self, name: Document, fingerprint: str, makes: str, holder: str, lease_s: float
    ) -> bool:
        # An upsert that matches nothing: unlike an insert it can write the database's own time.
        try:
            self._requests.update_one(
                {"_id": name, "lease": {"$exists": False}},
                _touched(lease_to(holder, lease_s))
                | {"$setOnInsert": {"fingerprint": text(fingerprint), "makes": text(makes)}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return True

    @database_failures
    def renew(self, scope: str, key: str, holder: str, *, lease_s: float) -> bool:
        """Whether the request is still this holder's to do, and his lease lasts anew."""
        renewed = self._requests.update_one(
            _open(scope, key, holder), _touched(lease_to(holder, lease_s))
        )
        return renewed.matched_count == 1

    def _take_over(self, name: Document, holder: str, lease_s: float) -> bool:
        taken = self._requests.update_one(
            {"_id": name, "answer": {"$exists": False}, **RUN_OUT},
            _touched(lease_to(holder, lease_s)),
        )
        return taken.matched_count == 1

    @database_failures
    def end_leases(self, *, begun_before: datetime) -> None:
        """Ends the leases of holders that are known to be dead since that moment."""
        running = {"answer": {"$exists": False}, **leases.begun_before(begun_before)}
        self._requests.update_many(running, leases.ended())

    @database_failures
    def finish(self, scope: str, key: str, holder: str, answer: Answer) -> bool:
        """Whether the request was still this holder's; then the answer is kept for a day."""
        told = {"status": answer.status, "body": json.dumps(answer.body)}
        finished = self._requests.update_one(
            _open(scope, key, holder), _touched({"$set": {"answer": told}})
        )
        return finished.matched_count == 1

    @database_failures
    def abandon(self, scope: str, key: str, holder: str) -> None:
        """Forgets a request of this holder that failed, so that it may be tried again at once."""
        self._requests.delete_one(_open(scope, key, holder))

    def give_back(self, scope: str, key: str, holder: str) -> None:
        """Lets the request, whose outcome is unknown, be tried again at once: by the same name.

        Does not wait long for a database that is away: the sender still waits for an answer.
        """
        with answering(within_s=_GIVING_BACK_S):
            self._requests.update_one(_open(scope, key, holder), leases.ended())


def _name(scope: str, key: str) -> Document:
    if not _KEY.fullmatch(text(key)):
        problem = "An Idempotency-Key has 1 to 255 printable ASCII characters."
        raise InvalidInputError(problem, fields={"Idempotency-Key": problem})
    return {"scope": text(scope), "key": key}


def _open(scope: str, key: str, holder: str) -> Document:
    return {"_id": _name(scope, key), "answer": {"$exists": False}, **held_by(holder)}


def _touched(update: Document) -> Document:
    """The same update, which also puts off the forgetting."""
    return update | {"$currentDate": update.get("$currentDate", {}) | {"used_at": True}}


def _read(request: Document) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request["answer"]["body"])
    return body
