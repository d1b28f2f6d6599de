"""When a picture was taken and with what, from EXIF. The place, serial numbers and owners are never
read.

Our own reader for a few tags, because text and numbers in EXIF are a stranger's: every length and
offset is checked, every text cleaned, and what cannot be is left out.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from gallery.model import Camera

MAX_TEXT_CHARACTERS = 120

_EXIF_IFD = 0x8769
_MAKE, _MODEL, _LENS = 0x010F, 0x0110, 0xA434
_EXPOSURE_TIME, _F_NUMBER, _ISO, _FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A
_TAKEN_AT, _TAKEN_OFFSET = 0x9003, 0x9011
_NEW_SUBFILE_TYPE, _DNG_VERSION = 0x00FE, 0xC612

_TEXTS = {_MAKE, _MODEL, _LENS, _TAKEN_AT, _TAKEN_OFFSET}
_NUMBERS = {
    _EXPOSURE_TIME,
    _F_NUMBER,
    _ISO,
    _FOCAL_LENGTH,
    _EXIF_IFD,
    _NEW_SUBFILE_TYPE,
    _DNG_VERSION,
}
_MAX_TEXT_BYTES = 256
_ENTRY_BYTES = 12
_BYTE, _SHORT, _LONG, _RATIONAL, _SIGNED_RATIONAL = 1, 3, 4, 5, 10

_MOMENT = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_FIRST_PHOTOGRAPH = datetime(1826, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exif:
    """The tags that we read."""

    texts: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, float] = field(default_factory=dict)


def read_exif(
    block: bytes | mmap.mmap, *, texts: Set[int] = _TEXTS, numbers: Set[int] = _NUMBERS
) -> Exif:
    """Those tags in an EXIF block, or in a classic TIFF file, which is one; else none."""
    start = block[:16].find(b"Exif\0\0") + 6 if b"Exif\0\0" in block[:16] else 0
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[start : start + 4]))
    exif = Exif()
    if order is None:
        return exif
    reader = _Reader(block, start, order, exif, texts, numbers | {_EXIF_IFD})
    reader.read_directory(reader.number("I", 4))
    reader.read_directory(int(exif.numbers.get(_EXIF_IFD, 0)))
    return exif


def is_camera_raw(tiff: Exif) -> bool:
    """Whether a TIFF is a camera's raw file: what comes first in it is only a small copy."""
    reduced = int(tiff.numbers.get(_NEW_SUBFILE_TYPE, 0)) & 1
    return bool(reduced) or _DNG_VERSION in tiff.numbers


def taken_at(exif: Exif, *, now: datetime) -> datetime | None:
    """When the picture was taken, in UTC; a camera that recorded no offset is taken to have run on
    UTC.

    ``None`` for a moment that cannot be: none given, before photography, or after tomorrow.
    """
    written = _MOMENT.fullmatch(exif.texts.get(_TAKEN_AT, ""))
    if not written:
        return None
    year, month, day, hour, minute, second = map(int, written.groups())
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=_zone(exif))
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _FIRST_PHOTOGRAPH <= moment <= now + timedelta(days=1) else None


def camera(exif: Exif) -> Camera | None:
    """What took the picture, or ``None`` when nothing of it is known."""
    found = Camera(
        model=_model(exif.texts.get(_MAKE, ""), exif.texts.get(_MODEL, "")) or None,
        lens=exif.texts.get(_LENS) or None,
        exposure=_exposure(exif.numbers) or None,
    )
    return None if found == Camera() else found


def _zone(exif: Exif) -> timezone:
    match = _OFFSET.fullmatch(exif.texts.get(_TAKEN_OFFSET, ""))
    if not match:
        return UTC
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    # No place on earth is further away than fourteen hours.
    if offset > timedelta(hours=14):
        return UTC
    return timezone(-offset if match[1] == "-" else offset)


def _model(make: str, model: str) -> str:
    """Cameras repeat their maker in different ways: NIKON CORPORATION makes the NIKON D750."""
    brand = make.partition(" ")[0]
    if not brand or model.lower().startswith(brand.lower()):
        return model
    return f"{brand} {model}".strip()


def _exposure(numbers: dict[int, float]) -> str:
    parts = (
        _shutter(numbers.get(_EXPOSURE_TIME, 0)),
        _measure("f/{:.3g}", numbers.get(_F_NUMBER, 0), 0.1, 1000),
        _measure("ISO {:.0f}", numbers.get(_ISO, 0), 1, 10_000_000),
        _measure("{:.3g} mm", numbers.get(_FOCAL_LENGTH, 0), 0.1, 100_000),
    )
    return ", ".join(part for part in parts if part)


def _shutter(seconds: float) -> str:
    if 0 < seconds < 0.3:
        return _measure("1/{:.0f} s", 1 / seconds, 1, 1_000_000)
    return _measure("{:.3g} s", seconds, 0.3, 86_400)


def _measure(form: str, value: float, low: float, high: float) -> str:
    return form.format(value) if low <= value <= high else ""


def clean(raw: bytes) -> str:
    """Text without control, direction and replacement characters, one space between words."""
    text = raw.split(b"\0", 1)[0].decode("utf-8", "ignore")
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:MAX_TEXT_CHARACTERS].rstrip()


class _Reader:
    """Reads directories of tags from a block whose every byte may be a lie."""

    def __init__(
        self,
        block: bytes | mmap.mmap,
        start: int,
        order: str,
        exif: Exif,
        texts: Set[int],
        numbers: Set[int],
    ) -> None:
        self._block = block
        self._start = start
        self._order = order
        self._exif = exif
        self._texts = texts
        self._numbers = numbers

    def number(self, kind: str, at: int) -> int:
        """The number at an offset; 0 beyond the end."""
        size = struct.calcsize(kind)
        raw = self._bytes(at, size)
        return int(struct.unpack(self._order + kind, raw)[0]) if len(raw) == size else 0

    def read_directory(self, at: int) -> None:
        if at <= 0:
            return
        for index in range(self.number("H", at)):
            self._read_entry(at + 2 + index * _ENTRY_BYTES)

    def _read_entry(self, at: int) -> None:
        tag, kind, count = (
            self.number("H", at),
            self.number("H", at + 2),
            self.number("I", at + 4),
        )
        if tag in self._texts:
            size = min(count, _MAX_TEXT_BYTES)
            place = at + 8 if count <= 4 else self.number("I", at + 8)
            self._exif.texts.setdefault(tag, clean(self._bytes(place, size)))
        elif tag in self._numbers:
            self._exif.numbers.setdefault(tag, self._number(kind, at + 8))

    def _number(self, kind: int, at: int) -> float:
        if kind in {_RATIONAL, _SIGNED_RATIONAL}:
            place, sign = self.number("I", at), "I" if kind == _RATIONAL else "i"
            below = self.number(sign, place + 4)
            return self.number(sign, place) / below if below else 0.0
        return float(self.number({_BYTE: "B", _SHORT: "H", _LONG: "I"}.get(kind, "I"), at))

    def _bytes(self, at: int, size: int) -> bytes:
        return bytes(self._block[self._start + at : self._start + at + size]) if at >= 0 else b""
