"""Notifications of stores: each makes the uploads that it names due now, and does nothing else.

They may come early, late, twice, in any order or never: what has arrived is asked of the store.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping

from gallery.catalog.heard import Heard
from gallery.catalog.uploads import UploadCatalog
from gallery.errors import NotFoundError
from gallery.stores.hints import Notice, Reader

log = logging.getLogger(__name__)


class Hooks:
    """Hears notifications. ``readers`` has one for each store that may send some."""

    def __init__(
        self, *, uploads: UploadCatalog, heard: Heard, readers: Mapping[str, Reader]
    ) -> None:
        self._uploads = uploads
        self._heard = heard
        self._readers = readers

    def hear(self, store: str, notice: Notice) -> None:
        """Returns when it has had its effect, now or before.

        Raises NotFoundError for a store that is not set up, HookRefusedError, BadRequestError.
        """
        reader = self._readers.get(store)
        if reader is None:
            raise NotFoundError("No store of that kind is set up here.")
        keys = reader(notice)
        name = _name(store, notice)
        if self._heard.knows(name):
            return
        hurried = self._uploads.hurry(store, keys) if keys else 0
        # Afterwards: one that failed midway has its effect when it is sent again.
        self._heard.remember(name)
        log.info("heard of a store", extra={"store": store, "keys": len(keys), "due": hurried})


def _name(store: str, notice: Notice) -> str:
    """The same for the same notification. A time that is signed is part of it."""
    timestamp = notice.headers.get("x-cld-timestamp", "")
    told = f"{store}\0{timestamp}\0".encode() + notice.body
    return hashlib.sha256(told).hexdigest()
