"""Sizes in few words, for templates: ``w=200`` or ``w=200,h=100,fit=cover``.

The words are those of Cloudflare's flexible variants, whose names for a crop differ from ours:
https://developers.cloudflare.com/images/transform-images/transform-via-url/.
"""

from __future__ import annotations

import re

from gallery.errors import BadTransformationError
from gallery.transformation.chain import Transformation
from gallery.transformation.step import Crop, Step
from gallery.transformation.values import MAX_SIDE_PX

FITS = {
    "scale-down": Crop.LIMIT,
    "contain": Crop.FIT,
    "cover": Crop.FILL,
    "crop": Crop.LFILL,
    "pad": Crop.PAD,
}
"""What ``fit`` may say, and what we call it. Unsaid, it is ``scale-down``."""

_NEED_BOTH = frozenset({Crop.FILL, Crop.LFILL, Crop.PAD})
_KEYS = ("w", "h", "fit", "q")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


def flexible(text: str) -> Transformation:
    """The transformation that ``text`` asks for, in the format that suits who looks.

    ``w`` and ``h`` are pixels, ``q`` a quality from 1 to 100. Raises BadTransformationError.
    """
    told = _told(text)
    crop = FITS.get(told.get("fit", "scale-down"))
    if crop is None:
        raise BadTransformationError(f"fit: must be one of {', '.join(FITS)}.")
    width, height = (_number(told, name, most=MAX_SIDE_PX) for name in ("w", "h"))
    if width is None and height is None:
        raise BadTransformationError("Say a width or a height in pixels, as in w=200.")
    if crop in _NEED_BOTH and None in (width, height):
        raise BadTransformationError(f"fit={told['fit']} needs both w and h.")
    quality = _number(told, "q", most=100)
    step = Step(crop=crop, width=width, height=height, format="auto", quality=quality or "auto")
    return Transformation((step,))


def _told(text: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not equals or name not in _KEYS or name in told:
            raise BadTransformationError(
                f"{part.strip()[:40]!r} is no size: write w=200, or w=200,h=100,fit=cover; "
                f"each of {', '.join(_KEYS)} at most once."
            )
        told[name] = value
    return told


def _number(told: dict[str, str], name: str, *, most: int) -> int | None:
    value = told.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) > most:
        raise BadTransformationError(f"{name}: must be a whole number from 1 to {most}.")
    return int(value)
