"""What a delivery address means, and whether it may be fetched.

An address may be read in several ways (``transformation/address.py``). The first reading that an
image is found for, and that may be fetched, is what it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    BadSignatureError,
    BadTransformationError,
    GalleryError,
    NotFoundError,
)
from gallery.model import Image, Status
from gallery.transformation import Gravity, Step, Transformation, parse
from gallery.transformation.address import EXTENSIONS, Address, Reading

_VERSION_OF_NONE = "1"
"""What SDKs write when they know no version."""

_FORMAT_OF_IMAGES = {"jpg": "jpeg"}
"""A transformation's word for a format → an image's, where they differ."""


class Names(Protocol):
    """Transformations that have a name."""

    def definitions(self, names: Iterable[str]) -> Mapping[str, Transformation]:
        """What each of them stands for. Raises NotFoundError."""
        ...

    def is_allowed(self, name: str) -> bool:
        """Whether anybody may ask for it, without a signature."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What the headers of a request tell of who asks."""

    bucket: str = "base"
    """What it can show (``formats.accept_bucket``)."""
    dpr: float | None = None
    """Its pixels for each pixel of the page."""
    width: int | None = None
    """Of the place on its page, in its pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A delivery address, and what is known of who asks."""

    address: Address
    readings: tuple[Reading, ...]
    """Those of ``address`` that its signature covers; all, if it has none."""
    signed: bool
    client: Client = field(default_factory=Client)

    @property
    def is_raw(self) -> bool:
        """Whether it is about a file that is no picture."""
        return self.address.resource_type == "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """An image, and what is to be done to it."""

    image: Image
    wanted: Transformation
    """Names are replaced by what they stand for; only hints and ``f_auto`` are left open."""
    is_current: bool
    """The address names the version: it will never mean other bytes."""
    leans_on_others: bool
    """It hangs on more than the address and the version of the image."""


class Meanings:
    """Finds what addresses mean.

    ``strict``: only what is signed, or meant to be asked for, is made. Not ``public``: nothing is
    delivered without a signature.
    """

    def __init__(self, catalog: ImageCatalog, names: Names, *, strict: bool, public: bool) -> None:
        self._catalog = catalog
        self._names = names
        self._strict = strict
        self._public = public

    def find(self, asked: Asked) -> Meaning:
        """What the address means.

        Raises NotFoundError, BadTransformationError or BadSignatureError, of the likeliest reading
        if there are several.
        """
        if not asked.signed and (not self._public or asked.address.type == "authenticated"):
            raise _unsigned()
        images = self._images(asked)
        failures: list[GalleryError] = []
        for reading in asked.readings:
            try:
                return self._read(asked, reading, images)
            except (NotFoundError, BadTransformationError, BadSignatureError) as error:
                failures.append(error)
        default = self._default(asked) if isinstance(failures[0], NotFoundError) else None
        if default is None:
            raise failures[0]
        return default

    def _images(self, asked: Asked) -> Mapping[str, Image]:
        """The images that any reading names, by their public ids."""
        return self._catalog.find_assets(
            {reading.public_id for reading in asked.readings},
            resource_type=asked.address.resource_type,
            type=asked.address.type,
            among=(Status.KEPT,) if asked.is_raw else (Status.READY,),
        )

    def _read(self, asked: Asked, reading: Reading, images: Mapping[str, Image]) -> Meaning:
        """What this reading means. Raises what is wrong with it."""
        image = images.get(reading.public_id)
        wanted = _parsed(reading, image)
        if not asked.signed and not self._is_open(asked, reading, wanted, image):
            raise _missing(reading) if wanted.is_plain and image is None else _unsigned()
        if image is None or not _is_of(reading, image):
            raise _missing(reading)
        return self._meaning(reading, wanted, image)

    def _is_open(
        self, asked: Asked, reading: Reading, wanted: Transformation, image: Image | None
    ) -> bool:
        """Whether anybody may ask for it."""
        if self._is_allowed_by_name(wanted):
            return True
        is_upload = asked.address.type == "upload"
        if wanted.is_plain:
            return is_upload and image is not None and image.access_mode == "public"
        return (is_upload and not self._strict) or (
            image is not None
            and bool(image.eager)
            and not {str(wanted), str(_in_format(wanted, reading))}.isdisjoint(image.eager)
        )

    def _is_allowed_by_name(self, wanted: Transformation) -> bool:
        """Whether it is made of names alone that anybody may use."""
        return not wanted.is_plain and all(
            step.named
            and step == Step(named=step.named)
            and all(map(self._names.is_allowed, step.named))
            for step in wanted.steps
        )

    def _meaning(self, reading: Reading, wanted: Transformation, image: Image) -> Meaning:
        plain = self._expanded(wanted)
        settled = _in_format(plain, reading, stored=image.format).with_regions(
            custom=image.custom_coordinates, faces=image.face_coordinates
        )
        is_current = reading.version is not None and reading.version == image.store_version
        return Meaning(
            image=image,
            wanted=settled,
            is_current=is_current and reading.public_id == image.public_id,
            leans_on_others=bool(wanted.named or wanted.layers) or _minds_regions(plain),
        )

    def _expanded(self, wanted: Transformation) -> Transformation:
        if not wanted.named:
            return wanted
        return wanted.expanded(self._names.definitions(wanted.named))

    def _default(self, asked: Asked) -> Meaning | None:
        """What is shown where there is no image."""
        for reading in asked.readings:
            try:
                wanted = parse(reading.transformation)
            except BadTransformationError:
                continue
            if asked.signed or not self._strict or self._is_allowed_by_name(wanted):
                default_image = self._expanded(wanted).default_image
                if default_image is not None:
                    image = self._catalog.find_asset(default_image)
                    return self._meaning(reading, wanted, image)
        return None


def _is_of(reading: Reading, image: Image) -> bool:
    """Whether the address names the picture that the image is now."""
    known = (_VERSION_OF_NONE, image.store_version, *image.earlier_versions)
    return reading.version is None or reading.version in known


def may_lean_on_others(wanted: Transformation) -> bool:
    """Whether it can hang on more than the address and the version of the image."""
    return bool(
        wanted.named or wanted.layers or wanted.default_image or wanted.hints
    ) or _minds_regions(wanted)


def _minds_regions(wanted: Transformation) -> bool:
    regions = (Gravity.CUSTOM, Gravity.FACE, Gravity.FACES)
    return any(step.gravity in regions for step in wanted.steps)


def _parsed(reading: Reading, image: Image | None) -> Transformation:
    """The transformation. A name that only looks like one is a folder, unless there is an image to
    do it to."""
    try:
        return parse(reading.transformation)
    except BadTransformationError:
        if reading.certain or image is not None:
            raise
        raise _missing(reading) from None


def _in_format(
    wanted: Transformation, reading: Reading, *, stored: str | None = None
) -> Transformation:
    """With the format that the extension names, unless it is ``stored``, or another was asked
    for."""
    if reading.extension is None or wanted.format is not None:
        return wanted
    name = EXTENSIONS[reading.extension.lower()]
    if _FORMAT_OF_IMAGES.get(name, name) == stored:
        return wanted
    return wanted.with_format(name)


def _missing(reading: Reading) -> NotFoundError:
    return NotFoundError(f"Resource not found - {reading.public_id}")


def _unsigned() -> BadSignatureError:
    return BadSignatureError(
        "This address must be signed: only named sizes, and what was made ready for it, are not."
    )
