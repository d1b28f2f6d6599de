"""Originals in a Cloudinary account, which also makes and delivers their variants.

*Permissions*: an API key and its secret that may use the Upload API and the Admin API.
*Objects*: one image of the type ``private`` for each key, its SHA-256 in the context, and below
``arrivals/`` what came by tickets, until it is looked at; Cloudinary itself adds derived images
when they are first looked at. *Limits* (free plan): 10 MB and 25
megapixels for an image, 500 Admin API calls an hour (one for each ``stat``, one for each 500 images
of a ``list``, at most one a minute for ``probe``); uploads, deletions and downloads do not count.
See https://support.cloudinary.com/hc/en-us/articles/202520592 and
https://cloudinary.com/documentation/admin_api.

Nobody gets an original by its address: that needs a signature, and the one in a delivery URL covers
the transformation. Derived images of the type ``private`` are public, so switch on *strict
transformations* in the account's security settings: then only those that we signed are made.
"""

from __future__ import annotations

import logging
import re
import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from cloudinary import api, uploader

from gallery.config import CloudinaryAccount
from gallery.errors import BusyError, KeyTakenError, StoreError
from gallery.model import Image, Received, StoredObject
from gallery.stores.abilities import (
    Announced,
    Foreign,
    Preparation,
    Quota,
    StoreLimits,
    Ticket,
)
from gallery.stores.base import KEY, StoreHealth
from gallery.stores.cloudinary import wire
from gallery.stores.cloudinary.account import PRIVATE, Account
from gallery.stores.cloudinary.answers import described, public_id_of, reading, same, sha256_of
from gallery.stores.cloudinary.arrivals import Arrivals, arrival_of
from gallery.stores.cloudinary.foreign import Foreigners
from gallery.stores.cloudinary.plan import Plan
from gallery.stores.cloudinary.setup import Setup
from gallery.stores.patience import Deadline
from gallery.transformation import Crop, Preset, Transformation

log = logging.getLogger(__name__)

CHUNK_BYTES = 5 * 1024**2
"""What one request of an upload carries; Cloudinary wants at least 5 MB in all but the last.

The SDK holds four times as much while it sends a chunk, and twice a smaller file.
"""

PAGE = 500
"""Images on a page of the Admin API: its largest."""

SLOWEST_BYTES_S = 256 * 1024
"""The slowest line that an upload is waited for on."""

PLACE_S = 5.0
"""How long an upload waits for its place among the others."""

PROBE_S = 60.0
"""A probe believes an answer that is no older: the calls of an hour are counted."""


class CloudinaryStore:
    """Originals in one account. Two accounts may live side by side: every call names its own.

    ``call_s`` bounds a call with all its tries, ``put_s`` that of a large file; one request gets
    half of it. ``uploads_at_once`` bounds the memory that uploads take: 20 MiB each. ``eager`` are
    transformations that Cloudinary makes when an image arrives, while nobody waits.
    """

    name = "cloudinary"
    makes_variants = True

    def __init__(
        self,
        account: CloudinaryAccount,
        *,
        eager: Sequence[Transformation] = (),
        call_s: float = 20.0,
        put_s: float = 120.0,
        uploads_at_once: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = Account(account, call_s=call_s, sleep=sleep, now=now)
        made_ahead = {"eager": [str(each) for each in eager], "eager_async": True}
        self._eager: dict[str, Any] = made_ahead if eager else {}
        self._put_s = put_s
        self._uploads = threading.BoundedSemaphore(uploads_at_once)
        self._now = now
        self._plan = Plan(lambda: self._account.call(api.usage), now=now)
        self._setup = Setup(self._account)
        self._arrivals = Arrivals(self._account)
        self._foreigners = Foreigners(self._account)
        self.upload_hosts: tuple[str, ...] = self._arrivals.hosts
        host = urlsplit(self._account.url("any", "", version="1"))
        self.delivery_hosts: tuple[str, ...] = (f"{host.scheme}://{host.netloc}",)

    def put(self, key: str, original: Received) -> StoredObject:
        """Uploads the file; a retry of what was kept but never answered meets its own bytes."""
        put_s = min(self._put_s, self._account.call_s + original.bytes / SLOWEST_BYTES_S)
        public_id, deadline = public_id_of(key), Deadline(put_s)
        if not self._uploads.acquire(timeout=min(PLACE_S, deadline.left_s())):
            raise BusyError("Many photos are on their way to Cloudinary.", retry_after_s=10)
        try:
            stored = self._account.guard.call(
                lambda: self._upload(public_id, original, deadline, put_s), deadline=deadline
            )
        finally:
            self._uploads.release()
        if stored.sha256 is None:
            # The answer for an image that was there already may leave its context out.
            stored = self.stat(key)
        if not same(original, stored):
            raise KeyTakenError("Another photo has that name in Cloudinary.")
        return stored

    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``, from the Admin API."""
        return described(self._account.call(api.resource, public_id_of(key)))

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes as they arrive, by a signed address that nobody else sees."""
        return self._account.open(public_id_of(key))

    def delete(self, key: str) -> None:
        """Removes the image, all derived from it, and the copies that the CDN keeps of those."""
        self._account.destroy(public_id_of(key))

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Our images in the order of their keys, in one page when there are few.

        More are listed by their first character, each such part sorted here: Cloudinary sorts by
        public id only below a prefix, and does not say by which alphabet.
        """
        if not _PREFIX.fullmatch(prefix):
            return  # No key of ours begins so.
        few, cursor = self._page(prefix, None)
        if cursor is None:
            yield from sorted(few, key=_KEY_OF)
            return
        for each in (prefix,) if prefix else _KEY_STARTS:
            yield from sorted(self._pages(each), key=_KEY_OF)

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        """The variant's address in Cloudinary's language, signed for this very transformation."""
        if len(wanted.steps) == 1 and wanted.steps[0].crop is Crop.LFILL:
            # What c_lfill makes of a picture smaller than its box is not documented; one that fits
            # the picture leaves no doubt.
            wanted = wanted.resized(*wanted.size_of(image.width, image.height))
        return self._account.url(public_id_of(image.key), str(wanted), version=image.store_version)

    def probe(self) -> None:
        """Returns when the account answers and takes our keys, or did so a moment ago."""
        answered_at = self._account.answered_at
        if answered_at is None or self._now() - answered_at > PROBE_S:
            self._account.call(api.ping)

    def health(self) -> StoreHealth:
        """How our requests have fared, but for those to the Admin API."""
        return self._account.guard.health()

    def foreign(self, prefix: str = "") -> Iterator[Foreign]:
        """Images of the type ``upload``: what apps and people have left in the account."""
        return self._foreigners.all(prefix)

    def open_foreign(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of one of them."""
        return self._foreigners.open(name)

    def ticket(self, key: str, announced: Announced, *, notify: str | None) -> Ticket:
        """A signed form for an image apart from all others, which replaces none."""
        return self._arrivals.ticket(key, announced, notify=notify)

    def arrived(self, key: str) -> StoredObject:
        """What a form brought, as the Upload API tells it, whose calls are not counted."""
        return self._arrivals.find(key)

    def open_arrived(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Its bytes, by a signed address."""
        return self._account.open(arrival_of(key))

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        """Gives it its SHA-256, and then its name."""
        stored = self._arrivals.settle(key, original, etag=etag)
        if self._eager:
            self._make_ahead(key)
        return stored

    def discard(self, key: str) -> None:
        """Removes what a form brought."""
        self._account.destroy(arrival_of(key))

    def tidy(self, *, older_than: datetime) -> int:
        """How many were removed that forms had brought and nobody waits for any more."""
        return self._arrivals.tidy(older_than=older_than)

    def usage(self) -> tuple[Quota, ...]:
        """What of the plan is used, as of the last minutes."""
        return self._plan.usage()

    def limits(self) -> StoreLimits:
        """What the plan takes of one picture, once ``usage`` has heard it."""
        return self._plan.limits()

    def preparations(
        self, presets: Mapping[str, Preset], *, origin: str | None
    ) -> Iterator[Preparation]:
        """Strict transformations, and a named one for each size of a preset."""
        return self._setup.preparations(presets, origin=origin)

    def _make_ahead(self, key: str) -> None:
        try:
            self._account.call(uploader.explicit, public_id_of(key), **self._eager)
        except StoreError:
            # The image is whole all the same: what is missing is made when it is first seen.
            log.warning("no variants made ahead", extra={"key": key}, exc_info=True)

    def _upload(
        self, public_id: str, original: Received, deadline: Deadline, put_s: float
    ) -> StoredObject:
        send = uploader.upload if original.bytes <= CHUNK_BYTES else uploader.upload_large
        with Path(original.path).open("rb") as file:
            answer = wire.ask(
                lambda: send(
                    file,
                    public_id=public_id,
                    filename=public_id,
                    overwrite=False,
                    unique_filename=False,
                    context={"sha256": original.sha256},
                    **self._eager,
                    chunk_size=CHUNK_BYTES,
                    timeout=wire.Within(deadline, request_s=put_s / 2),
                    **PRIVATE,
                    **self._account.keys,
                )
            )
        return described(answer)

    def _page(self, prefix: str, cursor: str | None) -> tuple[tuple[StoredObject, ...], str | None]:
        answer = self._account.call(
            api.resources,
            prefix=prefix.replace(".", "/"),
            max_results=PAGE,
            next_cursor=cursor,
            context=True,
        )
        with reading():
            found = tuple(described(each) for each in answer["resources"] if _is_ours(each))
            return found, answer.get("next_cursor")

    def _pages(self, prefix: str) -> Iterator[StoredObject]:
        found, cursor = self._page(prefix, None)
        yield from found
        while cursor is not None:
            found, cursor = self._page(prefix, cursor)
            yield from found


_KEY_STARTS = tuple(sorted("-_" + string.digits + string.ascii_letters))
_KEY_OF = attrgetter("key")
_PREFIX = re.compile(r"[A-Za-z0-9_-]*(\.[0-9]*)?")


def _is_ours(answer: dict[str, Any]) -> bool:
    public_id = str(answer["public_id"])
    is_key = "." not in public_id and KEY.fullmatch(public_id.replace("/", "."))
    return bool(is_key) and sha256_of(answer) is not None
