"""What happens to an image after it was ready: edits, the trash, its end.

Each is one conditional write: of two who change an image at once both are heard, or the later one
is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from bson import ObjectId
from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from gallery.catalog.documents import UNSHOWN, Document, image_of, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import (
    LATE_S,
    MIGRATING_LEASE,
    REPLACING_LEASE,
    given_up,
    run_out,
)
from gallery.catalog.leaving import NOTHING_COMES
from gallery.catalog.records import ImageRecords
from gallery.errors import ConflictError, NotFoundError, VersionMismatchError
from gallery.model import Edit, Image, Status

INDEXES = [IndexModel("trashed_at", name="trash", sparse=True)]

_EDIT_TRIES = 20
"""An edit that meets another begins anew; each round, one of them gets through."""


class Changing(ImageRecords):
    """Edits of ready images, and their way out."""

    def edit(self, id: str, change: Edit, *, version: int | None) -> Image:
        """The image with the change. Raises VersionMismatchError unless ``version`` is its version.

        ``None`` changes whatever version there is.
        """
        return self.revise(id, lambda _: change, version=version)

    @database_failures
    def revise(
        self, id: str, change_of: Callable[[Image], Edit | None], *, version: int | None = None
    ) -> Image:
        """The image with the change that hangs on what it is now; ``None`` leaves it as it is.

        Raises as ``edit`` does, and what ``change_of`` raises.
        """
        for _ in range(_EDIT_TRIES):
            before = self._ready(id, version)
            if (change := change_of(before)) is None:
                return before
            named = {name: value for name, value in asdict(change).items() if value is not None}
            told = {
                **named,
                "terms": self._learnt_terms(replace(before, **named)),
                "updated_at": self._now(),
            }
            document = self._images.find_one_and_update(
                {"id": id, "status": Status.READY.value, "version": before.version},
                {"$set": told, "$inc": {"version": 1}},
                UNSHOWN,
                return_document=ReturnDocument.AFTER,
            )
            if document is not None:
                after = image_of(document)
                self._tag_counts.change(before=before.tags, after=after.tags)
                return after
        raise ConflictError("Too many are changing this photo at once. Please try again.")

    def _ready(self, id: str, version: int | None) -> Image:
        # The newest there is: the write that follows is refused if it is no longer so.
        newest = self._images.with_options(read_concern=ReadConcern("local"))
        document = newest.find_one({"id": text(id)}, UNSHOWN)
        if document is None or document["status"] != Status.READY:
            raise _not_found()
        if version is not None and document["version"] != version:
            raise _changed_meanwhile()
        return image_of(document)

    @database_failures
    def trash(self, id: str, *, version: int | None = None) -> Image:
        """The image, hidden at once; its bytes may be uploaded anew. Raises as ``edit`` does."""
        return self._hide(id, version, (Status.READY,), Status.TRASHED, trashed_at=self._now())

    @database_failures
    def restore(self, id: str) -> Image:
        """The image, back from the trash; one that is ready already stays as it is.

        If its bytes were uploaded again meanwhile, both stay.
        """
        image = self._find({"id": text(id)}, (Status.TRASHED, Status.READY))
        if image.status is Status.READY:
            return image
        try:
            document = self._show(id, content=image.sha256)
        except DuplicateKeyError:
            document = self._show(id, content="")
        if document is None:
            raise _not_found()
        restored = image_of(document)
        self._tag_counts.change(before=(), after=restored.tags)
        return restored

    def _show(self, id: str, *, content: str) -> Document | None:
        told: Document = {"status": Status.READY.value, "updated_at": self._now()}
        if content:
            told["content"] = content
        shown: Document | None = self._images.find_one_and_update(
            {"id": id, "status": Status.TRASHED.value},
            {"$set": told, "$unset": {"trashed_at": "", "hidden_id": ""}, "$inc": {"version": 1}},
            UNSHOWN,
            return_document=ReturnDocument.AFTER,
        )
        return shown

    @database_failures
    def expired_trash(self, *, before: datetime, limit: int) -> list[Image]:
        """Images trashed before that moment, the longest ago first."""
        found = self._images.find({"trashed_at": {"$lt": before}}, UNSHOWN)
        return [image_of(document) for document in found.sort("trashed_at", 1).limit(limit)]

    @database_failures
    def mark_trash_deleting(self, *, before: datetime, limit: int) -> int:
        """How many of the images trashed up to that moment, the longest ago first, are deleting
        now; fewer than ``limit`` means that no more are left."""
        found = self._images.find({"trashed_at": {"$lte": before}}, {"id": 1, "trashed_at": 1})
        trashed = list(found.sort("trashed_at", 1).limit(limit))
        now = self._now()
        marks = [
            UpdateOne(
                {"_id": each["_id"], "trashed_at": each["trashed_at"]},
                {
                    "$set": {
                        "status": Status.DELETING.value,
                        "gone_id": each["id"],
                        "updated_at": now,
                    },
                    "$unset": {"content": "", "trashed_at": ""},
                    "$inc": {"version": 1},
                },
            )
            for each in trashed
        ]
        return self._images.bulk_write(marks, ordered=False).modified_count if marks else 0

    @database_failures
    def mark_deleting(self, id: str, *, version: int | None = None) -> Image:
        """The image, hidden for ever; again is success. Its bytes go next, then ``remove``."""
        found = self._find({"id": text(id)}, tuple(Status))
        if found.status is Status.DELETING:
            return found
        if found.status is Status.KEPT:
            return self._hide(id, version, (Status.KEPT,), Status.DELETING)
        return self._hide(id, version, (Status.READY, Status.TRASHED), Status.DELETING)

    @database_failures
    def count_expired_trash(self, *, before: datetime) -> int:
        """How many images were trashed before that moment."""
        return self._images.count_documents({"trashed_at": {"$lt": before}})

    @database_failures
    def unfinished_deletes(
        self,
        *,
        limit: int,
        behind: str = "",
        begun_before: datetime | None = None,
        late_in: Collection[str] = (),
        late_s: float = LATE_S,
    ) -> list[Image]:
        """Images whose deletion was begun, the oldest first, behind one's ``order``.

        Not those that the holder of a lease is just deleting (``abort_intent``), or had until less
        than ``late_s`` ago, where an object may still come to one of the stores ``late_in``. Of
        leases ``begun_before`` that moment the holders are known to be dead, and nothing comes.
        """
        elsewhere = {"$in": [text(each) for each in late_in]}
        nothing_comes = {"$nor": [{"store": elsewhere}, {"migrating.to": elsewhere}]}
        nobodys = [
            {"lease": {"$exists": False}},
            {**nothing_comes, "$and": [given_up(begun_before=begun_before)]},
            given_up(begun_before=begun_before, for_s=late_s),
        ]
        query: Document = {"status": Status.DELETING.value, "$or": nobodys}
        if behind:
            query["_id"] = {"$gt": ObjectId(behind)}
        found = self._images.find(query, UNSHOWN)
        return [image_of(document) for document in found.sort("_id", 1).limit(limit)]

    @database_failures
    def remove(self, id: str, *, late_s: float = LATE_S) -> None:
        """Forgets an image that is marked deleting. Its id is not used again.

        One that somebody is just replacing or moving stays until ``late_s`` after his lease: an
        object may still come.
        """
        deleting = {"id": text(id), "status": Status.DELETING.value}
        held = ("replacing", "migrating.lease", "leaving.until")
        free = {name: {"$exists": False} for name in held}
        gone = self._images.delete_one({**deleting, **free})
        if gone.deleted_count == 0:
            leases = (REPLACING_LEASE, MIGRATING_LEASE)
            ended = [*(run_out(each, for_s=late_s) for each in leases), NOTHING_COMES]
            self._images.delete_one({**deleting, "$and": ended})

    def _hide(
        self,
        id: str,
        version: int | None,
        among: Sequence[Status],
        status: Status,
        *,
        trashed_at: datetime | None = None,
    ) -> Image:
        now = self._now()
        told: Document = {"status": status.value, "updated_at": now}
        if Status.KEPT not in among:  # Nobody was shown that one.
            told["hidden_id"] = text(id)
            if status is Status.DELETING:
                told["gone_id"] = text(id)
        gone = {"content": ""}
        if trashed_at is None:
            gone["trashed_at"] = ""
        else:
            told["trashed_at"] = trashed_at
        query: Document = {"id": id, "status": {"$in": [each.value for each in among]}}
        document = self._images.find_one_and_update(
            query if version is None else query | {"version": version},
            {"$set": told, "$unset": gone, "$inc": {"version": 1}},
            UNSHOWN,
            return_document=ReturnDocument.BEFORE,
        )
        if document is None:
            self._find({"id": text(id)}, among)
            raise _changed_meanwhile()
        before = image_of(document)
        if before.status is Status.READY:
            self._tag_counts.change(before=before.tags, after=())
        return replace(
            before,
            status=status,
            version=before.version + 1,
            updated_at=now,
            trashed_at=trashed_at,
        )


def _not_found() -> NotFoundError:
    return NotFoundError("There is no such photo.")


def _changed_meanwhile() -> VersionMismatchError:
    return VersionMismatchError("Somebody changed this photo first. Load it again to see it.")
