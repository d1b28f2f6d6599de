"""An upload that has put its object comes to its end, ready or undone; so does one that was left.

Whoever ends it holds the lease of its document: of many who try, one succeeds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gallery.catalog.images import ImageCatalog
from gallery.errors import ObjectMissingError, StoreUnavailableError
from gallery.model import Image, Status, StoredObject
from gallery.services.addresses import Addresses
from gallery.services.holding import LEASE_S
from gallery.services.putting import is_as_sent
from gallery.signing import new_id
from gallery.stores.registry import Stores


class Mending:
    """Finishes uploads whose makers have died, or undoes them."""

    def __init__(self, *, catalog: ImageCatalog, stores: Stores, addresses: Addresses) -> None:
        self._catalog = catalog
        self._stores = stores
        self._addresses = addresses

    def mend(self, image: Image, *, late_s: float, may_come: bool = False) -> bool | None:
        """Whether it was finished rather than undone; ``None`` when somebody has it, or its object
        may still come: to a store elsewhere, until ``late_s`` after its lease.

        With ``may_come`` that is not waited for here: what comes is deleted later.
        """
        holder, stored = new_id(), self.whole(image)
        rested_s = 0.0 if stored else self.may_come_for_s(image, late_s)
        if not self._catalog.take_over(image.id, holder=holder, lease_s=LEASE_S, for_s=rested_s):
            return None
        if stored:
            flip(self._catalog, self._addresses, image, stored, holder=holder)
            return True
        given_up = give_up(self._catalog, self._stores, image, holder=holder, may_come=may_come)
        return False if given_up else None

    def make_way(self, image: Image) -> bool | None:
        """As ``mend``, for one that another upload meets."""
        if not self._catalog.is_given_up(image.id):
            return None
        return self.mend(image, late_s=0, may_come=True)

    def may_come_for_s(self, image: Image, late_s: float) -> float:
        """For how long after its lease an object of the image may still come."""
        return late_s if any(map(self._stores.takes_late, stores_of(image))) else 0.0

    def whole(self, image: Image) -> StoredObject | None:
        """The object, if it is there as announced.

        Nobody waits for a store that is away: the bytes may come again, and the spool takes them.
        """
        try:
            stored = self._stores.named(image.store).stat(image.key)
        except ObjectMissingError:
            return None
        except StoreUnavailableError:
            if self._stores.spool is None:
                raise
            return None
        return stored if is_as_sent(stored, image) else None


def give_up(
    catalog: ImageCatalog, stores: Stores, image: Image, *, holder: str, may_come: bool = False
) -> bool:
    """Whether it was ours to give up: nobody can finish it any more, however late, so its objects
    go. Where they cannot yet, or one may still come to a store elsewhere, the sweep deletes them
    later; the bytes may come again meanwhile."""
    if not catalog.abort_intent(image.id, holder=holder):
        return False
    if may_come and any(map(stores.takes_late, stores_of(image))):
        return True
    for each in catalog.objects_of(image.id):
        stores.named(each.store).delete(each.key)
    catalog.remove_aborted(image.id, holder=holder)
    return True


def flip(
    catalog: ImageCatalog, addresses: Addresses, image: Image, stored: StoredObject, *, holder: str
) -> Image:
    """The image, ready: its object is there and verified. Raises ConflictError when another holds
    it now."""
    stored = with_version(stored, image.created_at)
    url = addresses.shown_at(replace(image, store_version=stored.store_version, etag=stored.etag))
    return catalog.make_ready(image.id, holder=holder, stored=stored, url=url)


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


def stores_of(image: Image) -> tuple[str, ...]:
    """Where an object of this very picture may be."""
    return (image.store, image.moving_to) if image.moving_to else (image.store,)


def is_unsettled(image: Image) -> bool:
    """Whether its upload has not come to its end: it is on its way, or undone before it was ever
    ready."""
    return image.status is Status.PENDING or (image.status is Status.DELETING and not image.url)
