"""Another picture for an image that is there: same id, same page, same public id, a new version.

look → intent → put → verify → flip → delete what was replaced. Both objects are named in the
image's document until only one is left, so that the sweep can finish or undo what a crash
interrupted; until the flip everybody sees the picture before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gallery.catalog.images import ImageCatalog
from gallery.catalog.leaving import ObjectName
from gallery.catalog.replacing import Replacement
from gallery.errors import (
    BusyError,
    ConflictError,
    GalleryError,
    KeyTakenError,
    ObjectMissingError,
    StoreUnavailableError,
)
from gallery.imaging.sandbox import Engine
from gallery.model import Facts, Image, Particulars, Received, StoredObject
from gallery.services.addresses import Addresses
from gallery.services.delivery import Delivery
from gallery.services.holding import LEASE_S, Holding
from gallery.services.ingest import with_facts
from gallery.services.mending import stores_of, with_version
from gallery.services.putting import is_as_sent, put_whole
from gallery.signing import new_id
from gallery.stores.registry import Stores

log = logging.getLogger(__name__)


class Replacing:
    """Replaces pictures, and mends replacements that were interrupted."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        engine: Engine,
        addresses: Addresses,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._catalog = catalog
        self._stores = stores
        self._engine = engine
        self._addresses = addresses
        self._delivery = delivery
        self._now = now
        # Variants of images that live elsewhere are not made here.
        self._keeps_copies = not stores.for_new.makes_variants
        self._holding = Holding()

    def replace(
        self,
        image: Image,
        received: Received,
        *,
        version: int | None = None,
        particulars: Particulars | None = None,
    ) -> Image:
        """The image with the file in its place, durable.

        Raises what is wrong with the picture, VersionMismatchError unless ``version`` is the
        image's, InProgressError while another replacement is on its way, StoreError and its kin;
        then the picture before is still there.
        """
        facts, copy = self._look(image, Path(received.path))
        changes = particulars.changes() if particulars else {}

        def become(before: Image, key: str) -> Image:
            return replace(self._with_file(before, received, facts), key=key, **changes)

        holder = new_id()
        if left := self._catalog.interrupted_replacement(image.id):
            self.mend(left, lease_s=LEASE_S)
        replacement = self._catalog.record_replacement(
            image.id, become, version=version, holder=holder, lease_s=LEASE_S
        )
        now = self._made(replacement, received, holder)
        if copy:
            self._delivery.keep_copy(now, copy)
        return now

    def _made(self, replacement: Replacement, received: Received, holder: str) -> Image:
        image_id = replacement.image.id

        def renew() -> None:
            self._catalog.renew_replacement(image_id, holder=holder, lease_s=LEASE_S)

        try:
            with self._holding.renewed(renew):
                replacement, stored = self._put(replacement, received, holder)
                return self._flip(replacement, stored, holder)
        except ConflictError:  # Hidden meanwhile, or another has finished it.
            self._undo(replacement.after, holder, ours=True)
            raise
        except StoreUnavailableError:  # The object may be there, so the next one decides.
            with suppress(GalleryError):  # Its lease runs out.
                self._catalog.renew_replacement(image_id, holder=holder, lease_s=0)
            raise

    def mend(self, replacement: Replacement, *, lease_s: float) -> bool | None:
        """Whether an interrupted replacement was finished rather than undone; ``None`` when
        somebody else was faster."""
        after, holder = replacement.after, new_id()
        if not self._catalog.take_over_replacement(after.id, holder=holder, lease_s=lease_s):
            return None
        if stored := self._whole(after):
            try:
                self._flip(replacement, stored, holder)
            except ConflictError:
                log.info("replacement comes too late", extra={"image": after.id})
            else:
                return True
        left = _places_of(after)
        if not self._catalog.drop_replacement(
            after.id, holder=holder, left=left, late=self._late_among(stores_of(after))
        ):
            return None
        self._delete_all_left(after.id, left)
        return False

    def delete_left(self, image_id: str, left: ObjectName) -> None:
        """Deletes an object that was replaced, and what was derived of it. May be repeated."""
        self._delivery.forget(image_id)
        self._stores.named(left.store).delete(left.key)
        self._catalog.forget_left(image_id, left)

    def _delete_all_left(self, image_id: str, left: Sequence[ObjectName]) -> None:
        for each in left:
            self.delete_left(image_id, each)

    def _look(self, image: Image, path: Path) -> tuple[Facts | None, bytes | None]:
        """What is found in the file, and its mid-size copy; nothing of a raw one."""
        if image.resource_type != "image":
            return None, None
        if not self._keeps_copies:
            return self._engine.inspect(path), None
        look = self._engine.look(path)
        return look.facts, look.copy

    def _with_file(self, before: Image, received: Received, facts: Facts | None) -> Image:
        store = self._stores.for_upload().name
        after = replace(
            before,
            store=store,
            moving_to=self._stores.moving_to(store),
            earlier_versions=(),
            filename=received.filename,
            bytes=received.bytes,
            sha256=received.sha256,
            md5=received.md5,
        )
        return with_facts(after, facts) if facts else after

    def _put(
        self, replacement: Replacement, received: Received, holder: str
    ) -> tuple[Replacement, StoredObject]:
        """The replacement as it is recorded now, and what its store has."""
        try:
            try:
                return replacement, self._put_whole(replacement, received)
            except (StoreUnavailableError, BusyError):
                spooled = self._spooled(replacement, holder)
                if spooled is None:
                    raise
                replacement = spooled
                return replacement, self._put_whole(replacement, received)
        except StoreUnavailableError:
            raise
        except GalleryError as error:
            self._undo(replacement.after, holder, ours=not isinstance(error, KeyTakenError))
            raise

    def _put_whole(self, replacement: Replacement, received: Received) -> StoredObject:
        after = replacement.after
        return put_whole(self._stores.named(after.store), after, received)

    def _spooled(self, replacement: Replacement, holder: str) -> Replacement | None:
        """The replacement, to lie in the spool for now; ``None`` when it may not."""
        spool = self._stores.spool
        if spool is None or replacement.after.store == spool.name:
            return None
        return self._catalog.spool_replacement(
            replacement, store=spool.name, holder=holder, lease_s=LEASE_S
        )

    def _flip(self, replacement: Replacement, stored: StoredObject, holder: str) -> Image:
        before, after = replacement.image, replacement.after
        stored = with_version(stored, self._now(), after=before)
        url = self._addresses.shown_at(
            replace(after, store_version=stored.store_version, etag=stored.etag)
        )
        now = self._catalog.finish_replacement(after.id, holder=holder, stored=stored, url=url)
        try:
            self._delete_all_left(now.id, self._catalog.left_of(now.id))
        except GalleryError:
            log.exception("object left to the sweep", extra={"image": now.id})
        return now

    def _undo(self, after: Image, holder: str, *, ours: bool) -> None:
        """Forgets the replacement, and its object unless somebody else put it there."""
        left = _places_of(after) if ours else []
        try:
            late = self._late_among((after.moving_to,)) if after.moving_to else ()
            if self._catalog.drop_replacement(after.id, holder=holder, left=left, late=late):
                self._delete_all_left(after.id, left)
        except GalleryError:
            log.exception("undo left to the sweep", extra={"image": after.id})

    def _late_among(self, stores: Sequence[str]) -> tuple[str, ...]:
        """Those to which an object may still come from somebody who has died."""
        return tuple(each for each in stores if self._stores.takes_late(each))

    def _whole(self, after: Image) -> StoredObject | None:
        """The object to come, if it is there as announced."""
        try:
            stored = self._stores.named(after.store).stat(after.key)
        except ObjectMissingError:
            return None
        except StoreUnavailableError:
            if self._stores.spool is None:
                raise
            return None  # The picture may come again, and the spool takes it.
        return stored if is_as_sent(stored, after) else None


def _places_of(image: Image) -> list[ObjectName]:
    """Where an object of this very picture may be."""
    return [ObjectName(store=each, key=image.key) for each in stores_of(image)]
