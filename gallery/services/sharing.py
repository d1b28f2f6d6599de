"""Variants that a store keeps beside its originals, so that the next node need not derive them;
where everybody may fetch them there, people are sent to them.

That is a cache, too: where the store does not answer, or has none, a variant is derived.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from gallery.catalog.images import ImageCatalog
from gallery.errors import NotFoundError, ObjectMissingError, StoreError
from gallery.imaging.formats import HEAD_BYTES, content_type_of
from gallery.model import Image, Status
from gallery.signing import token_for
from gallery.stores.abilities import KeepsVariants
from gallery.stores.registry import Stores
from gallery.transformation import Transformation

KNOWN = 10_000
"""As many variants are remembered to be there, in each process; a few hundred bytes each."""

KNOWN_FOR_S = 600.0
"""Somebody may have emptied the store's cache since."""

_WITH_OBJECT = (Status.READY, Status.KEPT, Status.TRASHED)

log = logging.getLogger(__name__)


class SharedVariants:
    """What stores keep of variants. Safe between threads."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        secret: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nobody without ``secret`` can think up the name of a variant."""
        self._catalog = catalog
        self._stores = stores
        self._secret = secret
        self._now = now
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def find(self, image: Image, variant: str) -> bytes | None:
        """The bytes of a variant, if they are kept. ``variant`` as in ``derived.variant_name``."""
        store = self._store_of(image)
        if store is None:
            return None
        name = self._name(image, variant)
        try:
            content = store.variant(image.key, name)
        except ObjectMissingError:
            return None
        except StoreError:
            log.warning("shared variant not read", extra={"image": image.id}, exc_info=True)
            return None
        self._note(image.key, name)
        return content

    def keep(self, image: Image, variant: str, content: bytes) -> None:
        """Keeps one that was just derived, if the image's store does that."""
        store = self._store_of(image)
        if store is None:
            return
        name = self._name(image, variant)
        content_type = content_type_of(content[:HEAD_BYTES])
        try:
            store.keep_variant(image.key, name, content, content_type)
            if not self._has_object(image):
                # Deleted for good, or moved, while it was being kept.
                store.forget_variants(image.key)
                return
        except StoreError:
            log.warning("variant not shared", extra={"image": image.id}, exc_info=True)
            return
        self._note(image.key, name)

    def address_of(self, image: Image, variant: str, wanted: Transformation) -> str | None:
        """Where everybody may fetch a variant that is known to be kept; else ``None``, also where
        it must have headers that only we give it."""
        store = self._store_of(image)
        is_saved = any(flag.startswith("attachment") for flag in wanted.flags)
        if store is None or image.headers or is_saved:
            return None
        name = self._name(image, variant)
        with self._lock:
            until = self._known.get((image.key, name), 0.0)
        return store.variant_url(image.key, name) if self._now() < until else None

    def _store_of(self, image: Image) -> KeepsVariants | None:
        store = self._stores.named(image.store)
        if not isinstance(store, KeepsVariants):
            return None
        # Images of other types are for those alone who have their signed address.
        is_open = store.variant_url(image.key, "any") is not None
        return None if is_open and image.type != "upload" else store

    def _name(self, image: Image, variant: str) -> str:
        return token_for(self._secret, f"variant {image.key} {variant}")

    def _note(self, key: str, name: str) -> None:
        with self._lock:
            self._known[key, name] = self._now() + KNOWN_FOR_S
            self._known.move_to_end((key, name))
            while len(self._known) > KNOWN:
                self._known.popitem(last=False)

    def _has_object(self, image: Image) -> bool:
        try:
            now = self._catalog.find(image.id, among=_WITH_OBJECT)
        except NotFoundError:
            return False
        return (now.store, now.key) == (image.store, image.key)
