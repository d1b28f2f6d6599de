"""Files on their way in or through: where they lie meanwhile."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PREFIX = "upload-"
"""Of all their names: the sweep removes those that nobody writes to any more."""


def new_file(folder: Path) -> tuple[int, Path]:
    """An open descriptor of a new, empty file in ``folder``, and its path.

    The folder is made anew if it is gone: a disk that does not last may be cleared at any moment.
    """
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=PREFIX)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=PREFIX)
    return handle, Path(name)


def new_path(folder: Path) -> Path:
    """The path of a new, empty file in ``folder``."""
    handle, path = new_file(folder)
    os.close(handle)
    return path
