"""What a transformation does to the size of a picture: computed once, and used by everybody.

``size_of`` promises by it, and the engine works by it, so that neither can differ. A chain becomes
*stages*. In each, the picture is laid out first: scaled as a whole, cut, and put on a canvas. Then
what changes pixels follows. The order within a component is documented in ``imaging.pipeline``.

Sizes never fail. What would be wider or higher than ``MAX_SIDE_PX``, and was not before, is made
smaller as a whole; and before pixels are changed, and at the end, everything is within it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Union

from gallery.errors import BadTransformationError
from gallery.transformation.layout import Layout, Size, limited, whole
from gallery.transformation.layout import layout as lay_out
from gallery.transformation.step import Step
from gallery.transformation.values import BLENDING, MAX_SIDE_PX

_AUTO_TURNS: dict[int | str, int] = {"auto_right": 90, "auto_left": 270}

Part = Union[Step, "Layer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A picture to lay on or beneath another."""

    public_id: str
    is_beneath: bool
    parts: tuple[Part, ...]
    """What is done to it first."""
    placing: Step
    """Where it comes to lie: gravity, x and y; and how it is blended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the work: lay the picture out, then change its pixels, or lay another on it."""

    layout: Layout
    size: Size
    """Of the result."""
    step: Step | None = None
    """What changes pixels."""
    layer: Layer | None = None


def size_of(steps: tuple[Step, ...], original: Size) -> Size:
    """Width and height of what the chain makes of an original of this upright size."""
    size = original
    for stage in stages(grouped(steps), original):
        size = stage.size
    return size


def stages(parts: tuple[Part, ...], original: Size) -> Iterator[Stage]:
    """The work that the chain is. Raises BadTransformationError when names were not expanded."""
    size = original
    for part in parts:
        for stage in _stages(part, size, original):
            yield stage
            size = stage.size
    if max(size) > MAX_SIDE_PX:
        yield _laid(limited(size))


def grouped(steps: Iterable[Step]) -> tuple[Part, ...]:
    """The components, those about a layer together: from ``l_`` to the ``fl_layer_apply`` that
    ends it, or ``l_`` alone, which may end itself. Raises BadTransformationError for an end without
    a beginning."""
    groups: list[Part] = []
    opened: list[int] = []
    for step in steps:
        if step.layer and step.applies_layer:
            groups.append(_alone(step))
        elif not step.applies_layer:
            if step.layer:
                opened.append(len(groups))
            groups.append(step)
        elif opened:
            at = opened.pop()
            groups[at:] = [_layer(groups[at], groups[at + 1 :], step)]
        else:
            raise BadTransformationError("fl_layer_apply needs an l_ or u_ before it.")
    return tuple(_alone(part) for part in groups)


def moves_pixels(step: Step) -> bool:
    """Whether the component scales, cuts or pads."""
    sides = (step.width, step.height, step.aspect_ratio, step.crop, step.x, step.y)
    return any(side is not None for side in sides)


def _alone(part: Part) -> Part:
    """A layer that one component is all about: its gravity, x and y are where it lies."""
    if not isinstance(part, Step) or not part.layer:
        return part
    return _layer(part, [], part)


def _layer(opening: Part, inner: list[Part], placing: Step) -> Layer:
    assert isinstance(opening, Step)  # noqa: S101 (a layer that is complete is not opened again)
    own = opening if opening is not placing else _unplaced(opening)
    last = () if opening is placing else (_unplaced(placing),)
    return Layer(
        public_id=opening.layer or "",
        is_beneath=opening.underlay is not None,
        parts=(replace(own, overlay=None, underlay=None), *inner, *last),
        placing=placing,
    )


def _unplaced(step: Step) -> Step:
    """What the component does to the layer itself, before it is laid."""
    effect = None if step.effect and step.effect.name in BLENDING else step.effect
    return replace(step, effect=effect, gravity=None, x=None, y=None, flags=_but_apply(step))


def _but_apply(step: Step) -> tuple[str, ...]:
    return tuple(flag for flag in step.flags if flag != "layer_apply")


def _stages(part: Part, size: Size, original: Size) -> Iterator[Stage]:
    if isinstance(part, Layer):
        layout = limited(size)
        yield Stage(layout=layout, size=layout.canvas, layer=part)
        return
    if part.named:
        raise BadTransformationError(f"What t_{part.named[0]} stands for is not known here.")
    turned, part = _auto_turn(part, size)
    if turned is not None:
        layout = limited(size)
        yield Stage(layout=layout, size=layout.canvas[::-1], step=turned)
        size = layout.canvas[::-1]
    layout = lay_out(part, size, original)
    if not part.draws:
        if layout != whole(size):
            yield _laid(layout)
        return
    if max(layout.canvas) > MAX_SIDE_PX:
        yield _laid(layout)
        layout = limited(layout.canvas)
    yield Stage(layout=layout, size=_drawn(part, layout.canvas), step=part)


def _laid(layout: Layout) -> Stage:
    return Stage(layout=layout, size=layout.canvas)


def _auto_turn(step: Step, size: Size) -> tuple[Step | None, Step]:
    """What turns a picture that lies where a standing one is asked for, or the other way round;
    and the component without it."""
    turn = next((each for each in step.angle if each in _AUTO_TURNS), None)
    if turn is None:
        return None, step
    rest = replace(step, angle=tuple(each for each in step.angle if each not in _AUTO_TURNS))
    ratio = _asked_ratio(step)
    if ratio is None or (ratio > 1) is (size[0] > size[1]) or 1 in (ratio, size[0] / size[1]):
        return None, rest
    return Step(angle=(_AUTO_TURNS[turn],)), rest


def _asked_ratio(step: Step) -> float | None:
    if step.aspect_ratio is not None:
        return float(step.aspect_ratio)
    if isinstance(step.width, int) and isinstance(step.height, int):
        return step.width / step.height
    return None


def _drawn(step: Step, size: Size) -> Size:
    """What a picture measures behind its border, and turned."""
    grown = 2 * step.border.width_px if step.border else 0
    width, height = size[0] + grown, size[1] + grown
    for turn in step.angle:
        if isinstance(turn, int):
            width, height = turned((width, height), turn)
    return width, height


def turned(size: Size, degrees: int) -> Size:
    """What a picture measures when it is turned: the box around it."""
    if degrees % 180 == 0:
        return size
    if degrees % 90 == 0:
        return size[1], size[0]
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width, height = size
    return math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos)
