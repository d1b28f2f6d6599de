"""Moves images: from the spool to the store they are for, once that answers again, and from store
to store by an order (``migrating``).

claim → read, hash → put → verify → flip → delete what is left. Any number may run at once: an image
is leased to whoever moves it, and only its holder can flip it. A crash leaves the image where it
was, ready; the next one puts the same bytes under the same key again, which is a success. From the
spool that is the image's own key; each move from store to store has one that was never used.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

from gallery.catalog.images import ImageCatalog
from gallery.catalog.leaving import ObjectName
from gallery.catalog.moves import Move
from gallery.errors import (
    BusyError,
    ConflictError,
    DamagedUploadError,
    DatabaseUnavailableError,
    GalleryError,
    ImageTooLargeError,
    KeyTakenError,
    ObjectMissingError,
    StorageFullError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.model import Image, Received, StoredObject
from gallery.services.addresses import Addresses
from gallery.services.holding import LEASE_S, Holding
from gallery.services.incoming import free_bytes, scratch_file
from gallery.services.mending import with_version
from gallery.services.migrating import Migrating
from gallery.services.putting import put_whole
from gallery.services.replacing import Replacing
from gallery.signing import new_id
from gallery.stores.base import MediaStore, SupportsLocalPath
from gallery.stores.registry import Stores

AT_ONCE = 2
"""Images that a process moves at a time: new ones have places of their own in the store."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
"""Pauses after a store did not answer: random up to a bound that doubles."""

REFUSED_PAUSE_S = 24 * 3600.0
"""After a store refused this very picture: it may have got another plan."""

WRONG_PAUSE_S = 600.0
"""After a store refused for a reason that somebody may be mending: wrong keys, say."""

FREE_SPACE_FLOOR_BYTES = 256 * 1024 * 1024
"""So much of the disk stays free."""

LONGEST_WAIT_S = 1.0
"""How long a mover waits for the rate of a migration before it looks at everything anew."""

_LASTING = (
    DamagedUploadError, ImageTooLargeError, KeyTakenError, ObjectMissingError, TooLargeError,
    UnsupportedFormatError,
)  # fmt: skip

_CHUNK_BYTES = 1024 * 1024

_chance = random.SystemRandom()

log = logging.getLogger(__name__)


class Moving:
    """Moves what is due."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        addresses: Addresses,
        replacing: Replacing,
        migrating: Migrating,
        incoming: Path,
        now: Callable[[], datetime],
    ) -> None:
        """Originals that have no file here are fetched into ``incoming`` meanwhile."""
        self._catalog = catalog
        self._stores = stores
        self._addresses = addresses
        self._replacing = replacing
        self._migrating = migrating
        self._incoming = incoming
        self._now = now
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._moving: dict[str, Move] = {}
        self._holding = Holding()

    def run(self) -> int:
        """Moves what is due now to stores that answer; how many images that were."""
        if not self._may_go_to():
            return 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="moving") as threads:
            return sum(threads.map(lambda _: self._all_due(), range(AT_ONCE)))

    def stop(self) -> None:
        """Begins no more moves."""
        self._stopped.set()

    def release(self) -> None:
        """Gives back what is still being moved, for another process to go on with at once: this one
        ends now."""
        with self._lock:
            moving = list(self._moving.values())
        for move in moving:
            try:
                self._catalog.put_off_move(move, pause_s=0)
            except GalleryError:
                log.warning("image left to its lease", extra={"image": move.image.id})

    def _all_due(self) -> int:
        moved = 0
        while not self._stopped.is_set():
            move, wait_s = self._claim()
            if move is None:
                if wait_s is None:
                    break
                self._stopped.wait(min(wait_s, LONGEST_WAIT_S))
                continue
            with self._lock:
                self._moving[move.holder] = move
            try:
                moved += self._try(move)
            finally:
                with self._lock:
                    del self._moving[move.holder]
        return moved

    def _may_go_to(self) -> list[str]:
        """Stores that may be asked now; one that was away is tried when it has rested."""
        return [
            store.name
            for store in self._stores.all()
            if store is not self._stores.spool and not self._stores.is_resting(store.name)
        ]

    def _claim(self) -> tuple[Move | None, float | None]:
        """What is to be moved now; or in how many seconds there may be more, if that is known.

        New images come first.
        """
        to = self._may_go_to()
        if not to:
            return None, None
        holder = new_id()
        if move := self._catalog.claim_move(to=to, holder=holder, lease_s=LEASE_S):
            return move, None
        return self._migrating.claim(may_use=to.__contains__, holder=holder, lease_s=LEASE_S)

    def _try(self, move: Move) -> bool:
        """Whether the image has arrived."""
        named = {"image": move.image.id, "store": move.to}

        def renew() -> None:
            self._catalog.renew_move(move, lease_s=LEASE_S)

        try:
            with self._holding.renewed(renew):
                stored = self._put(move)
        except (StoreUnavailableError, BusyError, DatabaseUnavailableError) as error:
            pause_s = max(pause(move.tries), float(error.retry_after_s or 0))
            log.info("store does not take an image yet", extra=named)
            self._catalog.put_off_move(move, pause_s=min(pause_s, LONGEST_PAUSE_S))
            return False
        except GalleryError as error:
            log.warning("store refuses an image", extra=named, exc_info=True)
            refused = isinstance(error, _LASTING)
            pause_s = (REFUSED_PAUSE_S if refused else WRONG_PAUSE_S) * _chance.uniform(0.9, 1.1)
            self._catalog.put_off_move(move, pause_s=pause_s, problem=error.detail, refused=refused)
            if move.leg and not refused:
                self._migrating.note(move, problem=error.detail)
            return False
        return self._arrive(move, stored)

    def _put(self, move: Move) -> StoredObject:
        target = self._stores.named(move.to)
        try:
            with self._original_of(move.image) as received:
                self._check_room(target, received)
                return put_whole(target, replace(move.image, key=move.key), received)
        except FileNotFoundError as error:
            # Somebody cleared the disk meanwhile; the store that has the original did not.
            raise BusyError("What was to be sent is gone from the disk.") from error

    @contextmanager
    def _original_of(self, image: Image) -> Iterator[Received]:
        """The original as a file, its bytes those that were once received."""
        store = self._stores.named(image.store)
        if isinstance(store, SupportsLocalPath):
            path = store.path_of(image.key)
            with path.open("rb") as file:
                yield _as_received(image, path, _hashed(file))
            return
        with store.open(image.key) as original, scratch_file(self._incoming) as path:
            with path.open("wb") as copy:
                found = _hashed(original, copy)
            yield _as_received(image, path, found)

    def _check_room(self, target: MediaStore, received: Received) -> None:
        """Raises StorageFullError before a move would fill the disk that we live on."""
        if isinstance(target, SupportsLocalPath):
            free = free_bytes(self._incoming)
            if free < FREE_SPACE_FLOOR_BYTES + received.bytes:
                raise StorageFullError("The disk of the gallery is full. Make room on it.")

    def _arrive(self, move: Move, stored: StoredObject) -> bool:
        image = move.image
        stored = moved_version(stored, image, self._now())

        def url_of(moved: Image) -> str:
            return self._addresses.shown_at(
                replace(moved, store_version=stored.store_version, etag=stored.etag)
            )

        try:
            self._catalog.finish_move(move, stored, url_of)
        except ConflictError:
            self._come_too_late(move)
            return False
        try:
            if move.leg:
                self._migrating.note(move)
            for left in self._catalog.left_of(image.id):
                self._replacing.delete_left(image.id, left)
        except GalleryError:
            log.exception("what is left is left to the sweep", extra={"image": image.id})
        return True

    def _come_too_late(self, move: Move) -> None:
        """The image was deleted or replaced meanwhile, or another has moved it: the object goes,
        unless a document still names it. Once none does, none will: keys are not used again."""
        image = move.image
        ours = ObjectName(store=move.to, key=move.key)
        if ours not in self._catalog.objects_of(image.id):
            self._stores.named(ours.store).delete(ours.key)
        self._catalog.put_off_move(move, pause_s=0)


def moved_version(stored: StoredObject, image: Image, now: datetime) -> StoredObject:
    """The object with the version that its delivery URLs carry. The bytes are the same, and so is
    the version, where the store has none of its own and the one before could be ours."""
    before = image.store_version or ""
    if stored.store_version is None and before.isdecimal():
        return replace(stored, store_version=before)
    return with_version(stored, now, after=image)


def pause(tries: int) -> float:
    """Seconds to wait after so many tries: random ("full jitter") up to a bound that doubles."""
    return _chance.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (tries - 1)))


def _hashed(original: IO[bytes], copy: IO[bytes] | None = None) -> tuple[int, str]:
    """Size and SHA-256 of what can be read, copied on the way."""
    digest, size = hashlib.sha256(), 0
    while chunk := original.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if copy is not None:
            copy.write(chunk)
    return size, digest.hexdigest()


def _as_received(image: Image, path: Path, found: tuple[int, str]) -> Received:
    """What was read. Raises DamagedUploadError unless it is what was once received."""
    size, sha256 = found
    if (size, sha256) != (image.bytes, image.sha256):
        raise DamagedUploadError(
            f"The original in {image.store} has other bytes than those that were uploaded."
        )
    return Received(
        path=str(path), filename=image.filename, bytes=size, sha256=sha256, md5=image.md5
    )
