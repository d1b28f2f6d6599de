"""The boxes of an ISO base media file (AVIF, HEIC): which items are in it, and where their bytes
lie.

Nothing is decoded, every length is checked (ISO/IEC 14496-12 and 23008-12).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Bytes = bytes | mmap.mmap
Extents = tuple[tuple[int, int], ...]

_MAX_ITEMS = 1_000
_MAX_EXTENTS = 32
"""Of one item. Both are what the decoder takes (libheif's security limits)."""
_IN_FILE, _IN_BOX = 0, 1
_TYPED_ENTRY_VERSION = 2
_WIDE_PLACES_VERSION = 2


class CutOffError(Exception):
    """The structure leads beyond the end of the file."""


class OddBoxError(Exception):
    """The structure is none that a picture has."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, and where its content begins and ends."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """A picture, a tile of one, or metadata: its type, and where its bytes lie."""

    kind: bytes
    extents: Extents
    """Begin and end of each piece."""

    def content(self, data: Bytes) -> bytes:
        """Its bytes."""
        return b"".join(data[start:end] for start, end in self.extents)


def number(data: Bytes, at: int, size: int, order: Literal["little", "big"] = "big") -> int:
    """The unsigned number at an offset; 0 of no bytes. Raises CutOffError."""
    raw = data[at : at + size]
    if len(raw) != size:
        raise CutOffError
    return int.from_bytes(raw, order)


def boxes(data: Bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between two offsets, of the whole file by default. Raises CutOffError."""
    at, end = start, len(data) if end is None else end
    while at < end:
        size, head = number(data, at, 4), 8
        name = bytes(data[at + 4 : at + 8])
        if size == 1:
            size, head = number(data, at + 8, 8), 16
        if size == 0:  # Up to the end.
            size = end - at
        if size < head or at + size > end:
            raise CutOffError
        yield Box(name, at + head, at + size)
        at += size


def items(data: Bytes) -> list[Item] | None:
    """The items of a file, ``None`` when it has none: then it is a film.

    Raises CutOffError when one lies beyond the end of the file, and OddBoxError.
    """
    meta = next((box for box in boxes(data) if box.name == b"meta"), None)
    if meta is None:
        return None
    inside = {box.name: box for box in boxes(data, meta.start + 4, meta.end)}
    if not {b"iinf", b"iloc"} <= inside.keys():
        raise OddBoxError
    kinds = _kinds(data, inside[b"iinf"])
    places = _places(data, inside[b"iloc"], inside.get(b"idat"))
    return [Item(kinds.get(id, b""), extents) for id, extents in places]


def _kinds(data: Bytes, iinf: Box) -> dict[int, bytes]:
    """The type of each item, by its number."""
    kinds = {}
    first = iinf.start + (6 if number(data, iinf.start, 1) == 0 else 8)
    for entry in boxes(data, first, iinf.end):
        version = number(data, entry.start, 1)
        if entry.name != b"infe" or version < _TYPED_ENTRY_VERSION:
            continue
        wide = 2 if version == _TYPED_ENTRY_VERSION else 4
        at = entry.start + 4
        kinds[number(data, at, wide)] = bytes(data[at + wide + 2 : at + wide + 6])
        _at_most(len(kinds), _MAX_ITEMS)
    return kinds


class _Cursor:
    """Reads one number after another."""

    def __init__(self, data: Bytes, at: int) -> None:
        self._data = data
        self._at = at

    def next(self, size: int) -> int:
        value = number(self._data, self._at, size)
        self._at += size
        return value


def _places(data: Bytes, iloc: Box, idat: Box | None) -> Iterator[tuple[int, Extents]]:
    """The number of each item, and where its pieces lie in the file."""
    cursor = _Cursor(data, iloc.start)
    version, sizes = cursor.next(4) >> 24, cursor.next(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (
        sizes >> bits & 15 for bits in (12, 8, 4, 0)
    )
    wide = 2 if version < _WIDE_PLACES_VERSION else 4
    for _ in range(_at_most(cursor.next(wide), _MAX_ITEMS)):
        id = cursor.next(wide)
        method = cursor.next(2) & 15 if version else _IN_FILE
        cursor.next(2)  # Always 0: the data are in this file.
        base = cursor.next(base_bytes)
        pieces = []
        for _ in range(_at_most(cursor.next(2), _MAX_EXTENTS)):
            cursor.next(index_bytes if version else 0)
            pieces.append((base + cursor.next(offset_bytes), cursor.next(length_bytes)))
        if method in {_IN_FILE, _IN_BOX}:  # The third is inside another item.
            whole = Box(b"", 0, len(data)) if method == _IN_FILE else idat
            yield id, tuple(_within(whole, *piece) for piece in pieces)


def _at_most(count: int, most: int) -> int:
    if count > most:
        raise OddBoxError
    return count


def _within(whole: Box | None, offset: int, length: int) -> tuple[int, int]:
    if whole is None:
        raise OddBoxError
    start = whole.start + offset
    end = start + length if length else whole.end
    if start > end or end > whole.end:
        raise CutOffError
    return start, end
