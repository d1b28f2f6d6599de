"""Readers and writers of the values that stand behind the keys of a component.

A reader raises BadTransformationError, which names the part and the limit. However a value may be
spelled, there is one spelling that is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NoReturn, TypeVar

from gallery.errors import BadTransformationError
from gallery.transformation import colors
from gallery.transformation.step import Border, Crop, Effect, Gravity, Length

MAX_SIDE_PX = 4096
"""No variant is larger: a wider one costs seconds of work and serves no screen."""

MAX_ORIGINAL_SIDE_PX = 65_535
"""What ``c_crop`` may speak of: pixels of the original, which has no wider side in a JPEG."""

FORMATS = ("auto", "avif", "webp", "jpg", "png", "gif")
LEVELS = ("best", "good", "eco", "low")

EFFECTS: dict[str, tuple[int, int, int] | None] = {
    "blackwhite": (50, 0, 100),
    "blur": (100, 1, 2000),
    "brightness": (80, -99, 100),
    "colorize": (100, 0, 100),
    "contrast": (100, -100, 100),
    "gamma": (0, -50, 150),
    "grayscale": None,
    "hue": (80, -100, 100),
    "multiply": None,
    "negate": None,
    "overlay": None,
    "pixelate": (10, 1, 200),
    "saturation": (80, -100, 100),
    "screen": None,
    "sepia": (80, 1, 100),
    "sharpen": (100, 1, 2000),
    "vignette": (20, 0, 100),
}
"""Its level when none is given, the least and the most; ``None`` where there are no levels."""

BLENDING = ("multiply", "overlay", "screen")
"""How a layer meets what it is laid on."""

FLAGS = (
    "animated",
    "attachment",
    "awebp",
    "force_strip",
    "keep_iptc",
    "layer_apply",
    "lossy",
    "no_overflow",
    "progressive",
    "relative",
    "strip_profile",
)

_ID = re.compile(r"[^\x00-\x1f\x7f/,?&#\\%<>+]{1,255}")
_NO_LAYER = re.compile(r"(text|subtitles|video|fetch|lut|audio)[:_]")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TURNS = ("auto_left", "auto_right", "hflip", "ignore", "vflip")
_MAX_TURNS = 4

E = TypeVar("E", Crop, Gravity)


def refuse(part: str, rule: str) -> NoReturn:
    """Raises BadTransformationError for a part that breaks a rule."""
    raise BadTransformationError(f"The part {part[:60]!r} of the transformation: {rule}.")


def whole(key: str, least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers within these bounds."""

    def read(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,6}", value, re.ASCII) or not least <= int(value) <= most:
            refuse(f"{key}_{value}", f"a whole number from {least} to {most}")
        return int(value)

    return read


def decimal(key: str, least: float, most: float) -> Callable[[str], float]:
    """A reader of numbers with at most four decimals."""

    def read(value: str) -> float:
        if not re.fullmatch(r"-?[0-9]{1,4}(\.[0-9]{1,4})?", value, re.ASCII) or not (
            least <= float(value) <= most
        ):
            refuse(f"{key}_{value}", f"a number from {least} to {most} with up to 4 decimals")
        return float(value) + 0.0  # Without the sign of a negative nothing.

    return read


def length(key: str) -> Callable[[str], Length]:
    def read(value: str) -> Length:
        if value == "auto" and key == "w":
            return "auto"
        if value in ("iw", "ih"):
            return "iw" if value == "iw" else "ih"
        if "." in value:
            return decimal(key, 0.0001, 10)(value)
        if not re.fullmatch(r"[1-9][0-9]{0,4}", value, re.ASCII) or (
            int(value) > MAX_ORIGINAL_SIDE_PX
        ):
            refuse(
                f"{key}_{value}",
                f"a side is 1 to {MAX_SIDE_PX} pixels, a part of the picture's own "
                "such as 0.5, iw or ih" + (", or auto" if key == "w" else ""),
            )
        return int(value)

    return read


def offset(key: str) -> Callable[[str], int | float]:
    def read(value: str) -> int | float:
        if "." in value:
            return decimal(key, -10, 10)(value)
        return whole(key, -MAX_ORIGINAL_SIDE_PX, MAX_ORIGINAL_SIDE_PX)(value)

    return read


def one_of(key: str, kind: type[E], others: dict[str, E] | None = None) -> Callable[[str], E]:
    known = {str(each): each for each in kind} | (others or {})

    def read(value: str) -> E:
        if value not in known:
            refuse(f"{key}_{value}", f"not known here; known are {', '.join(map(str, kind))}")
        return known[value]

    return read


def ratio(value: str) -> Fraction:
    wide, _, high = value.partition(":")
    try:
        ratio = Fraction(decimal("ar", 0.0001, 9999)(wide)).limit_denominator(10_000)
        ratio /= Fraction(decimal("ar", 0.0001, 9999)(high or "1")).limit_denominator(10_000)
    except BadTransformationError:
        ratio = Fraction(0)
    if not Fraction(1, 100) <= ratio <= 100:
        refuse(f"ar_{value}", "a ratio such as 16:9 or 1.5, from 1:100 to 100:1")
    return ratio


def quality(value: str) -> int | str:
    if value in ("auto", "auto:good"):
        return "auto"
    if value == "jpegmini" or (value.startswith("auto:") and value[5:] in LEVELS):
        return value
    number = value.removeprefix("auto:")
    if not re.fullmatch(r"[1-9][0-9]?|100", number, re.ASCII):
        refuse(
            f"q_{value}",
            "a quality is 1 to 100, auto, auto:best, auto:good, auto:eco, auto:low, auto:1 to "
            "auto:100, or jpegmini",
        )
    return value if value.startswith("auto:") else int(number)


def format(value: str) -> str:
    known = {each: each for each in FORMATS} | {"jpeg": "jpg", "auto:image": "auto"}
    if value not in known:
        refuse(f"f_{value}", f"a format that is not made here; made are {', '.join(FORMATS)}")
    return known[value]


def dpr(value: str) -> float | str:
    return value if value == "auto" else decimal("dpr", 0.1, 10)(value)


def effect(value: str) -> Effect:
    name, colon, level = value.partition(":")
    if name not in EFFECTS:
        refuse(f"e_{value}", f"not known here; known are {', '.join(EFFECTS)}")
    levels = EFFECTS[name]
    if levels is None:
        if colon:
            refuse(f"e_{value}", "it has no levels")
        return Effect(name, None)
    usual, least, most = levels
    return Effect(name, whole(f"e_{name}", least, most)(level) if colon else usual)


def write_effect(effect: Effect) -> str:
    """``blur:100``; the name alone where there are no levels."""
    return effect.name if effect.level is None else f"{effect.name}:{effect.level}"


def angle(value: str) -> tuple[int | str, ...]:
    turns = value.split(".")
    if len(turns) > _MAX_TURNS:
        refuse(f"a_{value}", f"at most {_MAX_TURNS} turns at once")
    read: list[int | str] = []
    for turn in turns:
        if turn in _TURNS:
            read.append(turn)
        elif re.fullmatch(r"-?[0-9]{1,3}", turn, re.ASCII) and abs(int(turn)) <= 360:
            read.append(int(turn) % 360)
        else:
            refuse(f"a_{value}", f"degrees from -360 to 360, or one of {', '.join(_TURNS)}")
    return tuple(read)


def radius(value: str) -> tuple[int | str, ...]:
    corners = value.split(":")
    if len(corners) > 4:
        refuse(f"r_{value}", "at most four corners")
    number = whole("r", 0, MAX_ORIGINAL_SIDE_PX)
    return tuple(each if each == "max" else number(each) for each in corners)


def color(key: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        name = value.lower()
        if name in colors.BY_NAME:
            return colors.BY_NAME[name]
        digits = name.removeprefix("rgb:")
        if digits == name or not re.fullmatch(r"[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8}", digits):
            refuse(f"{key}_{value}", "a colour is a CSS name or rgb: with 3, 4, 6 or 8 hex digits")
        return digits if len(digits) > 4 else "".join(digit * 2 for digit in digits)

    return read


def write_color(color: str) -> str:
    return color if color == "auto" else f"rgb:{color}"


def background(value: str) -> str:
    return "auto" if value.partition(":")[0] == "auto" else color("b")(value)


def border(value: str) -> Border:
    parts = re.fullmatch(r"([0-9]{1,4})px_solid_(.+)", value, re.ASCII)
    if not parts or not 1 <= int(parts[1]) <= 1000:
        refuse(f"bo_{value}", "a border reads 4px_solid_red, with 1 to 1000 px")
    return Border(int(parts[1]), color("bo")(parts[2]))


def write_border(border: Border) -> str:
    return f"{border.width_px}px_solid_rgb:{border.color}"


def layer(key: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if _NO_LAYER.match(value):
            refuse(f"{key}_{value}", "only pictures are laid on others here")
        return public_id(key)(value)

    return read


def public_id(key: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        public_id = value.replace(":", "/")
        parts = public_id.split("/")
        if not _ID.fullmatch(value) or any(part in ("", ".", "..") for part in parts):
            refuse(f"{key}_{value}", "not the public id of a picture")
        return public_id

    return read


def write_public_id(public_id: str) -> str:
    return public_id.replace("/", ":")


def flags(value: str) -> tuple[str, ...]:
    for flag in value.split("."):
        name, colon, argument = flag.partition(":")
        if name not in FLAGS or (colon and not _takes(name, argument)):
            refuse(f"fl_{value}", f"flags are {', '.join(FLAGS)}, joined by dots")
    return tuple(sorted(set(value.split("."))))


def _takes(flag: str, argument: str) -> bool:
    if flag == "progressive":
        return argument in ("none", "semi", "steep")
    return flag == "attachment" and bool(re.fullmatch(r"[\w -]{1,100}", argument))


def named(value: str) -> tuple[str, ...]:
    names = tuple(value.split("."))
    if not all(map(_NAME.fullmatch, names)):
        refuse(f"t_{value}", "names of a-z, A-Z, 0-9, _ and -, joined by dots")
    return names
