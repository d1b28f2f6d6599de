"""Pictures laid on or beneath another. The other keeps its size: what sticks out is cut off."""

from __future__ import annotations

from dataclasses import replace

import pyvips

from gallery.imaging.steps import with_alpha
from gallery.transformation import MAX_SIDE_PX
from gallery.transformation.geometry import Layer, Part
from gallery.transformation.layout import Size, placed
from gallery.transformation.step import Length, Step
from gallery.transformation.values import BLENDING


def laid(pixels: pyvips.Image, over: pyvips.Image, layer: Layer) -> pyvips.Image:
    """The picture with the layer where its gravity, x and y say."""
    at = placed(layer.placing, (over.width, over.height), (pixels.width, pixels.height))
    pixels, over = with_alpha(pixels), with_alpha(over)
    if layer.is_beneath:
        ground = pyvips.Image.black(pixels.width, pixels.height, bands=4)
        ground = ground.copy(interpretation="srgb").composite2(over, "over", x=at[0], y=at[1])
        return ground.composite2(pixels, "over").cast("uchar")
    effect = layer.placing.effect
    mode = effect.name if effect and effect.name in BLENDING else "over"
    return pixels.composite2(over, mode, x=at[0], y=at[1]).cast("uchar")


def in_pixels(parts: tuple[Part, ...], size: Size) -> tuple[Part, ...]:
    """The components of a layer, their parts of the picture beneath (``fl_relative``) in pixels."""
    return tuple(
        _in_pixels(part, size) if isinstance(part, Step) and "relative" in part.flags else part
        for part in parts
    )


def _in_pixels(step: Step, size: Size) -> Step:
    width, height = _pixels(step.width, size[0]), _pixels(step.height, size[1])
    return replace(step, width=width, height=height)


def _pixels(length: Length | None, side: int) -> Length | None:
    if not isinstance(length, float):
        return length
    return min(MAX_SIDE_PX, max(1, round(length * side)))
