"""Images as JSON: the one place that spells the answer's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
from flask import request
from jinja2 import TemplateRuntimeError

from gallery.errors import BadTransformationError
from gallery.model import Camera, Counts, Image, Status, Variant
from gallery.services.addresses import Addresses
from gallery.services.trash import KEPT
from gallery.transformation import flexible

_KEPT = 4_000
"""Images whose JSON is remembered: 3 kB each."""

_SHOWN = attrgetter(
    *("id", "url", "description", "alt", "tags", "albums", "filename", "width", "height", "frames"),
    *("format", "bytes", "status", "store", "key", "version", "color", "placeholder", "camera"),
    *("created_at", "updated_at", "taken_at", "public_id", "store_version", "trashed_at"),
    "moving_to",
)
"""All that an image's JSON is made of."""


class Shown(dict[str, Any]):
    """An image's JSON, which knows what it shows: a template may ask for any size of it."""

    __slots__ = ("base", "of")

    def __init__(self, of: Image, base: str, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.of = of
        self.base = base


class Presenter:
    """Makes the JSON of images. ``public_url`` is the address people use; else the request tells
    it."""

    def __init__(self, addresses: Addresses, *, public_url: str | None) -> None:
        self._addresses = addresses
        self._public_url = public_url
        self._variants: dict[tuple[str | int, ...], dict[str, Any]] = {}
        self._written: dict[tuple[Any, ...], orjson.Fragment] = {}

    def base(self) -> str:
        """Scheme and host of the gallery, without a slash at the end."""
        return self._public_url or request.host_url.rstrip("/")

    def image(self, image: Image, *, base: str | None = None) -> Shown:
        """The image as every answer shows it.

        Addresses are absolute, or begin with another ``base``: none of all on our own pages.
        """
        base = self.base() if base is None else base
        variants = self._presented_variants(image, base)
        ends = {"purge_at": moment(image.trashed_at + KEPT)} if image.trashed_at else {}
        # The address that was written down is no good in the trash, or has come to its end.
        anew = ends or self._addresses.period(image)
        fields = {
            "id": image.id,
            "url": variants["full"]["url"] if anew else absolute(image.url, base),
            "description": image.description,
            "alt": image.alt,
            "tags": list(image.tags),
            "albums": list(image.albums),
            "filename": image.filename,
            "width": image.width,
            "height": image.height,
            "frames": image.frames,
            "format": image.format,
            "bytes": image.bytes,
            "status": image.status.value,
            "store": image.store,
            "version": image.version,
            "color": image.color,
            "placeholder": image.placeholder,
            "created_at": moment(image.created_at),
            "updated_at": moment(image.updated_at),
            "taken_at": moment(image.taken_at) if image.taken_at else None,
            "camera": _camera(image.camera),
            "page": f"/i/{image.id}",
            "variants": variants,
            **({"moving_to": image.moving_to} if image.moving_to else {}),
            **ends,
        }
        return Shown(image, base, fields)

    def variant(self, shown: Mapping[str, Any], wanted: str) -> str:
        """Where a size of the image is fetched: the filter of templates.

        ``wanted`` is the name of a preset, or a size such as ``w=200,h=100,fit=cover``. What is in
        the trash is shown in presets alone, so any other size of it is its largest.
        """
        known = shown["variants"].get(wanted)
        if known is not None:
            return str(known["url"])
        if not isinstance(shown, Shown):
            raise TemplateRuntimeError("variant: a size can only be asked of an image.")
        if shown.of.status is Status.TRASHED:
            return str(shown["variants"]["full"]["url"])
        try:
            size = flexible(wanted)
        except BadTransformationError as error:
            presets = ", ".join(shown["variants"])
            raise TemplateRuntimeError(
                f"variant: {error.detail} The presets are {presets}."
            ) from error
        return absolute(self._addresses.url(shown.of, size), shown.base)

    def listed(self, images: Iterable[Image]) -> list[orjson.Fragment]:
        """Images as JSON that is written already.

        Remembered: most of a list is asked for again and again, and half of what it costs is to
        write it.
        """
        base = self.base()
        return [self._written_once(image, base) for image in images]

    def _written_once(self, image: Image, base: str) -> orjson.Fragment:
        known = (base, self._addresses.period(image), *_SHOWN(image))
        if (written := self._written.get(known)) is None:
            if len(self._written) >= _KEPT:
                self._written.clear()
            written = orjson.Fragment(orjson.dumps(self.image(image, base=base)))
            self._written[known] = written
        return written

    def counts(self, counts: Counts) -> dict[str, Any]:
        """Counts beside a list."""
        return {"total": counts.total, "capped": counts.capped, "months": counts.months}

    def _presented_variants(self, image: Image, base: str) -> dict[str, Any]:
        """Remembered: signing the addresses of a page of images anew would cost more than reading
        it."""
        known = (
            image.store,
            image.key,
            image.id,
            image.type,
            image.public_id,
            image.store_version or "",
            image.status.value,
            base,
            self._addresses.period(image),
        )
        shown = image.status is not Status.TRASHED
        if (variants := self._variants.get(known)) is None:
            if len(self._variants) >= _KEPT:
                self._variants.clear()
            variants = {
                name: _presented(variant if shown else _in_trash(image, name, variant), base)
                for name, variant in self._addresses.variants(image).items()
            }
            self._variants[known] = variants
        return variants


def _presented(variant: Variant, base: str) -> dict[str, Any]:
    return {
        "url": absolute(variant.url, base),
        "width": variant.width,
        "height": variant.height,
        "srcset": ", ".join(f"{absolute(url, base)} {width}w" for url, width in variant.sizes),
    }


def _in_trash(image: Image, preset: str, variant: Variant) -> Variant:
    """Where its owner still sees what our own addresses do not deliver any more."""

    def seen_at(url: str, width: int) -> str:
        if not url.startswith("/"):
            return url
        return f"/api/images/{image.id}/variants/{preset}/{width}"

    sizes = tuple((seen_at(url, width), width) for url, width in variant.sizes)
    return replace(variant, url=seen_at(variant.url, variant.width), sizes=sizes)


def drawn(shown: dict[str, Any]) -> dict[str, Any]:
    """What the scripts must be told of an image whose card the page has: the rest stands there."""
    full = {name: value for name, value in shown["variants"]["full"].items() if name != "url"}
    told = {name: value for name, value in shown.items() if name != "url"}
    return told | {"variants": {"full": full}}


def absolute(address: str, base: str) -> str:
    """The address with a host: our own are kept as paths."""
    return base + address if address.startswith("/") else address


def moment(when: datetime) -> str:
    """A time as RFC 3339 in UTC, to the millisecond."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _camera(camera: Camera | None) -> dict[str, str | None] | None:
    if camera is None:
        return None
    return {"model": camera.model, "lens": camera.lens, "exposure": camera.exposure}
