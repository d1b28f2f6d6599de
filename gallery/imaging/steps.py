"""What is done to the pixels of any picture: scaling, cutting, turning upright, colours.

Pixels are computed when they are encoded, in one pass from top to bottom; what must look at them
otherwise keeps the small picture in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pyvips

from gallery.transformation.layout import Layout, Point, Size

_OPAQUE = 255
_WHITE = [255, 255, 255]
_MARGIN_PX = 4
"""As much of its surroundings as enlarging a piece looks at."""

Choose = Callable[[pyvips.Image, Size], Point]
"""Where the piece of that size begins that draws most attention."""


def laid_out(pixels: pyvips.Image, layout: Layout, choose: Choose) -> pyvips.Image:
    """The picture scaled, cut and put on its canvas."""
    if magnifies(layout, (pixels.width, pixels.height)):
        piece = _magnified(pixels, layout, choose)
    else:
        piece = _cut(resized(pixels, *layout.scaled), layout, choose)
    if (piece.width, piece.height) == layout.canvas:
        return piece
    return with_alpha(piece).embed(*layout.placed, *layout.canvas, extend="black")


def magnifies(layout: Layout, size: Size) -> bool:
    """Whether only a piece of what is enlarged is kept, and the whole may be of any size."""
    is_larger = layout.scaled[0] > size[0] or layout.scaled[1] > size[1]
    return is_larger and layout.cut != layout.scaled


def most_interesting(pixels: pyvips.Image, size: Size) -> Point:
    """Where the piece of that size begins that draws most attention: edges, colours, skin."""
    _, marks = pixels.smartcrop(*size, interesting="attention", attention_x=True, attention_y=True)
    x, y = marks["attention_x"] - size[0] // 2, marks["attention_y"] - size[1] // 2
    return min(max(0, x), pixels.width - size[0]), min(max(0, y), pixels.height - size[1])


def with_alpha(pixels: pyvips.Image) -> pyvips.Image:
    """The picture with an alpha channel, opaque if it had none."""
    return pixels if pixels.hasalpha() else pixels.bandjoin(_OPAQUE)


def without_idle_alpha(pixels: pyvips.Image) -> pyvips.Image:
    """Without an alpha channel through which nothing shines: a photograph need not be a PNG."""
    if not pixels.hasalpha():
        return pixels
    pixels = pixels.copy_memory()
    return pixels[0:3] if pixels[3].min() == _OPAQUE else pixels


def flattened(pixels: pyvips.Image) -> pyvips.Image:
    """The picture on white, where its format has no alpha channel."""
    return pixels.flatten(background=_WHITE) if pixels.hasalpha() else pixels


def _cut(scaled: pyvips.Image, layout: Layout, choose: Choose) -> pyvips.Image:
    if layout.cut == layout.scaled:
        return scaled
    if layout.at is None:
        scaled = scaled.copy_memory()
        return scaled.crop(*choose(scaled, layout.cut), *layout.cut)
    return scaled.crop(*layout.at, *layout.cut)


def _magnified(pixels: pyvips.Image, layout: Layout, choose: Choose) -> pyvips.Image:
    """The piece cut first, with its surroundings, and then enlarged."""
    across, down = layout.scaled[0] / pixels.width, layout.scaled[1] / pixels.height
    if layout.at is None:
        pixels = pixels.copy_memory()
        seen = _at_least_1(layout.cut[0] / across), _at_least_1(layout.cut[1] / down)
        x, y = choose(pixels, (min(seen[0], pixels.width), min(seen[1], pixels.height)))
        x, y = round(x * across), round(y * down)
    else:
        x, y = layout.at
    x = min(x, layout.scaled[0] - layout.cut[0])
    y = min(y, layout.scaled[1] - layout.cut[1])
    left, width = _span(x, layout.cut[0], across, pixels.width)
    top, height = _span(y, layout.cut[1], down, pixels.height)
    near = pixels.crop(left, top, width, height)
    scaled = resized(near, _at_least_1(width * across), _at_least_1(height * down))
    begin_x = min(max(0, x - round(left * across)), scaled.width - layout.cut[0])
    begin_y = min(max(0, y - round(top * down)), scaled.height - layout.cut[1])
    return scaled.crop(begin_x, begin_y, *layout.cut)


def _span(begin: int, length: int, scale: float, most: int) -> tuple[int, int]:
    """First pixel and number of those that a piece of the enlarged picture is made of."""
    first = max(0, math.floor(begin / scale) - _MARGIN_PX)
    last = min(most, math.ceil((begin + length) / scale) + _MARGIN_PX)
    return first, last - first


def _at_least_1(side: float) -> int:
    return max(1, round(side))


def resized(pixels: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """The picture in exactly that size; colours that cannot be seen do not bleed into others."""
    if (pixels.width, pixels.height) == (width, height):
        return pixels
    if not pixels.hasalpha():
        return pixels.resize(width / pixels.width, vscale=height / pixels.height)
    blended = pixels.premultiply().cast(pixels.format)
    scaled = blended.resize(width / pixels.width, vscale=height / pixels.height)
    return scaled.unpremultiply().cast(pixels.format)


def turned(pixels: pyvips.Image, orientation: int) -> pyvips.Image:
    """The picture upright; ``orientation`` is EXIF's."""
    if orientation == 1:
        return pixels
    # Turning reads from the bottom or the side, which decoders cannot: the scaled picture is kept.
    pixels = pixels.copy_memory().copy()
    pixels.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return pixels.autorot()


def to_srgb(pixels: pyvips.Image) -> pyvips.Image:
    """The picture in 8-bit sRGB, with alpha if it has one: three or four bands."""
    pixels = _by_profile(pixels)
    if pixels.interpretation != "srgb":
        pixels = pixels.colourspace("srgb")
    return pixels[0:4].cast("uchar") if pixels.bands > 4 else pixels.cast("uchar")


def _by_profile(pixels: pyvips.Image) -> pyvips.Image:
    """Converted by its embedded profile, if there is one: to assume one is ten times slower."""
    if not pixels.get_typeof("icc-profile-data"):
        return pixels
    try:
        return pixels.icc_transform("srgb", embedded=True, black_point_compensation=True)
    except pyvips.Error:  # A profile that cannot be used, or is for another kind of picture.
        return pixels
