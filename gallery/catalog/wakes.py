"""Tells workers that there is something to do, as soon as a document says so.

It may tell too often, and while the database was away nothing: a timer covers that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError

from gallery.catalog.documents import IMAGES, Document
from gallery.catalog.failures import DEADLINE_S
from gallery.catalog.upload_leases import UPLOADS

log = logging.getLogger(__name__)

_IDLE_MS = 1000
_AWAY_S = 1.0

_PIPELINE: list[Document] = [
    {
        "$match": {
            "$or": [
                # An image became ready to go on to its store; whoever moves one by a migration has
                # it already.
                {
                    "ns.coll": IMAGES,
                    "updateDescription.updatedFields.migrating": {"$exists": True},
                    "updateDescription.updatedFields.migrating.leg": {"$exists": False},
                },
                # An upload shall be looked at now.
                {"ns.coll": UPLOADS, "updateDescription.updatedFields.hinted": True},
            ]
        }
    },
    {"$project": {"_id": 1}},
]


class Wakes:
    """What happens to documents that somebody is waiting for."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database

    def watch(self, stop: threading.Event) -> Iterator[None]:
        """Yields whenever there is something new to do, until ``stop`` is set."""
        while not stop.is_set():
            try:
                with pymongo.timeout(DEADLINE_S):
                    stream = self._database.watch(_PIPELINE, max_await_time_ms=_IDLE_MS)
                with stream:
                    yield
                    while not stop.is_set():
                        with pymongo.timeout(DEADLINE_S):
                            event = stream.try_next()
                        if event is not None:
                            yield
            except PyMongoError:
                log.info("waiting for work goes by the clock alone", exc_info=True)
                stop.wait(_AWAY_S)
