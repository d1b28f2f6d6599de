"""What is fetched, kept in a file as it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gallery.errors import StorageFullError


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """What was fetched, whole and hashed, in the file that the caller named."""

    path: Path
    filename: str
    """The last part of the address as it was given; decides nothing."""
    bytes: int
    sha256: str
    md5: str


def keep(body: Iterator[bytes], to: Path, *, filename: str) -> Downloaded:
    """Writes the body to the file as it comes. Removes the file when it does not come whole."""
    sha256, md5, total = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with _open_new(to) as file:
            for chunk in body:
                total += len(chunk)
                sha256.update(chunk)
                md5.update(chunk)
                _write(file, chunk)
    except BaseException:
        to.unlink(missing_ok=True)
        raise
    return Downloaded(
        path=to,
        filename=filename,
        bytes=total,
        sha256=sha256.hexdigest(),
        md5=md5.hexdigest(),
    )


def _open_new(path: Path) -> BinaryIO:
    try:
        return path.open("wb", buffering=0)
    except OSError as error:
        raise StorageFullError("The disk of the gallery is full or cannot be written.") from error


def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise StorageFullError("The disk of the gallery is full. Make room on it.") from error
