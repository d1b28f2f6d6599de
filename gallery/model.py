"""The values that travel between the floors: frozen, and strangers to MongoDB, HTTP and libvips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where an image is in its life: pending → ready ⇄ trashed → deleting → gone."""

    PENDING = "pending"
    READY = "ready"
    KEPT = "kept"
    """A raw file of the embedded CDN: as good as ready, outside the gallery's lists and feed."""
    TRASHED = "trashed"
    DELETING = "deleting"


class Sort(StrEnum):
    """An order of the list. ``newest`` and ``oldest`` go by arrival, ``taken`` by when the photo
    was taken."""

    NEWEST = "newest"
    OLDEST = "oldest"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What took the picture, from EXIF; never a serial number, an owner or a place."""

    model: str | None = None
    lens: str | None = None
    exposure: str | None = None
    """For people: ``1/250 s, f/2.8, ISO 100, 35 mm``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a strict look at an original found."""

    format: str
    """``jpeg``, ``png``, ``gif``, ``webp``, ``avif``, ``heic`` or ``tiff``, from the bytes."""
    width: int
    """Pixels as a viewer sees them: after the EXIF orientation."""
    height: int
    frames: int = 1
    color: str
    """Dominant colour, ``#rrggbb``."""
    placeholder: str
    """A ThumbHash, at most 25 bytes, in base64."""
    phash: str
    """As in ``Details``."""
    taken_at: datetime | None = None
    """Aware UTC. A camera that recorded no offset is taken to have run on UTC."""
    camera: Camera | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that arrived whole and lies on our disk, hashed on the way."""

    path: str
    filename: str
    """As the sender named it, cleaned for showing; decides nothing."""
    bytes: int
    sha256: str
    """64 hexadecimal digits."""
    md5: str = ""
    """32 hexadecimal digits, where it was asked for."""
    arrived: Arrived | None = None
    """Where the same bytes lie already, if their sender brought them to a store himself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came to a store by a ticket."""

    store: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What a store says of one object."""

    key: str
    bytes: int
    etag: str
    """The store's own word for this content; only good for comparing within that store."""
    created_at: datetime
    modified_at: datetime
    store_version: str | None = None
    """Changes whenever the bytes do: Cloudinary's version number. ``None`` where a store has none:
    the second of arrival takes its place."""
    sha256: str | None = None
    """Where the store keeps it or can tell it cheaply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture and what we record of it, named as in the document and in the JSON."""

    order: str
    """The ObjectId in hex: the sort key of arrival, never shown."""
    id: str
    public_id: str
    status: Status
    store: str
    key: str
    moving_to: str = ""
    """The store that it is on its way to, while it lies in the spool."""
    earlier_versions: tuple[str, ...] = ()
    """The ``store_version`` of the same picture in each store that it has moved from: addresses of
    that time carry it."""
    url: str = ""
    """Where it is shown from: written when it becomes ready; a path for our own ``/cdn``."""
    description: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    filename: str = ""
    width: int = 0
    height: int = 0
    frames: int = 1
    format: str = ""
    bytes: int = 0
    version: int = 1
    """Counts changes, edits and replacements alike; ``If-Match`` compares it."""
    sha256: str = ""
    etag: str = ""
    store_version: str | None = None
    """The store's number for these bytes; delivery URLs carry it, so that a replacement gets new
    ones."""
    color: str = ""
    placeholder: str = ""
    phash: str = ""
    created_at: datetime
    updated_at: datetime
    taken_at: datetime | None = None
    trashed_at: datetime | None = None
    camera: Camera | None = None

    # What it is in Cloudinary's language, beside ``public_id``.
    asset_id: str = ""
    """32 hexadecimal digits; permanent, while ``public_id`` may change."""
    resource_type: str = "image"
    """``image`` or ``raw``."""
    type: str = "upload"
    """``upload``, ``private`` or ``authenticated``."""
    access_mode: str = "authenticated"
    """``public``: the address without a transformation needs no signature. Only uploads of the
    type ``upload`` through the embedded CDN's own protocol are; the gallery's are not."""
    context: Mapping[str, str] = field(default_factory=dict)
    asset_folder: str = ""
    display_name: str = ""
    extension: str = ""
    """Of a raw file."""
    md5: str = ""
    """Of the bytes, where somebody asked for it as they came."""
    custom_coordinates: tuple[tuple[int, ...], ...] = ()
    """Regions as x, y, width and height in pixels of the upright original."""
    face_coordinates: tuple[tuple[int, ...], ...] = ()
    eager: tuple[str, ...] = ()
    """Canonical transformations that are delivered without a signature."""
    headers: tuple[str, ...] = ()
    """Header lines that go with every delivery."""
    moderation: str = ""
    """``pending``, ``approved`` or ``rejected`` where somebody is to look at it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What to change of an image; ``None`` leaves a field as it is."""

    description: str | None = None
    alt: str | None = None
    tags: tuple[str, ...] | None = None
    albums: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What a call in Cloudinary's language says of an image; ``None`` leaves a field as it is."""

    public_id: str | None = None
    resource_type: str | None = None
    type: str | None = None
    access_mode: str | None = None
    description: str | None = None
    alt: str | None = None
    tags: tuple[str, ...] | None = None
    context: Mapping[str, str] | None = None
    asset_folder: str | None = None
    display_name: str | None = None
    extension: str | None = None
    custom_coordinates: tuple[tuple[int, ...], ...] | None = None
    face_coordinates: tuple[tuple[int, ...], ...] | None = None
    eager: tuple[str, ...] | None = None
    headers: tuple[str, ...] | None = None
    moderation: str | None = None
    url: str | None = None
    """Where it is shown from, when another name moves it."""

    def changes(self) -> dict[str, Any]:
        """The fields of an image that it names, with their new values."""
        named = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which images a list is about."""

    words: tuple[str, ...] = ()
    """Lower-case search words, all of which must be there; the last one may be the beginning of a
    word."""
    tags: tuple[str, ...] = ()
    album: str | None = None
    status: Status = Status.READY


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a sorted list: just behind the image with this sort key."""

    order: str
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list. ``next`` is ``None`` on the last one."""

    images: tuple[Image, ...]
    next: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many images a filter meets, counted no further than a cap."""

    total: int
    capped: bool
    """``total`` is the cap, and there are more."""
    months: dict[str, int] = field(default_factory=dict)
    """``2026-11`` → images that arrived then, each capped alike."""


class ChangeKind(StrEnum):
    """What a watcher of the catalog is told."""

    CREATED = "image.created"
    UPDATED = "image.updated"
    DELETED = "image.deleted"
    PURGED = "image.purged"
    """From the trash; nobody saw it any more but its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of an image that people can see. ``token`` resumes the stream behind it, in any
    process."""

    token: str
    kind: ChangeKind
    id: str
    image: Image | None = None
    """As it is now; ``None`` when deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An image under a preset: its largest size, and all of its sizes."""

    url: str
    width: int
    height: int
    sizes: tuple[tuple[str, int], ...]
    """Address and width of each, ascending."""
