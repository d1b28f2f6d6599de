"""How a component is spelled: its keys in alphabetical order, each with its value.

``c_limit,h_400,w_400``. One line of the table for each key; the values are read in ``values``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gallery.transformation import values
from gallery.transformation.step import Crop, Gravity, Step
from gallery.transformation.values import BLENDING, MAX_SIDE_PX, refuse


class Key(NamedTuple):
    """One key: its field of ``Step``, its reader, and what writes the field's value."""

    field: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _joined(parts: tuple[object, ...], *, by: str) -> str:
    return by.join(map(str, parts))


def _dots(parts: tuple[object, ...]) -> str:
    return _joined(parts, by=".")


_GRAVITIES = {
    "auto:classic": Gravity.AUTO,
    "auto:subject": Gravity.AUTO,
    "auto:face": Gravity.AUTO,
    "auto:faces": Gravity.AUTO,
    "custom:face": Gravity.CUSTOM,
    "custom:faces": Gravity.CUSTOM,
    "face:center": Gravity.FACE,
    "faces:center": Gravity.FACES,
}
"""Longer spellings: what they add is not told apart here."""

KEYS = {
    "a": Key("angle", values.angle, _dots),
    "ar": Key("aspect_ratio", values.ratio, lambda r: f"{r.numerator}:{r.denominator}"),
    "b": Key("background", values.background, values.write_color),
    "bo": Key("border", values.border, values.write_border),
    "c": Key("crop", values.one_of("c", Crop)),
    "co": Key("color", values.color("co"), values.write_color),
    "d": Key("default_image", values.public_id("d"), values.write_public_id),
    "dn": Key("density", values.whole("dn", 1, 1200)),
    "dpr": Key("dpr", values.dpr),
    "e": Key("effect", values.effect, values.write_effect),
    "f": Key("format", values.format),
    "fl": Key("flags", values.flags, _dots),
    "g": Key("gravity", values.one_of("g", Gravity, _GRAVITIES)),
    "h": Key("height", values.length("h")),
    "l": Key("overlay", values.layer("l"), values.write_public_id),
    "o": Key("opacity", values.whole("o", 0, 100)),
    "pg": Key("page", values.whole("pg", 1, 10_000)),
    "q": Key("quality", values.quality),
    "r": Key("radius", values.radius, lambda corners: _joined(corners, by=":")),
    "t": Key("named", values.named, _dots),
    "u": Key("underlay", values.layer("u"), values.write_public_id),
    "w": Key("width", values.length("w")),
    "x": Key("x", values.offset("x")),
    "y": Key("y", values.offset("y")),
    "z": Key("zoom", values.decimal("z", 0.1, 10)),
}
"""Key → what it is; in alphabetical order, which is the order of the spelling."""


def read_step(text: str) -> Step:
    """The component that ``text`` spells, its parts in any order. Raises
    BadTransformationError."""
    fields: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.partition("_")
        if name.startswith("$") or name == "if":
            refuse(part, "variables and conditions are not known here")
        if name not in KEYS or not value:
            refuse(part, "not known here")
        key = KEYS[name]
        if key.field in fields:
            refuse(part, f"{name}_ is there twice")
        fields[key.field] = key.read(value)
    step = Step(**fields)
    _check(step)
    return step


def spell_step(step: Step) -> str:
    """The one spelling of the component."""
    parts = []
    for name, key in KEYS.items():
        value = getattr(step, key.field)
        if value is not None and value != ():
            parts.append(f"{name}_{key.write(value)}")
    return ",".join(parts)


def is_empty(step: Step) -> bool:
    """Whether the component says nothing."""
    return step == Step()


def _check(step: Step) -> None:
    """Raises BadTransformationError for keys that do not go together."""
    if step.overlay and step.underlay:
        refuse("l_", "l_ and u_ in one component")
    if step.effect and step.effect.name in BLENDING and not (step.layer or step.applies_layer):
        refuse(f"e_{step.effect.name}", "it blends a layer, and goes with l_, u_ or fl_layer_apply")
    if step.aspect_ratio and step.width is not None and step.height is not None:
        refuse("ar_", "ar_ goes with w_ or h_, not with both")
    if step.crop is Crop.CROP:
        return
    times = step.dpr if isinstance(step.dpr, float) else 1.0
    for name, side in (("w", step.width), ("h", step.height)):
        if isinstance(side, int) and round(side * times) > MAX_SIDE_PX:
            of_dpr = f" with dpr_{times}" if times != 1 else ""
            refuse(f"{name}_{side}", f"a side is at most {MAX_SIDE_PX} pixels{of_dpr}")
