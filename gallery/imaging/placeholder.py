"""What stands in for a picture before it is loaded: a ThumbHash and a dominant colour.

The ThumbHash is written as its author describes it (https://evanw.github.io/thumbhash/): the lowest
frequencies of luminance, two colour differences and alpha, each a nibble.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from dataclasses import dataclass

SIDE_PX = 32
"""A picture of at most this size is looked at: the highest frequency kept has seven half waves."""

_TRANSPARENT_COLOR = "#ffffff"
_FLAT = 1e-9
"""Waves lower than this are the noise of floating point."""


@dataclass(frozen=True, slots=True)
class Small:
    """A small picture: rows of red, green, blue and alpha bytes."""

    width: int
    height: int
    rgba: bytes

    def pixels(self) -> list[tuple[int, int, int, int]]:
        """Red, green, blue and alpha of each pixel, row by row."""
        bands = iter(self.rgba)
        return list(zip(bands, bands, bands, bands, strict=True))


@dataclass(frozen=True, slots=True)
class _Waves:
    """A channel as cosine waves: the mean, the largest amplitude, and all others as its parts."""

    mean: float
    scale: float
    amplitudes: list[float]


def dominant_color(small: Small) -> str:
    """The mean of the most common colours, as ``#rrggbb``; white when nothing can be seen."""
    seen = [pixel[:3] for pixel in small.pixels() if pixel[3] >= 128]
    if not seen:
        return _TRANSPARENT_COLOR
    bins = Counter((r >> 5, g >> 5, b >> 5) for r, g, b in seen)
    top = max(bins, key=bins.__getitem__)
    members = [(r, g, b) for r, g, b in seen if (r >> 5, g >> 5, b >> 5) == top]
    return "#" + "".join(f"{sum(band) // len(members):02x}" for band in zip(*members, strict=True))


def thumb_hash(small: Small) -> str:
    """The ThumbHash in base64: 25 bytes at most."""
    width, height = small.width, small.height
    luma, yellow_blue, red_green, alpha = _channels(small)
    has_alpha = min(alpha) < 1
    most, longest = (5 if has_alpha else 7), max(width, height)
    nx, ny = (max(1, _round(most * side / longest)) for side in (width, height))
    waves = [
        _waves(luma, width, height, max(3, nx), max(3, ny)),
        _waves(yellow_blue, width, height, 3, 3),
        _waves(red_green, width, height, 3, 3),
    ]
    alpha_waves = [_waves(alpha, width, height, 5, 5)] if has_alpha else []
    head = _head(*waves, has_alpha=has_alpha, short_waves=min(nx, ny), is_wide=width > height)
    for each in alpha_waves:
        head += bytes([_round(15 * each.mean) | _round(15 * each.scale) << 4])
    nibbles = [_round(15 * a) for each in (*waves, *alpha_waves) for a in each.amplitudes]
    nibbles += [0] * (len(nibbles) % 2)
    packed = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return base64.b64encode(head + packed).decode()


def _head(
    luma: _Waves,
    yellow_blue: _Waves,
    red_green: _Waves,
    *,
    has_alpha: bool,
    short_waves: int,
    is_wide: bool,
) -> bytes:
    first = (
        _round(63 * luma.mean)
        | _round(31.5 + 31.5 * yellow_blue.mean) << 6
        | _round(31.5 + 31.5 * red_green.mean) << 12
        | _round(31 * luma.scale) << 18
        | has_alpha << 23
    )
    second = (
        short_waves
        | _round(63 * yellow_blue.scale) << 3
        | _round(63 * red_green.scale) << 9
        | is_wide << 15
    )
    return first.to_bytes(3, "little") + second.to_bytes(2, "little")


def _channels(small: Small) -> tuple[list[float], list[float], list[float], list[float]]:
    """Luminance, yellow-blue, red-green (over the mean colour where one sees through), alpha."""
    pixels = small.pixels()
    weight = sum(a for *_, a in pixels) or 1
    means = [sum(pixel[band] * pixel[3] for pixel in pixels) / weight for band in range(3)]
    luma, yellow_blue, red_green, alpha = [], [], [], []
    for *bands, a in pixels:
        opacity = a / 255
        red, green, blue = (
            (mean * (1 - opacity) + band * opacity) / 255
            for mean, band in zip(means, bands, strict=True)
        )
        luma.append((red + green + blue) / 3)
        yellow_blue.append((red + green) / 2 - blue)
        red_green.append(red - green)
        alpha.append(opacity)
    return luma, yellow_blue, red_green, alpha


def _waves(channel: list[float], width: int, height: int, nx: int, ny: int) -> _Waves:
    """The lowest ``nx`` by ``ny`` waves, the triangle of them that is kept."""
    across = [_cosine(wave, width) for wave in range(nx)]
    rows = [channel[start : start + width] for start in range(0, width * height, width)]
    by_row = [[_dot(row, wave) for row in rows] for wave in across]
    amplitudes = []
    for y_wave in range(ny):
        down = _cosine(y_wave, height)
        kept = range(math.ceil(nx * (ny - y_wave) / ny))
        amplitudes += [_dot(by_row[x_wave], down) / (width * height) for x_wave in kept]
    mean, *rest = amplitudes
    scale = max((abs(amplitude) for amplitude in rest), default=0.0)
    if scale > _FLAT:
        rest = [0.5 + 0.5 / scale * amplitude for amplitude in rest]
    return _Waves(mean, scale, rest)


def _cosine(wave: int, length: int) -> list[float]:
    return [math.cos(math.pi / length * wave * (at + 0.5)) for at in range(length)]


def _dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def _round(value: float) -> int:
    return math.floor(value + 0.5)
