"""The folder in which files lie while they come in or pass through."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.stores.parts import disk_errors

PREFIX = "upload-"
"""Of the names in it: the sweep removes those that nobody writes to any more."""


def new_file(folder: Path) -> tuple[int, Path]:
    """A new file in the folder: an open descriptor, and its path. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=made(folder), prefix=PREFIX)
    return handle, Path(name)


@contextmanager
def scratch_file(folder: Path) -> Iterator[Path]:
    """A new, empty file in the folder; gone again when the block ends. Raises StorageFullError."""
    with disk_errors():
        handle, path = new_file(folder)
        os.close(handle)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """How much room is left where the folder is. Raises OSError."""
    return shutil.disk_usage(made(folder)).free


def made(folder: Path) -> Path:
    """The folder, made anew if it is gone: a disk that does not last may be cleared at any
    moment."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
