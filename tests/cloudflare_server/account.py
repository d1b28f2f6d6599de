"""One account of Cloudflare Images in memory: keys, limits, images, variants."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


class RefusedError(Exception):
    """A refusal with its status, Cloudflare's code and its words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(slots=True, kw_only=True)
class Stored:
    """One image, or the draft of one."""

    id: str
    uploaded: float
    meta: dict[str, Any]
    creator: str | None
    signed: bool
    filename: str = ""
    content: bytes | None = None
    """``None``: a draft."""
    kept_as: bytes | None = None
    """The near-lossless copy that is given out in place of the file."""
    until: float = 0.0
    """When the one-time address of a draft ends."""


def _public() -> dict[str, dict[str, Any]]:
    options = {"fit": "scale-down", "width": 1366, "height": 768, "metadata": "none"}
    return {"public": {"options": options, "neverRequireSignedURLs": False}}


@dataclass(slots=True, kw_only=True)
class Account:
    """What tests set up, and the truth that they compare with."""

    account_id: str = "023e105f4ecef8ad9ca31a8372d0c353"
    token: str = "a-token-of-the-tests"
    hash: str = "cheeW4oKsx5ljh8e8BoL2A"
    signing_key: str = "a-signing-key-of-the-tests"
    now: Callable[[], float] = time.time
    max_bytes: int = 10 * 1024**2
    max_side: int = 12_000
    allowed: int = 100_000
    largest_page: int = 10_000
    flexible: bool = False
    lossy_above_bytes: int | None = None
    """Larger files are given out as near-lossless copies."""
    calls_left: int | None = None
    """Of the API; ``None``: any number."""
    retry_after_s: int = 120
    batch_token: str | None = None
    batch_token_s: float = 3600.0
    images: dict[str, Stored] = field(default_factory=dict)
    variants: dict[str, dict[str, Any]] = field(default_factory=_public)

    def stamp(self, at: float | None = None) -> str:
        """A time as Cloudflare writes it."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def find(self, id: str) -> Stored:
        """An image or a draft. Raises RefusedError."""
        try:
            return self.images[id]
        except KeyError:
            raise RefusedError(404, 5404, "Image not found") from None
