"""The one way in for every road: a file that was received becomes an image that can be seen.

look → intent → put → verify → ready. The document is written before the object, so that whatever a
crash leaves behind is found from our own records: a pending document whose lease has run out
(``reconcile``). While the store does not answer, the spool takes the object, and the image moves on
later (``moving``): to the same key, where the store may have kept it without an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gallery.catalog.images import ContentTakenError, ImageCatalog
from gallery.errors import (
    BusyError,
    ConflictError,
    GalleryError,
    InProgressError,
    KeyTakenError,
    NotFoundError,
    StoreUnavailableError,
)
from gallery.imaging.sandbox import Engine
from gallery.model import Edit, Facts, Image, Particulars, Received, Status, StoredObject
from gallery.services.addresses import Addresses
from gallery.services.putting import put_whole
from gallery.services.tally import Tally
from gallery.signing import new_asset_id, new_id
from gallery.stores.registry import Stores

LEASE_S = 300
"""How long a put may take before the sweep looks after it: longer than any store's own time-outs
together."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file: the image, and whether it was here before."""

    image: Image
    duplicate: bool


class Ingest:
    """Takes received files in."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        engine: Engine,
        addresses: Addresses,
        now: Callable[[], datetime],
        keep_copy: Callable[[Image, bytes], None] | None = None,
        tally: Tally | None = None,
    ) -> None:
        """``keep_copy`` gets the mid-size copy of a large picture once the image is ready, and
        never raises; without it none is made."""
        self._catalog = catalog
        self._stores = stores
        self._engine = engine
        self._addresses = addresses
        self._now = now
        self._keep_copy = keep_copy
        self._tally = tally or Tally()

    def take(
        self,
        received: Received,
        told: Edit,
        *,
        keep_duplicates: bool = False,
        particulars: Particulars | None = None,
        id: str | None = None,
        created_at: datetime | None = None,
    ) -> Outcome:
        """The image made of the file, durable and listed; or the one that has these bytes already.

        A new image has the ``id``, if one was chosen for it, and takes its place in the order of
        arrival by ``created_at``, if that is not now. ``particulars`` are of the embedded
        CDN's own protocol; only there a file may be ``raw``, which is kept as it is and never
        looked into.

        Raises what is wrong with the picture (nothing is left behind then), StoreError and its
        kin, and InProgressError while another request is still storing the same bytes.
        """
        arrived_at = created_at or self._now()
        with self._tally.counted("uploads"):
            blank = self._blank(received, told, id or new_id(), arrived_at)
            outcome = self._taken(blank, received, particulars, keep_duplicates=keep_duplicates)
        self._tally.count("uploads", "duplicate" if outcome.duplicate else "created")
        return outcome

    def _taken(
        self,
        blank: Image,
        received: Received,
        particulars: Particulars | None,
        *,
        keep_duplicates: bool,
    ) -> Outcome:
        if not keep_duplicates and (here := self._already_here(received)):
            return Outcome(image=here, duplicate=True)
        holder = new_id()
        pending, copy = self._pending(blank, received, particulars)
        try:
            image = self._catalog.record_intent(
                pending,
                unique_content=not keep_duplicates,
                holder=holder,
                lease_s=LEASE_S,
            )
        except ContentTakenError:
            here = self._already_here(received)
            if here is None:
                raise InProgressError(
                    "This photo is being added right now.", retry_after_s=1
                ) from None
            return Outcome(image=here, duplicate=True)
        image, stored = self._put(image, received, holder)
        ready = self._flip(image, stored, holder)
        if self._keep_copy and copy:
            self._keep_copy(ready, copy)
        return Outcome(image=ready, duplicate=False)

    def _already_here(self, received: Received) -> Image | None:
        image = self._catalog.find_by_content(received.sha256)
        if image is None or image.status is Status.READY:
            return image
        raise InProgressError("This photo is being added right now.", retry_after_s=1)

    def _pending(
        self, image: Image, received: Received, particulars: Particulars | None
    ) -> tuple[Image, bytes | None]:
        """The image to be, and its copy."""
        if particulars is not None:
            image = replace(image, **particulars.changes())
        if image.resource_type != "image":
            return image, None
        path = Path(received.path)
        if self._keep_copy is None:
            return with_facts(image, self._engine.inspect(path)), None
        look = self._engine.look(path)
        return with_facts(image, look.facts), look.copy

    def _blank(self, received: Received, told: Edit, name: str, now: datetime) -> Image:
        store = self._stores.for_upload().name
        return Image(
            order="",
            id=name,
            public_id=name,
            asset_id=new_asset_id(),
            status=Status.PENDING,
            store=store,
            key=name,
            moving_to=self._stores.moving_to(store),
            description=told.description or "",
            alt=told.alt or "",
            tags=told.tags or (),
            albums=told.albums or (),
            filename=received.filename,
            bytes=received.bytes,
            sha256=received.sha256,
            md5=received.md5,
            created_at=now,
            updated_at=now,
        )

    def _put(self, image: Image, received: Received, holder: str) -> tuple[Image, StoredObject]:
        """The image as it is recorded now, and what its store has."""
        try:
            try:
                return image, put_whole(self._stores.named(image.store), image, received)
            except (StoreUnavailableError, BusyError):
                spooled = self._spooled(image, holder)
                if spooled is None:
                    raise  # The object may be there, so the sweep decides.
                image = spooled
                return image, put_whole(self._stores.named(image.store), image, received)
        except StoreUnavailableError:
            raise  # The same, of the spool.
        except GalleryError as error:
            self._undo(image, holder, ours=not isinstance(error, KeyTakenError))
            raise

    def _spooled(self, image: Image, holder: str) -> Image | None:
        """The image, to lie in the spool for now; ``None`` when it may not."""
        spool = self._stores.spool
        if spool is None or image.moving_to:
            return None
        return self._catalog.spool_intent(image, store=spool.name, holder=holder, lease_s=LEASE_S)

    def _flip(self, image: Image, stored: StoredObject, holder: str) -> Image:
        try:
            return flip(self._catalog, self._addresses, image, stored, holder=holder)
        except ConflictError:
            # We were so slow that the sweep took over.
            if ready := self._after_the_sweep(image, stored):
                return ready
            raise

    def _after_the_sweep(self, image: Image, stored: StoredObject) -> Image | None:
        """The image if it was finished; if it was undone before its object came, it begins anew."""
        try:
            now = self._catalog.find(image.id, among=tuple(Status))
        except NotFoundError:
            holder = new_id()
            pending = self._catalog.record_intent(
                image, unique_content=False, holder=holder, lease_s=LEASE_S
            )
            return flip(self._catalog, self._addresses, pending, stored, holder=holder)
        return now if now.status in (Status.READY, Status.KEPT) else None

    def _undo(self, image: Image, holder: str, *, ours: bool) -> None:
        """Forgets the intent, and the object unless somebody else put it there."""
        try:
            if ours:
                give_up(self._catalog, self._stores, image, holder=holder)
            else:
                self._catalog.drop_intent(image.id, holder=holder)
        except GalleryError:
            log.exception("undo left to the sweep", extra={"image": image.id})


def give_up(catalog: ImageCatalog, stores: Stores, image: Image, *, holder: str) -> bool:
    """Whether it was ours to give up: nobody can finish it any more, however late, so its objects
    go. Where they cannot yet, the sweep deletes them later; the bytes may come again meanwhile."""
    if not catalog.abort_intent(image.id, holder=holder):
        return False
    for each in catalog.objects_of(image.id):
        stores.named(each.store).delete(each.key)
    catalog.remove(image.id)
    return True


def flip(
    catalog: ImageCatalog, addresses: Addresses, image: Image, stored: StoredObject, *, holder: str
) -> Image:
    """The image, ready: its object is there and verified. Raises ConflictError when another holds
    it now."""
    stored = with_version(stored, image.created_at)
    url = addresses.shown_at(replace(image, store_version=stored.store_version))
    return catalog.make_ready(image.id, holder=holder, stored=stored, url=url)


def with_facts(image: Image, facts: Facts) -> Image:
    """The image with what a strict look at its bytes found."""
    return replace(
        image,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        frames=facts.frames,
        color=facts.color,
        placeholder=facts.placeholder,
        phash=facts.phash,
        taken_at=facts.taken_at,
        camera=facts.camera,
    )


def with_version(
    stored: StoredObject, since: datetime, *, after: Image | None = None
) -> StoredObject:
    """The object with a version that delivery URLs may carry: where the store has none of its own,
    the second of its arrival, but above every number that the image ``after`` which it comes had.
    """
    if stored.store_version is not None:
        return stored
    known = (after.store_version or "", *after.earlier_versions) if after else ()
    above = max((int(each) for each in known if each.isdecimal()), default=0)
    return replace(stored, store_version=str(max(int(since.timestamp()), above + 1)))


def is_unsettled(image: Image) -> bool:
    """Whether its upload has not come to its end: it is on its way, or undone before it was ever
    ready."""
    return image.status is Status.PENDING or (image.status is Status.DELETING and not image.url)
