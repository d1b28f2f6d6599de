"""The formats we take: one table, and how bytes are told apart.

What a file is comes from its first bytes alone; its name and its declared type decide nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gallery.errors import UnsupportedFormatError

HEAD_BYTES = 512
"""So much of a file's beginning is enough to tell what it is."""

Bucket = Literal["avif", "webp", "base"]
"""What a client can show, in three classes: a cache keeps three variants, not one per browser."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that we take."""

    name: str
    """As in ``image.format``."""
    content_type: str
    extension: str
    loader: str
    """The libvips operation that reads it; no other loader is reachable. Empty for HEIC, which
    libvips has no decoder for (``heic``)."""


JPEG = Format("jpeg", "image/jpeg", "jpg", "jpegload_source")
PNG = Format("png", "image/png", "png", "pngload_source")
GIF = Format("gif", "image/gif", "gif", "gifload_source")
WEBP = Format("webp", "image/webp", "webp", "webpload_source")
AVIF = Format("avif", "image/avif", "avif", "heifload_source")
HEIC = Format("heic", "image/heic", "heic", "")
TIFF = Format("tiff", "image/tiff", "tif", "tiffload_source")

FORMATS = (JPEG, PNG, GIF, WEBP, AVIF, HEIC, TIFF)
BY_NAME = {each.name: each for each in FORMATS}


def _begins(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL | re.IGNORECASE)


_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), JPEG),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PNG),
    (re.compile(rb"GIF8[79]a"), GIF),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), WEBP),
    # Little and big endian, classic and BigTIFF; "CR" behind it is Canon's raw format.
    (re.compile(rb"(?:II[*+]\0|MM\0[*+])(?!....CR)", re.DOTALL), TIFF),
)
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF_BRANDS = {b"mif1", b"msf1"}
"""They say how a file is built, not how its pictures are coded."""
_CODED_AS_HEIC = (b"hvc1", b"hvcC")

_MEND = "Send a JPEG, PNG, GIF, WebP, AVIF, HEIC or TIFF."
_NOT_TAKEN = (
    (_begins(rb".{0,400}<svg\b"), "SVG drawings are not taken, because they can carry scripts."),
    (_begins(rb".{0,400}<(!doctype html|html|head|body|script)\b"), "This is a web page."),
    (_begins(rb"%PDF"), "This is a PDF document."),
    (_begins(rb"%!PS|\xc5\xd0\xd3\xc6"), "This is a PostScript document."),
    (_begins(rb"II\*\0....CR"), "Camera raw files are not taken."),
    (_begins(rb"....ftyp"), "This is a video, or another file that is no still picture."),
    (_begins(rb"BM|8BPS|\xff\x0a|\0\0\0\x0cj(xl|p) "), "This picture format is not taken."),
)


def sniff(head: bytes) -> Format | None:
    """The format that a file's first bytes (``HEAD_BYTES`` are enough) say, if we take it."""
    for signature, found in _SIGNATURES:
        if signature.match(head):
            return found
    brands = _brands(head)
    if brands & _HEIC_BRANDS:
        return HEIC
    if brands & _AVIF_BRANDS:
        return AVIF
    is_heic = brands & _HEIF_BRANDS and any(code in head for code in _CODED_AS_HEIC)
    return HEIC if is_heic else None


def identify(head: bytes) -> Format:
    """Like ``sniff``; raises UnsupportedFormatError with the reason and the mend."""
    found = sniff(head)
    if found is not None:
        return found
    for signature, reason in _NOT_TAKEN:
        if signature.match(head):
            raise UnsupportedFormatError(f"{reason} {_MEND}")
    raise UnsupportedFormatError(f"This is not a picture that can be read. {_MEND}")


def content_type_of(head: bytes) -> str:
    """The content type of bytes that we serve, from the first 32 or more of them."""
    found = sniff(head)
    return found.content_type if found else "application/octet-stream"


def accept_bucket(accept: str) -> Bucket:
    """The best class of formats that an ``Accept`` header names; wildcards promise nothing."""
    if _accepts(accept, "image/avif"):
        return "avif"
    return "webp" if _accepts(accept, "image/webp") else "base"


def _accepts(accept: str, content_type: str) -> bool:
    for part in accept.lower().split(","):
        name, _, parameters = part.partition(";")
        if name.strip() == content_type:
            return not re.search(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)", parameters)
    return False


def _brands(head: bytes) -> set[bytes]:
    """The brands of an ISO base media file (AVIF, HEIC, MP4 …); empty for anything else."""
    if head[4:8] != b"ftyp":
        return set()
    listed = head[8 : min(int.from_bytes(head[:4]), len(head))]
    # The second four bytes are the minor version.
    return {listed[at : at + 4] for at in range(0, len(listed), 4) if at != 4}
