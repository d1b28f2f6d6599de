"""Documents ↔ Image. Untyped values enter the program here, and nowhere else.

A document has the fields of the JSON under the same names, and besides:

=============== ====================================================================================
``_id``         the order of arrival
``taken_sort``  the sort key of ``taken``: ``taken_at``, or else ``created_at``
``terms``       what a search finds it by (``terms.py``), from the moment it is ready
``content``     ``sha256`` while this image holds these bytes for itself; unique
``lease``       of a pending image: ``holder``, ``renewed_at`` by the database's clock, ``lasts_s``
``hidden_id``   ``id`` again while it is hidden: a change stream tells what an update *set*
``gone_id``     ``id`` again once it is deleted for ever, for the same reason
``replacing``   another picture on its way to it (``replacing.py``); ``replacements`` counts them
``leaving``     objects of pictures that were replaced or moved, until they are deleted
``staying``     those that stay for a while where an image was before it moved (``leaving.py``)
``migrating``   the store it is on its way to (``moves.py``)
``moved``       by which way of a migration it came to its store, and when (``migration_moves.py``)
``phash_bands`` four numbers, of 16 bits of ``phash`` each: what looks alike is found by them
=============== ====================================================================================

A field that has no value is left out, never null.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, TypeAlias

from bson import CodecOptions, ObjectId
from pymongo import WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from gallery.model import Camera, Image, Status

Document: TypeAlias = dict[str, Any]

IMAGES = "images"

UNSHOWN = dict.fromkeys(
    (
        "terms",
        "taken_sort",
        "content",
        "lease",
        "hidden_id",
        "gone_id",
        "replacing",
        "replacements",
        "leaving",
        "staying",
        "moved",
        "phash_bands",
    ),
    0,
)
"""The projection for reading images: ``terms`` alone would double what travels."""

_LISTS = ("tags", "albums", "eager", "headers", "earlier_versions")
_REGIONS = ("custom_coordinates", "face_coordinates")
_RARE = {
    *(
        "asset_id",
        "asset_folder",
        "display_name",
        "earlier_versions",
        "context",
        "extension",
        "md5",
        "eager",
        "headers",
        "phash",
    ),
    *_REGIONS,
}
"""Most images have none of these: an empty one is left out."""

_AS_THEY_ARE = [
    field.name
    for field in fields(Image)
    if field.name not in {"order", "status", "camera", "moving_to", *_LISTS, *_REGIONS}
]


def collection(database: Database[Document], name: str) -> Collection[Document]:
    """The collection, written and read so that no crash or failover takes an answer back."""
    return database.get_collection(
        name,
        codec_options=CodecOptions(tz_aware=True),
        write_concern=WriteConcern("majority", j=True),
        read_concern=ReadConcern("majority"),
    )


def image_of(document: Document) -> Image:
    """The image that a document records."""
    camera = document.get("camera")
    return Image(
        order=str(document["_id"]),
        status=Status(document["status"]),
        camera=Camera(**camera) if camera else None,
        moving_to=_moving_to(document.get("migrating", {})),
        **_values_of(document),
    )


def _moving_to(migrating: Document) -> str:
    """Where an image in the spool goes on to; one that merely changes its store waits for none."""
    return "" if "leg" in migrating else migrating.get("to", "")


def _values_of(document: Document) -> dict[str, Any]:
    return {
        **{name: document[name] for name in _AS_THEY_ARE if name in document},
        **{name: tuple(document.get(name, ())) for name in _LISTS},
        **{name: tuple(map(tuple, document.get(name, ()))) for name in _REGIONS},
    }


def document_of(image: Image) -> Document:
    """The document of an image, without what only the catalog adds as the image lives."""
    known = {
        **{name: getattr(image, name) for name in _AS_THEY_ARE},
        **{name: list(getattr(image, name)) for name in _LISTS},
        **{name: [list(each) for each in getattr(image, name)] for name in _REGIONS},
    }
    camera = asdict(image.camera) if image.camera else {}
    document = {
        "status": image.status.value,
        "camera": {name: value for name, value in camera.items() if value is not None} or None,
        "taken_sort": taken_sort_of(image),
        "phash_bands": bands_of(image.phash),
        "migrating": migrating_to(image.moving_to, image.key) if image.moving_to else None,
        **known,
    }
    return {
        name: value
        for name, value in document.items()
        if value is not None and (value or name not in _RARE)
    }


def bands_of(phash: str) -> list[int] | None:
    """The four bands of a perceptual hash, each its number and its 16 bits; ``None`` of none."""
    return [(n << 16) + int(phash[4 * n : 4 * n + 4], 16) for n in range(4)] if phash else None


def migrating_to(store: str, key: str) -> Document:
    """What a document says of where else its object is to go."""
    return {"to": text(store), "key": text(key)}


def taken_sort_of(image: Image) -> datetime:
    """Where the image stands in the order of ``taken``."""
    return image.taken_at or image.created_at


def arrival_of(image: Image) -> ObjectId:
    """The sort key of a new image: an ObjectId that carries ``created_at`` as its time."""
    seconds = int(image.created_at.timestamp())
    return ObjectId(seconds.to_bytes(4, "big") + ObjectId().binary[4:])


def text(value: str) -> str:
    """The text itself, before it becomes part of a query: an object there would be an operator."""
    if not isinstance(value, str):
        raise TypeError(f"text is wanted, not {type(value).__name__}")
    return value
