"""Images by their names in Cloudinary's language: uploaded, replaced, renamed, told of, destroyed.

They are images of the gallery like any other: the same ingest, the same document.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    ConflictError,
    GalleryError,
    InProgressError,
    InvalidInputError,
    NotFoundError,
)
from gallery.model import Edit, Image, Particulars, Received, Status
from gallery.services.addresses import Addresses
from gallery.services.delivery import Delivery
from gallery.services.ingest import Ingest
from gallery.services.library import Library
from gallery.services.replacing import Replacing

SHOWN = (Status.READY, Status.KEPT)

MAX_PUBLIC_ID = 255

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f?&#\\%<>+\u2028\u2029\ud800-\udfff]")

_WAIT_S, _LOOK_EVERY_S = 8.0, 0.1
"""How long an upload waits for another one to the same name."""

_DELIVERED_BY = (
    *("public_id", "type", "access_mode", "headers", "custom_coordinates", "face_coordinates"),
)
"""Fields that decide what an address delivers, and to whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetName:
    """What a client of Cloudinary calls an image."""

    public_id: str
    resource_type: str = "image"
    type: str = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What became of an upload: the image, and whether it, or its name, was here before."""

    image: Image
    existing: bool = False
    overwritten: bool = False


class Assets:
    """What clients of Cloudinary do with images."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        ingest: Ingest,
        replacing: Replacing,
        library: Library,
        delivery: Delivery,
        addresses: Addresses,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._catalog = catalog
        self._ingest = ingest
        self._replacing = replacing
        self._library = library
        self._delivery = delivery
        self._addresses = addresses
        self._sleep = sleep

    def find(self, name: AssetName) -> Image:
        """The image of that name. Raises NotFoundError."""
        try:
            return self._catalog.find_asset(
                name.public_id, resource_type=name.resource_type, type=name.type, among=SHOWN
            )
        except NotFoundError as error:
            raise not_found(name) from error

    def find_by_id(self, image_id: str) -> Image:
        """The image with that id. Raises NotFoundError."""
        return self._catalog.find(image_id, among=SHOWN)

    def upload(
        self, received: Received, name: AssetName, told: Particulars, *, overwrite: bool
    ) -> Uploaded:
        """What became of the file under that name. Without ``overwrite`` what is there stays.

        Of two at once to the same name one waits for the other. Raises as ingest and replacing do.
        """
        told = replace(
            told, public_id=name.public_id, resource_type=name.resource_type, type=name.type
        )
        for _ in range(round(_WAIT_S / _LOOK_EVERY_S)):
            try:
                done = self._try(received, name, told, overwrite=overwrite)
            except (InProgressError, NotFoundError):
                done = None  # Somebody else is at it, or has deleted it just now.
            if done is not None:
                return done
            self._sleep(_LOOK_EVERY_S)
        raise InProgressError(f"{name.public_id} is being uploaded right now", retry_after_s=1)

    def _try(
        self, received: Received, name: AssetName, told: Particulars, *, overwrite: bool
    ) -> Uploaded | None:
        here = self._holder(name)
        if here is None:
            return self._take(received, name, told)
        if here.status is Status.PENDING:
            self._ingest.make_way(here)
            return None
        if not overwrite:
            return Uploaded(image=here, existing=True)
        now = self._replacing.replace(here, received, particulars=told)
        return Uploaded(image=now, overwritten=True)

    def _take(self, received: Received, name: AssetName, told: Particulars) -> Uploaded | None:
        try:
            outcome = self._ingest.take(received, Edit(), keep_duplicates=True, particulars=told)
        except ConflictError:
            if self._holder(name) is None:
                raise
            return None  # Another upload to the same name was faster.
        return Uploaded(image=outcome.image)

    def _holder(self, name: AssetName) -> Image | None:
        """Who has the name. An image that nobody sees gives it up."""
        try:
            here = self._catalog.find_asset(
                name.public_id,
                resource_type=name.resource_type,
                type=name.type,
                among=tuple(Status),
            )
        except NotFoundError:
            return None
        if here.status in (Status.TRASHED, Status.DELETING):
            url = self._shown_at(replace(here, public_id=here.id)) if here.url else ""
            self._catalog.give_up_public_id(here.id, url=url)
            return None
        return here

    def destroy(self, name: AssetName) -> Image | None:
        """The image that is gone now with all that belonged to it; ``None`` when there was none."""
        try:
            image = self.find(name)
            self._library.purge(image.id)
        except NotFoundError:
            return None
        return image

    def rename(self, name: AssetName, to: AssetName, *, overwrite: bool) -> Image:
        """The image under its new name. Whatever had that name is destroyed with ``overwrite``;
        without, ConflictError is raised."""
        image = self.find(name)
        check_public_id(to.public_id)
        taken = self._holder(to)
        if taken is not None and taken.id != image.id:
            if not overwrite or taken.status not in SHOWN:
                raise taken_already(to)
            # First its name, so that no moment is without one of them.
            self._catalog.mark_deleting(taken.id)
            self._holder(to)
        try:
            renamed = self.change(image, lambda now: self._moved(now, to))
        except ConflictError as error:
            raise taken_already(to) from error
        if taken is not None and taken.id != image.id:
            self._library.purge(taken.id)
        return renamed

    def _moved(self, image: Image, to: AssetName) -> Particulars:
        url = self._shown_at(replace(image, public_id=to.public_id, type=to.type))
        return Particulars(public_id=to.public_id, type=to.type, url=url)

    def change(self, image: Image, tell: Callable[[Image], Particulars]) -> Image:
        """The image with the change that ``tell`` makes of it as it is."""
        before, after = self._catalog.change_asset(image.id, tell)
        if any(getattr(before, each) != getattr(after, each) for each in _DELIVERED_BY):
            self._delivery.forget(before.id)
        return after

    def change_all(
        self, names: Iterable[AssetName], tell: Callable[[Image], Particulars]
    ) -> list[tuple[Image, Image]]:
        """Those that are there, before and after the change."""
        changed = []
        for name in names:
            try:
                changed.append(self._catalog.change_asset(self.find(name).id, tell))
            except NotFoundError:
                continue
        return changed

    def tagged(self, tag: str, *, resource_type: str, type: str) -> list[Image]:
        """Images of that kind that carry the tag; at most a thousand."""
        return self._catalog.tagged(tag, resource_type=resource_type, type=type, limit=1000)

    def _shown_at(self, image: Image) -> str:
        try:
            return self._addresses.shown_at(image)
        except GalleryError:
            return image.url  # Its store is not set up any more.


def check_public_id(text: str) -> str:
    """The public id itself. Raises InvalidInputError for what none can be."""
    parts = text.split("/")
    if (
        not 0 < len(text) <= MAX_PUBLIC_ID
        or _FORBIDDEN.search(text)
        or text != text.strip()
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise InvalidInputError(f"public_id ({text[:100]}) is invalid")
    return text


def not_found(name: AssetName) -> NotFoundError:
    """The failure of a name that nobody has."""
    return NotFoundError(f"Resource not found - {name.public_id[:MAX_PUBLIC_ID]}")


def taken_already(name: AssetName) -> InvalidInputError:
    """The failure of a name that somebody else has."""
    return InvalidInputError(f"to_public_id({name.public_id}) already exists")
