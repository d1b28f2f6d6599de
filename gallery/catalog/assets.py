"""Images under their names in Cloudinary's language: a public id for each kind, and an asset id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId
from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern

from gallery.catalog.documents import UNSHOWN, Document, document_of, image_of, text
from gallery.catalog.failures import database_failures
from gallery.catalog.records import ImageRecords
from gallery.catalog.terms import tag_term
from gallery.errors import ConflictError, NotFoundError
from gallery.model import Image, Particulars, Status
from gallery.signing import new_asset_id

INDEXES = [
    IndexModel(
        [("public_id", 1), ("resource_type", 1), ("type", 1)], name="public_id_of_kind", unique=True
    ),
    # Sparse: images of the tests of the catalog have none.
    IndexModel("asset_id", name="asset_id", unique=True, sparse=True),
]

_FORMER_INDEX = "public_id"
"""Public ids were unique over all kinds, when there was one kind."""

_BATCH = 1000
_TRIES = 20


_DELIVERED = ("resource_type", "type", "public_id", "store_version", "access_mode", "headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredAs:
    """As much of an image as says where it is delivered, and to whom."""

    order: str
    id: str
    public_id: str
    resource_type: str = "image"
    type: str = "upload"
    store_version: str | None = None
    access_mode: str = "authenticated"
    headers: tuple[str, ...] = ()


class Assets(ImageRecords):
    """Finds images by the names that Cloudinary's clients know."""

    @database_failures
    def find_asset(
        self,
        public_id: str,
        *,
        resource_type: str = "image",
        type: str = "upload",
        among: Sequence[Status] = (Status.READY,),
    ) -> Image:
        """The image of that public id and kind, if it is in one of these states.

        Raises NotFoundError.
        """
        name = {
            "public_id": text(public_id),
            "resource_type": text(resource_type),
            "type": text(type),
        }
        return self._find(name, among)

    @database_failures
    def find_assets(
        self,
        public_ids: Iterable[str],
        *,
        resource_type: str,
        type: str,
        among: Sequence[Status],
    ) -> dict[str, Image]:
        """Those of the public ids that there are images of in these states, at once."""
        found = self._images.find(
            {
                "public_id": {"$in": [text(each) for each in public_ids]},
                "resource_type": text(resource_type),
                "type": text(type),
            },
            UNSHOWN,
        )
        images = map(image_of, found)
        return {image.public_id: image for image in images if image.status in among}

    @database_failures
    def delivered_as(self, *, behind: str, limit: int) -> list[DeliveredAs]:
        """What all that can be seen are delivered as, in the order of arrival: a thousand take
        little more than a page of images."""
        after = {"_id": {"$gt": ObjectId(behind)}} if behind else {}
        wanted = dict.fromkeys(("id", *_DELIVERED), 1)
        found = self._images.find({"status": Status.READY.value, **after}, wanted).sort("_id", 1)
        return [_delivered_as(document) for document in found.hint("_id_").limit(limit)]

    @database_failures
    def find_by_asset_id(
        self, asset_id: str, *, among: Sequence[Status] = (Status.READY, Status.KEPT)
    ) -> Image:
        """The image of that asset id, if it is in one of these states. Raises NotFoundError."""
        return self._find({"asset_id": text(asset_id)}, among)

    def find_by_public_id(
        self, public_id: str, *, among: Sequence[Status] = (Status.READY,)
    ) -> Image:
        """The image that the gallery itself names so: of the usual kind. Raises NotFoundError."""
        return self.find_asset(public_id, among=among)

    @database_failures
    def change_asset(self, id: str, tell: Callable[[Image], Particulars]) -> tuple[Image, Image]:
        """The image before and after the change that ``tell`` makes of it as it is.

        Raises NotFoundError, and ConflictError when the new name is taken.
        """
        for _ in range(_TRIES):
            before = self._newest(id)
            changes = tell(before).changes()
            after = replace(before, **changes)
            document = self._write_change(before, after, changes)
            if document is not None:
                changed = image_of(document)
                if changed.status is Status.READY:
                    self._tag_counts.change(before=before.tags, after=changed.tags)
                return before, changed
        raise ConflictError("Too many are changing this photo at once. Please try again.")

    def _newest(self, id: str) -> Image:
        newest = self._images.with_options(read_concern=ReadConcern("local"))
        document = newest.find_one({"id": text(id)}, UNSHOWN)
        if document is None or document["status"] not in (Status.READY, Status.KEPT):
            raise NotFoundError("There is no such photo.")
        return image_of(document)

    def _write_change(
        self, before: Image, after: Image, changes: Mapping[str, Any]
    ) -> Document | None:
        known = document_of(after)
        told = {name: known[name] for name in changes if name in known}
        told |= {"terms": self._learnt_terms(after), "updated_at": self._now()}
        update: Document = {"$set": told, "$inc": {"version": 1}}
        if gone := dict.fromkeys(changes.keys() - known.keys(), ""):
            update["$unset"] = gone
        try:
            changed: Document | None = self._images.find_one_and_update(
                {"id": before.id, "status": before.status.value, "version": before.version},
                update,
                UNSHOWN,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError as error:
            raise ConflictError("An image with this name exists already.") from error
        return changed

    @database_failures
    def give_up_public_id(self, id: str, *, url: str) -> None:
        """Frees the public id of an image that nobody sees: its id takes the place."""
        hidden = {"$in": [Status.TRASHED.value, Status.DELETING.value]}
        self._images.update_one(
            {"id": text(id), "status": hidden}, {"$set": {"public_id": text(id), "url": url}}
        )

    @database_failures
    def tagged(self, tag: str, *, resource_type: str, type: str, limit: int) -> list[Image]:
        """Images of that kind that carry a tag, found by the index of terms."""
        wanted = {
            "terms": tag_term(text(tag)),
            "status": {"$in": [Status.READY.value, Status.KEPT.value]},
            "resource_type": text(resource_type),
            "type": text(type),
        }
        return [image_of(document) for document in self._images.find(wanted, UNSHOWN).limit(limit)]

    def _leave_former_index(self) -> None:
        """Gives images of an earlier version what the indexes ask for, once."""
        if _FORMER_INDEX not in self._images.index_information():
            return
        nameless: list[UpdateOne] = []
        for document in self._images.find({"asset_id": {"$exists": False}}, {"_id": 1}):
            nameless.append(_named(document))
            if len(nameless) == _BATCH:
                self._images.bulk_write(nameless, ordered=False)
                nameless.clear()
        if nameless:
            self._images.bulk_write(nameless, ordered=False)
        with suppress(OperationFailure):  # Another process was first.
            self._images.drop_index(_FORMER_INDEX)


def _delivered_as(document: Document) -> DeliveredAs:
    told = {name: document[name] for name in ("id", *_DELIVERED) if name in document}
    if "headers" in told:
        told["headers"] = tuple(told["headers"])
    return DeliveredAs(order=str(document["_id"]), **told)


def _named(document: Document) -> UpdateOne:
    told = {"asset_id": new_asset_id(), "resource_type": "image", "type": "upload"}
    return UpdateOne({"_id": document["_id"], "asset_id": {"$exists": False}}, {"$set": told})
