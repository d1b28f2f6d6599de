"""What browsers send to Cloudinary themselves, by forms that we signed.

It lies apart, below ``arrivals/``, where no address that we sign leads and no list of ours looks.
Settled, the same image gets its SHA-256 and the name of its key: no byte of it moves. A form
creates and replaces nothing (``overwrite`` is off), so that what was looked at stays what it was.
How large the file is, no form can say: that is compared when it has arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cloudinary import api, uploader, utils

from gallery.errors import (
    KeyTakenError,
    ObjectMissingError,
    StoreError,
    StoreUnavailableError,
)
from gallery.model import Received, StoredObject
from gallery.stores.abilities import Announced, Ticket
from gallery.stores.cloudinary.account import PRIVATE, Account
from gallery.stores.cloudinary.answers import described, public_id_of, reading, same
from gallery.stores.hints import ARRIVALS

HOLDS_S = 15 * 60

SIGNATURE_S = 3600
"""How long Cloudinary takes a signature, from its timestamp on: ours lies as far back as it takes
for less. https://cloudinary.com/documentation/authentication_signatures"""

CHUNK_BYTES = 20_000_000
"""As Cloudinary's own clients do; one request may carry 100 MB at most."""

FORMATS = "avif,gif,heic,heif,jpg,png,tif,tiff,webp"
"""Nothing that could run in a page, like SVG."""


KEPT = timedelta(days=1)
"""Longer than any upload waits for what a ticket brings."""

TIDY_EVERY_S = 3600.0

PAGE = 500
"""Images on a page of the Admin API: its largest."""


def arrival_of(key: str) -> str:
    """What is called so that came by the ticket for that key."""
    return ARRIVALS + public_id_of(key)


class Arrivals:
    """Forms of one account, and what they bring."""

    def __init__(self, account: Account, *, clock: Callable[[], float] = time.time) -> None:
        self._account = account
        self._clock = clock
        self._tidied_at = 0.0
        self._url = str(utils.cloudinary_api_url("upload", **PRIVATE, **account.keys))
        place = urlsplit(self._url)
        self.hosts = (f"{place.scheme}://{place.netloc}",)

    def ticket(self, key: str, announced: Announced, *, notify: str | None) -> Ticket:
        """A form for that key. Cloudinary calls ``notify`` when it has the file."""
        now = int(self._clock())
        told = {
            "public_id": arrival_of(key),
            "type": PRIVATE["type"],
            "overwrite": "0",
            "allowed_formats": FORMATS,
            "timestamp": now - SIGNATURE_S + HOLDS_S,
            "notification_url": notify,
        }
        signed = utils.sign_request(told, self._account.keys)
        return Ticket(
            url=self._url,
            fields={name: str(value) for name, value in signed.items()},
            file_field="file",
            max_bytes=announced.bytes,
            expires_at=datetime.fromtimestamp(now + HOLDS_S, UTC),
            chunk_bytes=CHUNK_BYTES,
        )

    def find(self, key: str) -> StoredObject:
        """What arrived. Nobody has looked at it: its SHA-256 is not told."""
        answer = self._account.call(uploader.explicit, arrival_of(key))
        return replace(described(answer), key=key, sha256=None)

    def tidy(self, *, older_than: datetime) -> int:
        """How many were removed that nobody waits for any more: a day old at least, whoever asks.
        Looks once an hour, for its calls are counted, and at no more than a page."""
        now = self._clock()
        if now - self._tidied_at < TIDY_EVERY_S:
            return 0
        self._tidied_at = now
        horizon = min(older_than, datetime.fromtimestamp(now, UTC) - KEPT)
        answer = self._account.call(api.resources, prefix=ARRIVALS, max_results=PAGE)
        with reading():
            stale = [
                str(each["public_id"])
                for each in answer["resources"]
                if described(each).created_at < horizon
            ]
        for public_id in stale:
            self._account.destroy(public_id)
        return len(stale)

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        """What lies under ``key`` now, after a retry too."""
        try:
            return self._renamed(key, original, etag)
        except StoreUnavailableError:
            raise
        except StoreError as error:
            return self._settled_before(key, original, error)

    def _renamed(self, key: str, original: Received, etag: str) -> StoredObject:
        arrival, context = arrival_of(key), {"sha256": original.sha256}
        marked = self._account.call(uploader.explicit, arrival, context=context)
        if described(marked).etag != etag:
            raise ObjectMissingError("What arrived is something else by now.")
        answer = self._account.call(uploader.rename, arrival, public_id_of(key), overwrite=False)
        # The answer may leave the context out, which we have just given it.
        return replace(described(answer), sha256=original.sha256)

    def _settled_before(self, key: str, original: Received, failure: StoreError) -> StoredObject:
        """What an earlier try has left there. Raises the failure where there was none."""
        try:
            answer = self._account.call(uploader.explicit, public_id_of(key))
        except ObjectMissingError:
            raise failure from None
        stored = described(answer)
        if not same(original, stored):
            raise KeyTakenError("Another photo has that name in Cloudinary.") from failure
        return stored
