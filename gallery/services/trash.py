"""What waits in the trash: shown to its owner, and deleted for ever all at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from gallery.catalog.images import ImageCatalog
from gallery.errors import NotFoundError
from gallery.model import Image, Status
from gallery.services.addresses import Addresses
from gallery.services.delivery import Delivery
from gallery.services.meanings import Client
from gallery.transformation import Transformation

KEPT = timedelta(days=30)
"""How long an image waits before it is deleted for ever."""

_AT_ONCE = 1000


class Trash:
    """The images that are hidden and can still be taken back."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        delivery: Delivery,
        addresses: Addresses,
        now: Callable[[], datetime],
    ) -> None:
        self._catalog = catalog
        self._delivery = delivery
        self._addresses = addresses
        self._now = now

    def empty(self) -> int:
        """How many images were in the trash; all are hidden for ever. Their bytes go in the
        background, by the sweep: it needs nobody to wait for it, and goes on after a crash."""
        before, emptied = self._now(), 0
        while marked := self._catalog.mark_trash_deleting(before=before, limit=_AT_ONCE):
            emptied += marked
        return emptied

    def find(self, image_id: str) -> Image:
        """An image in the trash. Raises NotFoundError."""
        return self._catalog.find(image_id, among=(Status.TRASHED,))

    def wanted(self, image: Image, preset: str, width: int) -> Transformation:
        """What makes the image so wide under a preset. Raises NotFoundError for other widths than
        its own."""
        known = self._addresses.presets.get(preset)
        for wanted in known.transformations() if known else ():
            if wanted.size_of(image.width, image.height)[0] == width:
                return wanted
        raise NotFoundError("There is no such size of a photo.")

    def variant(self, image: Image, wanted: Transformation, client: Client) -> bytes:
        """The variant of an image in the trash, made for this answer and kept nowhere."""
        return self._delivery.passing(image, wanted, client)
