"""Originals in an account of Cloudflare Images, which also makes and delivers their variants.

*Permissions*: an API token with *Cloudflare Images: Edit* for the one account. *Objects*: one image
for each key, its key, size and SHA-256 in the metadata; a named variant for each size of a preset.
*Limits*: 10 MB, 100 megapixels and 12,000 pixels a side; 1,200 API calls in five minutes, which
many calls in a row do not use up (``cloudflare_pace``).
https://developers.cloudflare.com/images/get-started/limits/

Of a large file Cloudflare may keep a near-lossless copy instead of the bytes that were sent
(https://developers.cloudflare.com/api/resources/images/subresources/v1/subresources/blobs/), so
each is read back before it counts as kept. Nobody gets an original by its address: only variants
have addresses. In a public gallery an image has its key as its id, so a put creates once; in a
private one its addresses are signed and end, and it has an id of Cloudflare's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from gallery.config import CloudflareAccount
from gallery.errors import BusyError, ImageTooLargeError, KeyTakenError
from gallery.model import Image, Received, StoredObject
from gallery.stores.abilities import Announced, Foreign, Preparation, Quota, StoreLimits, Ticket
from gallery.stores.base import StoreHealth, checked
from gallery.stores.cloudflare.answers import reading
from gallery.stores.cloudflare.arrivals import Arrivals
from gallery.stores.cloudflare.images import MAX_BYTES, Held, Images, check_size, read_etag, sniffed
from gallery.stores.cloudflare.setup import Setup
from gallery.stores.cloudflare.sizes import in_path, named, signature, size_of
from gallery.stores.cloudflare.wire import Call, Client
from gallery.stores.local import own_address
from gallery.stores.patience import Deadline
from gallery.transformation import Preset, Transformation

SLOWEST_BYTES_S = 256 * 1024
"""The slowest line that an upload is waited for on."""

PLACE_S = 5.0
"""How long an upload waits for its place among the others."""

KEPT_S = 60.0
"""How long an answer about the account is believed: calls are counted."""

PERIOD_S = 2 * 86_400
"""How long a signed address is the same. It is good for that long again."""


class CloudflareStore:
    """Originals in one account. What Cloudflare cannot make, ``/cdn`` here does.

    ``call_s`` bounds a call with all its tries, ``put_s`` that of a large file; one request gets
    half of it. ``uploads_at_once`` bounds the memory that uploads take: 20 MiB each.
    """

    name = "cloudflare"
    makes_variants = True

    def __init__(
        self,
        account: CloudflareAccount,
        *,
        presets: Mapping[str, Preset],
        private: bool,
        cloud_name: str,
        secret: str,
        call_s: float = 20.0,
        put_s: float = 60.0,
        uploads_at_once: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``cloud_name`` and ``secret`` are those of our own ``/cdn``."""
        self._account = account
        self._presets = presets
        self._named = named(presets)
        self._own = secret, cloud_name
        self._call_s = call_s
        self._put_s = put_s
        self._uploads = threading.BoundedSemaphore(uploads_at_once)
        self._now = now
        self._clock = clock
        self._client = Client(account, call_s=call_s, sleep=sleep, now=now, clock=clock)
        self._images = Images(self._client, private=private)
        self._arrivals = Arrivals(self._images)
        self._setup = Setup(self._client, account, private=private)
        self._heard: tuple[float, tuple[Quota, ...]] | None = None
        host = urlsplit(account.delivery_url)
        self.delivery_hosts: tuple[str, ...] = (f"{host.scheme}://{host.netloc}",)
        self.upload_hosts = account.upload_hosts

    def put(self, key: str, original: Received) -> StoredObject:
        """Uploads the file and reads it back; a retry meets its own bytes."""
        checked(key)
        check_size(original.bytes)
        content_type = sniffed(Path(original.path))
        self._setup.ensure(self._presets)
        held = self._uploaded(key, original, content_type)
        stored = held.described()
        if (stored.bytes, stored.sha256) != (original.bytes, original.sha256):
            raise KeyTakenError("Another photo has that name in Cloudflare.")
        if self._images.fingerprint(held.id) != (original.bytes, original.sha256):
            self._images.delete(held.id)
            raise ImageTooLargeError(
                "Cloudflare keeps a copy of this photo instead of the file itself: "
                "make it smaller, or keep it in another store."
            )
        return stored

    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``."""
        return self._images.settled(checked(key)).described()

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes as they arrive."""
        return self._images.open(self._images.settled(checked(key)).id)

    def delete(self, key: str) -> None:
        """Removes the image and all copies that the CDN keeps of its variants."""
        for held in self._images.under(checked(key)):
            if held.is_settled:
                self._images.delete(held.id)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Our images in the order of their keys: read whole, since Cloudflare orders by arrival."""
        found: dict[str, StoredObject] = {}
        for held in self._images.all(ours=True):
            if held.is_settled and held.key and held.key.startswith(prefix):
                found.setdefault(held.key, held.described())
        for key in sorted(found):
            yield found[key]

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        """The address of a named variant; a flexible one where those are used; else our own."""
        name, is_signed = read_etag(image.etag or image.key)
        size = size_of(wanted, image.width, image.height)
        if size is not None and size.name in self._named:
            if not is_signed:
                return self._address(name, str(size.name))
            if self._account.signing_key:
                return self._signed(name, str(size.name))
        elif size is not None and self._account.flexible and not is_signed:
            return self._address(name, str(size))
        return own_address(*self._own, image, wanted)

    def address_period(self) -> int:
        """Changes whenever signed addresses do; what is not signed never does."""
        return int(self._clock().timestamp() // PERIOD_S)

    def probe(self) -> None:
        """Returns when the account answers and takes our token, or did so a moment ago."""
        self.usage()

    def health(self) -> StoreHealth:
        """How our requests have fared."""
        return self._client.health()

    def usage(self) -> tuple[Quota, ...]:
        """How many images there are, and how many may be."""
        if self._heard is None or self._now() - self._heard[0] > KEPT_S:
            told = self._client.ask(Call(method="GET", path="/v1/stats"))
            with reading():
                count = told["count"]
                images = Quota(
                    name="images",
                    unit="",
                    used=float(count["current"]),
                    limit=float(count["allowed"]),
                )
            self._heard = self._now(), (images,)
        return self._heard[1]

    def limits(self) -> StoreLimits:
        """As Cloudflare documents them."""
        return StoreLimits(max_bytes=MAX_BYTES, max_pixels=100_000_000, max_side=12_000)

    def preparations(
        self, presets: Mapping[str, Preset], *, origin: str | None
    ) -> Iterator[Preparation]:
        """The variants, and what else hangs on the account. Cloudflare lets every origin in."""
        return self._setup.preparations(presets)

    def ticket(self, key: str, announced: Announced, *, notify: str | None) -> Ticket:
        """An address that takes one file, once. Cloudflare is told whom to notify elsewhere."""
        return self._arrivals.ticket(key, announced)

    def arrived(self, key: str) -> StoredObject:
        """What was sent."""
        return self._arrivals.arrived(key)

    def open_arrived(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Its bytes."""
        return self._arrivals.open(key)

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        """Marks it as the object under ``key``."""
        # A photo that comes so is shown by the same variants as any other.
        self._setup.ensure(self._presets)
        return self._arrivals.settle(key, original, etag=etag)

    def discard(self, key: str) -> None:
        """Removes what was sent and not settled."""
        self._arrivals.discard(key)

    def foreign(self, prefix: str = "") -> Iterator[Foreign]:
        """Images of the account that are none of ours."""
        for held in self._images.all(ours=False):
            if held.key is None and held.id.startswith(prefix):
                yield Foreign(
                    name=held.id,
                    bytes=None,
                    modified_at=held.uploaded_at,
                    description=_text(held, "description"),
                    alt=_text(held, "alt"),
                )

    def open_foreign(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes, as far as Cloudflare kept them."""
        return self._images.open(name)

    def _uploaded(self, key: str, original: Received, content_type: str) -> Held:
        put_s = min(self._put_s, self._call_s + original.bytes / SLOWEST_BYTES_S)
        deadline = Deadline(put_s)
        if not self._uploads.acquire(timeout=min(PLACE_S, deadline.left_s())):
            raise BusyError("Many photos are on their way to Cloudflare.", retry_after_s=10)
        try:
            sent: Held = self._client.guarded(
                lambda: self._images.create(
                    key, original, content_type, deadline, request_s=put_s / 2
                ),
                deadline,
            )
        finally:
            self._uploads.release()
        return self._images.first_of(key, sent)

    def _address(self, name: str, place: str) -> str:
        account = self._account
        return f"{account.delivery_url}/{account.hash}/{in_path(name)}/{place}"

    def _signed(self, name: str, place: str) -> str:
        url = self._address(name, place)
        query = f"exp={(self.address_period() + 2) * PERIOD_S}"
        return (
            f"{url}?{query}&sig={signature(self._account.signing_key, urlsplit(url).path, query)}"
        )


def _text(held: Held, name: str) -> str:
    value = held.meta.get(name)
    return value if isinstance(value, str) else ""
