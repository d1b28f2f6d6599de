"""The change stream of images: what happens to those that people can see, as it happens.

Told at least once, in order. An update tells what it set, and the image as it is by now: between
the two it may have been hidden. So *that* something happened is read from the update (``hidden_id``
was set: hidden, ``status`` became ready: shown, else ``version`` moved: changed), and an image that
is hidden by now is not shown any more: its own ``image.deleted`` comes later in the stream. Its end
in the trash is another change (``gone_id`` was set): its owner still sees it there.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator

import pymongo
from pymongo.change_stream import ChangeStream
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from gallery.catalog.documents import IMAGES, UNSHOWN, Document, collection, image_of
from gallery.catalog.failures import DEADLINE_S, database_failures, is_passing
from gallery.errors import ChangesLostError
from gallery.model import Change, ChangeKind, Status

log = logging.getLogger(__name__)

_IDLE_MS = 1000
"""How long MongoDB waits for a change before it answers that there is none."""

_AWAY_S = 1.0

_TOKEN = re.compile(r"82[0-9A-F]{14,1022}")
"""MongoDB's resume token in hex, which begins with a timestamp (0x82). Ours have 112 digits."""

_NOT_ALLOWED = {13, 18}

_ENDINGS = ["drop", "rename", "dropDatabase", "invalidate"]

_SET = "updateDescription.updatedFields"

_PIPELINE: list[Document] = [
    {
        "$match": {
            "$or": [
                {"operationType": {"$in": _ENDINGS}},
                {"fullDocument.status": Status.READY.value, "operationType": "insert"},
                {"fullDocument.status": Status.READY.value, "operationType": "replace"},
                {f"{_SET}.version": {"$exists": True}},
                {f"{_SET}.status": Status.READY.value},
                {f"{_SET}.hidden_id": {"$exists": True}},
                {f"{_SET}.gone_id": {"$exists": True}},
            ]
        }
    },
    {"$unset": [f"fullDocument.{name}" for name in UNSHOWN]},
]


class Changes:
    """The stream of changes. A token is good in every process, while MongoDB keeps its log."""

    def __init__(self, database: Database[Document]) -> None:
        self._images = collection(database, IMAGES)

    @database_failures
    def now_token(self) -> str:
        """A token to go on from, behind everything that has happened so far."""
        with self._open(None) as stream:
            return _token_of(stream)

    def watch(self, *, after: str | None, stop: threading.Event) -> Iterator[Change | None]:
        """Each change behind ``after``, or from now on, until ``stop`` is set.

        ``None`` comes when there has been no change for about a second: everything so far has been
        told. While the database is away nothing comes; then it goes on where it was. Raises
        ChangesLostError for a token that MongoDB does not know, any more or at all.
        """
        if after is not None and not _TOKEN.fullmatch(after):
            raise ChangesLostError
        token = after
        while not stop.is_set():
            try:
                with self._open(token) as stream:
                    token = _token_of(stream)
                    while not stop.is_set():
                        event = _next(stream)
                        token = _token_of(stream)
                        if event is None:
                            yield None
                        elif change := _change(event):
                            yield change
            except PyMongoError as error:
                _check_passing(error)
                log.info("change stream waits for the database", exc_info=True)
                stop.wait(_AWAY_S)

    def _open(self, token: str | None) -> ChangeStream[Document]:
        with pymongo.timeout(DEADLINE_S):
            return self._images.watch(
                _PIPELINE,
                full_document="updateLookup",
                resume_after={"_data": token} if token else None,
                max_await_time_ms=_IDLE_MS,
            )


def _next(stream: ChangeStream[Document]) -> Document | None:
    with pymongo.timeout(DEADLINE_S):
        event: Document | None = stream.try_next()
        return event


def _token_of(stream: ChangeStream[Document]) -> str:
    token: str = (stream.resume_token or {})["_data"]
    return token


def _check_passing(error: PyMongoError) -> None:
    """Returns when the stream may go on later; raises ChangesLostError when it never will."""
    if is_passing(error):
        return
    if isinstance(error, OperationFailure) and error.code not in _NOT_ALLOWED:
        raise ChangesLostError from error
    raise error


def _change(event: Document) -> Change | None:
    """What people should be told of an event, if anything."""
    kind = event["operationType"]
    if kind in _ENDINGS:
        raise ChangesLostError
    token: str = event["_id"]["_data"]
    told = event.get("updateDescription", {}).get("updatedFields", {})
    if "hidden_id" in told:
        return Change(token=token, kind=ChangeKind.DELETED, id=told["hidden_id"])
    if "gone_id" in told:
        return Change(token=token, kind=ChangeKind.PURGED, id=told["gone_id"])
    document = event.get("fullDocument")
    if document is None or document["status"] != Status.READY:
        return None
    shown = kind == "insert" or told.get("status") == Status.READY
    image = image_of(document)
    return Change(
        token=token,
        kind=ChangeKind.CREATED if shown else ChangeKind.UPDATED,
        id=image.id,
        image=image,
    )
