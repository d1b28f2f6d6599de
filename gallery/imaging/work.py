"""A picture on its way through the stages of a transformation.

Within a component the order is Cloudinary's: the picture is scaled, cut and padded first, so that
everything behind it costs by the pixel that is kept and ``r_20`` means pixels of the result; then
its colours change (``e_``), then it fades (``o_``), is rounded (``r_``), framed along its rounding
(``bo_``) and turned (``a_``). The background (``b_``) comes last: it fills what padding, rounding
and turning have left open. Another order is another component.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pyvips

from gallery.errors import BadTransformationError, DecoderFailedError
from gallery.imaging import effects, layers, shapes, steps
from gallery.imaging.original import Original
from gallery.transformation.geometry import Layer, Part, Stage, stages
from gallery.transformation.layout import Point, Size, whole
from gallery.transformation.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What becomes of one original."""

    original: Original
    stages: tuple[Stage, ...]
    """At least one."""
    page: int | None
    """Counted from 1; ``None`` where nobody asked for one."""
    deadline: float
    layers: Mapping[str, Original]
    """The pictures to lay on or beneath it, by public id."""
    chosen: dict[int, Point] = field(default_factory=dict)
    """Where it is cut by what draws attention, by stage: the same in every frame."""
    laid: dict[int, pyvips.Image] = field(default_factory=dict)
    """Layers made ready, by stage."""
    edges: dict[int, str] = field(default_factory=dict)
    """Colours of the background taken from the edge, by stage."""

    @property
    def size(self) -> Size:
        """Width and height of the result."""
        return self.stages[-1].size

    @property
    def opening_size(self) -> Size:
        """Width and height, as stored, that the whole picture is scaled to at once."""
        layout, upright = self.stages[0].layout, self.original.upright_size
        scaled = upright if steps.magnifies(layout, upright) else layout.scaled
        return scaled[::-1] if self.original.is_turned else scaled

    def still(self) -> pyvips.Image:
        """The first frame, or the page that was asked for, when all is done to it."""
        if self.page is not None and self.original.pictures > 1:
            return self.through(self.original.page(self.page - 1))
        return self.through(
            self.original.first(shrink=self.original.shrink_on_load(self.opening_size))
        )

    def through(self, frame: pyvips.Image) -> pyvips.Image:
        """The frame when all is done to it.

        Scaling comes before turning upright and converting colours: both are cheaper with fewer
        pixels.
        """
        pixels = steps.resized(frame, *self.opening_size)
        pixels = steps.to_srgb(steps.turned(pixels, self.original.orientation))
        for number, stage in enumerate(self.stages):
            self._check_time()
            pixels = steps.laid_out(pixels, stage.layout, self._chooser(number))
            if stage.step or stage.layer:
                # These look at pixels in no order: from here on, the small picture is in memory.
                pixels = self._drawn(number, pixels.copy_memory()).copy_memory()
        return pixels

    def _check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise DecoderFailedError("This takes too long to make. Ask for less, or a smaller one.")

    def _drawn(self, number: int, pixels: pyvips.Image) -> pyvips.Image:
        stage = self.stages[number]
        if stage.layer is not None:
            return layers.laid(pixels, self._layer(number, stage.layer), stage.layer)
        assert stage.step is not None  # noqa: S101 (a stage that draws has either)
        for draw in DRAWING:
            drawn = draw(pixels, stage.step)
            if drawn is not pixels:
                self._check_time()
                pixels = drawn.copy_memory()
        return self._on_background(number, pixels, stage.step.background)

    def _on_background(self, number: int, pixels: pyvips.Image, color: str | None) -> pyvips.Image:
        if color is None or not pixels.hasalpha():
            return pixels
        if color == "auto":
            color = self.edges.setdefault(number, shapes.edge_color(pixels))
        return shapes.on_background(pixels, color)

    def _layer(self, number: int, layer: Layer) -> pyvips.Image:
        if number not in self.laid:
            if layer.public_id not in self.layers:
                raise BadTransformationError(f"There is no picture {layer.public_id!r} to lay.")
            parts = layers.in_pixels(layer.parts, self.stages[number].size)
            original = self.layers[layer.public_id]
            work = work_on(original, parts, deadline=self.deadline, layers=self.layers)
            self.laid[number] = work.still().copy_memory()
        return self.laid[number]

    def _chooser(self, number: int) -> steps.Choose:
        def choose(pixels: pyvips.Image, size: Size) -> Point:
            if number not in self.chosen:
                self.chosen[number] = steps.most_interesting(pixels, size)
            return self.chosen[number]

        return choose


def work_on(
    original: Original,
    parts: tuple[Part, ...],
    *,
    deadline: float,
    layers: Mapping[str, Original],
) -> Work:
    """The work that these components are. Raises BadTransformationError."""
    page = next(
        (each.page for each in reversed(parts) if isinstance(each, Step) and each.page), None
    )
    if page is not None and original.pictures > 1:
        original = _turned_to(original, page)
    found = tuple(stages(parts, original.upright_size))
    return Work(
        original=original,
        stages=found or (_nothing(original.upright_size),),
        page=page,
        deadline=deadline,
        layers=layers,
    )


def _nothing(size: Size) -> Stage:
    return Stage(layout=whole(size), size=size)


def _turned_to(original: Original, page: int) -> Original:
    """The original as that page of it, which may have a size of its own."""
    if page > original.pictures:
        raise BadTransformationError(f"pg_{page}: the picture has {original.pictures:,}.")
    header = original.page(page - 1)
    return replace(original, width=header.width, height=header.height)


def _under_effect(pixels: pyvips.Image, step: Step) -> pyvips.Image:
    return effects.applied(pixels, step.effect, step.color) if step.effect else pixels


def _faded(pixels: pyvips.Image, step: Step) -> pyvips.Image:
    return pixels if step.opacity is None else shapes.faded(pixels, step.opacity)


def _rounded(pixels: pyvips.Image, step: Step) -> pyvips.Image:
    return shapes.rounded(pixels, step.radius) if step.radius else pixels


def _bordered(pixels: pyvips.Image, step: Step) -> pyvips.Image:
    return shapes.bordered(pixels, step.border, step.radius) if step.border else pixels


def _turned(pixels: pyvips.Image, step: Step) -> pyvips.Image:
    for turn in step.angle:
        pixels = shapes.rotated(pixels, turn)
    return pixels


DRAWING: tuple[Callable[[pyvips.Image, Step], pyvips.Image], ...] = (
    _under_effect,
    _faded,
    _rounded,
    _bordered,
    _turned,
)
"""What changes the pixels of a component, in this order. New ones find their place here."""
