"""How one component lays a picture out: scaled as a whole, cut, and put on a canvas.

Pure arithmetic of sizes. Sides are never less than a pixel, and never more than ``MAX_SIDE_PX``
unless the picture's own were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from gallery.transformation.step import Crop, Gravity, Length, Offset, Step
from gallery.transformation.values import MAX_SIDE_PX

Size = tuple[int, int]
Point = tuple[int, int]

_MOST_LOST = 1 / 3
"""How much of a picture ``c_fill_pad`` may cut off."""

_ANCHORS = {
    Gravity.NORTH_WEST: (0, 0),
    Gravity.NORTH: (1, 0),
    Gravity.NORTH_EAST: (2, 0),
    Gravity.WEST: (0, 1),
    Gravity.EAST: (2, 1),
    Gravity.SOUTH_WEST: (0, 2),
    Gravity.SOUTH: (1, 2),
    Gravity.SOUTH_EAST: (2, 2),
}
_MIDDLE = (1, 1)
"""Of everything else: halves of what is left over, across and down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the pixels of a picture come to lie."""

    scaled: Size
    """Of the whole picture."""
    cut: Size
    """Of the piece that is kept."""
    at: Point | None
    """Where in the scaled picture the piece begins; ``None``: where it draws most attention."""
    canvas: Size
    placed: Point = (0, 0)
    """Where on the canvas the piece begins."""


class _Box(NamedTuple):
    """What a component says of the size, in pixels; at least one side."""

    width: int | None
    height: int | None

    def by(self, size: Size) -> Size:
        """Both sides; the one that is not given keeps the ratio."""
        width, height = size
        if self.width is None:
            return _bounded((width * (self.height or height) / height, self.height or height), size)
        return _bounded((self.width, self.height or height * self.width / width), size)


def whole(size: Size) -> Layout:
    """All of the picture, in this size."""
    return Layout(scaled=size, cut=size, at=(0, 0), canvas=size)


def limited(size: Size) -> Layout:
    """The picture, smaller as a whole if it has a side that is larger than any variant's."""
    return whole(_times(size, min(1.0, MAX_SIDE_PX / max(size))))


def layout(step: Step, size: Size, original: Size) -> Layout:
    """What the component makes of a picture of this size; ``original`` is what iw and ih mean."""
    crop = step.crop or Crop.SCALE
    if crop is Crop.CROP:
        return _crop(step, size, original)
    box = _box(step, size, original, crop)
    return _MODES[crop](step, size, box) if box else whole(size)


def placed(step: Step, inner: Size, outer: Size) -> Point:
    """Where a picture of the size ``inner`` begins on one of the size ``outer``, by gravity, x and
    y. It may stick out."""
    if step.gravity is Gravity.XY_CENTER:
        return _offset(step.x, outer[0]) - inner[0] // 2, _offset(step.y, outer[1]) - inner[1] // 2
    across, down = _ANCHORS.get(step.gravity or Gravity.CENTER, _MIDDLE)
    return (
        _anchored(outer[0] - inner[0], across, _offset(step.x, outer[0])),
        _anchored(outer[1] - inner[1], down, _offset(step.y, outer[1])),
    )


def _anchored(left_over: int, anchor: int, offset: int) -> int:
    """Offsets lead inwards: away from the right and the lower edge."""
    return left_over * anchor // 2 + (-offset if anchor == 2 else offset)


def _offset(offset: Offset | None, side: int) -> int:
    return round(offset * side) if isinstance(offset, float) else offset or 0


def _box(step: Step, size: Size, original: Size, crop: Crop) -> _Box | None:
    width = _side(step.width, size[0], original, step.dpr)
    height = _side(step.height, size[1], original, step.dpr)
    if step.aspect_ratio is not None:
        return _by_ratio(width, height, step.aspect_ratio, size, crop)
    return _Box(width, height) if width or height else None


def _side(given: Length | None, own: int, original: Size, dpr: float | str | None) -> int | None:
    if given is None or given == "auto":
        return None
    times = dpr if isinstance(dpr, float) else 1.0
    sides = {"iw": original[0], "ih": original[1]}
    pixels = own * given if isinstance(given, float) else sides.get(str(given), given)
    return max(1, round(float(pixels) * times))


def _by_ratio(
    width: int | None, height: int | None, ratio: Fraction, size: Size, crop: Crop
) -> _Box:
    if width is not None:
        return _Box(width, max(1, round(width / ratio)))
    if height is not None:
        return _Box(max(1, round(height * ratio)), height)
    own_width, own_height = size
    is_wider = Fraction(own_width, own_height) > ratio
    # Padding needs a box around the picture; everything else one that is within it.
    if is_wider is (crop in (Crop.PAD, Crop.LPAD, Crop.MPAD)):
        return _Box(own_width, max(1, round(own_width / ratio)))
    return _Box(max(1, round(own_height * ratio)), own_height)


def _bounded(wanted: tuple[float, float], size: Size) -> Size:
    """Smaller as a whole, if a side is more than any picture may have."""
    most = max(MAX_SIDE_PX, *size)
    return _times(wanted, min(1.0, most / max(wanted)))


def _times(size: tuple[float, float], scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _within(size: Size, box: _Box) -> float:
    """How many times larger the picture can be in the box."""
    scales = [side / own for side, own in zip(box, size, strict=True) if side]
    return min(scales)


def _scale(step: Step, size: Size, box: _Box) -> Layout:
    return whole(box.by(size))


def _fit(step: Step, size: Size, box: _Box) -> Layout:
    scale = _within(size, box)
    return whole(_bounded((size[0] * scale, size[1] * scale), size))


def _limit(step: Step, size: Size, box: _Box) -> Layout:
    return whole(_times(size, min(1.0, _within(size, box))))


def _mfit(step: Step, size: Size, box: _Box) -> Layout:
    scale = max(1.0, _within(size, box))
    return whole(_bounded((size[0] * scale, size[1] * scale), size))


def _fill(step: Step, size: Size, box: _Box) -> Layout:
    return _cover(step, size, box.by(size), zoom=1.0)


def _thumb(step: Step, size: Size, box: _Box) -> Layout:
    return _cover(step, size, box.by(size), zoom=max(1.0, step.zoom or 1.0))


def _lfill(step: Step, size: Size, box: _Box) -> Layout:
    width, height = box.by(size)
    shrink = min(1.0, size[0] / width, size[1] / height)
    return _cover(step, size, _times((width, height), shrink), zoom=1.0)


def _fill_pad(step: Step, size: Size, box: _Box) -> Layout:
    width, height = box.by(size)
    scale = max(width / size[0], height / size[1])
    kept = (width / (size[0] * scale)) * (height / (size[1] * scale))
    return _fill(step, size, box) if kept >= 1 - _MOST_LOST else _pad(step, size, box)


def _cover(step: Step, size: Size, box: Size, *, zoom: float) -> Layout:
    (width, height), (own_width, own_height) = box, size
    scale = max(width / own_width, height / own_height) * zoom
    scaled = max(width, round(own_width * scale)), max(height, round(own_height * scale))
    return _cut(_in_scale(step, size, scaled), scaled, box)


def _crop(step: Step, size: Size, original: Size) -> Layout:
    """A piece of the picture, which ``z_`` brings nearer first."""
    scaled = _bounded(_times(size, step.zoom or 1.0), size)
    if step.gravity is None and (step.x is not None or step.y is not None):
        step = replace(step, gravity=Gravity.NORTH_WEST)
    step = _in_scale(step, size, scaled)
    box = _box(step, size, original, Crop.CROP) or _Box(None, None)
    left, top = _behind(step)
    width = min(box.width or max(1, scaled[0] - left), scaled[0])
    height = min(box.height or max(1, scaled[1] - top), scaled[1])
    return _cut(step, scaled, (width, height))


def _behind(step: Step) -> Point:
    """How much of the picture is before a piece that begins at x and y, and has no size."""
    if step.gravity is not Gravity.NORTH_WEST:
        return 0, 0
    return max(0, int(step.x or 0)), max(0, int(step.y or 0))


def _in_scale(step: Step, size: Size, scaled: Size) -> Step:
    """The component with its offsets in pixels of the scaled picture."""
    x, y = _offset(step.x, size[0]), _offset(step.y, size[1])
    return replace(step, x=round(x * scaled[0] / size[0]), y=round(y * scaled[1] / size[1]))


def _cut(step: Step, scaled: Size, piece: Size) -> Layout:
    if step.gravity is Gravity.AUTO and scaled != piece:
        return Layout(scaled=scaled, cut=piece, at=None, canvas=piece)
    return Layout(scaled=scaled, cut=piece, at=_inside(step, piece, scaled), canvas=piece)


def _inside(step: Step, inner: Size, outer: Size) -> Point:
    """Where the smaller begins on the larger, without sticking out."""
    x, y = placed(step, inner, outer)
    return min(max(0, x), outer[0] - inner[0]), min(max(0, y), outer[1] - inner[1])


def _pad(step: Step, size: Size, box: _Box) -> Layout:
    canvas = box.by(size)
    return _on_canvas(step, _fit(step, size, _Box(*canvas)).scaled, canvas)


def _lpad(step: Step, size: Size, box: _Box) -> Layout:
    canvas = box.by(size)
    return _on_canvas(step, _limit(step, size, _Box(*canvas)).scaled, canvas)


def _mpad(step: Step, size: Size, box: _Box) -> Layout:
    return _on_canvas(step, size, (max(size[0], box.width or 0), max(size[1], box.height or 0)))


def _on_canvas(step: Step, scaled: Size, canvas: Size) -> Layout:
    begin = _inside(step, scaled, canvas)
    return Layout(scaled=scaled, cut=scaled, at=(0, 0), canvas=canvas, placed=begin)


_MODES: dict[Crop, Callable[[Step, Size, _Box], Layout]] = {
    Crop.SCALE: _scale,
    Crop.FIT: _fit,
    Crop.LIMIT: _limit,
    Crop.MFIT: _mfit,
    Crop.FILL: _fill,
    Crop.LFILL: _lfill,
    Crop.FILL_PAD: _fill_pad,
    Crop.PAD: _pad,
    Crop.LPAD: _lpad,
    Crop.MPAD: _mpad,
    Crop.THUMB: _thumb,
}
