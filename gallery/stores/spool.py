"""The spool: where new images lie while the store they are for does not answer.

An image is ready there and seen from there; then it moves on (``services.moving``). *Permissions*
and *objects* are those of where it lies: files as in ``local``, or blobs in MongoDB, which every
node can read. *Limits*: ``SPOOL_BYTES``.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from gallery.errors import DatabaseUnavailableError, SpoolFullError, StoreUnavailableError
from gallery.model import Image, Received, StoredObject
from gallery.stores.base import checked
from gallery.stores.local import LocalStore, own_address
from gallery.transformation import Transformation

NAME = "spool"

RETRY_AFTER_S = 60

RECOUNT_S = 10.0
"""For so long a count of what lies there is believed: other processes add to it too."""

_PREFIX = re.compile(r"[A-Za-z0-9_-]*(\.[0-9]*)?")


class Room:
    """How much may lie in the spool."""

    def __init__(
        self,
        max_bytes: int,
        measure: Callable[[], int],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``measure`` tells how much lies there."""
        self._max_bytes = max_bytes
        self._measure = measure
        self._now = now
        self._lock = threading.Lock()
        self._known = 0
        self._known_since: float | None = None

    def take(self, wanted: int) -> None:
        """Counts so many bytes as lying there. Raises SpoolFullError when they have no room."""
        with self._lock:
            since = self._known_since
            if since is None or self._now() - since > RECOUNT_S:
                self._known, self._known_since = self._measure(), self._now()
            if self._known + wanted > self._max_bytes:
                raise SpoolFullError(
                    "The media store does not answer, and the room for photos that wait for it is "
                    "taken. Please try again later.",
                    retry_after_s=RETRY_AFTER_S,
                )
            self._known += wanted


class DiskSpool(LocalStore):
    """The spool as files on a disk of ours."""

    name = NAME

    def __init__(self, root: Path, *, max_bytes: int, cloud_name: str, secret: str) -> None:
        super().__init__(root, cloud_name=cloud_name, secret=secret)
        self._room = Room(max_bytes, lambda: _bytes_of(self.list()))

    def put(self, key: str, original: Received) -> StoredObject:
        """As in ``local``. Raises SpoolFullError."""
        checked(key)
        self._room.take(original.bytes)
        return super().put(key, original)


class Blobs(Protocol):
    """Bytes in a database that every node reads (``catalog.blobs``)."""

    def put(self, key: str, file: BinaryIO, *, sha256: str | None = None) -> StoredObject: ...

    def stat(self, key: str) -> StoredObject: ...

    def open(self, key: str) -> BinaryIO: ...

    def delete(self, key: str) -> None: ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]: ...

    def tidy(self, *, older_than: datetime) -> int: ...


class BlobSpool:
    """The spool in MongoDB."""

    name = NAME
    delivery_hosts: tuple[str, ...] = ()
    makes_variants = False

    def __init__(self, blobs: Blobs, *, max_bytes: int, cloud_name: str, secret: str) -> None:
        self._blobs = blobs
        self._cloud_name = cloud_name
        self._secret = secret
        self._room = Room(max_bytes, lambda: _bytes_of(self.list()))

    def put(self, key: str, original: Received) -> StoredObject:
        """Keeps the file in the journals of the majority. Raises SpoolFullError."""
        checked(key)
        self._room.take(original.bytes)
        with _database_failures(), Path(original.path).open("rb") as file:
            return self._blobs.put(key, file, sha256=original.sha256)

    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``."""
        with _database_failures():
            return self._blobs.stat(checked(key))

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes, for reading."""
        with _database_failures():
            return self._blobs.open(checked(key))

    def delete(self, key: str) -> None:
        """Removes the original for good."""
        with _database_failures():
            self._blobs.delete(checked(key))

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Everything that waits here, in the order of the keys."""
        if _PREFIX.fullmatch(prefix):  # No key of ours begins otherwise.
            with _database_failures():
                yield from self._blobs.list(prefix)

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        """A path under ``/cdn``, signed for this very transformation."""
        return own_address(self._secret, self._cloud_name, image, wanted)

    def probe(self) -> None:
        """Returns when the database answers."""
        next(self.list(), None)

    def tidy(self, *, older_than: datetime) -> int:
        """How many files on their way in were given up: begun before that moment."""
        with _database_failures():
            return self._blobs.tidy(older_than=older_than)


def _bytes_of(objects: Iterator[StoredObject]) -> int:
    return sum(each.bytes for each in objects)


@contextmanager
def _database_failures() -> Iterator[None]:
    try:
        yield
    except DatabaseUnavailableError as error:
        raise StoreUnavailableError(error.detail) from error
