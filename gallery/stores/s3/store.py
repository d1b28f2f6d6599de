"""Originals in a bucket of S3: Amazon's, or of anybody who speaks its language (Ceph, MinIO, R2 …).

*Permissions*, *settings* and what to set up are in ``docs/stores/s3.md``. *Objects*, all private:
``originals/{key}``, its SHA-256 in its metadata; ``arrivals/{key}``, what came by a ticket and is
nobody's image yet; ``derived/{key}/{name}``, variants. *Limits*: 5 GiB a file; whatever the service
allows of requests. The service must honour ``If-None-Match: *``, or two programs that put other
bytes under one key at the same moment would both believe they did.
See https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

from gallery.config import S3Bucket
from gallery.errors import (
    KeyTakenError,
    ObjectMissingError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.model import Image, Received, StoredObject
from gallery.stores.abilities import Announced, Foreign, Preparation, Ticket
from gallery.stores.base import KEY, StoreHealth, checked
from gallery.stores.local import own_address
from gallery.stores.s3.objects import CONTENT_TYPE, LARGE_BYTES, Found, Objects
from gallery.stores.s3.setup import ARRIVALS, DERIVED, ORIGINALS, Setup
from gallery.transformation import Preset, Transformation

MAX_BYTES = 5 * 1024**3
"""The largest file that a form may bring, and that is copied within a bucket at once. See
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html."""

TICKET_S = 15 * 60

VARIANT_S = 4.0
"""How long somebody who waits for a variant waits for the bucket; then it is derived."""

VARIANT_CACHING = "public, max-age=86400"

_OURS = (ORIGINALS, ARRIVALS, DERIVED)
_IMAGE = re.compile(r"image/[a-z0-9.+-]{1,64}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]*(\.[0-9]*)?")


class S3Store:
    """Originals in one bucket; ``/cdn`` of this program delivers them, signed with ``secret``."""

    name = "s3"
    makes_variants = False

    def __init__(
        self,
        bucket: S3Bucket,
        *,
        cloud_name: str,
        secret: str,
        call_s: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._objects = Objects(bucket, call_s=call_s, sleep=sleep)
        self._cloud_name = cloud_name
        self._secret = secret
        public = urlsplit(bucket.public_url) if bucket.public_url else None
        self.delivery_hosts: tuple[str, ...] = (
            (f"{public.scheme}://{public.netloc}",) if public else ()
        )
        self.upload_hosts: tuple[str, ...] = (self._objects.host(),)

    def put(self, key: str, original: Received) -> StoredObject:
        """Sends the file; a retry of what was kept but never answered meets its own bytes."""
        name = _original(key)
        if original.bytes > LARGE_BYTES:
            # Whether a name is free is told only when the last piece has come.
            with suppress(ObjectMissingError):
                return _same(self.stat(key), original)
        # Missing: an upload in pieces that came to its end, and the answer was lost.
        with suppress(KeyTakenError, ObjectMissingError):
            self._objects.create(name, original)
        return _same(self._kept(key), original)

    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``."""
        return _described(self._objects.find(_original(key)))

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes as they arrive."""
        return self._objects.open(_original(key))

    def delete(self, key: str) -> None:
        """Removes the original, and what was derived from it."""
        self._objects.delete(_original(key))
        self.forget_variants(key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Our originals in the order of the keys: as Amazon and its kin list them."""
        if not _PREFIX.fullmatch(prefix):
            return  # No key of ours begins so.
        for found in self._objects.list(f"{ORIGINALS}{prefix}"):
            if KEY.fullmatch(found.name.removeprefix(ORIGINALS)):
                yield _described(found)

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        """A path under ``/cdn``, signed for this very transformation."""
        return own_address(self._secret, self._cloud_name, image, wanted)

    def probe(self) -> None:
        """Returns when the bucket is there and answers to our keys."""
        self._objects.look()

    def ticket(self, key: str, announced: Announced, *, notify: str | None) -> Ticket:
        """A form for exactly that key, size and content type. It may be used again while it lasts:
        what came first is settled by its etag, or not at all. ``notify`` is left to the bucket's
        own notifications."""
        if announced.bytes > MAX_BYTES:
            raise TooLargeError("The bucket takes files of 5 GiB at most.")
        is_image = _IMAGE.fullmatch(announced.content_type)
        content_type = {"Content-Type": announced.content_type if is_image else CONTENT_TYPE}
        expires_at = datetime.now(UTC) + timedelta(seconds=TICKET_S)
        form = self._objects.client.form(
            Bucket=self._objects.bucket.name,
            Key=_arrival(key),
            Fields=dict(content_type),
            Conditions=[content_type, ["content-length-range", announced.bytes, announced.bytes]],
            ExpiresIn=TICKET_S,
        )
        return Ticket(
            url=form["url"],
            fields=form["fields"],
            file_field="file",
            max_bytes=announced.bytes,
            expires_at=expires_at,
        )

    def arrived(self, key: str) -> StoredObject:
        """What a form brought. Its SHA-256 nobody knows yet."""
        return _described(self._objects.find(_arrival(key)))

    def open_arrived(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Its bytes as they arrive here."""
        return self._objects.open(_arrival(key))

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        """Copies it within the bucket, if it still has that etag. What arrived stays until it is
        discarded, so that a repetition finds it."""
        name = _original(key)
        with suppress(ObjectMissingError):
            # Many services do not look at it when they copy.
            return _same(self.stat(key), original)
        try:
            self._objects.copy(_arrival(key), name, etag=etag, sha256=original.sha256)
        except KeyTakenError:
            # Or nothing lies there, and what arrived has another etag now.
            return _same(self.stat(key), original)
        stored = self._kept(key)
        if _is_md5(etag) and _is_md5(stored.etag) and stored.etag != etag:
            # A service that does not look at the etag when it copies.
            self._objects.delete(name)
            raise ObjectMissingError("What arrived is something else by now.")
        return _same(stored, original)

    def discard(self, key: str) -> None:
        """Removes what a form brought."""
        self._objects.delete(_arrival(key))

    def keep_variant(self, key: str, name: str, content: bytes, content_type: str) -> None:
        """Keeps a variant. Where everybody may fetch it, copies of it may last for a day."""
        self._objects.write(
            _variant(key, name),
            content,
            within_s=VARIANT_S,
            ContentType=content_type,
            CacheControl=VARIANT_CACHING,
        )

    def variant(self, key: str, name: str) -> bytes:
        """A variant that was kept."""
        with self._objects.open(_variant(key, name), within_s=VARIANT_S) as file:
            return file.read()

    def variant_url(self, key: str, name: str) -> str | None:
        """Its public address, where ``S3_PUBLIC_URL`` says that there is one."""
        public_url = self._objects.bucket.public_url
        return f"{public_url}/{_variant(key, name)}" if public_url else None

    def forget_variants(self, key: str) -> None:
        """Removes them one by one: not every service takes many names at once."""
        for variant in self._objects.list(f"{DERIVED}{checked(key)}/"):
            self._objects.delete(variant.name)

    def preparations(
        self, presets: Mapping[str, Preset], *, origin: str | None
    ) -> Iterator[Preparation]:
        """What must be so with the bucket. Presets need nothing there."""
        return Setup(self._objects).preparations(origin=origin)

    def foreign(self, prefix: str = "") -> Iterator[Foreign]:
        """Files of others in the same bucket, whatever they are."""
        for found in self._objects.list(prefix):
            if found.bytes and not found.name.startswith(_OURS):
                yield Foreign(name=found.name, bytes=found.bytes, modified_at=found.modified_at)

    def open_foreign(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of such a file."""
        if not name or name.startswith(_OURS):
            raise ObjectMissingError("There is no such file in the bucket.")
        return self._objects.open(name)

    def health(self) -> StoreHealth:
        """How our requests have fared."""
        return self._objects.health()

    def tidy(self, *, older_than: datetime) -> int:
        """How many uploads in pieces were given up: begun before that moment, and never whole."""
        return self._objects.abandon(ORIGINALS, older_than=older_than)

    def _kept(self, key: str) -> StoredObject:
        """What a put has left there."""
        try:
            return self.stat(key)
        except ObjectMissingError as error:
            raise StoreUnavailableError("The bucket took a photo and has none.") from error


def _same(stored: StoredObject, original: Received) -> StoredObject:
    """What is stored, if that is the original."""
    if (stored.bytes, stored.sha256) != (original.bytes, original.sha256):
        raise KeyTakenError("Another photo has that name in the bucket.")
    return stored


def _variant(key: str, name: str) -> str:
    return f"{DERIVED}{checked(key)}/{name}"


def _is_md5(etag: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{32}", etag) is not None


def _original(key: str) -> str:
    return f"{ORIGINALS}{checked(key)}"


def _arrival(key: str) -> str:
    return f"{ARRIVALS}{checked(key)}"


def _described(found: Found) -> StoredObject:
    # A key's bytes never change, so the time they were written is both of its times.
    return StoredObject(
        key=found.name.rpartition("/")[2],
        bytes=found.bytes,
        etag=found.etag,
        created_at=found.modified_at,
        modified_at=found.modified_at,
        sha256=found.sha256,
    )
