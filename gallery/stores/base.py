"""What every media store does, and what some can do besides.

A store keeps originals under *keys* that services make from an image's id; a key is never user
text. Puts only create: what lies under a key never changes, so a retry meets its own bytes and a
replacement gets a key of its own. Every call has a time-out, and may come from any thread.
Failures are ours (``errors.StoreError`` and its kin), the SDK's own exception behind them as the
cause: ``StoreUnavailableError`` may be tried again and leaves the outcome of a put unknown,
``StoreError`` is final.

Between them the calls answer whatever a storage is asked: save (``put``), open, delete, exists
(``stat``, or ObjectMissingError), size, created and modified time (``stat``), url and url of a
variant (``delivery_url`` with the transformation of a preset), listdir (``list``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from gallery.errors import ObjectMissingError
from gallery.model import Image, Received, StoredObject
from gallery.transformation import Transformation

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}(\.[0-9]{1,9})?")
"""An image's id, and ``.n`` after its n-th replacement."""


def checked(key: str) -> str:
    """The key itself. Raises ObjectMissingError for anything that services cannot have made."""
    if not KEY.fullmatch(key):
        raise ObjectMissingError("There is no such file in the store.")
    return key


class MediaStore(Protocol):
    """Where the bytes of images live. One image lives in one store, and its document says which."""

    name: str
    """As in the document's ``store`` and in ``MEDIA_STORE``."""

    delivery_hosts: tuple[str, ...]
    """Where delivery URLs lead besides here, each as ``https://host``: pages must allow them."""

    makes_variants: bool
    """The provider derives and delivers them; else our imaging engine and ``/cdn`` do."""

    def put(self, key: str, original: Received) -> StoredObject:
        """Keeps the file under ``key`` durably, and says what the store then has.

        The same bytes under the same key again is success; other bytes raise KeyTakenError, and
        what lies there stays. TooLargeError and its kin say that this store takes no such picture,
        StorageFullError that it has no room; then nothing is left behind. The file remains the
        caller's, who removes it but never writes to it again.
        """
        ...

    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``: size, etag, created and modified time.

        Raises ObjectMissingError.
        """
        ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes, for reading. Raises ObjectMissingError."""
        ...

    def delete(self, key: str) -> None:
        """Removes the original and whatever the store derived from it. Missing is success."""
        ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Everything the store keeps for us under keys that begin so, in the order of the keys."""
        ...

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        """Where that variant is fetched: an absolute URL, or a path when ``/cdn`` here serves it.

        Nobody gets the original by changing this address.
        """
        ...

    def probe(self) -> None:
        """Returns when the store answers and takes our keys. Raises StoreError or its kin."""
        ...


class BreakerState(StrEnum):
    """Whether requests go through to a provider."""

    CLOSED = "closed"
    """They do."""
    OPEN = "open"
    """It is left alone for a while."""
    PROBING = "probing"
    """One went through, to see whether it is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """How a store has been doing, as far as this process saw."""

    state: BreakerState
    requests: int
    """In the last half minute."""
    failures: int
    """Those of them that were not answered."""
    since: datetime
    """The state's beginning."""
    is_away: bool
    """It has not answered lately, so no new image should wait for it."""
    is_resting: bool
    """No request should be made now; somebody may try again when this is over."""


@runtime_checkable
class LeavesTemporaries(Protocol):
    """A store in which a crash can leave files that were on their way in."""

    def stale_temporaries(self, *, older_than: datetime) -> Iterator[Path]:
        """Those last written before that moment, safe to remove."""
        ...


@runtime_checkable
class SupportsLocalPath(Protocol):
    """A store whose originals are files here, so that our imaging engine serves their variants."""

    def path_of(self, key: str) -> Path:
        """The original's file. Raises ObjectMissingError."""
        ...


@runtime_checkable
class SupportsHealth(Protocol):
    """A store that may be away: all but those on our own disk."""

    def health(self) -> StoreHealth:
        """How it has been doing. Asks nobody."""
        ...


@runtime_checkable
class SupportsTidying(Protocol):
    """A store in which a crash can leave parts of what was on its way in."""

    def tidy(self, *, older_than: datetime) -> int:
        """How many were removed: begun before that moment, and never kept."""
        ...


class PartWriter(Protocol):
    """A piece of an upload on its way in, by one thread."""

    def write(self, data: bytes) -> None:
        """Takes more bytes. Raises StorageFullError."""
        ...

    def keep(self) -> object:
        """Returns when no crash can take the piece away any more."""
        ...

    def discard(self) -> None:
        """Removes what was written."""
        ...


class Parts(Protocol):
    """Where pieces of unfinished uploads lie, under names that are used once."""

    def create(self, name: str) -> PartWriter:
        """A piece to be. It is there once it is kept."""
        ...

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of a piece. Raises ObjectMissingError."""
        ...

    def delete(self, name: str) -> None:
        """Removes a piece. Missing is success."""
        ...

    def stale(self, *, older_than: datetime) -> Iterator[str]:
        """The names of pieces kept before that moment; what crashes left besides is removed."""
        ...
