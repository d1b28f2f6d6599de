"""What the engine makes of an original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gallery.model import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The facts, and what was made on the way to them."""

    facts: Facts
    copy: bytes | None = None
    """A smaller JPEG of a large original, to make small variants from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a closer look at an original found, as far as it was asked for."""

    colors: tuple[tuple[str, float], ...] = ()
    """At most 32 colours, ``#RRGGBB``, with their share in percent, the largest first."""
    phash: str | None = None
    """16 hexadecimal digits: pictures that look alike differ in few of their 64 bits."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """EXIF and IPTC by their usual names; no place, no serial number, nobody's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A variant just made."""

    bytes: bytes
    format: str
    width: int
    height: int
