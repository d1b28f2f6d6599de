"""What people do with the images that are here: list, search, show, edit, trash, restore, purge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO

from gallery.catalog.images import ImageCatalog
from gallery.catalog.leases import LATE_S
from gallery.catalog.terms import words_of
from gallery.errors import InvalidCursorError
from gallery.model import Counts, Edit, Filter, Image, Page, Place, Sort, Status
from gallery.services.delivery import Delivery
from gallery.signing import seal, unseal
from gallery.stores.registry import Stores

VISIBLE = (Status.READY, Status.TRASHED)


class Library:
    """The images of the gallery. Cursors are sealed with ``secret`` and bound to their list."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        delivery: Delivery,
        secret: str,
        open_receipt: Callable[[Image], None] = lambda image: None,
    ) -> None:
        """``open_receipt`` is called with each image whose bytes are gone, before its document
        goes; perhaps more than once."""
        self._catalog = catalog
        self._stores = stores
        self._delivery = delivery
        self._secret = secret
        self._open_receipt = open_receipt

    def page(
        self, wanted: Filter, sort: Sort, *, cursor: str | None, limit: int
    ) -> tuple[Page, str | None]:
        """One page and the cursor of the next one. Costs the same at any depth.

        Raises InvalidCursorError for a cursor of another list.
        """
        after = self._open_cursor(cursor, wanted, sort) if cursor else None
        page = self._catalog.page(wanted, sort, after=after, limit=limit)
        return page, self._seal_cursor(page.next, wanted, sort)

    def counts(self, wanted: Filter, months: Sequence[str]) -> Counts:
        """How many images the filter meets, and how many arrived in each of the months; capped."""
        return self._catalog.counts(wanted, months=months)

    def tags(self) -> list[tuple[str, int]]:
        """The tags in use with their counts, most used first."""
        return self._catalog.tags()

    def find(self, image_id: str) -> Image:
        """The image, in the gallery or in the trash. Raises NotFoundError."""
        return self._catalog.find(image_id, among=VISIBLE)

    def find_ready(self, image_id: str) -> Image:
        """The image, if it is in the gallery. Raises NotFoundError."""
        return self._catalog.find(image_id)

    def edit(self, image_id: str, change: Edit, *, version: int | None) -> Image:
        """The image with the change. Raises VersionMismatchError when ``version`` is not its
        version."""
        return self._catalog.edit(image_id, change, version=version)

    def revise(self, image_id: str, change_of: Callable[[Image], Edit | None]) -> Image:
        """The image with the change that hangs on what it is now; ``None`` leaves it as it is."""
        return self._catalog.revise(image_id, change_of)

    def trash(self, image_id: str, *, version: int | None) -> None:
        """Hides the image at once, here and under our own ``/cdn``; it can be restored."""
        image = self._catalog.trash(image_id, version=version)
        self._delivery.forget(image.id)

    def restore(self, image_id: str) -> Image:
        """The image, back from the trash."""
        return self._catalog.restore(image_id)

    def purge(self, image_id: str, *, version: int | None = None, late_s: float = LATE_S) -> None:
        """Removes the image for ever: hidden, its bytes, its document. May be repeated.

        The document stays while an object may come to a store elsewhere, ``late_s`` after whoever
        sent it had died.
        """
        image = self._catalog.mark_deleting(image_id, version=version)
        self._delivery.forget(image.id)
        for each in self._catalog.objects_of(image.id):
            self._stores.named(each.store).delete(each.key)
        self._open_receipt(image)
        self._catalog.remove(image.id, late_s=late_s)

    def original(self, image: Image) -> AbstractContextManager[BinaryIO]:
        """The bytes as uploaded."""
        return self._stores.named(image.store).open(image.key)

    def _seal_cursor(self, place: Place | None, wanted: Filter, sort: Sort) -> str | None:
        if place is None:
            return None
        taken = place.taken_at.isoformat() if place.taken_at else None
        return seal(self._secret, _purpose(wanted, sort), {"o": place.order, "t": taken})

    def _open_cursor(self, cursor: str, wanted: Filter, sort: Sort) -> Place:
        value = unseal(self._secret, _purpose(wanted, sort), cursor)
        if value is None:
            raise InvalidCursorError(
                "Start the list again without a cursor: this one belongs to another list."
            )
        taken = datetime.fromisoformat(value["t"]) if value["t"] else None
        return Place(order=value["o"], taken_at=taken)


def filter_of(
    *,
    q: str = "",
    tags: Sequence[str] = (),
    album: str | None = None,
    status: Status = Status.READY,
) -> Filter:
    """The filter of a search as a person types it."""
    return Filter(words=words_of(q), tags=tuple(sorted(set(tags))), album=album, status=status)


def _purpose(wanted: Filter, sort: Sort) -> str:
    return repr(
        ("cursor", sort.value, wanted.words, wanted.tags, wanted.album, wanted.status.value)
    )
