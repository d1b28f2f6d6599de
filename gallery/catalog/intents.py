"""Intents: the pending document that every upload begins with, leased to whoever works on it."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId
from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from gallery.catalog import leases
from gallery.catalog.documents import (
    UNSHOWN,
    Document,
    arrival_of,
    document_of,
    image_of,
    migrating_to,
    text,
)
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import (
    MIGRATING_LEASE,
    REPLACING_LEASE,
    RUN_OUT,
    given_up,
    held_by,
    lease_to,
    run_out,
)
from gallery.catalog.records import ImageRecords
from gallery.errors import ConflictError
from gallery.model import Image, Status, StoredObject

INDEXES = [
    IndexModel("id", name="id", unique=True),
    # Sparse: only those that hold their bytes for themselves meet here.
    IndexModel("content", name="content", unique=True, sparse=True),
]

_TRIES = 3


class ContentTakenError(Exception):
    """Another image, pending or ready, holds the same bytes: see ``find_by_content``."""


class Intents(ImageRecords):
    """Pending images, from their first word to ready."""

    @database_failures
    def record_intent(
        self, image: Image, *, unique_content: bool, holder: str, lease_s: float
    ) -> Image:
        """The image as recorded, pending and with its ``order``; ``holder`` has it for ``lease_s``.

        Without ``unique_content`` the image holds its bytes for itself only if nobody else does.
        Raises ContentTakenError, and ConflictError when its id or public id is known already.
        """
        document = document_of(image) | {"_id": arrival_of(image), "status": Status.PENDING.value}
        if image.sha256 and image.resource_type == "image":
            document["content"] = image.sha256
        for _ in range(_TRIES):
            try:
                self._insert(document, holder=holder, lease_s=lease_s)
            except DuplicateKeyError as error:
                if self.find_by_content(document.get("content", "")):
                    if unique_content:
                        raise ContentTakenError from error
                    del document["content"]
                elif self._images.find_one({"$or": _names(image)}, {"_id": 1}):
                    raise ConflictError("An image with this name exists already.") from error
            else:
                return image_of(document)
        raise ConflictError("The same photo is being added and removed at the moment.")

    def _insert(self, document: Document, *, holder: str, lease_s: float) -> None:
        # An upsert that matches nothing: unlike an insert it can write the database's own time.
        self._images.update_one(
            {"_id": document["_id"], "lease": {"$exists": False}},
            {
                "$setOnInsert": {name: value for name, value in document.items() if name != "_id"},
                **lease_to(holder, lease_s),
            },
            upsert=True,
        )

    @database_failures
    def find_by_content(self, sha256: str) -> Image | None:
        """The pending or ready image that holds these bytes."""
        document = self._images.find_one({"content": text(sha256)}, UNSHOWN)
        return image_of(document) if document else None

    @database_failures
    def make_ready(self, id: str, *, holder: str, stored: StoredObject, url: str) -> Image:
        """The image, to be seen from now on, or kept when it is no picture.

        Raises ConflictError when another has its lease.
        """
        ours = _held(id, holder)
        pending = self._images.find_one(ours, UNSHOWN)
        if pending is None:
            raise _taken_over()
        # Only its holder changes a pending document: what was read still holds at the flip.
        ready = self._images.find_one_and_update(
            ours,
            {"$set": self._made_ready(image_of(pending), stored, url), "$unset": {"lease": ""}},
            UNSHOWN,
            return_document=ReturnDocument.AFTER,
        )
        if ready is None:
            raise _taken_over()
        image = image_of(ready)
        if image.status is Status.READY:
            self._tag_counts.change(before=(), after=image.tags)
        return image

    def _made_ready(self, image: Image, stored: StoredObject, url: str) -> Document:
        status = Status.READY if image.resource_type == "image" else Status.KEPT
        told = {
            "status": status.value,
            "url": url,
            "bytes": stored.bytes,
            "etag": stored.etag,
            "store_version": stored.store_version,
            "updated_at": self._now(),
            "terms": self._learnt_terms(image),
            "migrating": self._ready_to_go(image) if image.moving_to else None,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _ready_to_go(self, image: Image) -> Document:
        return migrating_to(image.moving_to, image.key) | {"since": self._now()}

    @database_failures
    def renew(self, id: str, *, holder: str, lease_s: float) -> bool:
        """Whether the lease is still ours, and then lasts anew."""
        return self._lease_to(_held(id, holder), holder, lease_s)

    @database_failures
    def give_back(self, id: str, *, holder: str) -> None:
        """Lets others go on at once with an intent of ours, whose object may be there or still
        come."""
        self._lease_to(_held(id, holder), holder, 0)

    @database_failures
    def take_over(self, id: str, *, holder: str, lease_s: float, for_s: float = 0) -> bool:
        """Whether the lease had run out, ``for_s`` ago or longer, and is ours now."""
        pending = {"id": text(id), "status": Status.PENDING.value, **run_out(for_s=for_s)}
        return self._lease_to(pending, holder, lease_s)

    @database_failures
    def resume(self, image: Image, *, holder: str, lease_s: float) -> Image | None:
        """The intent that somebody left who had the same bytes for the same image, ours now;
        ``None`` when there is none, or its lease lasts.

        Its object may be there, or still come: under the same key, with the same bytes.
        """
        left = {"id": text(image.id), "sha256": text(image.sha256), **_interrupted()}
        document = self._images.find_one_and_update(
            left, lease_to(holder, lease_s), UNSHOWN, return_document=ReturnDocument.AFTER
        )
        return image_of(document) if document else None

    @database_failures
    def still_comes(self, id: str) -> bool:
        """Whether an intent is being undone whose object came just now, after it was given up:
        whoever undoes it leaves it to the next one."""
        undone = {"id": text(id), "status": Status.DELETING.value, "url": ""}
        return self._lease_to(undone, "", 0)

    def _lease_to(self, query: Document, holder: str, lease_s: float) -> bool:
        return self._images.update_one(query, lease_to(holder, lease_s)).matched_count == 1

    @database_failures
    def interrupted(
        self, *, limit: int, behind: str = "", begun_before: datetime | None = None
    ) -> list[Image]:
        """Pending images whose lease has run out, the oldest first, behind one's ``order``.

        Of leases ``begun_before`` that moment the holders are known to be dead.
        """
        query = {"status": Status.PENDING.value, **given_up(begun_before=begun_before)}
        if behind:
            query["_id"] = {"$gt": ObjectId(behind)}
        found = self._images.find(query, UNSHOWN).sort("_id", 1).limit(limit)
        return [image_of(document) for document in found]

    @database_failures
    def is_given_up(
        self, id: str, *, for_s: float = 0, begun_before: datetime | None = None
    ) -> bool:
        """Whether an image is pending and its lease has run out, ``for_s`` ago or longer.

        Of leases ``begun_before`` that moment the holders are known to be dead.
        """
        pending = {"id": text(id), "status": Status.PENDING.value}
        query = {**pending, **given_up(begun_before=begun_before, for_s=for_s)}
        return self._images.find_one(query, {"_id": 1}) is not None

    @database_failures
    def end_leases(self, *, begun_before: datetime) -> None:
        """Ends the leases of holders that are known to be dead since that moment."""
        begun = [Status.PENDING.value, Status.DELETING.value]
        leased = {"status": {"$in": begun}, **leases.begun_before(begun_before)}
        self._images.update_many(leased, leases.ended())
        replaced = {
            "replacing.key": {"$exists": True},
            **leases.begun_before(begun_before, REPLACING_LEASE),
        }
        self._images.update_many(replaced, leases.ended(REPLACING_LEASE))
        moved = {
            "migrating.to": {"$gt": ""},
            **leases.begun_before(begun_before, MIGRATING_LEASE),
        }
        self._images.update_many(moved, leases.ended(MIGRATING_LEASE))

    @database_failures
    def abort_intent(self, id: str, *, holder: str) -> bool:
        """Whether it was ours to give up. Nobody can make it ready any more: its object goes next,
        then ``remove``, by us for as long as the lease lasts. Its bytes may be uploaded anew."""
        aborted = self._images.update_one(
            _held(id, holder),
            {
                "$set": {"status": Status.DELETING.value, "updated_at": self._now()},
                "$unset": {"content": ""},
            },
        )
        return aborted.matched_count == 1

    @database_failures
    def remove_aborted(self, id: str, *, holder: str) -> None:
        """Forgets an intent that we gave up and whose object is gone, unless that came since."""
        self._images.delete_one(
            {"id": text(id), "status": Status.DELETING.value, **held_by(holder)}
        )

    @database_failures
    def drop_intent(self, id: str, *, holder: str) -> bool:
        """Whether there was a pending image of ours to forget."""
        return self._images.delete_one(_held(id, holder)).deleted_count == 1


def _names(image: Image) -> list[Document]:
    named = [{"asset_id": text(image.asset_id)}] if image.asset_id else []
    return [
        *named,
        {"id": text(image.id)},
        {
            "public_id": text(image.public_id),
            "resource_type": text(image.resource_type),
            "type": text(image.type),
        },
    ]


def _held(id: str, holder: str) -> Document:
    return {"id": text(id), "status": Status.PENDING.value, **held_by(holder)}


def _interrupted() -> Document:
    return {"status": Status.PENDING.value, **RUN_OUT}


def _taken_over() -> ConflictError:
    return ConflictError("Somebody else has taken over this upload.")
