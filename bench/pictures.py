"""Photographs, drawn: soft shapes of light and colour, and sensor noise.

What decoding costs goes by pixels and by bytes a pixel; these come out like a camera's for either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

MEGAPIXELS = {2: (1800, 1200), 12: (4032, 3024), 24: (8064, 3024), 48: (8064, 6048)}
"""Sizes as cameras make them; the larger two are tiles of the 12 megapixels."""

_LIGHT = ((256, 45.0), (64, 22.0), (16, 11.0), (4, 6.0), (1, 4.6))
_COLOUR = ((256, 25.0), (32, 6.0))
"""Size of the shapes in pixels, and how much they stand out."""


def draw(folder: Path, *megapixels: int) -> dict[int, Path]:
    """JPEGs of these sizes, by megapixels."""
    files: dict[int, Path] = {}
    base = _photograph(*MEGAPIXELS[12])
    for size in megapixels:
        width, height = MEGAPIXELS[size]
        if size < 12:
            pixels = _photograph(width, height)
        else:
            pixels = base.replicate(width // base.width, height // base.height)
        files[size] = folder / f"{size}mp.jpg"
        pixels.jpegsave(str(files[size]), Q=92, subsample_mode="on")
    return files


def in_display_p3(file: Path) -> Path:
    """The same picture beside it, with the profile that phones embed."""
    import pyvips

    made = file.with_stem(f"{file.stem}-p3")
    pixels = pyvips.Image.new_from_file(str(file), access="sequential")
    pixels.jpegsave(str(made), Q=92, subsample_mode="on", profile="p3")
    return made


def _photograph(width: int, height: int) -> Any:
    light = _shapes(width, height, _LIGHT, seed=1) + 128
    reddish, bluish = (_shapes(width, height, _COLOUR, seed=seed) for seed in (20, 30))
    red, green, blue = light + reddish, light, light + bluish
    pixels = red.bandjoin([green, blue]).cast("uchar").copy(interpretation="srgb")
    return pixels.copy_memory()


def _shapes(width: int, height: int, octaves: tuple[tuple[int, float], ...], *, seed: int) -> Any:
    import pyvips

    total = pyvips.Image.black(width, height)
    for number, (step, sigma) in enumerate(octaves):
        size = (width // step + 2, height // step + 2)
        noise = pyvips.Image.gaussnoise(*size, sigma=sigma, mean=0, seed=seed + number)
        if step > 1:
            noise = noise.resize(step, kernel="cubic")
        total += noise.crop(0, 0, width, height)
    return total
