"""Replacements: another picture takes the place of one that is there, under a key of its own.

What is on its way lies in the image's own document, leased like an intent:

============================ =======================================================================
``replacing.store``, ``key`` where its object goes
``replacing.becomes``        fields of the document that change with it
``replacing.gone``           names of those that go
``replacing.lease``          as of a pending image
============================ =======================================================================

The flip to the new picture is one write, which names what is left behind (``leaving.py``), so at
every moment the document names an object that is
there, and every other object that may be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from gallery.catalog import leases
from gallery.catalog.documents import (
    UNSHOWN,
    Document,
    document_of,
    image_of,
    migrating_to,
    text,
)
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import LATE_S, MIGRATING_LEASE, given_up, held_by, lease_to
from gallery.catalog.leases import REPLACING_LEASE as LEASE
from gallery.catalog.leaving import ObjectName, left_by
from gallery.catalog.records import ImageRecords
from gallery.errors import ConflictError, InProgressError, NotFoundError, VersionMismatchError
from gallery.model import Image, Status, StoredObject

INDEXES = [IndexModel("replacing.key", name="replacing", sparse=True)]

_SHOWN = [Status.READY.value, Status.KEPT.value]
_TRIES = 20
_OWN = {"_id", "id", "status", "version", "url", "etag", "store_version"}
"""Fields that a replacement never brings along: the flip itself writes some of them."""

_OF_MOVES = ("migrating", "moved", "staying", "earlier_versions")
"""What is recorded of where a picture was or goes to; it says nothing of the next one."""

_READ = {name: 0 for name in UNSHOWN if name not in ("replacing", "replacements")}
_MENDED = {**_READ, "replacements": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """An image as it is, and as it will be; the store's own word on that is still to come."""

    image: Image
    after: Image


class Replacing(ImageRecords):
    """Images that get another picture."""

    @database_failures
    def record_replacement(
        self,
        id: str,
        become: Callable[[Image, str], Image],
        *,
        version: int | None,
        holder: str,
        lease_s: float,
    ) -> Replacement:
        """What is to happen, as recorded; ``holder`` has it for ``lease_s``.

        ``become`` makes the image as it will be, of the image as it is and a key that was never
        used. Raises NotFoundError, VersionMismatchError unless ``version`` is the image's version,
        and InProgressError while another replacement is on its way.
        """
        for _ in range(_TRIES):
            document = self._images.find_one({"id": text(id), "status": {"$in": _SHOWN}}, _READ)
            if document is None:
                raise NotFoundError("There is no such photo.")
            if version is not None and document["version"] != version:
                raise VersionMismatchError(
                    "Somebody changed this photo first. Load it again to see it."
                )
            if "replacing" in document:
                raise InProgressError("This photo is being replaced right now.", retry_after_s=1)
            count = document.get("replacements", 0)
            image = image_of(document)
            after = become(image, f"{id}.{count + 1}")
            if self._begin(image, after, count, holder, lease_s):
                return Replacement(image=image, after=after)
        raise ConflictError("Too many are changing this photo at once. Please try again.")

    def _begin(self, image: Image, after: Image, count: int, holder: str, lease_s: float) -> bool:
        before, becomes = document_of(image), document_of(after)
        lease = lease_to(holder, lease_s, LEASE)
        told = {
            "replacements": count + 1,
            "replacing.store": after.store,
            "replacing.key": after.key,
            "replacing.becomes": _changed(becomes, before),
            "replacing.gone": sorted(before.keys() - becomes.keys() - _OWN),
        }
        begun = self._images.update_one(
            {
                "id": image.id,
                "status": image.status.value,
                "version": image.version,
                "replacing": {"$exists": False},
                "replacements": count or {"$exists": False},
            },
            {**lease, "$set": lease["$set"] | told},
        )
        return begun.matched_count == 1

    @database_failures
    def spool_replacement(
        self, replacement: Replacement, *, store: str, holder: str, lease_s: float
    ) -> Replacement | None:
        """The same replacement with ``store`` to lie in for now, ``holder`` having it for
        ``lease_s`` from now on; ``None`` when it was taken over.

        An object may be, or still come, where it was to be put first: there it goes later.
        """
        after = replacement.after
        spooled = replace(after, store=store, moving_to=after.store)
        lease = lease_to(holder, lease_s, LEASE)
        told = {
            "replacing.store": store,
            "replacing.becomes.store": store,
            "replacing.becomes.migrating": migrating_to(after.store, after.key),
        }
        spooling = self._images.update_one(
            {"id": text(after.id), **held_by(holder, LEASE)},
            {
                **lease,
                "$set": lease["$set"] | told,
                "$pull": {"replacing.gone": "migrating"},
            },
        )
        return replace(replacement, after=spooled) if spooling.matched_count else None

    @database_failures
    def finish_replacement(self, id: str, *, holder: str, stored: StoredObject, url: str) -> Image:
        """The image after the flip. Raises ConflictError when it is not ours to flip: taken over,
        or the image hidden meanwhile."""
        held = {"id": text(id), "status": {"$in": _SHOWN}, **held_by(holder, LEASE)}
        for content in (True, False):
            for _ in range(_TRIES):
                document = self._images.find_one(held)
                if document is None:
                    raise ConflictError("This photo was changed or deleted in the meantime.")
                try:
                    flipped = self._flip(document, held, stored, url, content=content)
                except DuplicateKeyError:
                    break  # Another image holds these bytes for itself.
                if flipped is not None:
                    before, after = image_of(document), image_of(flipped)
                    if before.status is Status.READY:
                        self._tag_counts.change(before=before.tags, after=after.tags)
                    return after
        raise ConflictError("Too many are changing this photo at once. Please try again.")

    def _flip(
        self, document: Document, held: Document, stored: StoredObject, url: str, *, content: bool
    ) -> Document | None:
        replacing = document["replacing"]
        becomes: Document = replacing["becomes"]
        told = {
            **becomes,
            "store": replacing["store"],
            "url": url,
            "bytes": stored.bytes,
            "etag": stored.etag,
            "store_version": stored.store_version,
            "updated_at": self._now(),
            "terms": self._learnt_terms(_after(document)),
        }
        # It may have begun to move, or moved, since this replacement was recorded.
        of_moves = [each for each in _OF_MOVES if each not in becomes]
        gone = dict.fromkeys((*replacing["gone"], *of_moves, "replacing"), "")
        if content and document["status"] == Status.READY and "sha256" in becomes:
            told["content"] = becomes["sha256"]
        elif "sha256" in becomes:
            gone["content"] = ""
        flipped: Document | None = self._images.find_one_and_update(
            {**held, "version": document["version"], **_moved_by_nobody_else(document)},
            {
                "$set": told,
                "$unset": gone,
                "$inc": {"version": 1},
                "$push": {"leaving": {"$each": left_by(document)}},
            },
            UNSHOWN,
            return_document=ReturnDocument.AFTER,
        )
        return flipped

    @database_failures
    def renew_replacement(self, id: str, *, holder: str, lease_s: float) -> bool:
        """Whether the lease is still ours, and then lasts anew."""
        renewed = self._images.update_one(
            {"id": text(id), **held_by(holder, LEASE)}, lease_to(holder, lease_s, LEASE)
        )
        return renewed.matched_count == 1

    @database_failures
    def drop_replacement(
        self, id: str, *, holder: str, left: Sequence[ObjectName], late: Collection[str] = ()
    ) -> bool:
        """Whether the replacement was ours to give up. It will not come about any more; objects
        that it left are to be deleted as those that were replaced.

        To the stores ``late`` they may still come: there they are deleted when none can any more.
        """
        update: Document = {"$unset": {"replacing": ""}}
        if left:
            places: list[Document] = [{"store": each.store, "key": each.key} for each in left]
            if late:
                until = self._database_now() + timedelta(seconds=LATE_S)
                places += [each | {"until": until} for each in places if each["store"] in late]
            update["$push"] = {"leaving": {"$each": places}}
        dropped = self._images.update_one({"id": text(id), **held_by(holder, LEASE)}, update)
        return dropped.matched_count == 1

    @database_failures
    def interrupted_replacements(
        self, *, limit: int, behind: str = "", begun_before: datetime | None = None
    ) -> list[Replacement]:
        """Replacements whose lease has run out, in the order of their keys, behind one of them.

        Of leases ``begun_before`` that moment the holders are known to be dead.
        """
        query = {
            "replacing.key": {"$gt": text(behind)},
            **given_up(LEASE, begun_before=begun_before),
        }
        found = self._images.find(query, _MENDED).sort("replacing.key", 1)
        return [
            Replacement(image=image_of(document), after=_after(document))
            for document in found.limit(limit)
        ]

    @database_failures
    def interrupted_replacement(self, id: str) -> Replacement | None:
        """The replacement of that image, if there is one whose lease has run out."""
        found = self._images.find_one({"id": text(id), **_interrupted()}, _MENDED)
        return Replacement(image=image_of(found), after=_after(found)) if found else None

    @database_failures
    def take_over_replacement(self, id: str, *, holder: str, lease_s: float) -> bool:
        """Whether the lease had run out, and is ours now."""
        taken = self._images.update_one(
            {"id": text(id), **_interrupted()}, lease_to(holder, lease_s, LEASE)
        )
        return taken.matched_count == 1


def _moved_by_nobody_else(document: Document) -> Document:
    """The condition that nobody has begun to move the image since the document was read."""
    lease = document.get("migrating", {}).get("lease")
    name = f"{MIGRATING_LEASE}.holder"
    return {name: lease["holder"] if lease else {"$exists": False}}


def _changed(becomes: Document, before: Document) -> dict[str, Any]:
    return {
        name: value
        for name, value in becomes.items()
        if name not in _OWN and value != before.get(name)
    }


def _after(document: Document) -> Image:
    replacing = document["replacing"]
    kept = {name: value for name, value in document.items() if name not in replacing["gone"]}
    return image_of({**kept, **replacing["becomes"], "store": replacing["store"]})


def _interrupted() -> Document:
    return {"replacing.key": {"$exists": True}, **leases.run_out(LEASE)}
