"""One component of a transformation: what stands between two slashes, as one value.

Each field is a key of Cloudinary's language, and absent when it is ``None`` or empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Literal, NamedTuple

Length = int | float | Literal["auto", "iw", "ih"]
"""Pixels; a part of the picture's own side, if it has a decimal point; what the client's hints say;
or the width or height of the original."""

Offset = int | float
"""Pixels, or a part of the picture's side if it has a decimal point."""


class Crop(StrEnum):
    """How a picture meets its box."""

    SCALE = "scale"
    """Exactly the box, distorted if need be. What ``w_`` and ``h_`` alone mean."""
    FIT = "fit"
    """Inside the box, as large as that allows."""
    LIMIT = "limit"
    """Inside the box, never enlarged."""
    MFIT = "mfit"
    """Like ``fit``, but only enlarged."""
    FILL = "fill"
    """Covers the box, the excess cut off by gravity."""
    LFILL = "lfill"
    """Like ``fill``, never enlarged: a smaller picture fills a box of the same shape."""
    FILL_PAD = "fill_pad"
    """Like ``fill``, or like ``pad`` where that would cut off more than a third."""
    PAD = "pad"
    """Inside the box, and on a canvas of its size."""
    LPAD = "lpad"
    """Like ``pad``, never enlarged."""
    MPAD = "mpad"
    """Not scaled at all, on a canvas that is at least the box."""
    CROP = "crop"
    """A piece of that size, not scaled."""
    THUMB = "thumb"
    """Like ``fill``, nearer by ``z_``."""


class Gravity(StrEnum):
    """What matters in a picture: where it is cut, or where it is put."""

    NORTH_WEST = "north_west"
    NORTH = "north"
    NORTH_EAST = "north_east"
    WEST = "west"
    CENTER = "center"
    EAST = "east"
    SOUTH_WEST = "south_west"
    SOUTH = "south"
    SOUTH_EAST = "south_east"
    XY_CENTER = "xy_center"
    """The point ``x_``, ``y_``."""
    AUTO = "auto"
    """The part that draws most attention."""
    CUSTOM = "custom"
    """The region that was recorded with the image; else the centre."""
    FACE = "face"
    """The first face that was recorded with the image; else the centre."""
    FACES = "faces"
    """All of them."""


class Effect(NamedTuple):
    """Something done to every pixel, and how much of it."""

    name: str
    level: int | None
    """``None`` for an effect that has no levels."""


class Border(NamedTuple):
    """A line around the picture, which grows by it."""

    width_px: int
    color: str
    """``rrggbb`` or ``rrggbbaa``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One component. Colours are ``rrggbb`` or ``rrggbbaa``; public ids have their slashes."""

    crop: Crop | None = None
    width: Length | None = None
    height: Length | None = None
    aspect_ratio: Fraction | None = None
    gravity: Gravity | None = None
    x: Offset | None = None
    y: Offset | None = None
    zoom: float | None = None
    dpr: float | Literal["auto"] | None = None
    quality: int | str | None = None
    """From 1 to 100; or ``auto``, ``auto:best``, ``auto:eco``, ``auto:low``, ``auto:N`` or
    ``jpegmini``: the same look in every format."""
    format: str | None = None
    """``auto``, ``avif``, ``webp``, ``jpg``, ``png`` or ``gif``."""
    effect: Effect | None = None
    angle: tuple[int | str, ...] = ()
    """Degrees clockwise, ``auto_left``, ``auto_right``, ``hflip``, ``vflip`` or ``ignore``, one
    after another."""
    radius: tuple[int | Literal["max"], ...] = ()
    """Of all corners; or, clockwise from the top left, as in CSS."""
    background: str | None = None
    """A colour, or ``auto``: the colour of the picture's edge."""
    border: Border | None = None
    opacity: int | None = None
    """In per cent."""
    color: str | None = None
    overlay: str | None = None
    """The public id of a picture to lay on this one."""
    underlay: str | None = None
    """The public id of a picture to lay beneath this one."""
    flags: tuple[str, ...] = ()
    """Sorted; ``attachment`` may carry a name: ``attachment:holiday``."""
    page: int | None = None
    """Counted from 1: a page of a document, a frame of an animation."""
    density: int | None = None
    default_image: str | None = None
    """The public id of what to show where there is no such image."""
    named: tuple[str, ...] = ()
    """Names of transformations, to be done one after another, before the rest of this one."""

    @property
    def layer(self) -> str | None:
        """The public id of the picture that this component lays on or beneath the other."""
        return self.overlay or self.underlay

    @property
    def applies_layer(self) -> bool:
        """Whether it ends the components that are about a layer."""
        return "layer_apply" in self.flags

    @property
    def draws(self) -> bool:
        """Whether it changes pixels, and not only where they are."""
        return bool(
            self.effect
            or self.angle
            or self.radius
            or self.background
            or self.border
            or self.opacity is not None
        )
