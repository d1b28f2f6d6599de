"""Moves images from the spool to the store they are for, once that answers again.

claim → put under the same key → verify → flip → delete from the spool. Any number may run at once:
an image is leased to whoever moves it, and only its holder can flip it. A crash leaves the image
where it was, ready; the next one puts the same bytes under the same key again, which is a success.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gallery.catalog.images import ImageCatalog
from gallery.catalog.leaving import ObjectName
from gallery.catalog.migrating import Move
from gallery.errors import (
    BusyError,
    ConflictError,
    DatabaseUnavailableError,
    GalleryError,
    ImageTooLargeError,
    KeyTakenError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.model import Image, Received, StoredObject
from gallery.services.addresses import Addresses
from gallery.services.ingest import with_version
from gallery.services.putting import put_whole
from gallery.services.replacing import Replacing
from gallery.signing import new_id
from gallery.stores.registry import Stores

LEASE_S = 300.0
"""Longer than a put can take."""

AT_ONCE = 2
"""Images that a process moves at a time: new ones have places of their own in the store."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
"""Pauses after a store did not answer: random up to a bound that doubles."""

REFUSED_PAUSE_S = 24 * 3600.0
"""After a store refused this very picture: it may have got another plan."""

WRONG_PAUSE_S = 600.0
"""After a store refused for a reason that somebody may be mending: wrong keys, say."""

_LASTING = (ImageTooLargeError, KeyTakenError, TooLargeError, UnsupportedFormatError)

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
        original_of: Callable[[Image], AbstractContextManager[Path]],
        now: Callable[[], datetime],
    ) -> None:
        """``original_of`` gives an original as a file."""
        self._catalog = catalog
        self._stores = stores
        self._addresses = addresses
        self._replacing = replacing
        self._original_of = original_of
        self._now = now
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._moving: dict[str, Move] = {}

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
        while not self._stopped.is_set() and (move := self._claim()):
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

    def _claim(self) -> Move | None:
        to = self._may_go_to()
        return self._catalog.claim_move(to=to, holder=new_id(), lease_s=LEASE_S) if to else None

    def _try(self, move: Move) -> bool:
        """Whether the image has arrived."""
        named = {"image": move.image.id, "store": move.image.moving_to}
        try:
            stored = self._put(move.image)
        except (StoreUnavailableError, BusyError, DatabaseUnavailableError) as error:
            pause_s = max(pause(move.tries), float(error.retry_after_s or 0))
            log.info("store does not take an image yet", extra=named)
            self._catalog.put_off_move(move, pause_s=min(pause_s, LONGEST_PAUSE_S))
            return False
        except GalleryError as error:
            log.warning("store refuses an image", extra=named, exc_info=True)
            lasting = isinstance(error, _LASTING)
            pause_s = (REFUSED_PAUSE_S if lasting else WRONG_PAUSE_S) * _chance.uniform(0.9, 1.1)
            self._catalog.put_off_move(move, pause_s=pause_s, problem=error.detail)
            return False
        return self._arrive(move, stored)

    def _put(self, image: Image) -> StoredObject:
        target = self._stores.named(image.moving_to)
        with self._original_of(image) as path:
            received = Received(
                path=str(path),
                filename=image.filename,
                bytes=image.bytes,
                sha256=image.sha256,
                md5=image.md5,
            )
            return put_whole(target, image, received)

    def _arrive(self, move: Move, stored: StoredObject) -> bool:
        image = move.image
        stored = with_version(stored, self._now(), above=image.store_version)

        def url_of(moved: Image) -> str:
            return self._addresses.shown_at(replace(moved, store_version=stored.store_version))

        try:
            self._catalog.finish_move(move, stored, url_of)
        except ConflictError:
            self._come_too_late(move)
            return False
        try:
            self._replacing.delete_left(image.id, ObjectName(store=image.store, key=image.key))
        except GalleryError:
            log.exception("spooled object left to the sweep", extra={"image": image.id})
        return True

    def _come_too_late(self, move: Move) -> None:
        """The image was deleted or replaced meanwhile, or another has moved it: the object goes,
        unless a document still names it. Once none does, none will: keys are not used again."""
        image = move.image
        ours = ObjectName(store=image.moving_to, key=image.key)
        if ours not in self._catalog.objects_of(image.id):
            self._stores.named(ours.store).delete(ours.key)
        self._catalog.put_off_move(move, pause_s=0)


def pause(tries: int) -> float:
    """Seconds to wait after so many tries: random ("full jitter") up to a bound that doubles."""
    return _chance.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (tries - 1)))
