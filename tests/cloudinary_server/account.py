"""One Cloudinary account in memory: keys, limits, originals, and what the CDN has cached."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.provider.wire import Answer


class RefusedError(Exception):
    """A refusal with its status and Cloudinary's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True, kw_only=True)
class Asset:
    """One original and what Cloudinary tells of it."""

    public_id: str
    type: str
    """``upload``, ``private`` or ``authenticated``."""
    content: bytes
    format: str
    width: int
    height: int
    version: int
    created_at: datetime
    context: dict[str, str]
    tags: tuple[str, ...] = ()
    eager: tuple[str, ...] = ()
    """Transformations that were made when it arrived, or when somebody asked for that."""
    asset_id: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def etag(self) -> str:
        """The MD5 of the bytes."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


@dataclass(slots=True, kw_only=True)
class NamedTransformation:
    """What a name in an address stands for."""

    definition: str
    allowed_for_strict: bool = False


@dataclass(slots=True, kw_only=True)
class Account:
    """What tests set up, and the truth that they compare with."""

    cloud_name: str = "test-cloud"
    api_key: str = "123456789012345"
    api_secret: str = "a-secret-of-the-tests"
    now: Callable[[], float] = time.time
    max_bytes: int = 10 * 1024**2
    """Of one image, on the free plan."""
    max_pixels: int = 25_000_000
    largest_page: int = 500
    strict_transformations: bool = False
    """As after signing up: anybody may have derived images of the types upload and private made."""
    lets_in: str = "*"
    """The origin whose pages may send uploads; Cloudinary lets every one in."""
    credits: float = 25
    """What the plan allows in a month."""
    admin_calls: int = 0
    """So many were made in this hour, of 500."""
    named: dict[str, NamedTransformation] = field(default_factory=dict)
    assets: dict[tuple[str, str], Asset] = field(default_factory=dict)
    """Originals by type and public id, in the order of their arrival."""
    cached: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    """The CDN's copies of derived images by address, each with the public id that it belongs to."""

    def find(self, kind: str, public_id: str) -> Asset:
        """The original. Raises RefusedError."""
        try:
            return self.assets[kind, public_id]
        except KeyError:
            raise RefusedError(404, f"Resource not found - {public_id}") from None
