"""Unfinished uploads, and for a day what became of them: one document each.

=============== ====================================================================================
``_id``         22 characters, as of the image that it becomes
``bytes``       of the whole; left out as long as nobody knows
``offset``      how many of them are kept, durably: the sum of ``parts``
``parts``       ``offset``, ``bytes`` and ``name`` of each piece, in order
``lease``       of whoever adds to it or finishes it: ``holder``, ``renewed_at``, ``lasts_s``
``wanted``      somebody waits for the lease: whoever adds to it shall yield
``due_at``      when something must be done about it, unless it goes on: finish it, give it up,
                delete its parts; left out when nothing is left to do. Of one that its sender brings
                to a store: when that is asked whether it is there
``hinted``      something may have arrived since its store was asked
``forget_at``   when MongoDB may forget it: its parts are gone
=============== ====================================================================================

What it knows besides (``description``, ``sha256``, ``replaces`` …) stands under the names of
``Upload``. A part counts once the offset has moved past it, and only the holder of the lease moves
it: a writer that wakes late has written a part that nobody names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel

from gallery.catalog.documents import Document, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import RUN_OUT, lease_to
from gallery.catalog.upload import Part, Upload, UploadStatus, document_of, upload_of
from gallery.catalog.upload_leases import UNLEASED, UploadLeases, upload_held
from gallery.errors import ConflictError, NotFoundError

KEPT = timedelta(days=1)
"""How long an upload may idle, and how long it is remembered when it has ended."""


class UploadCatalog(UploadLeases):
    """The uploads of one gallery. Every method may raise DatabaseUnavailableError."""

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the indexes that are missing; cheap when they are there."""
        self._uploads.create_indexes(
            [
                IndexModel("due_at", name="due", sparse=True),
                IndexModel("forget_at", name="forget", expireAfterSeconds=0),
                IndexModel([("status", 1), ("principal", 1)], name="open"),
            ]
        )

    @database_failures
    def record(self, upload: Upload, *, due_at: datetime | None = None) -> None:
        """Keeps a new upload; one of that id that is there already stays as it is."""
        told = document_of(upload) | {"due_at": due_at or upload.expires_at}
        name = {"_id": text(told.pop("_id"))}
        self._uploads.update_one(name, {"$setOnInsert": told}, upsert=True)

    @database_failures
    def find(self, id: str, principal: str) -> Upload:
        """The upload, for whom it belongs to. Raises NotFoundError."""
        document = self._uploads.find_one({"_id": text(id), "principal": text(principal)})
        if document is None:
            raise NotFoundError("There is no such upload.")
        return upload_of(document)

    @database_failures
    def whose(self, id: str) -> str:
        """Whose upload that is, of which the bytes come here. Raises NotFoundError."""
        here = {"_id": text(id), "store": {"$exists": False}}
        document = self._uploads.find_one(here, {"principal": 1})
        if document is None:
            raise NotFoundError("There is no such upload.")
        return str(document["principal"])

    @database_failures
    def reserved(self, principal: str | None = None) -> tuple[int, int]:
        """How many uploads of somebody are open, and how many bytes they may still bring; or of
        all those whose bytes come here."""
        whose: Document = {"store": {"$exists": False}}
        if principal is not None:
            whose = {"principal": text(principal)}
        coming = {"$max": [0, {"$subtract": [{"$ifNull": ["$bytes", 0]}, "$offset"]}]}
        pipeline: list[Document] = [
            {"$match": {"status": UploadStatus.PENDING.value, **whose}},
            {"$group": {"_id": None, "count": {"$sum": 1}, "bytes": {"$sum": coming}}},
        ]
        found = next(iter(self._uploads.aggregate(pipeline)), {"count": 0, "bytes": 0})
        return int(found["count"]), int(found["bytes"])

    # What the holder of the lease does.

    @database_failures
    def add(
        self, upload: Upload, part: Part, *, holder: str, release: bool, **told: Any
    ) -> Upload | None:
        """The upload with that part and what is ``told`` besides; ``None`` when it is not ours."""
        offset, now = part.offset + part.bytes, self._now()
        size = told.get("bytes", upload.bytes)
        changes = {
            **told,
            "offset": offset,
            "expires_at": now + KEPT,
            "due_at": now if size == offset and not upload.notes else now + KEPT,
        }
        update: Document = {"$set": changes, "$push": {"parts": asdict(part)}}
        held = upload_held(upload.id, holder) | {"offset": part.offset}
        return self._changed(held, update | (UNLEASED if release else {}))

    @database_failures
    def note(self, id: str, *, holder: str, **told: Any) -> Upload | None:
        """The upload with what is ``told``; ``None`` when it is not ours."""
        return self._changed(upload_held(id, holder), {"$set": told})

    @database_failures
    def begin_processing(
        self, id: str, *, holder: str, lease_s: float, if_due: bool = False
    ) -> Upload | None:
        """The upload, ``holder``'s to finish: whole, or perhaps so in its store. ``None`` when it
        is not to be finished now, or somebody else is at it, or was just now (``if_due``)."""
        unfinished = [UploadStatus.PENDING.value, UploadStatus.PROCESSING.value]
        ready = {"_id": text(id), "status": {"$in": unfinished}, **_whole()}
        if if_due:
            ready["due_at"] = {"$lte": self._now()}
        update = lease_to(holder, lease_s)
        update["$set"] |= {
            "status": UploadStatus.PROCESSING.value,
            "due_at": self._now() + timedelta(seconds=lease_s),
        }
        update["$unset"] = {"hinted": ""}
        return self._changed(ready, update)

    @database_failures
    def leave(self, id: str) -> None:
        """Leaves an upload that is whole, or may be so in its store, for others to finish now."""
        whole = {"_id": text(id), "status": UploadStatus.PENDING.value, **_whole()}
        told = {"status": UploadStatus.PROCESSING.value, "due_at": self._now(), "hinted": True}
        self._uploads.update_one(whole, {"$set": told})

    @database_failures
    def await_arrival(self, id: str, *, holder: str, due_at: datetime) -> None:
        """Nothing of an upload of ours has arrived at its store: that is asked again later; at once
        where somebody has hinted at it meanwhile."""
        told = {"status": UploadStatus.PENDING.value}
        update: Document = {"$unset": {**UNLEASED["$unset"], "problem": "", "hinted": ""}}
        unhinted = upload_held(id, holder) | {"hinted": {"$exists": False}}
        later = update | {"$set": told | {"due_at": due_at}}
        if not self._uploads.update_one(unhinted, later).matched_count:
            now = update | {"$set": told | {"due_at": self._now()}}
            self._uploads.update_one(upload_held(id, holder), now)

    @database_failures
    def put_off(self, id: str, *, holder: str, pause_s: float, problem: dict[str, Any]) -> None:
        """Leaves an upload of ours for later."""
        due_at = self._now() + timedelta(seconds=pause_s)
        told = {"due_at": due_at, "problem": problem}
        self._uploads.update_one(upload_held(id, holder), {"$set": told, **UNLEASED})

    @database_failures
    def give_back(self, id: str, *, holder: str) -> None:
        """Lets others go on at once with an upload of ours; harmless when it is none."""
        now = {"lease.lasts_s": 0, "due_at": self._now()}
        processing = {**upload_held(id, holder), "status": UploadStatus.PROCESSING.value}
        self._uploads.update_one(processing, {"$set": now})

    @database_failures
    def end(self, id: str, status: UploadStatus, *, holder: str, **told: Any) -> Upload:
        """The upload, ended; its parts may go. Raises ConflictError when it is not ours."""
        changes = {**told, "status": status.value, "due_at": self._now()}
        update: Document = {"$set": changes, "$unset": {"lease": "", "wanted": ""}}
        if "problem" not in told:
            update["$unset"]["problem"] = ""
        ended = self._changed(upload_held(id, holder), update)
        if ended is None:
            raise ConflictError("Somebody else has taken over this upload.")
        return ended

    @database_failures
    def forget_parts(self, id: str) -> None:
        """Nothing is left to do for an upload that has ended: its parts are deleted."""
        ended = {"_id": text(id), "status": {"$in": _ENDED}}
        told = {"parts": [], "forget_at": self._now() + KEPT}
        self._uploads.update_one(ended, {"$set": told, "$unset": {"due_at": ""}})

    @database_failures
    def look_again(self, id: str, *, due_at: datetime) -> None:
        """Something of an upload that has ended may be left then, or may still arrive."""
        ended = {"_id": text(id), "status": {"$in": _ENDED}}
        self._uploads.update_one(ended, {"$set": {"due_at": due_at}})

    @database_failures
    def remove(self, id: str) -> None:
        """Forgets an upload that has ended: at once, or when nothing of it can arrive any more;
        until then it is nobody's."""
        ended = {"_id": text(id), "status": {"$in": _ENDED}}
        here = {"$or": [{"store": {"$exists": False}}, {"due_at": {"$exists": False}}]}
        if not self._uploads.delete_one(ended | here).deleted_count:
            self._uploads.update_one(ended, {"$set": {"principal": ""}})

    # What must be done.

    @database_failures
    def due(self, *, limit: int) -> Sequence[Upload]:
        """Uploads about which something must be done now, the longest due first."""
        found = self._uploads.find({"due_at": {"$lte": self._now()}}).sort("due_at", 1)
        return [upload_of(document) for document in found.limit(limit)]

    @database_failures
    def hurry(self, store: str, keys: Sequence[str]) -> int:
        """How many uploads are looked at now, because something may have arrived for them there;
        or again, by whoever is at it."""
        named = {"_id": {"$in": [text(key) for key in keys]}, "store": text(store)}
        waiting = named | {"status": UploadStatus.PENDING.value}
        due = {"$set": {"due_at": self._now(), "hinted": True}}
        hurried = self._uploads.update_many(waiting, due).matched_count
        looked_at = named | {"status": UploadStatus.PROCESSING.value}
        hinted = self._uploads.update_many(looked_at, {"$set": {"hinted": True}})
        return hurried + hinted.matched_count

    @database_failures
    def names_part(self, id: str, name: str) -> bool:
        """Whether that part is one of the upload's."""
        named = {"_id": text(id), "parts.name": text(name)}
        return self._uploads.find_one(named, {"_id": 1}) is not None


_ENDED = [UploadStatus.READY.value, UploadStatus.FAILED.value, UploadStatus.EXPIRED.value]


def _whole() -> Document:
    """The condition that every byte is here, or may be in its store, and nobody has it."""
    ready = {"$or": [{"$eq": ["$offset", "$bytes"]}, {"$gt": ["$store", ""]}]}
    return {"$expr": {"$and": [ready, RUN_OUT["$expr"]]}}
