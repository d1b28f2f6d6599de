"""Many originals as one zip: ordered with their ids, then fetched like any file."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from gallery.catalog.archives import ArchiveOrders
from gallery.catalog.images import ImageCatalog
from gallery.errors import BusyError, NotFoundError
from gallery.model import Image, Status
from gallery.services.library import Library
from gallery.services.zipped import Entry, size_of, stream

AT_ONCE = 4
"""Archives on their way in one process: each holds a thread for as long as its line is slow."""

_NAME_BYTES = 200
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
"""What some system has no place for in the name of a file."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An archive that can be fetched until it expires."""

    id: str
    files: int
    bytes: int
    expires_at: datetime


class Archive:
    """A zip about to be sent. ``close`` it, begun or not."""

    def __init__(self, entries: Sequence[Entry], places: threading.Semaphore) -> None:
        self.files = len(entries)
        self.bytes = size_of(entries)
        self._entries = entries
        self._places = places
        self._closed = False

    def chunks(self) -> Iterator[bytes]:
        """The zip. A store that fails breaks it off: whoever receives it is told by its length."""
        try:
            yield from stream(self._entries)
        except Exception:
            # The answer has begun: whatever it was, nobody above can still tell it.
            log.exception("archive broken off")
            raise

    def close(self) -> None:
        """Gives the place back."""
        if not self._closed:
            self._closed = True
            self._places.release()


class Archiving:
    """Packs the originals of images, whichever stores have them."""

    def __init__(self, *, orders: ArchiveOrders, catalog: ImageCatalog, library: Library) -> None:
        self._orders = orders
        self._catalog = catalog
        self._library = library
        self._places = threading.Semaphore(AT_ONCE)

    def order(self, image_ids: Sequence[str], *, principal: str) -> Order:
        """An archive of these images, in this order; each once. Raises NotFoundError if one is not
        there: an archive without it would pass for whole."""
        distinct = list(dict.fromkeys(image_ids))
        entries = self._entries(distinct)
        order, expires_at = self._orders.record(distinct, principal=principal)
        return Order(id=order, files=len(entries), bytes=size_of(entries), expires_at=expires_at)

    def open(self, order: str, *, principal: str) -> Archive:
        """What was ordered, as it is now. Raises NotFoundError; BusyError when many are on their
        way."""
        entries = self._entries(self._orders.find(order, principal=principal))
        if not self._places.acquire(blocking=False):
            raise BusyError("Many archives are on their way. Try again soon.", retry_after_s=10)
        return Archive(entries, self._places)

    def _entries(self, image_ids: Sequence[str]) -> list[Entry]:
        found = self._catalog.find_many(image_ids, among=(Status.READY, Status.TRASHED))
        if gone := len(image_ids) - len(found):
            raise NotFoundError(
                f"{gone} of these photos {'is' if gone == 1 else 'are'} not here any more."
            )
        names = names_of(found)
        return [
            Entry(
                name=name,
                bytes=image.bytes,
                modified_at=image.taken_at or image.created_at,
                open=partial(self._library.original, image),
            )
            for image, name in zip(found, names, strict=True)
        ]


def names_of(images: Sequence[Image]) -> list[str]:
    """A file name for each: its own where it can be, and none twice, on no system."""
    taken: set[str] = set()
    names = []
    for image in images:
        stem, dot, extension = _clean(image).rpartition(".")
        stem, ending = (stem, dot + extension) if stem else (extension, "")
        name, number = stem + ending, 2
        while name.casefold() in taken:
            name, number = f"{stem} ({number}){ending}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _clean(image: Image) -> str:
    name = _NOT_IN_NAMES.sub("_", image.filename).strip(". ")
    if not name:
        return f"{image.id}.{image.format}"
    stem, dot, extension = name.rpartition(".")
    if len(name.encode()) > _NAME_BYTES:
        room = _NAME_BYTES - len((dot + extension).encode())
        stem = stem.encode()[: max(room, 1)].decode(errors="ignore")
    return stem + dot + extension if dot else name.encode()[:_NAME_BYTES].decode(errors="ignore")
