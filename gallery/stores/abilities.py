"""What only some stores can do: those of a provider. Services ask ``isinstance(store, …)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol, runtime_checkable

from gallery.model import Received, StoredObject
from gallery.transformation import Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Leave to send one file to a store without us: a form with ``fields``, then the file."""

    url: str
    fields: Mapping[str, str]
    """In their order, all before the file."""
    file_field: str
    max_bytes: int
    expires_at: datetime
    """At most a quarter of an hour from now, or the shortest that the provider knows."""
    chunk_bytes: int | None = None
    """A larger file goes in requests of so many bytes each, as Cloudinary's language has it
    (``Content-Range``, ``X-Unique-Upload-Id``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a sender says of the file that a ticket is for. Nothing of it is believed later."""

    bytes: int
    content_type: str
    sha256: str
    """Empty when it was not said."""


@runtime_checkable
class SupportsTickets(Protocol):
    """A store that takes files from browsers, each by a ticket for one key.

    What arrived so is nobody's image until it was fetched, looked at, and settled.
    """

    upload_hosts: tuple[str, ...]
    """Where tickets lead, each as ``https://host``: pages must be allowed to send there."""

    def ticket(self, key: str, announced: Announced, *, notify: str | None) -> Ticket:
        """A ticket that creates only. ``notify``: our address, to be told when the file is there,
        where the store takes one with each ticket.

        Raises TooLargeError or UnsupportedFormatError for what the store would refuse.
        """
        ...

    def arrived(self, key: str) -> StoredObject:
        """What a ticket's holder sent, as the store sees it now. Raises ObjectMissingError."""
        ...

    def open_arrived(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Its bytes, for reading. Raises ObjectMissingError."""
        ...

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        """Makes it the object under ``key``, its bytes not passing through us; as ``put`` in
        everything else. ``original`` is what was read of it, ``etag`` that of ``arrived``.

        May be repeated. Raises ObjectMissingError when what lies there is something else now.
        """
        ...

    def discard(self, key: str) -> None:
        """Removes what was sent and never settled. Missing is success."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a plan allows of one thing, and how much of it is used."""

    name: str
    """For people: ``storage``, ``images``, ``credits`` …"""
    unit: str
    """``bytes``, or empty for a number of things."""
    used: float
    limit: float | None
    """``None``: no end is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLimits:
    """What a store takes of one picture; ``None`` where it says nothing."""

    max_bytes: int | None = None
    max_pixels: int | None = None
    max_side: int | None = None


@runtime_checkable
class SupportsLimits(Protocol):
    """A store that refuses what is too large for it."""

    def limits(self) -> StoreLimits:
        """As last heard, or as the provider documents them. Asks nobody."""
        ...


@runtime_checkable
class SupportsUsage(Protocol):
    """A store whose plan can be used up."""

    def usage(self) -> tuple[Quota, ...]:
        """As the provider tells it, remembered for some minutes. Raises StoreError and its kin."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Something that must be so at the provider."""

    what: str
    """For people: ``variant card400``, ``CORS for https://photos.example``."""
    is_done: bool
    do: Callable[[], None] | None
    """Brings it about; ``None`` when only a person can, as ``what`` tells."""


@runtime_checkable
class SupportsPreparing(Protocol):
    """A store that needs something set up at its provider."""

    def preparations(
        self, presets: Mapping[str, Preset], *, origin: str | None
    ) -> Iterator[Preparation]:
        """Everything it needs, looked up now. ``origin``: scheme and host of our pages, which must
        be let in; ``None`` when no browser sends files to the store. Raises StoreError and its kin.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """An image at the provider that we did not put there."""

    name: str
    """The provider's, as ``open_foreign`` takes it."""
    bytes: int | None
    modified_at: datetime
    description: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()


@runtime_checkable
class SupportsAdoption(Protocol):
    """A store in which images may lie that are none of ours."""

    def foreign(self, prefix: str = "") -> Iterator[Foreign]:
        """All of them whose names begin so, in pages of the provider's."""
        ...

    def open_foreign(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The original's bytes. Raises ObjectMissingError."""
        ...


@runtime_checkable
class AddressesEnd(Protocol):
    """A store whose delivery URLs are good for a while only."""

    def address_period(self) -> int:
        """A number that changes whenever they do. What was made in one period is good until the end
        of the next."""
        ...


@runtime_checkable
class KeepsVariants(Protocol):
    """A store that keeps derived variants beside the originals they were made of, for every node
    and for the next one; ``delete`` of the original removes them too."""

    def keep_variant(self, key: str, name: str, content: bytes, content_type: str) -> None:
        """Keeps one. ``name``: letters, digits, ``-`` and ``_``."""
        ...

    def variant(self, key: str, name: str) -> bytes:
        """One that was kept. Raises ObjectMissingError."""
        ...

    def variant_url(self, key: str, name: str) -> str | None:
        """Where anybody may fetch one that was kept; ``None`` when we deliver them ourselves."""
        ...

    def forget_variants(self, key: str) -> None:
        """Removes all that were kept of that original."""
        ...
