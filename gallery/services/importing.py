"""Import: the pictures of a folder come in, each an upload like any other.

What is here already is known by its bytes, so an import may be killed and begun again at any time.
A manifest beside the files (``manifest``) gives each its words, its id and its place in the order
of arrival again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    ConflictError,
    InProgressError,
    InvalidInputError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
)
from gallery.imaging.formats import HEAD_BYTES, identify
from gallery.model import Received, Status
from gallery.services import manifest
from gallery.services.filenames import clean_filename
from gallery.services.incoming import free_bytes, new_file
from gallery.services.ingest import Ingest
from gallery.services.several import FREE_SPACE_FLOOR_BYTES, Progress, Several
from gallery.services.wishes import Imported, Wish, size_of, wishes_in

_CHUNK_BYTES = 1024 * 1024

log = logging.getLogger(__name__)


class Importing:
    """Imports folders, several files at a time."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        ingest: Ingest,
        incoming: Path,
        data: Path,
        max_bytes: int,
        at_once: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._catalog = catalog
        self._ingest = ingest
        self._incoming = incoming
        self._data = data
        self._max_bytes = max_bytes
        self._at_once = at_once
        self._sleep = sleep

    def run(
        self, folder: Path, *, tags: tuple[str, ...], dry_run: bool, progress: Progress
    ) -> Imported:
        """Every picture below the folder, those of its manifest first and in its order.

        Hidden files and folders are left out. Raises InvalidInputError for what is no folder or one
        of the gallery's own, StorageFullError when there is no room for more.
        """
        self._check(folder)
        imported = Imported()
        several = Several[Wish](
            partial(self._take, dry_run=dry_run),
            imported=imported,
            total=size_of(folder),
            progress=progress,
            at_once=self._at_once,
            sleep=self._sleep,
        )
        several.run(wishes_in(folder, tags, imported))
        return imported

    def _check(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InvalidInputError(f"{folder} is no folder.")
        if folder.resolve().is_relative_to(self._data.resolve()):
            raise InvalidInputError("Choose a folder outside of GALLERY_DATA.")

    def _take(self, wish: Wish, is_last: bool, *, dry_run: bool) -> str:
        """What became of the file: the name of a count in ``Imported``.

        Unless it ``is_last``, a twin waits for the image that it is one of.
        """
        line = wish.line
        if line and line.id and line.sha256 and self._is_here(line.id, line.sha256):
            return "duplicates"
        size = wish.path.stat().st_size
        if size > self._max_bytes:
            limit = f"{self._max_bytes / 1024 / 1024:g} MiB"
            raise TooLargeError(f"The file is larger than {limit}, the most that is taken here.")
        with wish.path.open("rb") as file:
            identify(file.read(HEAD_BYTES))
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        twin = self._is_twin(line, sha256)
        if line and line.twin_of and not twin and not is_last:
            raise InProgressError("The same picture comes first.", retry_after_s=1)
        if not twin and self._catalog_has(sha256):
            return "duplicates"
        if dry_run:
            return "imported"
        with self._received(wish, size, sha256) as received:
            return self._ingested(received, wish, twin=twin)

    def _ingested(self, received: Received, wish: Wish, *, twin: bool) -> str:
        line = wish.line
        moment = line.created_at if line else None
        try:
            outcome = self._ingest.take(
                received,
                wish.told,
                keep_duplicates=twin,
                id=line.id if line else None,
                created_at=moment,
            )
        except ConflictError:
            # The id stands for another picture here.
            outcome = self._ingest.take(
                received, wish.told, keep_duplicates=twin, created_at=moment
            )
        return "duplicates" if outcome.duplicate else "imported"

    def _is_here(self, id: str, sha256: str) -> bool:
        try:
            image = self._catalog.find(id, among=(Status.READY, Status.TRASHED))
        except NotFoundError:
            return False
        return image.sha256 == sha256

    def _catalog_has(self, sha256: str) -> bool:
        image = self._catalog.find_by_content(sha256)
        return image is not None and image.status is Status.READY

    def _is_twin(self, line: manifest.Line | None, sha256: str) -> bool:
        """Whether the same bytes are to be there twice, as they were where they come from."""
        return bool(line and line.twin_of and self._is_here(line.twin_of, sha256))

    @contextmanager
    def _received(self, wish: Wish, size: int, sha256: str) -> Iterator[Received]:
        """A copy of the file as an upload would have left it: the original stays its owner's."""
        if free_bytes(self._incoming) < FREE_SPACE_FLOOR_BYTES + size:
            raise StorageFullError("The disk of the gallery is full. Make room on it.")
        handle, path = new_file(self._incoming)
        try:
            with os.fdopen(handle, "wb") as copy, wish.path.open("rb") as file:
                digest = _copy(file, copy)
            if digest != sha256:
                raise InProgressError("The file is being written.", retry_after_s=1)
            given = wish.line.filename if wish.line else ""
            filename = clean_filename(given or wish.path.name)
            yield Received(path=str(path), filename=filename, bytes=size, sha256=sha256)
        finally:
            path.unlink(missing_ok=True)


def _copy(file: BinaryIO, copy: BinaryIO) -> str:
    """The SHA-256 of what was copied."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        copy.write(chunk)
    return digest.hexdigest()
