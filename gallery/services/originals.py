"""Originals as files here, also those that lie in other stores."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gallery.catalog.images import ImageCatalog
from gallery.errors import NotFoundError, StorageFullError
from gallery.model import Image, Status
from gallery.services.derived import LOCKS, DerivedFiles, name_of, note_use
from gallery.services.flights import Flights
from gallery.stores.base import MediaStore, SupportsLocalPath
from gallery.stores.registry import Stores

_ORIGINAL = "original"
"""Its name among the variants: no transformation is spelled so."""

_WITH_BYTES = (Status.READY, Status.KEPT, Status.TRASHED)


class Originals:
    """Fetches what has no file here, once for all who need it. A copy lies with the variants that
    are made of it: bounded and evicted with them, and gone when the image goes."""

    def __init__(self, files: DerivedFiles, *, catalog: ImageCatalog, stores: Stores) -> None:
        self._files = files
        self._catalog = catalog
        self._stores = stores
        # Locks of its own: an original is fetched while a variant is being made.
        self._flights = Flights(files.root / LOCKS / _ORIGINAL)

    def path_of(self, image: Image) -> Path:
        """The original's file. Raises ObjectMissingError, and NotFoundError when the image goes
        meanwhile."""
        store = self._stores.named(image.store)
        if isinstance(store, SupportsLocalPath):
            return store.path_of(image.key)
        path = self._files.path_of(image.id, name_of(image), _ORIGINAL)
        if self._find(path) is None:
            self._flights.content(
                path,
                find=lambda: self._find(path),
                make=lambda: self._fetch(store, image, path),
            )
        return path

    def _find(self, path: Path) -> bytes | None:
        """Whether it lies there: nothing of it is held in memory."""
        with suppress(FileNotFoundError, NotADirectoryError):
            note_use(str(path), path.stat().st_mtime)
            return b""
        return None

    def _fetch(self, store: MediaStore, image: Image, path: Path) -> bytes:
        with store.open(image.key) as original:
            if not self._files.keep_file(path, original):
                raise StorageFullError("The disk of the gallery is full.")
        if not self._is_still(image):
            self._files.forget(image.id)
            raise NotFoundError(f"Resource not found - {image.public_id}")
        return b""

    def _is_still(self, image: Image) -> bool:
        try:
            return name_of(self._catalog.find(image.id, among=_WITH_BYTES)) == name_of(image)
        except NotFoundError:
            return False
