"""The one way in for every road: a file that was received becomes an image that can be seen.

look → intent → put → verify → ready. The document is written before the object, so that whatever a
crash leaves behind is found from our own records: a pending document whose lease has run out. Who
sends the same again goes on with it, under the same key; else the sweep finishes or undoes it
(``reconcile``). While the store does not answer, the spool takes the object, and the image moves on
later (``moving``): to the same key, where the store may have kept it without an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from gallery.services.holding import LEASE_S, Holding
from gallery.services.mending import Mending, flip, give_up, is_unsettled
from gallery.services.putting import put_whole
from gallery.services.tally import Tally
from gallery.signing import new_asset_id, new_id
from gallery.stores.registry import Stores

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
        self._holding = Holding()
        self._mending = Mending(catalog=catalog, stores=stores, addresses=addresses)

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
        if not keep_duplicates and (here := self._already_here(blank)):
            return Outcome(image=here, duplicate=True)
        holder = new_id()
        pending, copy = self._pending(blank, received, particulars)
        try:
            image, again = self._begun(pending, holder, keep_duplicates=keep_duplicates)
        except ContentTakenError:
            here = self._already_here(blank)
            if here is None:
                raise _in_progress() from None
            return Outcome(image=here, duplicate=True)
        ready = self._made(image, received, holder, again=again)
        if self._keep_copy and copy:
            self._keep_copy(ready, copy)
        return Outcome(image=ready, duplicate=False)

    def _already_here(self, blank: Image) -> Image | None:
        """The image that has these bytes, if there is one, or no use in going on."""
        image = self._catalog.find_by_content(blank.sha256)
        if image is None or image.status is Status.READY:
            return image
        if image.id == blank.id:
            return None  # Begun before under this very name.
        finished = self._mending.make_way(image)
        if finished is None:
            raise _in_progress()
        return self._catalog.find(image.id) if finished else None

    def make_way(self, image: Image) -> None:
        """Ends an upload that was left, for another that wants its name."""
        self._mending.make_way(image)

    def _begun(self, pending: Image, holder: str, *, keep_duplicates: bool) -> tuple[Image, bool]:
        """The intent, ours, and whether somebody else began it, and left it."""
        try:
            image = self._catalog.record_intent(
                pending, unique_content=not keep_duplicates, holder=holder, lease_s=LEASE_S
            )
        except (ContentTakenError, ConflictError) as error:
            left = self._catalog.resume(pending, holder=holder, lease_s=LEASE_S)
            if left is not None:
                return left, True
            if isinstance(error, ConflictError) and self._is_begun(pending):
                raise _in_progress() from error
            raise
        return image, False

    def _is_begun(self, pending: Image) -> bool:
        try:
            return is_unsettled(self._catalog.find(pending.id, among=tuple(Status)))
        except NotFoundError:
            return False

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

    def _made(self, image: Image, received: Received, holder: str, *, again: bool) -> Image:
        """The image, ready. ``again``: whoever began it may have sent its object."""

        def renew() -> None:
            self._catalog.renew(image.id, holder=holder, lease_s=LEASE_S)

        try:
            with self._holding.renewed(renew):
                now, stored = self._put(image, received, holder, may_come=again)
                return self._flip(now, stored, holder)
        except StoreUnavailableError:
            # The object may be there, or still come: whoever sends it again goes on, or the sweep.
            with _left_to_the_sweep(image):
                self._catalog.give_back(image.id, holder=holder)
            raise

    def _put(
        self, image: Image, received: Received, holder: str, *, may_come: bool
    ) -> tuple[Image, StoredObject]:
        """The image as it is recorded now, and what its store has."""
        try:
            try:
                return image, put_whole(self._stores.named(image.store), image, received)
            except (StoreUnavailableError, BusyError):
                spooled = self._spooled(image, holder)
                if spooled is None:
                    raise
                image, may_come = spooled, True
                return image, put_whole(self._stores.named(image.store), image, received)
        except StoreUnavailableError:
            raise
        except GalleryError as error:
            with _left_to_the_sweep(image):
                if isinstance(error, KeyTakenError):  # Somebody else's object lies there.
                    self._catalog.drop_intent(image.id, holder=holder)
                else:
                    give_up(self._catalog, self._stores, image, holder=holder, may_come=may_come)
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
        if now.status is Status.DELETING:
            self._catalog.still_comes(image.id)
        return now if now.status in (Status.READY, Status.KEPT) else None


@contextmanager
def _left_to_the_sweep(image: Image) -> Iterator[None]:
    try:
        yield
    except GalleryError:
        log.exception("left to the sweep", extra={"image": image.id})


def _in_progress() -> InProgressError:
    return InProgressError("This photo is being added right now.", retry_after_s=1)


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
