"""What a decoding process answers, as frames: facts, a variant, or a named failure.

Reading an answer checks every value, since nothing that comes from there is trusted.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gallery import errors
from gallery.imaging import formats, named_metadata
from gallery.imaging.made import Derived, Details, Look
from gallery.imaging.metadata import MAX_TEXT_CHARACTERS
from gallery.imaging.wire import ConnectionLostError, Frame
from gallery.model import Camera, Facts

_COLOR = re.compile(r"#[0-9a-f]{6}")
_SHOWN_COLOR = re.compile(r"#[0-9A-F]{6}")
_PHASH = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")
_MAX_COLORS = 32
_PLACEHOLDER = re.compile(r"[A-Za-z0-9+/]{4,36}={0,2}")
_FAILURES: dict[str, type[errors.GalleryError]] = {
    failure.code: failure
    for failure in (
        errors.UnsupportedFormatError,
        errors.BrokenImageError,
        errors.ImageTooLargeError,
        errors.DecoderFailedError,
        errors.BadTransformationError,
        errors.ConfigError,
    )
}
_MAX_DETAIL_CHARACTERS = 500
_MAX_CAUSE_CHARACTERS = 4000


class FaultInChildError(Exception):
    """A traceback from a decoding process: a fault of ours, or of a decoder."""


def of_facts(facts: Facts) -> dict[str, Any]:
    """The header that tells the facts."""
    taken_at = facts.taken_at.isoformat() if facts.taken_at else None
    return asdict(facts) | {"taken_at": taken_at}


def of_details(details: Details) -> dict[str, Any]:
    """The header that tells the details."""
    return asdict(details)


def of_derived(derived: Derived) -> dict[str, Any]:
    """The header that goes with the bytes of a variant."""
    return {"format": derived.format, "width": derived.width, "height": derived.height}


def of_failure(error: errors.GalleryError, *, cause: str = "") -> dict[str, Any]:
    """The header that tells a failure; ``cause`` is for the log."""
    return {
        "failure": error.code,
        "detail": error.detail[:_MAX_DETAIL_CHARACTERS],
        "cause": cause[-_MAX_CAUSE_CHARACTERS:],
    }


def raise_failure(frame: Frame) -> None:
    """Raises the failure that the frame tells, if it tells one."""
    if "failure" not in frame.header:
        return
    failure = _FAILURES.get(str(frame.header["failure"]), errors.DecoderFailedError)
    detail = str(frame.header.get("detail", ""))[:_MAX_DETAIL_CHARACTERS]
    cause = str(frame.header.get("cause", ""))[-_MAX_CAUSE_CHARACTERS:]
    raise failure(detail) from (FaultInChildError(cause) if cause else None)


def facts_in(frame: Frame) -> Facts:
    """The facts in a frame. Raises ConnectionLostError when they cannot be."""
    header = frame.header
    taken_at = header.get("taken_at")
    return Facts(
        format=_format(header),
        width=_count(header, "width"),
        height=_count(header, "height"),
        frames=_count(header, "frames"),
        color=_match(header, "color", _COLOR),
        placeholder=_match(header, "placeholder", _PLACEHOLDER),
        phash=_match(header, "phash", _PHASH),
        taken_at=None if taken_at is None else _moment(taken_at),
        camera=_camera(header.get("camera")),
    )


def look_in(frame: Frame) -> Look:
    """The facts in a frame, and the copy. Raises ConnectionLostError when they cannot be."""
    facts, copy = facts_in(frame), frame.body
    if copy and formats.sniff(copy[: formats.HEAD_BYTES]) is not formats.JPEG:
        raise ConnectionLostError("a copy that is not what it should be")
    return Look(facts=facts, copy=copy or None)


def details_in(frame: Frame) -> Details:
    """The details in a frame. Raises ConnectionLostError when they cannot be."""
    header = frame.header
    colors, metadata = header.get("colors"), header.get("metadata")
    if not isinstance(colors, list) or not isinstance(metadata, dict):
        raise ConnectionLostError("details that cannot be")
    if len(colors) > _MAX_COLORS or not all(map(_NAME.fullmatch, metadata)):
        raise ConnectionLostError("details that cannot be")
    return Details(
        colors=tuple(_share(each) for each in colors),
        phash=None if header.get("phash") is None else _match(header, "phash", _PHASH),
        metadata={name: _line(text) for name, text in metadata.items()},
    )


def derived_in(frame: Frame) -> Derived:
    """The variant in a frame. Raises ConnectionLostError when its bytes are not what it claims."""
    name = _format(frame.header)
    if formats.sniff(frame.body[: formats.HEAD_BYTES]) is not formats.BY_NAME[name]:
        raise ConnectionLostError("a variant that is not what it claims")
    width, height = _count(frame.header, "width"), _count(frame.header, "height")
    return Derived(bytes=frame.body, format=name, width=width, height=height)


def _format(header: dict[str, Any]) -> str:
    name = header.get("format")
    if not isinstance(name, str) or name not in formats.BY_NAME:
        raise ConnectionLostError("an unknown format")
    return name


def _count(header: dict[str, Any], name: str) -> int:
    value = header.get(name)
    if type(value) is not int or not 0 < value < 2**31:
        raise ConnectionLostError(f"{name} cannot be")
    return value


def _match(header: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = header.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ConnectionLostError(f"{name} cannot be")
    return value


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ConnectionLostError("taken_at cannot be") from error
    if moment.tzinfo is None:
        raise ConnectionLostError("taken_at has no zone")
    return moment


def _camera(value: object) -> Camera | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ConnectionLostError("camera cannot be")
    return Camera(**{name: _text(value.get(name)) for name in ("model", "lens", "exposure")})


def _text(value: object) -> str | None:
    return None if value is None else _line(value, MAX_TEXT_CHARACTERS)


def _line(value: object, most: int = named_metadata.MAX_CHARACTERS) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise ConnectionLostError("a text cannot be")
    return value


def _share(value: object) -> tuple[str, float]:
    match value:
        case [str(color), int() | float() as percent] if _SHOWN_COLOR.fullmatch(color):
            if 0 <= percent <= 100:
                return color, float(percent)
    raise ConnectionLostError("a colour cannot be")
