"""Whether a file is whole, as its own structure says, and how many pictures are in it.

Decoders stop when they have their pixels: libvips takes a GIF that lost its last frames and a PNG
that lost its end. So the structure is walked first, which also finds the bombs before anything is
decoded.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Literal

from gallery.errors import BrokenImageError, ImageTooLargeError, UnsupportedFormatError
from gallery.imaging import boxes, formats, metadata
from gallery.imaging.boxes import Bytes, CutOffError
from gallery.imaging.boxes import number as _number
from gallery.imaging.limits import Limits

_JPEG_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_END_OF_IMAGE = 0xD9
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B
_TIFF_DIRECTORY_TAGS = {330, 34665, 34853}
"""Smaller copies, EXIF and GPS."""
_TIFF_TYPE_BYTES = dict(enumerate((0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)))
_UNIT_LENGTH_BYTES, _UNIT_TAIL_BYTES = 4, 16
_PNG_METADATA = {b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"}


def check(data: Bytes, format: formats.Format, limits: Limits) -> None:
    """Returns when the file is whole.

    Raises BrokenImageError, ImageTooLargeError, UnsupportedFormatError.
    """
    try:
        _CHECKS[format](data, limits)
    except CutOffError as error:
        raise BrokenImageError(
            "The file ends before the picture does: the transfer was cut off. Send it again."
        ) from error


def too_many_frames(limits: Limits) -> ImageTooLargeError:
    """The refusal of a file with more pictures than the limit."""
    return ImageTooLargeError(
        f"The file has more than {limits.max_frames:,} frames or pages, the most that are taken. "
        "Make it shorter."
    )


def too_much_metadata(limits: Limits) -> ImageTooLargeError:
    """The refusal of a file that carries more besides its picture than the limit."""
    return ImageTooLargeError(
        f"The metadata of the picture unpacks to more than {limits.max_metadata_bytes:,} bytes, "
        "the most that are taken. Save it without metadata."
    )


def _check_jpeg(data: Bytes, limits: Limits) -> None:
    """Segments and scans up to the end marker. What phones put behind it is not looked at."""
    at = 2
    while match := _JPEG_MARKER.search(data, at):
        marker, at = data[match.start() + 1], match.end()
        if marker == _END_OF_IMAGE:
            return
        if marker not in _STANDALONE:
            at += _number(data, at, 2)
    raise CutOffError


def _check_png(data: Bytes, limits: Limits) -> None:
    """Every chunk and checksum up to IEND, and how much packed texts and profiles unpack to."""
    at, room = 8, limits.max_metadata_bytes
    name = b""
    while name != b"IEND":
        size = _number(data, at, 4)
        name, content = bytes(data[at + 4 : at + 8]), data[at + 8 : at + 8 + size]
        at += 12 + size
        if zlib.crc32(content, zlib.crc32(name)) != _number(data, at - 4, 4):
            raise BrokenImageError("The picture was damaged on its way. Send it again.")
        if name in _PNG_METADATA:
            room -= _unpacked_bytes(name, content, room)
        if room < 0:
            raise too_much_metadata(limits)


def _unpacked_bytes(name: bytes, content: bytes, most: int) -> int:
    """How much a chunk of metadata unpacks to, counted no further than just beyond ``most``."""
    packed = b""
    if name in {b"zTXt", b"iCCP"}:
        packed = content.partition(b"\0")[2][1:]
    elif name == b"iTXt":
        is_packed, _, texts = content.partition(b"\0")[2].partition(b"\0")
        packed = texts.split(b"\0", 2)[-1] if is_packed == b"\1" else b""
    try:
        return len(content) + len(zlib.decompressobj().decompress(packed, most + 1))
    except zlib.error:
        return len(content)


def _check_gif(data: Bytes, limits: Limits) -> None:
    """Every block up to the trailer."""
    at, frames = 13 + _color_table_bytes(_number(data, 10, 1)), 0
    while (block := _number(data, at, 1)) != _GIF_END:
        if block == _GIF_EXTENSION:
            at = _behind_sub_blocks(data, at + 2)
        elif block == _GIF_IMAGE:
            frames += 1
            at = _behind_sub_blocks(data, at + 11 + _color_table_bytes(_number(data, at + 9, 1)))
        else:
            raise BrokenImageError("The picture is damaged: it has a part that no GIF has.")
        if frames > limits.max_frames:
            raise too_many_frames(limits)


def _color_table_bytes(flags: int) -> int:
    return 3 << (flags % 8 + 1) if flags & 0x80 else 0


def _behind_sub_blocks(data: Bytes, at: int) -> int:
    try:
        while size := data[at]:
            at += 1 + size
    except IndexError as error:
        raise CutOffError from error
    return at + 1


def _check_webp(data: Bytes, limits: Limits) -> None:
    end, at, frames = 8 + _number(data, 4, 4, "little"), 12, 0
    if end > len(data):
        raise CutOffError
    while at < end:
        size = _number(data, at + 4, 4, "little")
        frames += data[at : at + 4] == b"ANMF"
        at += 8 + size + size % 2
        if frames > limits.max_frames:
            raise too_many_frames(limits)


def _check_avif(data: Bytes, limits: Limits) -> None:
    if b"meta" not in {box.name for box in boxes.boxes(data)}:
        raise UnsupportedFormatError("AVIF films are not taken. Send a GIF or an animated WebP.")


def _check_heic(data: Bytes, limits: Limits) -> None:
    """Every coded picture, thumbnails and tiles included, up to its end."""
    try:
        items = boxes.items(data)
    except boxes.OddBoxError as error:
        raise BrokenImageError(
            "The picture is damaged: its parts are not where they should be. Send it again."
        ) from error
    if items is None:
        raise UnsupportedFormatError("HEIC films are not taken. Send a GIF or an animated WebP.")
    coded = [item for item in items if item.kind == b"hvc1"]
    if not coded:
        raise UnsupportedFormatError("This file holds no HEIC photo. Send it as JPEG.")
    for item in coded:
        _check_units(item.content(data))


def _check_units(content: bytes) -> None:
    """Units of HEVC, each behind its length. The last one ends in a bit that is set, and what was
    cut off inside a file of its full length in zeros."""
    at = 0
    while at < len(content):
        size = _number(content, at, _UNIT_LENGTH_BYTES)
        at += _UNIT_LENGTH_BYTES + size
        if size == 0 or at > len(content):
            raise CutOffError
    if not any(content[-_UNIT_TAIL_BYTES:]):
        raise CutOffError


def _check_tiff(data: Bytes, limits: Limits) -> None:
    """Every directory and every value of its tags; missing pixels libtiff itself finds."""
    if metadata.is_camera_raw(metadata.read_exif(data)):
        raise UnsupportedFormatError(
            "Camera raw files are not taken. Develop the photo to JPEG or TIFF."
        )
    tiff = _Tiff(data)
    waiting, seen = [tiff.first], set[int]()
    while waiting:
        at = waiting.pop()
        if at == 0 or at in seen:
            continue
        seen.add(at)
        if len(seen) > 4 * limits.max_frames:  # A page may have three more directories.
            raise too_many_frames(limits)
        waiting += tiff.leads_to(at)


class _Tiff:
    """The directories of a TIFF file: classic, or BigTIFF with its wider numbers."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
        self._is_big = 43 in data[2:4]
        self._wide = 8 if self._is_big else 4
        self.first = self._number(self._wide, self._wide)

    def leads_to(self, at: int) -> list[int]:
        """Where the directories lie that this one names. Its own values are all in the file."""
        count_bytes, wide = (8, 8) if self._is_big else (2, 4)
        count, entry_bytes = self._number(at, count_bytes), 4 + 2 * wide
        first = at + count_bytes
        if first + count * entry_bytes > len(self._data):
            raise CutOffError
        named = [self._number(first + count * entry_bytes, wide)]
        for entry in range(first, first + count * entry_bytes, entry_bytes):
            value = self._value_at(entry, wide)
            if self._number(entry, 2) in _TIFF_DIRECTORY_TAGS:
                named.append(self._number(value, wide))
        return named

    def _value_at(self, entry: int, wide: int) -> int:
        kind, count = self._number(entry + 2, 2), self._number(entry + 4, wide)
        size, at = _TIFF_TYPE_BYTES.get(kind, 0) * count, entry + 4 + wide
        if size > wide:
            at = self._number(at, wide)
        if at + size > len(self._data):
            raise CutOffError
        return at

    def _number(self, at: int, size: int) -> int:
        return _number(self._data, at, size, self._order)


_CHECKS: dict[formats.Format, Callable[[Bytes, Limits], None]] = {
    formats.JPEG: _check_jpeg,
    formats.PNG: _check_png,
    formats.GIF: _check_gif,
    formats.WEBP: _check_webp,
    formats.AVIF: _check_avif,
    formats.HEIC: _check_heic,
    formats.TIFF: _check_tiff,
}
