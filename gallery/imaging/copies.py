"""Mid-size copies of large originals, from which small variants are made in a fraction of the time.

A copy is a JPEG of the whole picture, upright and with its profile, smaller by a whole factor that
costs nearly nothing while every pixel is read anyway. It is never needed, and may go at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from gallery.transformation import Transformation
from gallery.transformation.geometry import grouped, stages
from gallery.transformation.layout import Size

SMALLEST_COPIED_PIXELS = 5_000_000
"""Smaller originals are read as quickly as a copy."""

_LONGEST_SIDE_PX = 2400
"""A copy's is between half of this and this: enough for every width of ``card``."""
_HEADROOM = 1.5
"""A variant is that much smaller than the copy at least: it then looks as if it were made from the
original (SSIM .990 to .999 over photographs and noise, at 200 to 1344 px)."""
_LOSSLESS = {"png", "gif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOf:
    """The original that a copy stands for."""

    format: str
    width: int
    """Upright, in pixels."""
    height: int

    @property
    def size(self) -> Size:
        return self.width, self.height


def factor_of(original: Size) -> int:
    """How many times smaller the copy of an original is: a power of two; 1 where it gets none."""
    factor = 1
    if original[0] * original[1] >= SMALLEST_COPIED_PIXELS:
        while max(original) > _LONGEST_SIDE_PX * factor:
            factor *= 2
    return factor


def serves(wanted: Transformation, original: CopyOf) -> bool:
    """Whether a copy of the original, if there is one, is enough to make the variant.

    It is when the first thing that is done is to scale the whole picture down to clearly less than
    the copy, and what comes of it is not expected to be without loss.
    """
    factor = factor_of(original.size)
    first = next(stages(grouped(wanted.steps), original.size), None)
    if factor == 1 or first is None or (wanted.format or original.format) in _LOSSLESS:
        return False
    return all(
        scaled * _HEADROOM <= own // factor
        for scaled, own in zip(first.layout.scaled, original.size, strict=True)
    )
