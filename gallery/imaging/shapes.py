"""What changes the outline of a picture: opacity, rounding, a border, turning, a background."""

from __future__ import annotations

import math
from typing import Literal

import pyvips

from gallery.imaging.effects import alpha, rgb
from gallery.imaging.steps import with_alpha
from gallery.transformation.geometry import turned
from gallery.transformation.step import Border

_OPAQUE = 255
_WHITE = "ffffff"
_SEEN = 0.1
"""How opaque edges must be to have a colour."""

Radius = tuple[int | Literal["max"], ...]


def faded(pixels: pyvips.Image, opacity: int) -> pyvips.Image:
    """The picture, so many per cent as opaque as it was."""
    pixels = with_alpha(pixels)
    return _with_mask(pixels, (pixels[3] * (opacity / 100)).cast("uchar"))


def rounded(pixels: pyvips.Image, radius: Radius) -> pyvips.Image:
    """The picture with its corners cut off; ``max`` alone makes an ellipse of it."""
    pixels = with_alpha(pixels)
    outline = _outline(pixels.width, pixels.height, radius, grown_px=0)
    return _with_mask(pixels, (pixels[3] * outline / _OPAQUE).cast("uchar"))


def bordered(pixels: pyvips.Image, border: Border, radius: Radius) -> pyvips.Image:
    """The picture in a frame that follows its rounding."""
    line = border.width_px
    width, height = pixels.width + 2 * line, pixels.height + 2 * line
    inner = _outline(pixels.width, pixels.height, radius, grown_px=0)
    ring = _outline(width, height, radius, grown_px=line) - inner.embed(line, line, width, height)
    drawn = _with_mask(_plain(width, height, border.color), _times(ring, alpha(border.color)))
    # Frame and picture share the pixels of a rounded edge: their parts add up.
    return drawn.composite2(with_alpha(pixels), "add", x=line, y=line).cast("uchar")


def rotated(pixels: pyvips.Image, turn: int | str) -> pyvips.Image:
    """The picture turned clockwise, or in a mirror; what that leaves open can be seen through."""
    if turn in ("hflip", "vflip"):
        return pixels.flip("horizontal" if turn == "hflip" else "vertical")
    if not isinstance(turn, int) or turn == 0:
        return pixels
    if turn % 90 == 0:
        return pixels.rot(f"d{turn}")
    width, height = turned((pixels.width, pixels.height), turn)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    spun = (
        with_alpha(pixels)
        .premultiply()
        .affine(
            [cos, -sin, sin, cos],
            oarea=[0, 0, width, height],
            idx=-pixels.width / 2,
            idy=-pixels.height / 2,
            odx=width / 2,
            ody=height / 2,
            interpolate=pyvips.Interpolate.new("bicubic"),
            extend="background",
            background=[0, 0, 0, 0],
        )
    )
    return spun.unpremultiply().cast("uchar").copy(interpretation="srgb")


def on_background(pixels: pyvips.Image, color: str) -> pyvips.Image:
    """The picture on a colour, which may itself be seen through."""
    if not pixels.hasalpha():
        return pixels
    if alpha(color) == _OPAQUE:
        return pixels.flatten(background=rgb(color))
    ground = _plain(pixels.width, pixels.height, color)
    ground = ground.bandjoin(alpha(color))
    return ground.composite2(pixels, "over").cast("uchar")


def edge_color(pixels: pyvips.Image) -> str:
    """The mean colour along the edges of what can be seen; white if that is next to nothing."""
    pixels = with_alpha(pixels)
    left, top, across, down = pixels[3].find_trim(background=[0], threshold=0, line_art=True)
    if not across or not down:
        return _WHITE
    seen = pixels.crop(left, top, across, down)
    edges = [(0, 0, across, 1), (0, down - 1, across, 1), (0, 0, 1, down), (across - 1, 0, 1, down)]
    total = [0.0] * 4
    for edge in edges:
        means = seen.crop(*edge).premultiply().stats()
        total = [so_far + means(4, band + 1)[0] for band, so_far in enumerate(total)]
    *channels, opacity = total
    if opacity < len(edges) * _OPAQUE * _SEEN:
        return _WHITE
    return bytes(min(255, round(channel * _OPAQUE / opacity)) for channel in channels).hex()


def _with_mask(pixels: pyvips.Image, mask: pyvips.Image) -> pyvips.Image:
    return pixels[0:3].bandjoin(mask).copy(interpretation="srgb")


def _plain(width: int, height: int, color: str) -> pyvips.Image:
    plain = pyvips.Image.black(width, height, bands=3) + rgb(color)
    return plain.cast("uchar").copy(interpretation="srgb")


def _times(mask: pyvips.Image, opacity: int) -> pyvips.Image:
    return (mask * (opacity / _OPAQUE)).cast("uchar")


def _outline(width: int, height: int, radius: Radius, *, grown_px: int) -> pyvips.Image:
    """255 within a rounded box, 0 outside, and what lies between on the edge."""
    outline = (pyvips.Image.black(width, height) + _OPAQUE).cast("uchar")
    if not radius:
        return outline
    if set(radius) == {"max"}:
        return _ellipse(width, height)
    for corner, round_px in enumerate(_corners(radius, min(width, height) // 2, grown_px)):
        if round_px:
            # Only the corners are drawn: in a large picture they are the smaller part.
            left = width - round_px if corner in (1, 2) else 0
            top = height - round_px if corner in (2, 3) else 0
            outline = outline.insert(_quarter(round_px, round_px).rot(f"d{corner * 90}"), left, top)
    return outline.copy_memory()


def _corners(radius: Radius, most: int, grown_px: int) -> list[int]:
    """Clockwise from the top left, from as many as are given, as in CSS."""
    sides = [most if each == "max" else min(most, each and each + grown_px) for each in radius]
    order = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}[len(sides)]
    return [sides[at] for at in order]


def _ellipse(width: int, height: int) -> pyvips.Image:
    """The largest in a box: a quarter of it, in two mirrors."""
    top = _with_mirror(_quarter(width / 2, height / 2).copy_memory(), width)
    return _with_mirror(top.rot270(), height).rot90().copy_memory()


def _with_mirror(half: pyvips.Image, width: int) -> pyvips.Image:
    """The half and its mirror image, which share the column in the middle of an odd width."""
    if width == 1:
        return half
    mirrored = half.flip("horizontal").crop(half.width * 2 - width, 0, width // 2, half.height)
    return half.join(mirrored, "horizontal")


def _quarter(across: float, down: float) -> pyvips.Image:
    """The top left quarter of an ellipse with these half axes."""
    at = pyvips.Image.xyz(math.ceil(across), math.ceil(down))
    x, y = 1 - (at[0] + 0.5) / across, 1 - (at[1] + 0.5) / down
    distance = ((x * x + y * y) ** 0.5 - 1) * min(across, down)
    return ((0.5 - distance) * _OPAQUE).cast("uchar")
