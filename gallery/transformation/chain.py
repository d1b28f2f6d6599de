"""A transformation: a chain of components, each of which sees what the one before it made.

``c_fill,h_300,w_400/e_grayscale``. One value, one spelling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self, TypeVar

from gallery.errors import BadTransformationError
from gallery.transformation import geometry
from gallery.transformation.grammar import is_empty, read_step, spell_step
from gallery.transformation.step import Crop, Gravity, Step
from gallery.transformation.values import FORMATS, MAX_SIDE_PX

MAX_CHARACTERS = 1000
MAX_STEPS = 20
MAX_LAYERS = 5

_HINTED_DPR = (1.0, 1.5, 2.0, 3.0)
_HINTED_WIDTH_PX = 100
"""Hints are rounded up to these: every phone has its own width, and each would be a variant."""

T = TypeVar("T", bound="Transformation")

Region = Sequence[int]
"""x, y, width and height in pixels of the upright original."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """What to do to an original. ``str()`` is the canonical spelling, and ``parse`` reads it."""

    steps: tuple[Step, ...] = ()

    @classmethod
    def box(
        cls,
        *,
        crop: Crop = Crop.LIMIT,
        width: int,
        height: int,
        format: str = "auto",
        quality: int | None = None,
    ) -> Self:
        """One component that brings a picture to a box; ``None`` leaves the quality to us."""
        step = Step(
            crop=crop,
            width=width,
            height=height,
            format=format,
            quality="auto" if quality is None else quality,
        )
        return cls((step,))

    def __str__(self) -> str:
        return "/".join(map(spell_step, self.steps))

    @property
    def is_plain(self) -> bool:
        """Whether nothing is to be done; the picture is still made anew, and within bounds."""
        return not self.steps

    @property
    def format(self) -> str | None:
        """The format that was asked for last; ``None`` means that of the original."""
        return next((step.format for step in reversed(self.steps) if step.format), None)

    @property
    def quality(self) -> int | str | None:
        """The quality that was asked for last."""
        return next((step.quality for step in reversed(self.steps) if step.quality), None)

    @property
    def page(self) -> int | None:
        """The page or frame that was asked for last, counted from 1."""
        return next((step.page for step in reversed(self.steps) if step.page), None)

    @property
    def default_image(self) -> str | None:
        """The public id of what to show where there is no such image."""
        return next((each.default_image for each in self.steps if each.default_image), None)

    @property
    def flags(self) -> frozenset[str]:
        """The flags of all components."""
        return frozenset(flag for step in self.steps for flag in step.flags)

    @property
    def named(self) -> tuple[str, ...]:
        """The names of other transformations in it, in their order."""
        return tuple(name for step in self.steps for name in step.named)

    @property
    def layers(self) -> tuple[str, ...]:
        """The public ids of pictures that are laid on or beneath this one, each once."""
        return tuple(dict.fromkeys(step.layer for step in self.steps if step.layer))

    @property
    def hints(self) -> frozenset[str]:
        """What it leaves to the client's hints: ``dpr``, ``width``."""
        found = {"dpr" for step in self.steps if step.dpr == "auto"}
        return frozenset(found | {"width" for step in self.steps if step.width == "auto"})

    def with_hints(self, *, dpr: float | None = None, width: int | None = None) -> Self:
        """With numbers where it says ``auto``, rounded up to a few usual ones.

        Without a hint, a pixel is a pixel and the width is not changed.
        """
        ratio = next((usual for usual in _HINTED_DPR if usual >= (dpr or 1)), _HINTED_DPR[-1])
        steps = (_hinted(step, dpr=ratio, width=width) for step in self.steps)
        return type(self)(tuple(step for step in steps if not is_empty(step)))

    def with_format(self, name: str) -> Self:
        """In that format, whatever it said before. Raises BadTransformationError."""
        known = {each: each for each in FORMATS} | {"jpeg": "jpg"}
        if name not in known:
            raise BadTransformationError(f"The format {name[:40]!r} is not made here.")
        without = (replace(step, format=None) for step in self.steps)
        steps = [step for step in without if not is_empty(step)]
        if steps and not steps[-1].named and not steps[-1].applies_layer:
            steps[-1] = replace(steps[-1], format=known[name])
        else:
            steps.append(Step(format=known[name]))
        return type(self)(tuple(steps))

    def with_regions(self, *, custom: Sequence[Region] = (), faces: Sequence[Region] = ()) -> Self:
        """With points where the first component that cuts is about recorded regions."""
        for at, step in enumerate(self.steps):
            if step.layer:
                break
            if geometry.moves_pixels(step):
                region = _region(step.gravity, custom, faces)
                centred = _centred(step, region) if region else step
                return type(self)((*self.steps[:at], centred, *self.steps[at + 1 :]))
        return self

    def expanded(self, definitions: Mapping[str, Transformation]) -> Self:
        """With what each name stands for in its place. Raises BadTransformationError."""
        steps = islice(_expanded(self.steps, definitions, ()), MAX_STEPS + 1)
        return _checked(type(self)(tuple(steps)))

    def resized(self, width: int, height: int) -> Self:
        """With another box in pixels in its only component."""
        (step,) = self.steps
        return type(self)((replace(step, width=width, height=height),))

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the variant of an original of this upright size. The engine makes
        exactly this. Names must have been expanded."""
        return geometry.size_of(self.steps, (width, height))


def parse(text: str) -> Transformation:
    """The transformation that ``text`` spells; an empty one is plain. Raises
    BadTransformationError."""
    if len(text) > MAX_CHARACTERS:
        raise BadTransformationError(
            f"The transformation has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read."
        )
    if not text:
        return Transformation()
    return _checked(Transformation(tuple(map(read_step, text.split("/")))))


def _checked(wanted: T) -> T:
    """The same; raises BadTransformationError when it is too much."""
    if len(wanted.steps) > MAX_STEPS:
        raise BadTransformationError(
            f"The transformation has more than {MAX_STEPS} components, the most that are done."
        )
    layers = sum(step.layer is not None for step in wanted.steps)
    if layers > MAX_LAYERS:
        raise BadTransformationError(
            f"The transformation has {layers} layers; at most {MAX_LAYERS} are laid."
        )
    geometry.grouped(wanted.steps)
    return wanted


def _hinted(step: Step, *, dpr: float, width: int | None) -> Step:
    if step.width == "auto":
        rounded = math.ceil((width or 0) / _HINTED_WIDTH_PX) * _HINTED_WIDTH_PX
        step = replace(step, width=min(rounded, MAX_SIDE_PX) or None)
    if step.dpr == "auto":
        if step.crop is Crop.CROP:
            return replace(step, dpr=dpr)
        sides = [side for side in (step.width, step.height) if isinstance(side, int)]
        most = MAX_SIDE_PX / max(sides, default=1)
        step = replace(step, dpr=math.floor(min(dpr, most) * 100) / 100)
    return step


def _region(
    gravity: Gravity | None, custom: Sequence[Region], faces: Sequence[Region]
) -> Region | None:
    """What the gravity is about: one region, or all around several."""
    regions = {Gravity.CUSTOM: custom[:1], Gravity.FACE: faces[:1], Gravity.FACES: faces}
    found = [each for each in regions.get(gravity or Gravity.CENTER, ()) if len(each) == 4]
    if not found:
        return None
    left, top = min(each[0] for each in found), min(each[1] for each in found)
    right = max(each[0] + each[2] for each in found)
    bottom = max(each[1] + each[3] for each in found)
    return left, top, right - left, bottom - top


def _centred(step: Step, region: Region) -> Step:
    x, y, width, height = region
    if step.crop is Crop.CROP and step.width is None and step.height is None:
        return replace(
            step, gravity=Gravity.NORTH_WEST, x=x, y=y, width=max(1, width), height=max(1, height)
        )
    return replace(step, gravity=Gravity.XY_CENTER, x=x + width // 2, y=y + height // 2)


def _expanded(
    steps: tuple[Step, ...], definitions: Mapping[str, Transformation], within: tuple[str, ...]
) -> Iterator[Step]:
    for step in steps:
        for name in step.named:
            if name not in definitions or name in within:
                raise BadTransformationError(f"There is no transformation named {name}.")
            yield from _expanded(definitions[name].steps, definitions, (*within, name))
        rest = replace(step, named=())
        if not is_empty(rest):
            yield rest
