"""Deletion with a receipt: after an image was purged its addresses are fetched, and their absence
is recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote

from gallery.catalog.receipts import Receipt, Receipts
from gallery.errors import GalleryError, NotFoundError
from gallery.model import Image
from gallery.outgoing import Outgoing
from gallery.services.addresses import Addresses
from gallery.services.delivered import ElsewhereError
from gallery.services.delivery import Delivery
from gallery.services.meanings import Asked, Client
from gallery.signing import new_id
from gallery.transformation import address

LEASE_S = 600.0

AGAIN_AFTER_S = (60.0, 300.0, 1800.0, 7200.0, 21_600.0)
"""Copies that a CDN keeps go within minutes or hours after it was told; the last pause repeats."""

TRIED_FOR_S = 24 * 3600.0

MOST_URLS = 60

_CDN = "/cdn/"

log = logging.getLogger(__name__)


class Receipting:
    """Opens receipts, and looks whether what they name is gone."""

    def __init__(
        self,
        *,
        receipts: Receipts,
        addresses: Addresses,
        delivery: Delivery,
        outgoing: Outgoing,
        secret: str,
        now: Callable[[], datetime],
    ) -> None:
        """``secret`` signs the addresses of our own ``/cdn``."""
        self._receipts = receipts
        self._addresses = addresses
        self._delivery = delivery
        self._outgoing = outgoing
        self._secret = secret
        self._now = now

    def open(self, image: Image) -> None:
        """Opens the receipt of an image that is being purged, if it was ever shown."""
        if not image.url:
            return
        variants = self._addresses.variants(image).values()
        shown = (url for variant in variants for url, _ in variant.sizes)
        urls = list(dict.fromkeys((image.url, *shown)))
        self._receipts.open(image.id, store=image.store, urls=urls[:MOST_URLS])

    def run(self) -> int:
        """Looks at all addresses that are due; how many receipts that were."""
        looked = 0
        holder = new_id()
        while receipt := self._receipts.claim(holder=holder, lease_s=LEASE_S):
            self._look(receipt, holder)
            holder = new_id()
            looked += 1
        return looked

    def newest(self, *, limit: int) -> list[Receipt]:
        """The newest receipts first."""
        return self._receipts.newest(limit=limit)

    def given_up(self, *, limit: int) -> list[Receipt]:
        """Those of which an address still answered a day later."""
        return self._receipts.given_up(limit=limit)

    def _look(self, receipt: Receipt, holder: str) -> None:
        statuses = [self._status_of(url) for url, _ in receipt.urls]
        still_there = not all(map(_says_gone, statuses))
        again: float | None = None
        if still_there:
            again = AGAIN_AFTER_S[min(receipt.looks, len(AGAIN_AFTER_S) - 1)]
            if (self._now() - receipt.purged_at).total_seconds() > TRIED_FOR_S:
                again = None
                log.warning("a deleted image can still be fetched", extra={"image": receipt.id})
        self._receipts.note(
            receipt.id,
            holder=holder,
            statuses=statuses,
            still_there=still_there,
            again_after_s=again,
        )

    def _status_of(self, url: str) -> int:
        """What the address answers with; 0 when nobody answers."""
        try:
            return self._status_here(url) if url.startswith(_CDN) else self._outgoing.status(url)
        except GalleryError:
            return 0

    def _status_here(self, path: str) -> int:
        found = address.read(unquote(path).removeprefix(_CDN).partition("/")[2])
        asked = Asked(
            address=found,
            readings=found.signed(self._secret),
            signed=True,
            client=Client(bucket="base"),
        )
        try:
            # First as it is answered without the database, then with it.
            return 200 if self._delivery.kept(asked) or self._delivery.deliver(asked) else 404
        except NotFoundError as error:
            return error.status
        except ElsewhereError:  # Another image has come under that name.
            return 302


def _says_gone(status: int) -> bool:
    return 400 <= status < 500 and status not in (408, 425, 429)
