"""What Cloudinary answers of an image, read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gallery.errors import StoreUnavailableError
from gallery.model import Received, StoredObject
from gallery.stores.base import checked


def public_id_of(key: str) -> str:
    """What the object under that key is called there."""
    # A dot would read as the beginning of an extension in an address.
    return checked(key).replace(".", "/")


def sha256_of(answer: Mapping[str, Any]) -> str | None:
    """What we once said of the bytes; ``None`` of an image that we did not."""
    sha256 = answer.get("context", {}).get("custom", {}).get("sha256")
    return str(sha256) if sha256 else None


@contextmanager
def reading() -> Iterator[None]:
    """For answers that lack what they must have: cut off, or not Cloudinary's at all."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreUnavailableError("Cloudinary's answer cannot be read.") from error


def described(answer: Mapping[str, Any]) -> StoredObject:
    """What an answer tells of an image. Raises StoreUnavailableError for what cannot be read."""
    with reading():
        # What is never overwritten changes when it arrives, and not again.
        created_at = datetime.fromisoformat(answer["created_at"]).astimezone(UTC)
        return StoredObject(
            key=str(answer["public_id"]).replace("/", "."),
            bytes=int(answer["bytes"]),
            etag=str(answer.get("etag") or answer["version"]),
            created_at=created_at,
            modified_at=created_at,
            store_version=str(answer["version"]),
            sha256=sha256_of(answer),
        )


def same(original: Received, stored: StoredObject) -> bool:
    """Whether these are the same bytes."""
    if (stored.bytes, stored.sha256) != (original.bytes, original.sha256):
        return False
    if len(stored.etag) != 32:
        return True
    # The SHA-256 is what we said of the file; the etag, an MD5, is what Cloudinary itself read.
    with Path(original.path).open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        return md5.hexdigest() == stored.etag
