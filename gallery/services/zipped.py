"""A zip made while it is sent: never whole anywhere, its size known before the first byte.

Pictures are compressed already, so they are stored as they are. zipfile writes it; of the libraries
for this, stream-zip must know the checksum of what it stores before, and zipstream-ng gives every
file the present time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO
from zipfile import ZIP64_LIMIT, ZIP_FILECOUNT_LIMIT, ZipFile, ZipInfo

from gallery.errors import StoreError

_CHUNK_BYTES = 256 * 1024

_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""That a zip's own clock can tell; it counts in steps of two seconds, and knows no time zone."""

_UNIX_TIME = 0x5455
"""The field that tells the moment exactly: https://libzip.org/specifications/extrafld.txt"""

_DESCRIPTOR_BYTES, _LARGE_DESCRIPTOR_BYTES = 16, 24
_CENTRAL_BYTES, _END_BYTES, _LARGE_END_BYTES = 46, 22, 56 + 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the zip; it is opened when its turn has come."""

    name: str
    bytes: int
    modified_at: datetime
    open: Callable[[], AbstractContextManager[BinaryIO]]


def stream(entries: Sequence[Entry]) -> Iterator[bytes]:
    """The zip. Raises what opening and reading raise, and StoreError when a file is not as long as
    announced: what was sent until then has no directory, and opens nowhere."""
    outlet = _Outlet()
    with ZipFile(outlet, "w") as zipped:  # type: ignore[call-overload]
        for entry in entries:
            with entry.open() as file, zipped.open(_info_of(entry), "w") as target:
                left = entry.bytes
                while chunk := file.read(_CHUNK_BYTES):
                    left -= len(chunk)
                    target.write(chunk)
                    yield from outlet.taken()
                if left:
                    raise StoreError("The file in the store has not the size that it had.")
            yield from outlet.taken()
    yield from outlet.taken()


def size_of(entries: Sequence[Entry]) -> int:
    """How many bytes ``stream`` gives."""
    position = directory = 0
    for entry in entries:
        info = _info_of(entry)
        is_large = entry.bytes * 1.05 > ZIP64_LIMIT  # As zipfile decides.
        large_fields = 2 * (entry.bytes > ZIP64_LIMIT) + (position > ZIP64_LIMIT)
        name_bytes = len(entry.name.encode())
        directory += _CENTRAL_BYTES + name_bytes + len(info.extra)
        directory += 4 + 8 * large_fields if large_fields else 0
        position += len(info.FileHeader(is_large)) + entry.bytes
        position += _LARGE_DESCRIPTOR_BYTES if is_large else _DESCRIPTOR_BYTES
    is_large = (
        len(entries) > ZIP_FILECOUNT_LIMIT or position > ZIP64_LIMIT or directory > ZIP64_LIMIT
    )
    return position + directory + _END_BYTES + (_LARGE_END_BYTES if is_large else 0)


def _info_of(entry: Entry) -> ZipInfo:
    when = entry.modified_at.astimezone(UTC)
    year = min(max(when.year, _FIRST_YEAR), _LAST_YEAR)
    info = ZipInfo(entry.name, (year, *when.timetuple()[1:6]))
    info.file_size = entry.bytes
    info.flag_bits = 0x08  # Checksum and sizes follow the file.
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, or the mode would mean nothing.
    seconds = int(when.timestamp())
    if 0 <= seconds < 2**31:
        info.extra = struct.pack("<HHBl", _UNIX_TIME, 5, 1, seconds)
    return info


class _Outlet:
    """Takes what zipfile writes, until it is fetched."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing to hurry."""

    def taken(self) -> Iterator[bytes]:
        written, self._written = self._written, []
        yield from written
