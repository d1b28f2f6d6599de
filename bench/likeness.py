"""SSIM: how like its original a variant looks, 1 for the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_SIGMA = 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""As in Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", 2004."""


def to_original(variant: bytes, original: Path) -> float:
    """SSIM of lightness, against the whole original scaled by Lanczos to the variant's size."""
    import pyvips

    made = pyvips.Image.new_from_buffer(variant, "")
    pixels = pyvips.Image.new_from_file(str(original), access="sequential")
    scaled = pixels.resize(made.width / pixels.width, vscale=made.height / pixels.height)
    return _ssim(_lightness(made), _lightness(scaled))


def _lightness(pixels: Any) -> Any:
    return pixels.colourspace("b-w").extract_band(0).cast("float").copy_memory()


def _ssim(one: Any, other: Any) -> float:
    mean_one, mean_other = _blurred(one), _blurred(other)
    spread_one = _blurred(one * one) - mean_one * mean_one
    spread_other = _blurred(other * other) - mean_other * mean_other
    common = _blurred(one * other) - mean_one * mean_other
    alike = (mean_one * mean_other * 2 + _C1) * (common * 2 + _C2)
    most = (mean_one * mean_one + mean_other * mean_other + _C1) * (spread_one + spread_other + _C2)
    return float((alike / most).avg())


def _blurred(pixels: Any) -> Any:
    return pixels.gaussblur(_SIGMA, precision="float", min_ampl=0.01)
