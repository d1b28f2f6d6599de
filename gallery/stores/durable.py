"""What it takes that a power cut leaves a whole file or none."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

_CHUNK_BYTES = 1024 * 1024


def copy_flushed(reader: BinaryIO, writer: BinaryIO) -> str:
    """The SHA-256 of what was copied; its bytes are on the disk then, but not yet its name."""
    digest = hashlib.sha256()
    while chunk := reader.read(_CHUNK_BYTES):
        digest.update(chunk)
        writer.write(chunk)
    writer.flush()
    os.fsync(writer.fileno())
    return digest.hexdigest()


def flush_folder(path: Path) -> None:
    """Returns when the names in the folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
