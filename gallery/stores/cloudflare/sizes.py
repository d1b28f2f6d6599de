"""Sizes in Cloudflare's language: named variants, flexible ones, and addresses that are signed.

https://developers.cloudflare.com/images/manage-images/create-variants/. What is more than a box in
pixels has no name there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gallery.transformation import Crop, Gravity, Preset, Step, Transformation

_FITS = {
    Crop.LIMIT: "scale-down",
    Crop.FIT: "contain",
    Crop.FILL: "cover",
    Crop.LFILL: "cover",
}
"""``crop`` is not our ``lfill``: it leaves a picture that is smaller than its box as it is."""

_NAMES = {"scale-down": "Limit", "contain": "Fit", "cover": "Fill"}
_FORMATS = {"jpg": "jpeg", "webp": "webp", "avif": "avif"}

LONGEST_PX = 12_000
"""What a side may have that nobody bounded: no picture there is larger."""

MOST_VARIANTS = 100


@dataclass(frozen=True, slots=True)
class Size:
    """A box and how a picture meets it."""

    fit: str
    width: int
    height: int
    quality: int | None = None
    format: str | None = None

    @property
    def name(self) -> str | None:
        """Of the named variant that means this; ``None`` for what one cannot say. Another meaning
        has another name: no copy in a cache is ever wrong."""
        if self.quality is not None or self.format is not None:
            return None
        return f"vitrine{_NAMES[self.fit]}{self.width}x{self.height}"

    @property
    def options(self) -> dict[str, Any]:
        """What the named variant is."""
        return {"fit": self.fit, "width": self.width, "height": self.height, "metadata": "none"}

    def __str__(self) -> str:
        """As a flexible variant."""
        parts = [f"fit={self.fit}", f"width={self.width}", f"height={self.height}"]
        parts.append("metadata=none")
        if self.quality is not None:
            parts.append(f"quality={self.quality}")
        if self.format is not None:
            parts.append(f"format={self.format}")
        return ",".join(parts)


def size_of(wanted: Transformation, width: int, height: int) -> Size | None:
    """What the transformation is there, for a picture of so many pixels; ``None`` when it is more
    than Cloudflare can say, or not the same."""
    size = _boxed(wanted)
    if size is None or wanted.steps[0].crop is not Crop.LFILL:
        return size
    if width < size.width or height < size.height:
        return None
    return size


def named(presets: Mapping[str, Preset]) -> dict[str, Size]:
    """Every named variant that the presets need, by its name."""
    found: dict[str, Size] = {}
    for preset in presets.values():
        for wanted in preset.transformations():
            size = _boxed(wanted)
            if size is not None and size.name is not None:
                found[size.name] = size
    return found


def signature(key: str, path: str, query: str) -> str:
    """What goes behind ``&sig=``.

    https://developers.cloudflare.com/images/manage-images/serve-images/serve-private-images/
    """
    return hmac.new(key.encode(), f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def in_path(name: str) -> str:
    """An image's id as it stands in addresses: slashes belong to it, and are kept."""
    return quote(name, safe="/")


def _boxed(wanted: Transformation) -> Size | None:
    if len(wanted.steps) != 1:
        return None
    (step,) = wanted.steps
    fit = _FITS.get(step.crop) if step.crop else None
    box = _box(step, open=step.crop in (Crop.LIMIT, Crop.FIT))
    if fit is None or box is None or not _is_bare(step):
        return None
    quality = step.quality if isinstance(step.quality, int) else None
    chosen = None if step.format in (None, "auto") else _FORMATS.get(str(step.format))
    if (chosen is None) != (step.format in (None, "auto")):
        return None
    return Size(fit, *box, quality=quality, format=chosen)


def _box(step: Step, *, open: bool) -> tuple[int, int] | None:
    width, height = step.width, step.height
    if open and (width is None) != (height is None):
        width, height = width or LONGEST_PX, height or LONGEST_PX
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _is_bare(step: Step) -> bool:
    """Whether it says nothing but a box, a quality and a format."""
    if step.gravity not in (None, Gravity.CENTER):
        return False
    if not (step.quality in (None, "auto") or isinstance(step.quality, int)):
        return False
    return step == Step(
        crop=step.crop,
        width=step.width,
        height=step.height,
        gravity=step.gravity,
        quality=step.quality,
        format=step.format,
    )
