"""Pieces of unfinished uploads as files on a disk of ours.

One file for each, ``{root}/{name}``; nothing else lies there. A piece that is kept survives a power
cut: its bytes are flushed, and then its name. One that never was kept is found by its age.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gallery.errors import ObjectMissingError, StorageFullError
from gallery.stores.durable import flush_folder

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}")


class DiskParts:
    """The pieces under ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, name: str) -> DiskPart:
        """A piece to be. Raises StorageFullError."""
        with disk_errors():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            return DiskPart(self._place(name))

    def open(self, name: str) -> BinaryIO:
        """The bytes of a piece. Raises ObjectMissingError."""
        try:
            return self._place(name).open("rb")
        except FileNotFoundError as error:
            raise _gone() from error

    def path_of(self, name: str) -> Path:
        """The file of a piece. Raises ObjectMissingError."""
        place = self._place(name)
        if not place.exists():
            raise _gone()
        return place

    def delete(self, name: str) -> None:
        """Removes a piece. Missing is success."""
        self._place(name).unlink(missing_ok=True)

    def stale(self, *, older_than: datetime) -> Iterator[str]:
        """The names of pieces that were last written before that moment."""
        with suppress(FileNotFoundError):
            for path in sorted(self._root.iterdir()):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < older_than.timestamp():
                        yield path.name

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ObjectMissingError("There is no such piece.")
        return self._root / name


class DiskPart:
    """A piece on its way in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=0)

    def write(self, data: bytes) -> None:
        """Takes more bytes. Raises StorageFullError."""
        view = memoryview(data)
        with disk_errors():
            while view:
                view = view[self._file.write(view) :]

    def keep(self) -> None:
        """Returns when no power cut can take the piece away. Raises StorageFullError."""
        with disk_errors():
            os.fsync(self._file.fileno())
            self._file.close()
            flush_folder(self._path.parent)

    def discard(self) -> None:
        """Removes the piece, kept or not."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def _gone() -> ObjectMissingError:
    return ObjectMissingError("A piece of this upload is gone. Please send it again.")


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turns what the operating system says of the disk into our error."""
    try:
        yield
    except OSError as error:
        raise StorageFullError("The disk of the gallery is full or cannot be written.") from error
