"""What senders bring to a store themselves, by tickets: fetched and looked at, or removed.

Whoever has a ticket may use it until it expires, also when its upload has ended long ago: whatever
comes late is nobody's, and is removed once nothing can come any more.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from gallery.catalog.upload import Upload
from gallery.errors import (
    DamagedUploadError,
    NotArrivedError,
    ObjectMissingError,
    StoreError,
)
from gallery.model import Arrived, Received
from gallery.services.incoming import scratch_file
from gallery.stores.abilities import SupportsTickets
from gallery.stores.parts import disk_errors
from gallery.stores.registry import Stores

LATE = timedelta(hours=1)
"""For so long may a request last that began while its ticket held."""

FIRST_LOOK, LOOK_EVERY = timedelta(minutes=2), timedelta(minutes=10)
"""When a store is asked for a file that nobody told of."""

_TRY_AGAIN = timedelta(minutes=1)
_CHUNK_BYTES = 1024 * 1024

log = logging.getLogger(__name__)


class Arrivals:
    """The files that tickets brought. Files on their way lie in ``incoming``."""

    def __init__(self, *, stores: Stores, incoming: Path, now: Callable[[], datetime]) -> None:
        self._stores = stores
        self._incoming = incoming
        self._now = now

    @contextmanager
    def received(self, upload: Upload) -> Iterator[Received]:
        """What arrived for the upload, as a file of ours; gone again when the block ends.

        Raises NotArrivedError, DamagedUploadError unless it is what was announced, StoreError and
        its kin, and StorageFullError.
        """
        store = self._store(upload)
        try:
            arrived = store.arrived(upload.key)
            if arrived.bytes != upload.bytes:
                raise _damaged()
            with scratch_file(self._incoming) as path:
                with store.open_arrived(upload.key) as source:
                    sha256 = _copied(source, path, upload)
                yield Received(
                    path=str(path),
                    filename=upload.filename,
                    bytes=arrived.bytes,
                    sha256=sha256,
                    arrived=Arrived(store=upload.store, key=upload.key, etag=arrived.etag),
                )
        except ObjectMissingError as error:
            raise NotArrivedError(
                "Nothing has arrived at the store yet. Send the file there, then say so again."
            ) from error

    def clear(self, upload: Upload) -> datetime | None:
        """Removes what arrived for an upload that has ended; when to do so again, if ever."""
        try:
            self._store(upload).discard(upload.key)
        except StoreError:
            log.warning("arrival left for later", extra={"upload": upload.id}, exc_info=True)
            # A store that was given up by its owner is not asked for ever.
            again = self._now() + _TRY_AGAIN
            return again if again < upload.expires_at + timedelta(days=1) else None
        return upload.expires_at if self._now() < upload.expires_at else None

    def next_look(self, upload: Upload) -> datetime:
        """When the store is asked again whether anything has arrived."""
        return min(self._now() + LOOK_EVERY, upload.expires_at)

    def _store(self, upload: Upload) -> SupportsTickets:
        store = self._stores.named(upload.store)
        if not isinstance(store, SupportsTickets):
            raise StoreError(f"The store {upload.store!r} takes no files by tickets any more.")
        return store


def _copied(source: BinaryIO, path: Path, upload: Upload) -> str:
    """The SHA-256 of what was written. Reads no more than was announced."""
    sha256, left = hashlib.sha256(), upload.bytes or 0
    with disk_errors(), path.open("wb", buffering=0) as file:
        while chunk := source.read(min(_CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            sha256.update(chunk)
            file.write(chunk)
    if left != 0 or upload.sha256 not in ("", sha256.hexdigest()):
        raise _damaged()
    return sha256.hexdigest()


def _damaged() -> DamagedUploadError:
    return DamagedUploadError("What arrived is not what was announced. Please send the file again.")
