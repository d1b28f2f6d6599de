"""A closer look at an original, for whoever asked for it."""

from __future__ import annotations

import mmap

import pyvips

from gallery.imaging import formats, likeness, metadata, named_metadata, steps
from gallery.imaging.limits import Limits
from gallery.imaging.made import Details
from gallery.imaging.original import Original, decoding, open_original
from gallery.imaging.placeholder import Small

_COLORS_SIDE_PX = 100
_SHRINK_ON_LOAD = (8, 4, 2)


def details(fd: int, limits: Limits, *, colors: bool, phash: bool, names: bool) -> Details:
    """What was asked for, of the first picture in the open file; ``names`` for its metadata.

    Raises UnsupportedFormatError, BrokenImageError, ImageTooLargeError.
    """
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        original = open_original(fd, formats.identify(data[: formats.HEAD_BYTES]), limits)
        with decoding():
            small = _small(original) if colors or phash else None
            return Details(
                colors=likeness.predominant_colors(_seen(small)) if small and colors else (),
                phash=likeness.perceptual_hash(_square(small)) if small and phash else None,
                metadata=_named(original, data) if names else {},
            )


def _small(original: Original) -> pyvips.Image:
    """The picture upright, in sRGB with alpha, its longer side not much over what is needed."""
    longest = max(original.width, original.height)
    shrink = 1
    if original.format is formats.JPEG:
        fitting = (each for each in _SHRINK_ON_LOAD if longest >= 2 * each * _COLORS_SIDE_PX)
        shrink = next(fitting, 1)
    pixels = original.first(shrink=shrink)
    scale = min(1.0, 2 * _COLORS_SIDE_PX / max(pixels.width, pixels.height))
    width, height = (max(1, round(side * scale)) for side in (pixels.width, pixels.height))
    pixels = steps.to_srgb(steps.resized(pixels, width, height))
    pixels = steps.turned(pixels, original.orientation)
    return (pixels if pixels.hasalpha() else pixels.bandjoin(255)).copy_memory()


def _seen(pixels: pyvips.Image) -> Small:
    scale = min(1.0, _COLORS_SIDE_PX / max(pixels.width, pixels.height))
    width, height = (max(1, round(side * scale)) for side in (pixels.width, pixels.height))
    return _as_small(steps.resized(pixels, width, height))


def _square(pixels: pyvips.Image) -> Small:
    return _as_small(steps.resized(pixels, likeness.HASH_SIDE_PX, likeness.HASH_SIDE_PX))


def _as_small(pixels: pyvips.Image) -> Small:
    return Small(pixels.width, pixels.height, bytes(pixels.write_to_memory()))


def _named(original: Original, data: mmap.mmap) -> dict[str, str]:
    block = data if original.format is formats.TIFF else original.exif()
    exif = metadata.read_exif(
        block, texts=named_metadata.TEXT_TAGS, numbers=named_metadata.NUMBER_TAGS
    )
    return named_metadata.named(exif, original.iptc())
