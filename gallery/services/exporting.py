"""Export: every original as it was uploaded, under a readable name, with a manifest beside them.

A file gets its name when it is whole, and the manifest comes last: wherever an export was killed,
the next one goes on there.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeAlias

from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    InvalidInputError,
    NotFoundError,
    ObjectMissingError,
    StorageFullError,
    StoreError,
)
from gallery.model import Filter, Image, Place, Sort, Status
from gallery.services import manifest
from gallery.services.filenames import stem_of
from gallery.stores.durable import copy_flushed, flush_folder
from gallery.stores.registry import Stores

PAGE = 500

_EXTENSIONS = {"jpeg": "jpg", "tiff": "tif"}

Progress: TypeAlias = Callable[[int, int], None]
Tell: TypeAlias = Callable[[str, str], None]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Exported:
    """What one export did."""

    written: int = 0
    skipped: int = 0
    """Were there already, and whole."""
    failed: int = 0
    bytes: int = 0
    """Of the files that were written."""


class Exporting:
    """Exports the images of the gallery: not those in the trash, nor the CDN's raw files."""

    def __init__(self, *, catalog: ImageCatalog, stores: Stores, data: Path) -> None:
        self._catalog = catalog
        self._stores = stores
        self._data = data

    def run(self, folder: Path, *, dry_run: bool, progress: Progress, tell: Tell) -> Exported:
        """Every image that is there now, the first to arrive first.

        ``progress`` is told how many are done of how many, ``tell`` what is wrong with a file.
        Raises InvalidInputError for a folder of the gallery's own.
        """
        if folder.resolve().is_relative_to(self._data.resolve()):
            raise InvalidInputError("Choose a folder outside of GALLERY_DATA.")
        exported = Exported()
        total = self._catalog.estimated_count()
        try:
            with _Manifest(folder, dry_run=dry_run) as lines:
                for done, image in enumerate(self._images(), 1):
                    file = path_of(image)
                    if self._export(image, folder / file, exported, dry_run=dry_run, tell=tell):
                        lines.add(manifest.line_of(image, str(file), twin_of=self._twin_of(image)))
                    progress(done, max(total, done))
        except OSError as error:
            raise StorageFullError(
                f"{folder}: {error.strerror or error}. What was written stays; mend it, then "
                "export again."
            ) from error
        return exported

    def _images(self) -> Iterator[Image]:
        after: Place | None = None
        while True:
            page = self._catalog.page(Filter(), Sort.OLDEST, after=after, limit=PAGE)
            yield from page.images
            if (after := page.next) is None:
                return

    def _twin_of(self, image: Image) -> str:
        first = self._catalog.find_by_content(image.sha256) if image.sha256 else None
        return first.id if first and first.id != image.id else ""

    def _export(
        self, image: Image, path: Path, exported: Exported, *, dry_run: bool, tell: Tell
    ) -> bool:
        """Whether the original lies there now, or would."""
        if _is_there(path, image):
            exported.skipped += 1
            return True
        try:
            if not dry_run:
                exported.bytes += self._write(image, path)
            exported.written += 1
        except ObjectMissingError as error:
            if self._is_gone(image):
                return False
            return self._failed(image, error.detail, exported, tell)
        except StoreError as error:
            return self._failed(image, error.detail, exported, tell)
        return True

    def _failed(self, image: Image, why: str, exported: Exported, tell: Tell) -> bool:
        log.error("original not exported", extra={"image": image.id})
        exported.failed += 1
        tell(image.id, why)
        return False

    def _is_gone(self, image: Image) -> bool:
        """Whether it was deleted or replaced while we were on our way to it."""
        try:
            return self._catalog.find(image.id, among=(Status.READY,)).key != image.key
        except NotFoundError:
            return True

    def _write(self, image: Image, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        with self._stores.named(image.store).open(image.key) as original, draft.open("wb") as file:
            digest = copy_flushed(original, file)
        if image.sha256 and digest != image.sha256:
            draft.unlink()
            raise StoreError("The store gave other bytes than were uploaded.")
        moment = (image.taken_at or image.created_at).timestamp()
        with suppress(OSError, OverflowError):  # Some filesystems know no such year.
            os.utime(draft, (moment, moment))
        draft.replace(path)
        flush_folder(path.parent)
        return image.bytes


def path_of(image: Image) -> PurePosixPath:
    """Where an image is exported: month, name as uploaded, and enough of its id to be unique."""
    moment = image.taken_at or image.created_at
    extension = _EXTENSIONS.get(image.format, image.format)
    name = f"{stem_of(image.filename) or 'image'}.{image.id}.{extension}"
    return PurePosixPath(f"{moment:%Y-%m}") / name


class _Manifest:
    """The manifest, written beside its place and put there when it is whole."""

    def __init__(self, folder: Path, *, dry_run: bool) -> None:
        self._path = folder / manifest.NAME
        self._draft = folder / f".{manifest.NAME}.part"
        self._dry_run = dry_run
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Manifest:
        if not self._dry_run:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._draft.open("wb")
        return self

    def add(self, line: str) -> None:
        if self._file is not None:
            self._file.write(line.encode())

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._draft.replace(self._path)
            flush_folder(self._path.parent)


def _is_there(path: Path, image: Image) -> bool:
    try:
        if path.stat().st_size != image.bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == image.sha256
    except FileNotFoundError:
        return False
