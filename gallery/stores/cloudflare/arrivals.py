"""What browsers send straight to Cloudflare: one address for each file, good for one file and a
quarter of an hour. It cannot bound the size below the limit of all, so what arrived is measured.

https://developers.cloudflare.com/images/upload-images/direct-creator-upload/. An image that comes
so has an id of Cloudflare's making; settling marks it, and it stays where it is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from gallery.errors import KeyTakenError, ObjectMissingError
from gallery.model import Received, StoredObject
from gallery.stores.abilities import Announced, Ticket
from gallery.stores.base import checked
from gallery.stores.cloudflare.images import TAKEN, Images, check_size, read_etag, unsupported

LASTS = timedelta(minutes=14)
"""Cloudflare's shortest is two minutes, by its own clock."""


class Arrivals:
    """The tickets of one account, and what came by them."""

    def __init__(self, images: Images) -> None:
        self._images = images

    def ticket(self, key: str, announced: Announced) -> Ticket:
        """An address that takes one file, once."""
        checked(key)
        check_size(announced.bytes)
        if announced.content_type not in TAKEN:
            raise unsupported()
        expires_at = datetime.now(UTC).replace(microsecond=0) + LASTS
        return Ticket(
            url=self._images.reserve(key, until=expires_at),
            fields={},
            file_field="file",
            max_bytes=announced.bytes,
            expires_at=expires_at,
        )

    def arrived(self, key: str) -> StoredObject:
        """What was sent, measured: Cloudflare does not tell how large it is."""
        held = self._images.arrival(checked(key))
        length, _ = self._images.fingerprint(held.id)
        return held.as_object(bytes=length, sha256=None)

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Its bytes."""
        return self._images.open(self._images.arrival(checked(key)).id)

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        """Marks it as the object under ``key``."""
        here = [held for held in self._images.under(checked(key)) if held.is_settled]
        for held in here:
            stored = held.described()
            if (stored.bytes, stored.sha256) != (original.bytes, original.sha256):
                raise KeyTakenError("Another photo has that name in Cloudflare.")
        if here:
            return min(here, key=lambda held: (held.uploaded_at, held.id)).described()
        sent = self._images.find(read_etag(etag)[0])
        if sent.key != key or sent.etag != etag:
            raise ObjectMissingError("What arrived in Cloudflare is something else now.")
        return self._images.mark(sent.id, key, original).described()

    def discard(self, key: str) -> None:
        """Removes all that was sent for it and not settled."""
        for held in self._images.under(checked(key)):
            if not held.is_settled:
                self._images.delete(held.id)
