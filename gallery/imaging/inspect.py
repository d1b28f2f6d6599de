"""A strict look at an original: is every pixel there, and what a viewer will see."""

from __future__ import annotations

import math
import mmap
import re
from datetime import datetime
from typing import NamedTuple

import pyvips

from gallery.imaging import containers, copies, formats, metadata, steps
from gallery.imaging.encoders import encode_copy
from gallery.imaging.likeness import HASH_SIDE_PX, perceptual_hash
from gallery.imaging.limits import Limits
from gallery.imaging.made import Look
from gallery.imaging.original import (
    Original,
    damaged,
    decoding,
    open_original,
    too_many_pixels,
    warnings_heard,
)
from gallery.imaging.placeholder import SIDE_PX, Small, dominant_color, thumb_hash
from gallery.model import Facts

_SMALL_PX = 128
"""A side of the picture that is made while every pixel is read."""

_HARMLESS = re.compile(
    r"extraneous bytes before marker 0xd9|Invalid SOS parameters for sequential JPEG"
    r"|unknown JFIF revision|Unknown Adobe color transform|read gave \d+ warnings"
)
"""Warnings of the JPEG decoder about things that cameras do and that cost no pixel."""

_SHRINK_ON_LOAD, _BLOCK_PX = 8, 8
_LARGEST_PROFILE_BYTES = 65_536
_KEPT_AS = {"srgb": "srgb", "rgb16": "srgb", "b-w": "b-w", "grey16": "b-w"}
"""The colours that a copy is made of, and as what: others would have to be converted, which costs
more than a copy saves. Profiles go with it, and are applied to variants, which are smaller."""


def inspect(fd: int, limits: Limits, *, now: datetime, copy: bool = False) -> Look:
    """The facts of the picture in the open file, after every pixel of it was decoded; with a copy,
    if one is wanted and the picture is worth it.

    Raises UnsupportedFormatError, BrokenImageError, ImageTooLargeError.
    """
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        format = formats.identify(data[: formats.HEAD_BYTES])
        containers.check(data, format, limits)
        original = open_original(fd, format, limits)
        with decoding():
            exif = metadata.read_exif(data if format is formats.TIFF else original.exif())
            read = _read_every_pixel(original, limits, copy=copy)
            reduced = steps.to_srgb(_reduced(read.pixels)).copy_memory()
            small, square = _small(reduced, original), _square(reduced, original)
            copied = _copied(read.pixels, original) if read.is_mid_size else None
    width, height = original.upright_size
    facts = Facts(
        format=format.name,
        width=width,
        height=height,
        frames=original.frames,
        color=dominant_color(small),
        placeholder=thumb_hash(small),
        phash=perceptual_hash(square),
        taken_at=metadata.taken_at(exif, now=now),
        camera=metadata.camera(exif),
    )
    return Look(facts=facts, copy=copied)


class _Read(NamedTuple):
    """The first picture, every pixel of which was read."""

    pixels: pyvips.Image
    is_mid_size: bool
    """As large as its copy; otherwise as small as it gets."""


def _read_every_pixel(original: Original, limits: Limits, *, copy: bool) -> _Read:
    """The first picture; all others have been decoded too."""
    if original.frames > 1:
        original.all_frames().avg()
    else:
        _read_other_pages(original, limits)
    with warnings_heard() as warnings:
        read = _read(original, copy=copy)
    if original.format is formats.JPEG and any(map(_tells_of_damage, warnings)):
        raise damaged()
    return read


def _tells_of_damage(warning: str) -> bool:
    """The JPEG decoder only warns of lost data and goes on with grey; others warn of odd tags."""
    return any(line and not _HARMLESS.search(line) for line in warning.splitlines())


def _read(original: Original, *, copy: bool) -> _Read:
    factor = copies.factor_of((original.width, original.height)) if copy else 1
    on_load = min(factor, _SHRINK_ON_LOAD) if original.format is formats.JPEG else 1
    if factor == 1 or original.pictures > 1 or not _is_read_whole(original, on_load):
        return _Read(_reduced(original.first()), is_mid_size=False)
    pixels = original.first(shrink=on_load)
    if pixels.hasalpha() or pixels.interpretation not in _KEPT_AS:
        return _Read(_reduced(original.first()), is_mid_size=False)
    blocks = factor // on_load
    shrunk = pixels.shrink(blocks, blocks, ceil=True).copy_memory()
    # What is left over at the edges is no whole pixel, and libvips leaves it out on loading too.
    whole = shrunk.crop(0, 0, pixels.width // blocks, pixels.height // blocks)
    return _Read(whole, is_mid_size=True)


def _is_read_whole(original: Original, on_load: int) -> bool:
    """Whether a JPEG that is decoded that much smaller is read, and so checked, to its end.

    It is decoded by rows of blocks of 8 pixels or more, but libvips leaves out a last row of pixels
    that would not be whole: with it goes a row of blocks that has no other.
    """
    return (original.height - 1) % _BLOCK_PX + 1 >= on_load


def _copied(pixels: pyvips.Image, original: Original) -> bytes | None:
    """The copy, upright."""
    has_profile = pixels.get_typeof("icc-profile-data")
    if has_profile and len(pixels.get("icc-profile-data")) > _LARGEST_PROFILE_BYTES:
        return None
    pixels = pixels.colourspace(_KEPT_AS[pixels.interpretation])
    return encode_copy(steps.turned(pixels, original.orientation))


def _read_other_pages(original: Original, limits: Limits) -> None:
    pixels_left = limits.max_frame_pixels - original.width * original.height
    for number in range(1, original.pictures):
        page = original.page(number)
        pixels_left -= page.width * page.height
        if pixels_left < 0:
            raise too_many_pixels(original.pictures, limits)
        page.avg()


def _reduced(pixels: pyvips.Image) -> pyvips.Image:
    """The mean of each block of pixels, at the edges too: no pixel is left undecoded."""
    factor = math.ceil(max(pixels.width, pixels.height) / _SMALL_PX)
    if pixels.hasalpha():
        pixels = pixels.premultiply()
    small = pixels.shrink(
        min(factor, pixels.width), min(factor, pixels.height), ceil=True
    ).copy_memory()
    return small.unpremultiply() if small.hasalpha() else small


def _small(pixels: pyvips.Image, original: Original) -> Small:
    """The picture upright, no side longer than is needed."""
    shrink = min(1.0, SIDE_PX / max(pixels.width, pixels.height))
    width, height = (max(1, round(side * shrink)) for side in (pixels.width, pixels.height))
    return _upright(pixels, original, width, height)


def _square(pixels: pyvips.Image, original: Original) -> Small:
    """The picture upright, pressed into the square that its hash is of."""
    return _upright(pixels, original, HASH_SIDE_PX, HASH_SIDE_PX)


def _upright(pixels: pyvips.Image, original: Original, width: int, height: int) -> Small:
    pixels = steps.turned(steps.resized(pixels, width, height), original.orientation)
    if pixels.bands == 3:
        pixels = pixels.bandjoin(255)
    return Small(pixels.width, pixels.height, bytes(pixels.write_to_memory()))
