"""Presets: transformations with names, and the widths in which each is offered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gallery.errors import BadTransformationError, ConfigError
from gallery.transformation.chain import Transformation, parse
from gallery.transformation.step import Crop, Step

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A transformation with a name, and the widths that its ``srcset`` offers."""

    name: str
    largest: Transformation
    widths: tuple[int, ...] = ()
    """Ascending, in pixels; the last is the width of ``largest``. Empty when it comes in one size
    only, because it is more than a box in pixels."""

    def transformations(self) -> tuple[Transformation, ...]:
        """One for each width, the box keeping its shape; the last is ``largest``."""
        if not self.widths:
            return (self.largest,)
        return tuple(_narrowed(self.largest, width) for width in self.widths)


def _narrowed(largest: Transformation, width: int) -> Transformation:
    (step,) = largest.steps
    height = step.height
    if isinstance(height, int) and isinstance(step.width, int):
        height = max(1, round(width * height / step.width))
    return Transformation((replace(step, width=width, height=height),))


def _square(name: str, *widths: int, crop: Crop = Crop.LIMIT) -> Preset:
    largest = Transformation.box(crop=crop, width=widths[-1], height=widths[-1])
    return Preset(name=name, largest=largest, widths=widths)


BUILT_IN = (
    _square("thumb", 200, 400),
    _square("card", 480, 800, 1200),
    _square("full", 1280, 2048, 2560),
    _square("avatar", 240, crop=Crop.LFILL),
)


def presets_from(table: Mapping[str, Any]) -> dict[str, Preset]:
    """The built-in presets and those of a TOML table ``name = "c_fill,h_300,w_300"``.

    A preset may also be ``{transformation = "…", widths = [300, 600]}``. Raises ConfigError.
    """
    presets = {preset.name: preset for preset in BUILT_IN}
    for name, value in table.items():
        presets[name] = _preset(name, value)
    return presets


def _preset(name: str, value: object) -> Preset:
    entry = value if isinstance(value, dict) else {"transformation": value}
    text, widths = entry.get("transformation"), entry.get("widths", [])
    if (
        not NAME.fullmatch(name)
        or not isinstance(text, str)
        or entry.keys() - {"transformation", "widths"}
    ):
        raise ConfigError(
            f'PRESETS_FILE: the preset {name!r} must read name = "c_limit,h_400,w_400", '
            "with a name of a-z, 0-9, _ and -."
        )
    try:
        largest = _completed(parse(text))
    except BadTransformationError as error:
        raise ConfigError(f"PRESETS_FILE: the preset {name!r}: {error.detail}") from error
    most = _width(largest)
    if not isinstance(widths, list) or not all(
        isinstance(width, int) and 0 < width <= most for width in widths
    ):
        raise ConfigError(
            f"PRESETS_FILE: the widths of {name!r} must be whole numbers up to {most}."
            if most
            else f"PRESETS_FILE: the preset {name!r} is no box in pixels and has one size only."
        )
    return Preset(name=name, largest=largest, widths=_ascending(widths, most))


def _ascending(widths: list[int], most: int) -> tuple[int, ...]:
    return tuple(sorted({*widths, most})) if most else ()


def _width(largest: Transformation) -> int:
    """The width of the box that the preset is; 0 if it is something else."""
    if len(largest.steps) != 1:
        return 0
    (step,) = largest.steps
    is_box = isinstance(step.width, int) and (step.height is None or isinstance(step.height, int))
    return step.width if is_box and isinstance(step.width, int) else 0


def _completed(wanted: Transformation) -> Transformation:
    """With ``f_auto`` and ``q_auto`` where it says nothing of format and quality."""
    *before, last = wanted.steps or (Step(),)
    if wanted.named:
        raise BadTransformationError("A preset does not name others.")
    if wanted.format is None:
        last = replace(last, format="auto")
    if wanted.quality is None:
        last = replace(last, quality="auto")
    return Transformation((*before, last))
