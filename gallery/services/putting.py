"""How an object comes under its key: put there, or settled where it has arrived; then compared."""

from __future__ import annotations

from gallery.errors import ObjectMissingError, StoreError
from gallery.model import Image, Received, StoredObject
from gallery.stores.abilities import SupportsTickets
from gallery.stores.base import MediaStore


def put_whole(store: MediaStore, image: Image, received: Received) -> StoredObject:
    """What the store has under the image's key now. Raises StoreError and its kin.

    Bytes that arrived there do not pass through us once more.
    """
    stored = _settled(store, image, received) or store.put(image.key, received)
    if not is_as_sent(stored, image):
        raise StoreError(
            "The media store kept something else than what was sent. Please try again."
        )
    return stored


def _settled(store: MediaStore, image: Image, received: Received) -> StoredObject | None:
    """What arrived in that very store for that very key, settled there; ``None`` if it did not, or
    something else lies there by now: what was looked at is in our hands."""
    arrived = received.arrived
    if arrived is None or (arrived.store, arrived.key) != (store.name, image.key):
        return None
    if not isinstance(store, SupportsTickets):
        return None
    try:
        return store.settle(image.key, received, etag=arrived.etag)
    except ObjectMissingError:
        return None


def is_as_sent(stored: StoredObject, image: Image) -> bool:
    """Whether the store has what was announced, as far as it tells."""
    return stored.bytes == image.bytes and stored.sha256 in (None, image.sha256)
