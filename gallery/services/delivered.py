"""What becomes of an address: bytes that are delivered here, or the store that delivers them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gallery.services.derived import Name
from gallery.transformation import Transformation


class ElsewhereError(Exception):
    """The image is delivered at ``url``, by the store that has it. ``varies`` as in ``Delivered``,
    where everybody is sent there; ``None`` where only this asker is."""

    def __init__(self, url: str, *, varies: frozenset[str] | None = None) -> None:
        super().__init__(url)
        self.url = url
        self.varies = varies


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What is delivered at an address now."""

    name: Name
    wanted: Transformation
    path: Path
    """Where it lies, or would if there were room: the path stands for exactly these bytes."""
    content: bytes | None
    """``None``: whatever lies at ``path``, as it was uploaded."""
    is_current: bool
    """The address names the version: it will never mean other bytes."""
    is_lasting: bool
    """As long as ``path`` is there, so is the right to fetch it from this address."""
    varies: frozenset[str]
    """What of the client it hangs on: ``bucket``, ``dpr``, ``width``."""
