"""What a small picture says of the whole: its predominant colours, and a perceptual hash."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from operator import mul

from gallery.imaging.placeholder import Small

HASH_SIDE_PX = 32
"""The hash is of a picture of exactly this size."""

_MOST_COLORS = 32
_WAVES = 8
_HEIGHTS = [
    [math.cos(math.pi / HASH_SIDE_PX * wave * (at + 0.5)) for at in range(HASH_SIDE_PX)]
    for wave in range(_WAVES)
]
"""Of each wave, at each pixel of a line."""

_HALF_OPAQUE = 128
_BIN_BITS = 4
"""Of each channel: finer shades count as one colour."""

_Weighed = list[tuple[tuple[float, float, float], int]]
"""Colours, and how many pixels have them."""


def predominant_colors(small: Small) -> tuple[tuple[str, float], ...]:
    """Colours and their share in percent, the largest first; of what can be seen.

    By median cut: what there is is halved where it differs most, until there are 32 parts.
    """
    seen = [(r, g, b) for r, g, b, a in small.pixels() if a >= _HALF_OPAQUE]
    parts = [_binned(seen)] if seen else []
    while len(parts) < _MOST_COLORS:
        widest = max(parts, key=_spread, default=[])
        if _spread(widest) == 0:
            break
        parts.remove(widest)
        parts += _halves(widest)
    found = [(_mean(part), sum(count for _, count in part)) for part in parts]
    found.sort(key=lambda each: -each[1])
    return tuple((color, round(100 * count / len(seen), 1)) for color, count in found)


def perceptual_hash(small: Small) -> str:
    """64 bits as 16 hexadecimal digits, of a picture of 32 by 32 pixels.

    The discrete cosine transform (II) of its luminance (BT.601) over white; of the waves 0 to 7
    across and down, row by row, the most significant bit first: is the amplitude above the median
    of all but the first? This is the hash that is known as pHash.
    """
    luma = [_luminance(*pixel) for pixel in small.pixels()]
    rows = [luma[at : at + HASH_SIDE_PX] for at in range(0, len(luma), HASH_SIDE_PX)]
    across = [[_dot(row, wave) for row in rows] for wave in _HEIGHTS]
    amplitudes = [_dot(column, down) for down in _HEIGHTS for column in across]
    ordered = sorted(amplitudes[1:])
    median = ordered[len(ordered) // 2]
    bits = sum(
        (amplitude > median) << (len(amplitudes) - 1 - at)
        for at, amplitude in enumerate(amplitudes)
    )
    return f"{bits:016x}"


def _binned(seen: list[tuple[int, int, int]]) -> _Weighed:
    shift = 8 - _BIN_BITS
    bins = Counter((r >> shift, g >> shift, b >> shift) for r, g, b in seen)
    sums: dict[tuple[int, int, int], list[int]] = {each: [0, 0, 0] for each in bins}
    for r, g, b in seen:
        total = sums[r >> shift, g >> shift, b >> shift]
        total[0] += r
        total[1] += g
        total[2] += b
    return [
        ((red / bins[each], green / bins[each], blue / bins[each]), bins[each])
        for each, (red, green, blue) in sums.items()
    ]


def _spread(part: _Weighed) -> float:
    """How much a part differs in itself, weighed by how much of the picture it is."""
    if len(part) < 2:
        return 0
    return sum(count for _, count in part) * max(_ranges(part))


def _ranges(part: _Weighed) -> list[float]:
    return [max(band) - min(band) for band in zip(*(color for color, _ in part), strict=True)]


def _halves(part: _Weighed) -> tuple[_Weighed, _Weighed]:
    ranges = _ranges(part)
    band = ranges.index(max(ranges))
    ordered = sorted(part, key=lambda each: each[0][band])
    counts = list(accumulate(count for _, count in ordered))
    cut = min(bisect_left(counts, counts[-1] / 2) + 1, len(ordered) - 1)
    return ordered[:cut], ordered[cut:]


def _mean(part: _Weighed) -> str:
    total = sum(count for _, count in part)
    bands = (sum(color[band] * count for color, count in part) / total for band in range(3))
    return "#" + "".join(f"{round(band):02X}" for band in bands)


def _luminance(red: int, green: int, blue: int, alpha: int) -> float:
    visible = 0.299 * red + 0.587 * green + 0.114 * blue
    return 255 + (visible - 255) * alpha / 255


def _dot(left: Iterable[float], right: Iterable[float]) -> float:
    return float(sum(map(mul, left, right)))
