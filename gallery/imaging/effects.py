"""Effects: one function for each, from the colours of a picture and a level to other colours.

They work on three bands of 8-bit sRGB. Alpha is left alone, except that colours which cannot be
seen do not bleed into others. What a level means is said here; Cloudinary's figures are not
published, so that ours look alike and are not the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pyvips

from gallery.transformation.step import Effect

_LUMA = (0.2126, 0.7152, 0.0722)
_IDENTITY = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_SEPIA = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))
_BLUR_PX = 1 / 20
"""Sigma of ``blur:1`` in pixels."""
_MOST_SIGMA_PX = 3.0
"""A stronger blur is made on a smaller picture: the work then shrinks as the blur grows."""

_SHADE_PX = 64

Matrix = tuple[tuple[float, ...], ...]


def applied(pixels: pyvips.Image, effect: Effect, color: str | None) -> pyvips.Image:
    """The picture under the effect; ``color`` is the one that the component names."""
    if effect.name in _SMEARING:
        return _smeared(pixels, effect)
    level = effect.level or 0
    if effect.name == "colorize":
        changed = _mixed(pixels[0:3], rgb(color or "000000"), level / 100)
    elif effect.name in _CURVES:
        changed = pixels[0:3].maplut(_CURVES[effect.name](pyvips.Image.identity(), level).rint())
    else:
        changed = _COLORS[effect.name](pixels[0:3], level)
    changed = changed.cast("uchar").copy(interpretation="srgb")
    return changed.bandjoin(pixels[3]) if pixels.hasalpha() else changed


def rgb(color: str) -> list[int]:
    """Red, green and blue of a colour."""
    return list(bytes.fromhex(color[:6]))


def alpha(color: str) -> int:
    """How opaque a colour is, up to 255."""
    return int(color[6:8] or "ff", 16)


def _smeared(pixels: pyvips.Image, effect: Effect) -> pyvips.Image:
    smear, level = _SMEARING[effect.name], effect.level or 1
    if not pixels.hasalpha():
        return smear(pixels, level).cast("uchar")
    smeared = smear(pixels.premultiply(), level).unpremultiply()
    return smeared.cast("uchar").copy(interpretation="srgb")


def _blur(pixels: pyvips.Image, level: int) -> pyvips.Image:
    sigma = level * _BLUR_PX
    size = pixels.width, pixels.height
    small = min(1.0, _MOST_SIGMA_PX / sigma)
    if small < 1:
        pixels = _resized(pixels, tuple(max(1, round(side * small)) for side in size))
    blurred = _blurred(pixels, max(0.2, sigma * small))
    return _resized(blurred, size) if small < 1 else blurred


def _blurred(pixels: pyvips.Image, sigma: float) -> pyvips.Image:
    # With whole numbers, as libvips would do it, flat colours come out another.
    return pixels.gaussblur(sigma, min_ampl=0.05, precision="float")


def _resized(pixels: pyvips.Image, size: tuple[int, ...]) -> pyvips.Image:
    across, down = size[0] / pixels.width, size[1] / pixels.height
    return pixels.resize(across, vscale=down, kernel="linear")


def _pixelate(pixels: pyvips.Image, block_px: int) -> pyvips.Image:
    width, height = pixels.width, pixels.height
    across, down = (math.ceil(side / block_px) * block_px for side in (width, height))
    whole = pixels.embed(0, 0, across, down, extend="copy")
    return whole.shrink(block_px, block_px).zoom(block_px, block_px).crop(0, 0, width, height)


def _sharpen(pixels: pyvips.Image, level: int) -> pyvips.Image:
    """What a small blur takes away, added on top: all of it at 100."""
    return pixels + (pixels - _blurred(pixels, 1.0)) * (level / 100)


def _grayscale(pixels: pyvips.Image, level: int) -> pyvips.Image:
    return _by_matrix(pixels, _gray_matrix())


def _blackwhite(pixels: pyvips.Image, level: int) -> pyvips.Image:
    """White where a pixel is brighter than so many per cent."""
    return (_by_matrix(pixels, _gray_matrix()) > level * 2.55).cast("uchar")


def _sepia(pixels: pyvips.Image, level: int) -> pyvips.Image:
    return _by_matrix(pixels, _between(_IDENTITY, _SEPIA, level / 100))


def _saturation(pixels: pyvips.Image, level: int) -> pyvips.Image:
    """Grey at -100, twice as far from grey at 100."""
    return _by_matrix(pixels, _between(_gray_matrix(), _IDENTITY, 1 + level / 100))


def _hue(pixels: pyvips.Image, level: int) -> pyvips.Image:
    """Round the circle of colours: half of it at 100."""
    cos, sin = math.cos(math.radians(level * 1.8)), math.sin(math.radians(level * 1.8))
    # The circle lies in the plane across the axis of greys.
    side, other = (1 - cos) / 3, sin / math.sqrt(3)
    row = (cos + side, side - other, side + other)
    return _by_matrix(pixels, (row, row[-1:] + row[:-1], row[-2:] + row[:-2]))


def _brightness(values: pyvips.Image, level: int) -> pyvips.Image:
    """Half of the way to white at 100, to black at -100."""
    return values + level * 1.275


def _contrast(values: pyvips.Image, level: int) -> pyvips.Image:
    """Twice as far from middle grey at 100, all of it at -100."""
    return (values - 127.5) * (1 + level / 100) + 127.5


def _gamma(values: pyvips.Image, level: int) -> pyvips.Image:
    """Middle tones: brighter above 0, darker below."""
    return (values / 255) ** (1 / (1 + level / 100)) * 255


def _negate(values: pyvips.Image, level: int) -> pyvips.Image:
    return 255 - values


def _vignette(pixels: pyvips.Image, level: int) -> pyvips.Image:
    """Darker by so many per cent in the corners."""
    at = pyvips.Image.xyz(_SHADE_PX, _SHADE_PX) / (_SHADE_PX - 1) - 0.5
    shade = 1 - (at[0] ** 2 + at[1] ** 2) * 2 * (level / 100)
    # It changes so slowly that a small one, enlarged, is the same.
    return pixels * _resized(shade.cast("float"), (pixels.width, pixels.height))


def _mixed(pixels: pyvips.Image, color: list[int], part: float) -> pyvips.Image:
    return pixels * (1 - part) + [channel * part for channel in color]


def _gray_matrix() -> Matrix:
    return (_LUMA, _LUMA, _LUMA)


def _between(one: Matrix, other: Matrix, part: float) -> Matrix:
    return tuple(
        tuple(a + (b - a) * part for a, b in zip(row, other_row, strict=True))
        for row, other_row in zip(one, other, strict=True)
    )


def _by_matrix(pixels: pyvips.Image, matrix: Matrix) -> pyvips.Image:
    return pixels.recomb([list(row) for row in matrix])


_COLORS: dict[str, Callable[[pyvips.Image, int], pyvips.Image]] = {
    "blackwhite": _blackwhite,
    "grayscale": _grayscale,
    "hue": _hue,
    "saturation": _saturation,
    "sepia": _sepia,
    "sharpen": _sharpen,
    "vignette": _vignette,
}
_CURVES: dict[str, Callable[[pyvips.Image, int], pyvips.Image]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "gamma": _gamma,
    "negate": _negate,
}
"""They look at one channel at a time, so that 256 values say everything."""

_SMEARING: dict[str, Callable[[pyvips.Image, int], pyvips.Image]] = {
    "blur": _blur,
    "pixelate": _pixelate,
}
"""They mix neighbours."""
