"""Derives a variant: opens the pixels, takes each frame through the stages of the transformation,
encodes the result."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyvips

from gallery.imaging import formats, steps
from gallery.imaging.copies import CopyOf
from gallery.imaging.encoders import encode
from gallery.imaging.limits import Limits
from gallery.imaging.made import Derived
from gallery.imaging.original import Original, decoding, open_original
from gallery.imaging.work import Work, work_on
from gallery.transformation import Transformation
from gallery.transformation.geometry import grouped

_MAX_SCALED_PIXELS = 100_000_000
_MAX_ENCODED_PIXELS = {formats.WEBP: 16_000_000, formats.GIF: 4_000_000}
"""All frames of an animation together: some three seconds of work each. Of a longer one every
second frame is kept, or every third …; it plays for as long as before."""
_DEFAULT_DELAY_MS = 100
_BY_WORD = {
    "avif": formats.AVIF,
    "webp": formats.WEBP,
    "jpg": formats.JPEG,
    "png": formats.PNG,
    "gif": formats.GIF,
}
_MOVING = {formats.WEBP, formats.GIF}


def derive(
    fd: int,
    wanted: Transformation,
    limits: Limits,
    *,
    bucket: formats.Bucket,
    deadline: float,
    layers: Mapping[str, int] | None = None,
    copy_of: CopyOf | None = None,
) -> Derived:
    """The variant of the original in the open file: upright, in sRGB, without metadata.

    Its size is exactly that of ``wanted.size_of``. ``layers`` are the open files of the pictures
    that are laid on or beneath it, by public id; ``copy_of`` is what the file is only a smaller
    copy of. ``deadline`` is on ``time.monotonic`` and looked
    at between the stages. Raises what ``open_original`` raises, BadTransformationError, and
    DecoderFailedError when time is up.
    """
    original = replace(_opened(fd, limits), copy_of=copy_of)
    others = {public_id: _opened(other, limits) for public_id, other in (layers or {}).items()}
    work = work_on(original, grouped(wanted.steps), deadline=deadline, layers=others)
    moving = _animated_format(work, wanted, bucket)
    with decoding():
        if moving:
            pixels, format = _animation(work, moving), moving
        else:
            pixels = steps.without_idle_alpha(work.still())
            format = _still_format(original, wanted, bucket, has_alpha=pixels.hasalpha())
        if format is formats.JPEG:
            pixels = steps.flattened(pixels)
        encoded = encode(pixels, format, wanted.quality, wanted.flags)
    width, height = work.size
    return Derived(bytes=encoded, format=format.name, width=width, height=height)


def _opened(fd: int, limits: Limits) -> Original:
    return open_original(fd, formats.identify(os.pread(fd, formats.HEAD_BYTES, 0)), limits)


def _animated_format(
    work: Work, wanted: Transformation, bucket: formats.Bucket
) -> formats.Format | None:
    """The format of a variant that moves; ``None`` for one that does not."""
    if work.original.frames == 1 or work.page is not None:
        return None
    if wanted.format == "auto":
        return formats.GIF if bucket == "base" else formats.WEBP
    format = _BY_WORD[wanted.format] if wanted.format else work.original.format
    return format if format in _MOVING else None


def _still_format(
    original: Original, wanted: Transformation, bucket: formats.Bucket, *, has_alpha: bool
) -> formats.Format:
    lossless_if_needed = formats.PNG if has_alpha else formats.JPEG
    if wanted.format is None:
        shown = original.shown_format
        return shown if shown in _BY_WORD.values() else lossless_if_needed
    if wanted.format != "auto":
        return _BY_WORD[wanted.format]
    return lossless_if_needed if bucket == "base" else formats.BY_NAME[bucket]


def _animation(work: Work, format: formats.Format) -> pyvips.Image:
    """The frames, each taken through the stages, one below the other as libvips wants them."""
    keep_every = _keep_every(work, format)
    # Each finished frame is kept in memory: the whole as one computation needs many times as much.
    reel = work.original.all_frames()
    frames = _alike(
        [work.through(frame).copy_memory() for frame in _frames(reel, work.original, keep_every)]
    )
    joined = pyvips.Image.arrayjoin(frames, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", work.size[1])
    joined.set_type(pyvips.GValue.gint_type, "loop", _loop(reel))
    joined.set_type(pyvips.GValue.array_int_type, "delay", _delays_ms(reel, work, keep_every))
    return joined


def _alike(frames: list[pyvips.Image]) -> list[pyvips.Image]:
    """The frames with as many bands each."""
    has_alpha = any(frame.hasalpha() for frame in frames)
    return [steps.with_alpha(frame) for frame in frames] if has_alpha else frames


def _loop(reel: pyvips.Image) -> int:
    """How often it plays; 0 is for ever."""
    return int(reel.get("loop")) if reel.get_typeof("loop") else 0


def _frames(reel: pyvips.Image, original: Original, keep_every: int) -> Iterator[pyvips.Image]:
    for number in range(0, original.frames, keep_every):
        yield reel.crop(0, number * original.height, original.width, original.height)


def _keep_every(work: Work, format: formats.Format) -> int:
    original, (width, height) = work.original, work.size
    drawn = sum(stage.size[0] * stage.size[1] for stage in work.stages)
    scaled = original.frames * max(original.width * original.height, drawn) / _MAX_SCALED_PIXELS
    encoded = original.frames * width * height / _MAX_ENCODED_PIXELS[format]
    return max(1, math.ceil(max(scaled, encoded)))


def _delays_ms(reel: pyvips.Image, work: Work, keep_every: int) -> list[int]:
    """How long each kept frame is shown: those left out behind it included."""
    count = work.original.frames
    given = reel.get("delay") if reel.get_typeof("delay") else []
    delays = (given + [_DEFAULT_DELAY_MS] * count)[:count]
    return [sum(delays[at : at + keep_every]) for at in range(0, count, keep_every)]
