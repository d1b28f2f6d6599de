"""How variants are written. Nothing of the original's metadata goes with them.

A quality that is no number means a look, which is the same in every format as nearly as whole
qualities allow. Measured over eleven photographs, each at 400 and at 800 px, as the mean of
SSIMULACRA 2 (ssimulacra2 0.3.0 of PyPI; 70 is high quality, 90 cannot be told from the original),
and as bytes in parts of those of WebP at 80, the mean of the ratios:

==================  ================  ================  ================
look                JPEG              WebP              AVIF
==================  ================  ================  ================
``auto:best``       89: 83.6, 1.60    90: 84.1, 1.57    80: 84.7, 1.40
``auto``            80: 78.2, 1.24    80: 75.6, 1.00    63: 75.1, 0.84
``auto:eco``        65: 70.3, 0.89    70: 69.7, 0.78    58: 70.9, 0.71
``auto:low``        50: 63.8, 0.71    50: 62.2, 0.62    50: 63.5, 0.55
==================  ================  ================  ================

(JPEG at 89 at 400 px only.) AVIF in 0.7 of the bytes of WebP would be AVIF at 58: 4.7 points below
WebP, and that is another look; ``auto:eco`` is for those who want it. The efforts are those that
cost little: AVIF at effort 1 takes three to four times as long for 6 % fewer bytes, WebP at effort
4 twice as long for 3 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any

import pyvips

from gallery.imaging import formats

_PROGRESSIVE_PIXELS = 500_000
"""From here on a JPEG shows itself in passes: 4 % smaller, and twice as long to write."""

_LOSSY_GIF_ERROR = 8
"""How much a pixel may differ from the frame before and count as the same."""


_USUAL = 80
"""The look of ``q_auto``, on the scale of JPEG's quality."""

_LEVELS = {"best": 89, "good": _USUAL, "eco": 65, "low": 50}

_ALIKE = {
    formats.JPEG: (1, 30, 40, 50, 65, 80, 89, 95, 100),
    formats.WEBP: (1, 29, 41, 50, 70, 80, 90, 98, 100),
    formats.AVIF: (20, 41, 47, 50, 58, 63, 80, 92, 100),
}
"""Qualities that look alike, from the worst to the best; between them lie straight lines."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for."""

    quality: int
    """The encoder's own."""
    flags: Set[str]


def encode_copy(pixels: pyvips.Image) -> bytes:
    """A mid-size copy: a JPEG with its profile, and with colours in full resolution.

    At 90 it would have 8 % fewer bytes, but variants of noise with SSIM .986 to those of the
    original; with colours in half the resolution photographs have .968.
    """
    encoded: bytes = pixels.jpegsave_buffer(keep="icc", Q=92, subsample_mode="off")
    return encoded


def encode(
    pixels: pyvips.Image,
    format: formats.Format,
    quality: int | str | None,
    flags: Iterable[str] = (),
) -> bytes:
    """The picture or animation as a file of that format.

    A number is the encoder's own; what else a quality may say, and nothing, is a look that is the
    same in every format.
    """
    saver, choose = _ENCODERS[format]
    wanted = _Wanted(quality_of(format, quality), frozenset(flags))
    if "lossy" in wanted.flags:
        pixels = pixels.copy_memory()  # Choosing a palette reads everything twice.
    encoded: bytes = getattr(pixels, saver)(keep="none", **choose(pixels, wanted))
    return encoded


def quality_of(format: formats.Format, quality: int | str | None) -> int:
    """The encoder's quality: the number that was given, or the one that has the look."""
    if isinstance(quality, int):
        return quality
    look = _look(quality or "auto")
    if format not in _ALIKE:
        return look
    below = max(at for at, each in enumerate(_ALIKE[formats.JPEG][:-1]) if each <= look)
    (one, other), (low, high) = (_ALIKE[each][below : below + 2] for each in (formats.JPEG, format))
    return round(low + (high - low) * (look - one) / (other - one))


def _look(quality: str) -> int:
    """A quality that is no number, on the scale of JPEG's."""
    level = quality.removeprefix("auto:")
    if level.isdigit():
        return int(level)
    return _LEVELS.get("best" if level == "jpegmini" else level, _USUAL)


def _jpeg(pixels: pyvips.Image, wanted: _Wanted) -> dict[str, Any]:
    return {
        "Q": wanted.quality,
        "optimize_coding": True,
        "interlace": _in_passes(pixels, wanted.flags),
    }


def _in_passes(pixels: pyvips.Image, flags: Set[str]) -> bool:
    if "progressive:none" in flags:
        return False
    is_large = pixels.width * pixels.height >= _PROGRESSIVE_PIXELS
    return is_large or any(flag.startswith("progressive") for flag in flags)


def _webp(pixels: pyvips.Image, wanted: _Wanted) -> dict[str, Any]:
    return {"Q": wanted.quality, "effort": 2}


def _avif(pixels: pyvips.Image, wanted: _Wanted) -> dict[str, Any]:
    return {"Q": wanted.quality, "effort": 0, "compression": "av1", "bitdepth": 8}


def _png(pixels: pyvips.Image, wanted: _Wanted) -> dict[str, Any]:
    palette = {"palette": True, "Q": wanted.quality} if "lossy" in wanted.flags else {}
    return {"compression": 6, **palette}


def _gif(pixels: pyvips.Image, wanted: _Wanted) -> dict[str, Any]:
    error = {"interframe_maxerror": _LOSSY_GIF_ERROR} if "lossy" in wanted.flags else {}
    return {"effort": 1, "dither": 0, **error}


_ENCODERS: dict[formats.Format, tuple[str, Callable[[pyvips.Image, _Wanted], dict[str, Any]]]] = {
    formats.JPEG: ("jpegsave_buffer", _jpeg),
    formats.WEBP: ("webpsave_buffer", _webp),
    formats.AVIF: ("heifsave_buffer", _avif),
    formats.PNG: ("pngsave_buffer", _png),
    formats.GIF: ("gifsave_buffer", _gif),
}
