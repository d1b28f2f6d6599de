"""Whether the database takes writes and the store answers, and what the gallery holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gallery.catalog.health import check_writable
from gallery.catalog.images import ImageCatalog
from gallery.errors import GalleryError, StoreUnavailableError
from gallery.model import Filter
from gallery.stores import spool
from gallery.stores.base import MediaStore, StoreHealth
from gallery.stores.registry import Stores


class Health:
    """Asks the database and the store for new images."""

    def __init__(self, *, catalog: ImageCatalog, stores: Stores, database: Any) -> None:
        self._catalog = catalog
        self._stores = stores
        self._database = database

    def failure(self) -> GalleryError | None:
        """The first thing that does not work, or ``None``. A store that images can wait for may be
        away."""
        try:
            check_writable(self._database)
            self._probe()
        except GalleryError as error:
            return error
        return None

    def _probe(self) -> None:
        try:
            self._stores.for_new.probe()
        except StoreUnavailableError:
            if self._stores.spool is None:
                raise
            self._stores.spool.probe()

    def summary(self) -> dict[str, Any]:
        """Counts and stores, for people."""
        counts = self._catalog.counts(Filter(), months=())
        return {
            "images": counts.total,
            "images_capped": counts.capped,
            "store": self._stores.for_new.name,
            "stores": [store.name for store in self._stores.all() if self._is_used(store)],
            "health": {name: _told(each) for name, each in self._stores.health().items()},
            "moving": asdict(self._catalog.waiting()),
        }

    def _is_used(self, store: MediaStore) -> bool:
        return store.name != spool.NAME or self._stores.spool is not None


def _told(health: StoreHealth) -> dict[str, Any]:
    return {
        "state": health.state.value,
        "since": health.since.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "requests": health.requests,
        "failures": health.failures,
    }
