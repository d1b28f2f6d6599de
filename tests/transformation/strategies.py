"""Components and chains as hypothesis draws them: everything that the language can say."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from gallery.transformation import Crop, Gravity, Step, Transformation
from gallery.transformation.step import Border, Effect
from gallery.transformation.values import BLENDING, EFFECTS, FLAGS, FORMATS

SIDES = st.integers(1, 400) | st.integers(1, 1000).map(lambda n: n / 1000) | st.just("iw")
OFFSETS = st.integers(-300, 300) | st.integers(-1000, 1000).map(lambda n: n / 1000)
RATIOS = st.builds(Fraction, st.integers(1, 20), st.integers(1, 20))
DEGREES = st.integers(0, 359)
TURNS = st.sampled_from(["auto_left", "auto_right", "hflip", "vflip", "ignore"])
DIGITS = st.text("0123456789abcdef", min_size=6, max_size=6)
COLORS = DIGITS | DIGITS.map(lambda color: color + "80")
_WORDS = st.text("abcxyzABC019_-", min_size=1, max_size=8)
IDS = st.lists(st.text("abzß09_-. ", max_size=8).map(lambda word: f"{word}q"), max_size=2).map(
    lambda folders: "/".join([*folders, "x"])
)
NAMES = _WORDS.map(lambda word: f"n{word}")
FLAG = st.sampled_from([flag for flag in FLAGS if flag != "layer_apply"])
QUALITIES = st.integers(1, 100) | st.sampled_from(
    ["auto", "auto:best", "auto:eco", "auto:low", "auto:70", "jpegmini"]
)


def _effect(name: str) -> st.SearchStrategy[Effect]:
    levels = EFFECTS[name]
    if levels is None:
        return st.just(Effect(name, None))
    return st.integers(levels[1], levels[2]).map(lambda level: Effect(name, level))


GEOMETRY: dict[str, st.SearchStrategy[Any]] = {
    "crop": st.sampled_from(Crop),
    "width": SIDES,
    "height": SIDES,
    "aspect_ratio": RATIOS,
    "gravity": st.sampled_from(Gravity),
    "x": OFFSETS,
    "y": OFFSETS,
    "zoom": st.integers(5, 30).map(lambda n: n / 10),
    "dpr": st.integers(5, 30).map(lambda n: n / 10),
}
PIXELS: dict[str, st.SearchStrategy[Any]] = {
    "effect": st.sampled_from(sorted(EFFECTS.keys() - set(BLENDING))).flatmap(_effect),
    "angle": st.lists(DEGREES | TURNS, min_size=1, max_size=3).map(tuple),
    "radius": st.lists(st.integers(0, 200) | st.just("max"), min_size=1, max_size=4).map(tuple),
    "background": COLORS | st.just("auto"),
    "border": st.builds(Border, st.integers(1, 30), COLORS),
    "opacity": st.integers(0, 100),
    "color": COLORS,
}
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "quality": QUALITIES,
    "format": st.sampled_from(FORMATS),
    "flags": st.sets(FLAG, min_size=1).map(lambda flags: tuple(sorted(flags))),
    "page": st.integers(1, 10_000),
    "density": st.integers(1, 1200),
    "default_image": IDS,
    "named": st.lists(NAMES, min_size=1, max_size=3).map(tuple),
}


def _complete(fields: dict[str, Any]) -> Step:
    if "width" in fields and "height" in fields:
        fields = {name: value for name, value in fields.items() if name != "aspect_ratio"}
    return Step(**fields)


def steps(*tables: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Step]:
    """Components with any of the keys in these tables, and at least one."""
    keys = {name: values for table in tables for name, values in table.items()}
    return (
        st.sets(st.sampled_from(sorted(keys)), min_size=1, max_size=8)
        .flatmap(lambda names: st.fixed_dictionaries({name: keys[name] for name in names}))
        .map(_complete)
    )


def chains(*tables: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Transformation]:
    """Chains of up to four of them."""
    return st.lists(steps(*tables), min_size=1, max_size=4).map(
        lambda drawn: Transformation(tuple(drawn))
    )
