"""The sweep: finishes or undoes what a crash interrupted, from our own documents."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from gallery.catalog.idempotency import IdempotencyKeys
from gallery.catalog.images import ImageCatalog
from gallery.catalog.leaving import ObjectName
from gallery.catalog.replacing import Replacement
from gallery.errors import (
    NotFoundError,
    VersionMismatchError,
)
from gallery.model import Image
from gallery.services import trash
from gallery.services.addresses import Addresses
from gallery.services.holding import LEASE_S
from gallery.services.incoming import PREFIX
from gallery.services.library import Library
from gallery.services.mending import Mending
from gallery.services.replacing import Replacing
from gallery.services.rounds import Round, Swept, Tell, nobody
from gallery.services.tally import Tally
from gallery.stores.base import LeavesTemporaries, SupportsTidying
from gallery.stores.registry import Stores

BATCH = 100
STAYS_AT_ONCE = 500
"""Images of which one sweep deletes what stayed where they were: others wait for the sweep, too."""

STALE_UPLOAD_S = 24 * 3600
RECOUNT_EVERY_S = 24 * 3600

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Sweep:
    """Looks after uploads whose lease has run out and deletions that stopped midway.

    Any number may run at once: each document is taken over before it is touched, or what is done to
    it may be done twice. Where one program has had the database for itself since ``alone_since``,
    the leases of those before it have ended.
    """

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        addresses: Addresses,
        library: Library,
        replacing: Replacing,
        keys: IdempotencyKeys,
        incoming: Path,
        alone_since: datetime | None,
        now: Callable[[], datetime],
        tally: Tally | None = None,
    ) -> None:
        self._catalog = catalog
        self._stores = stores
        self._library = library
        self._replacing = replacing
        self._keys = keys
        self._incoming = incoming
        self._alone_since = alone_since
        self._now = now
        self._tally = tally or Tally()
        self._mending = Mending(catalog=catalog, stores=stores, addresses=addresses)
        self._recounted_at = time.monotonic()
        self._stopped = threading.Event()

    def run(
        self, *, grace_s: float | None = None, dry_run: bool = False, tell: Tell = nobody
    ) -> Swept:
        """One sweep over everything that is due now; each document is met once.

        With ``grace_s`` a lease holds no longer than so many seconds, and what is on its way, in or
        to a store, is waited for no longer: 0 where nothing else runs. ``dry_run`` changes nothing
        and tells what it would do. Raises DatabaseUnavailableError.
        """
        this = Round(grace_s=grace_s, dry=dry_run, tell=tell)
        if not dry_run:
            self._end_leases(this)
        self._mend_uploads(this)
        self._mend_replacements(this)
        self._delete_left(this)
        self._end_stays(this)
        self._purge_due(this)
        self._clear_incoming(this)
        if not dry_run:
            # All that was left by then has been met: a clock that is set back must not make what
            # is done since look older.
            self._alone_since = None
            self._recount()
            for what, count in asdict(this.swept).items():
                self._tally.count("swept", what, count)
        return this.swept

    def stop(self) -> None:
        """Ends a sweep under way before its next document, and those that follow."""
        self._stopped.set()

    def _end_leases(self, this: Round) -> None:
        known = [each for each in (self._alone_since, this.begun_before) if each is not None]
        if known:
            self._catalog.end_leases(begun_before=max(known))
            self._keys.end_leases(begun_before=max(known))

    def _each(self, page: Callable[[str], list[_T]], place: Callable[[_T], str]) -> Iterator[_T]:
        """Everything on the pages, one behind the other; what fails does not come again."""
        behind = ""
        while found := page(behind):
            for each in found:
                if self._stopped.is_set():
                    return
                yield each
            behind = place(found[-1])

    def _mend_uploads(self, this: Round) -> None:
        def page(behind: str) -> list[Image]:
            return self._catalog.interrupted(
                limit=BATCH, behind=behind, begun_before=this.begun_before
            )

        for image in self._each(page, lambda image: image.order):
            if this.leaves_alone(image.store, image.id):
                continue
            with this.trying(image.store, image.id):
                self._mend(image, this)

    def _mend(self, image: Image, this: Round) -> None:
        if this.dry:
            finished = self._would_be_finished(image, this)
        else:
            finished = self._mending.mend(image, late_s=this.late_s)
        if finished is not None:
            this.did("finished" if finished else "undone", image.id)

    def _would_be_finished(self, image: Image, this: Round) -> bool | None:
        if self._mending.whole(image):
            return True
        rested_s = self._mending.may_come_for_s(image, this.late_s)
        rests = self._catalog.is_given_up(image.id, for_s=rested_s, begun_before=this.begun_before)
        return False if rests else None

    def _mend_replacements(self, this: Round) -> None:
        def page(behind: str) -> list[Replacement]:
            return self._catalog.interrupted_replacements(
                limit=BATCH, behind=behind, begun_before=this.begun_before
            )

        for replacement in self._each(page, lambda each: each.after.key):
            after = replacement.after
            if this.leaves_alone(after.store, after.id):
                continue
            with this.trying(after.store, after.id):
                if this.dry:
                    finished: bool | None = self._mending.whole(after) is not None
                else:
                    finished = self._replacing.mend(replacement, lease_s=LEASE_S)
                if finished is not None:
                    this.did("finished" if finished else "undone", after.id)

    def _delete_left(self, this: Round) -> None:
        def page(behind: str) -> list[tuple[str, ObjectName]]:
            return self._catalog.objects_left(limit=BATCH, behind=behind, late_s=this.late_s)

        for image_id, left in self._each(page, lambda each: each[1].key):
            if this.leaves_alone(left.store, left.key):
                continue
            with this.trying(left.store, left.key):
                if not this.dry:
                    self._replacing.delete_left(image_id, left)
                this.did("purged", left.key)

    def _end_stays(self, this: Round) -> None:
        """Objects that stayed where images were before they moved, for as long as they were to."""
        if this.dry:
            for _ in range(self._catalog.count_ended_stays()):
                this.did("purged", "where an image was")
            return
        for _ in range(STAYS_AT_ONCE):
            if self._stopped.is_set() or not (found := self._catalog.claim_stay(lease_s=LEASE_S)):
                return
            image_id, stayed = found
            for each in stayed:
                if this.leaves_alone(each.store, each.key):
                    continue
                with this.trying(each.store, each.key):
                    self._stores.named(each.store).delete(each.key)
                    self._catalog.forget_stay(image_id, each)
                    this.did("purged", each.key)

    def _purge_due(self, this: Round) -> None:
        """What was being purged, and what has lain in the trash for its time."""

        def page(behind: str) -> list[Image]:
            return self._catalog.unfinished_deletes(
                limit=BATCH,
                behind=behind,
                begun_before=this.begun_before,
                late_in=self._stores.taking_late(),
                late_s=this.late_s,
            )

        for image in self._each(page, lambda image: image.order):
            self._purge(image, this)
        before = self._now() - trash.KEPT
        if this.dry:
            for _ in range(self._catalog.count_expired_trash(before=before)):
                this.did("purged", "from the trash")
            return
        while expired := self._catalog.expired_trash(before=before, limit=BATCH):
            moved = [self._purge(image, this) for image in expired if not self._stopped.is_set()]
            if not any(moved):
                return

    def _purge(self, image: Image, this: Round) -> bool:
        """Whether there was something to do for it now."""
        if this.leaves_alone(image.store, image.id):
            return False
        with this.trying(image.store, image.id):
            try:
                if not this.dry:
                    self._library.purge(image.id, version=image.version, late_s=this.late_s)
                this.did("purged", image.id)
            except (NotFoundError, VersionMismatchError):
                log.info("restored, or purged already", extra={"image": image.id})
        return True

    def _recount(self) -> None:
        """Once a day: a crash between two writes leaves the count of a tag off by one."""
        if time.monotonic() - self._recounted_at > RECOUNT_EVERY_S:
            self._catalog.recount_tags()
            self._recounted_at = time.monotonic()

    def _clear_incoming(self, this: Round) -> None:
        """Files of uploads that ended without us: no upload takes a day, and none outlives its
        program."""
        horizon = time.time() - (STALE_UPLOAD_S if this.grace_s is None else this.grace_s)
        if self._alone_since is not None:
            horizon = max(horizon, self._alone_since.timestamp())
        for path in self._stale_files(horizon):
            with suppress(FileNotFoundError):  # Another sweep was by.
                if not this.dry:
                    path.unlink()
                this.did("removed", path.name)
        for store in self._stores.all():
            if isinstance(store, SupportsTidying) and not this.dry:
                with this.trying(store.name, store.name):
                    for _ in range(store.tidy(older_than=datetime.fromtimestamp(horizon, UTC))):
                        this.did("removed", f"half a file in {store.name}")

    def _stale_files(self, horizon: float) -> Iterator[Path]:
        for path in self._incoming.glob(f"{PREFIX}*"):
            with suppress(FileNotFoundError):  # Its upload has ended since.
                if path.stat().st_mtime < horizon:
                    yield path
        for store in self._stores.all():
            if isinstance(store, LeavesTemporaries):
                older_than = datetime.fromtimestamp(horizon, UTC)
                yield from store.stale_temporaries(older_than=older_than)
