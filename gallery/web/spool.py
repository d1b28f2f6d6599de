"""One file on its way in: written and hashed as it comes, within bounds, gone if it is not kept."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from multipart import MultipartSegment

from gallery.errors import InvalidInputError, StorageFullError, TooLargeError
from gallery.model import Received
from gallery.services.filenames import MAX_FILENAME, clean_filename
from gallery.services.incoming import new_file

__all__ = ["MAX_FILENAME", "Caps", "Spool", "clean_filename", "in_base64", "too_large"]

MAX_PARTS = 32
MAX_TEXT_BYTES = 64 * 1024
"""Of all text fields together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much a form may hold besides its file, and what is wanted of that."""

    parts: int = MAX_PARTS
    text_bytes: int = MAX_TEXT_BYTES
    """Of all text fields together."""
    file_as_text: bool = False
    """Whether the file may come as a text field: in base64, or as a URL."""
    md5: bool = False


def in_base64(size: int) -> int:
    """The bytes that so many bytes may take as a data URI, with line ends and blanks."""
    return size * 3 // 2 + 4096


def too_large(
    limit_bytes: int, *, filename: str = "", got_bytes: int | None = None
) -> TooLargeError:
    """The refusal of a file above the limit, by its name where that was read already."""
    limit = f"{limit_bytes / 1024 / 1024:g} MiB"
    told = f"The file is larger than {limit}, the most that is taken here. Make it smaller."
    detail = f"{filename}: {told}" if filename else told
    error = TooLargeError(detail, fields={"image": detail})
    error.got_bytes, error.limit_bytes = got_bytes, limit_bytes
    return error


class Spool:
    """The one file, written and hashed by a thread of its own while the next bytes are received."""

    def __init__(self, folder: Path, limit_bytes: int, body_bytes: int | None, caps: Caps) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._body_bytes = body_bytes
        self._caps = caps
        self.is_text = False
        self._path: Path | None = None
        self._filename = ""
        self._bytes = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if caps.md5 else None
        self._queue: Queue[bytes | None] = Queue(maxsize=8)
        self._failure: OSError | None = None
        self._writer: threading.Thread | None = None

    def begin(self, segment: MultipartSegment) -> None:
        if self._path is not None:
            raise InvalidInputError(
                "image: one file at a time.", fields={"image": "one file at a time"}
            )
        self._filename = clean_filename(segment.filename or "")
        self.is_text = self._caps.file_as_text and segment.filename is None
        try:
            handle, self._path = new_file(self._folder)
        except OSError as error:
            raise StorageFullError(
                "The disk of the gallery is full or cannot be written."
            ) from error
        self._writer = threading.Thread(target=self._write_all, args=(handle,), daemon=True)
        self._writer.start()

    def write(self, chunk: bytes | bytearray) -> None:
        self._bytes += len(chunk)
        if self._bytes > (in_base64(self._limit) if self.is_text else self._limit):
            got_bytes = self._body_bytes or self._bytes
            raise too_large(self._limit, filename=self._filename, got_bytes=got_bytes)
        self._queue.put(bytes(chunk))

    def _write_all(self, handle: int) -> None:
        with os.fdopen(handle, "wb", buffering=0) as file:
            while (chunk := self._queue.get()) is not None:
                if self._failure is not None:
                    continue  # Keep taking: the receiver must never be stuck behind a full queue.
                try:
                    view = memoryview(chunk)
                    while view:
                        view = view[file.write(view) :]
                    self._sha256.update(chunk)
                    if self._md5 is not None:
                        self._md5.update(chunk)
                except OSError as error:
                    self._failure = error

    def _finish(self) -> None:
        if self._writer is not None:
            self._queue.put(None)
            self._writer.join()
            self._writer = None

    def received(self) -> Received | None:
        """The whole file, or ``None`` when the form had none."""
        self._finish()
        if self._failure is not None:
            raise StorageFullError(
                "The disk of the gallery is full. Make room on it, then try again."
            ) from (self._failure)
        if self._path is None:
            return None
        return Received(
            path=str(self._path),
            filename=self._filename,
            bytes=self._bytes,
            sha256=self._sha256.hexdigest(),
            md5=self._md5.hexdigest() if self._md5 else "",
        )

    def discard(self) -> None:
        self._finish()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
