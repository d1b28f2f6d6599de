"""An original, opened: what its header says, and its pixels. The only way to libvips' loaders.

Only decoding processes import it, and close all other loaders before they open anything.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyvips

from gallery.errors import (
    BrokenImageError,
    ConfigError,
    DecoderFailedError,
    GalleryError,
    ImageTooLargeError,
)
from gallery.imaging import boxes, formats, heic
from gallery.imaging.containers import too_many_frames, too_much_metadata
from gallery.imaging.copies import CopyOf
from gallery.imaging.limits import BYTES_PER_PIXEL, Limits
from gallery.transformation.layout import Size

_OLDEST_LIBVIPS = (8, 15)
"""The first whose savers know ``keep``, which drops metadata."""

_LOADERS = ("Jpeg", "Png", "Nsgif", "Webp", "Heif", "Tiff")
_HUNGRY = {formats.WEBP: 20, formats.AVIF: 18, formats.HEIC: 16}
"""Formats that were seen to take more bytes a pixel than ``BYTES_PER_PIXEL``."""

_OUT_OF_MEMORY = re.compile(r"out of memory|memory allocation|insufficient memory", re.IGNORECASE)
_ANIMATED = {formats.GIF, formats.WEBP}
_UPRIGHT = 1
_SHRINKABLE = {formats.JPEG, formats.WEBP}
_SHRINK_ON_LOAD = (8, 4, 2)
_UNREADABLE = (
    pyvips.Error,
    UnicodeDecodeError,  # Names of tags need not be text.
    heic.HeicError,
    boxes.CutOffError,
    boxes.OddBoxError,
)


def close_other_loaders() -> str:
    """Leaves only the loaders of our formats; the version of libvips. Raises ConfigError."""
    version = tuple(pyvips.version(part) for part in range(3))
    text = ".".join(map(str, version))
    if version < _OLDEST_LIBVIPS:
        raise ConfigError(
            f"libvips {text} is too old: 8.15 or newer is needed. Install pyvips-binary."
        )
    pyvips.cache_set_max(0)
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    return text


@contextmanager
def decoding() -> Iterator[None]:
    """Around everything that touches pixels: what decoders say becomes BrokenImageError."""
    try:
        yield
    except _UNREADABLE as error:
        raise _named(error) from error


def _named(error: Exception) -> GalleryError:
    if _OUT_OF_MEMORY.search(str(error)):
        return DecoderFailedError("Decoding this picture takes too much memory. Make it smaller.")
    return damaged()


def damaged() -> BrokenImageError:
    """The refusal of a file that not every pixel could be read of."""
    return BrokenImageError("The picture is damaged or cut off. Send it again, or save it anew.")


@contextmanager
def warnings_heard() -> Iterator[list[str]]:
    """What decoders warn of meanwhile. They say it no sooner than when the last picture is gone
    that was read from the file; libvips' own ``fail_on`` misses the last rows of a JPEG."""
    ear = _Ear()
    pyvips.vips_lib.vips_error_clear()
    pyvips.logger.addHandler(ear)
    try:
        yield ear.heard
    finally:
        pyvips.logger.removeHandler(ear)


class _Ear(logging.Handler):
    """Keeps what libvips warns of, which pyvips makes log records of."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """An open file within its limits."""

    fd: int
    format: formats.Format
    width: int
    height: int
    """As stored, before the orientation; of one frame."""
    pictures: int
    """Frames of an animation, or pages of a document, of which only the first is shown."""
    orientation: int
    """EXIF's 1 to 8."""
    copy_of: CopyOf | None = None
    """What it stands for, if it is only a copy itself."""

    @property
    def frames(self) -> int:
        """How many frames a viewer sees."""
        return self.pictures if self.format in _ANIMATED else 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a viewer sees them; of the original if this is a copy."""
        if self.copy_of is not None:
            return self.copy_of.size
        return (self.height, self.width) if self.is_turned else (self.width, self.height)

    @property
    def is_turned(self) -> bool:
        """Whether being upright swaps width and height."""
        return self.orientation >= 5

    @property
    def shown_format(self) -> formats.Format:
        """Of the original if this is a copy."""
        return formats.BY_NAME[self.copy_of.format] if self.copy_of else self.format

    def shrink_on_load(self, size: Size) -> int:
        """How many times smaller a JPEG or WebP can be decoded, for less, and still cover a size as
        stored. A copy is small already: it goes no further than its original would."""
        if self.format not in _SHRINKABLE or self.frames > 1:
            return 1
        most = _SHRINK_ON_LOAD[0]
        if self.copy_of is not None:
            most = most * self.width // self.copy_of.width
        fitting = (
            factor
            for factor in _SHRINK_ON_LOAD
            if factor <= most and self.width >= size[0] * factor and self.height >= size[1] * factor
        )
        return next(fitting, 1)

    def exif(self) -> bytes:
        """Its EXIF block, empty without one. A TIFF has none: it is one itself."""
        if self.format is formats.HEIC:
            return heic.exif_of(self.fd)
        header = _load(self.fd, self.format)
        block: bytes = header.get("exif-data") if header.get_typeof("exif-data") else b""
        return block

    def iptc(self) -> bytes:
        """Its IPTC block, with what surrounds it in a JPEG; empty without one."""
        if self.format is formats.HEIC:
            return b""
        header = _load(self.fd, self.format)
        block: bytes = header.get("iptc-data") if header.get_typeof("iptc-data") else b""
        return block

    def first(self, *, shrink: int = 1) -> pyvips.Image:
        """The first frame, to be read once from top to bottom; a JPEG or a WebP that does not move
        2, 4 or 8 times smaller."""
        if self.format is formats.HEIC:
            return heic.Heic(self.fd).pixels()
        options: dict[str, float] = {}
        if shrink > 1:
            options = {"scale": 1 / shrink} if self.format is formats.WEBP else {"shrink": shrink}
        return _load(self.fd, self.format, **options)

    def all_frames(self) -> pyvips.Image:
        """Every frame of an animation, one below the other, to be read once from top to bottom."""
        return _load(self.fd, self.format, n=-1)

    def page(self, number: int) -> pyvips.Image:
        """One page of a document, whose pages may differ in size."""
        return _load(self.fd, self.format, page=number)


def open_original(fd: int, format: formats.Format, limits: Limits) -> Original:
    """What the header of the file says, if that is within the limits.

    Raises BrokenImageError and ImageTooLargeError. Nothing is decoded yet.
    """
    with decoding():
        original = _heic(fd) if format is formats.HEIC else _of_header(fd, format, limits)
        _check_size(original, limits)
    return original


def too_many_pixels(pictures: int, limits: Limits) -> ImageTooLargeError:
    """The refusal of a file whose frames or pages have more pixels in all than the limit."""
    return ImageTooLargeError(
        f"The {pictures:,} frames or pages of the file have more than "
        f"{_megapixels(limits.max_frame_pixels)} megapixels in all, the most that are taken. "
        "Make it smaller or shorter."
    )


def _heic(fd: int) -> Original:
    """Its decoder turns it upright; what its EXIF says of that does not count."""
    photo = heic.Heic(fd)
    return Original(
        fd=fd,
        format=formats.HEIC,
        width=photo.width,
        height=photo.height,
        pictures=1,
        orientation=_UPRIGHT,
    )


def _of_header(fd: int, format: formats.Format, limits: Limits) -> Original:
    header = _load(fd, format)
    _check_metadata(header, limits)
    return Original(
        fd=fd,
        format=format,
        width=header.width,
        height=header.height,
        pictures=header.get_n_pages() if format in _ANIMATED | {formats.TIFF} else 1,
        orientation=_orientation(header, format),
    )


def _load(fd: int, format: formats.Format, **options: float) -> pyvips.Image:
    source = pyvips.Source.new_from_descriptor(fd)
    return pyvips.Operation.call(
        format.loader, source, access="sequential", fail_on="error", **options
    )


def _orientation(header: pyvips.Image, format: formats.Format) -> int:
    """AVIF is turned while it is decoded, by its own properties; its EXIF does not count."""
    if format is formats.AVIF or not header.get_typeof("orientation"):
        return _UPRIGHT
    orientation = header.get("orientation")
    return orientation if 1 <= orientation <= 8 else _UPRIGHT


def _check_size(original: Original, limits: Limits) -> None:
    pixels, costs = original.width * original.height, _HUNGRY.get(original.format, 0)
    if pixels > limits.max_pixels:
        raise ImageTooLargeError(
            f"The picture has {original.width:,} by {original.height:,} pixels: "
            f"{_megapixels(pixels)} megapixels. At most {_megapixels(limits.max_pixels)} "
            "are taken. Make it smaller."
        )
    if pixels * costs > limits.max_pixels * BYTES_PER_PIXEL:
        most = _megapixels(limits.max_pixels * BYTES_PER_PIXEL // costs)
        raise ImageTooLargeError(
            f"The picture has {_megapixels(pixels)} megapixels. At most {most} are taken in this "
            "format, which needs more memory than others. Make it smaller, or send it as JPEG."
        )
    if original.pictures > limits.max_frames:
        raise too_many_frames(limits)
    if original.pictures * pixels > limits.max_frame_pixels:
        raise too_many_pixels(original.pictures, limits)


def _check_metadata(header: pyvips.Image, limits: Limits) -> None:
    names = [name for name in header.get_fields() if name.endswith("-data") or "comment" in name]
    if sum(len(header.get(name)) for name in names) > limits.max_metadata_bytes:
        raise too_much_metadata(limits)


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1_000_000:,.1f}".removesuffix(".0")
