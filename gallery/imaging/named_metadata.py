"""EXIF and IPTC by name, for whoever asks what is in a file.

A list of what may be told, since cameras and programs write places, serial numbers and people into
tags that nobody has heard of. Names are those that ExifTool and Cloudinary use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gallery.imaging.metadata import Exif, clean

MAX_CHARACTERS = 6_000
"""Of all texts together."""

_TEXTS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x0132: "ModifyDate",
    0x9003: "DateTimeOriginal",
    0x9004: "CreateDate",
    0x9010: "OffsetTime",
    0x9011: "OffsetTimeOriginal",
    0x9012: "OffsetTimeDigitized",
    0xA433: "LensMake",
    0xA434: "LensModel",
}


def _number(value: float) -> str:
    return f"{value:.6g}"


def _seconds(value: float) -> str:
    return f"1/{1 / value:.0f}" if 0 < value < 0.3 else _number(value)


def _millimetres(value: float) -> str:
    return f"{value:.1f} mm"


def _one_of(*words: str) -> Callable[[float], str]:
    return lambda value: words[int(value)] if 0 <= value < len(words) else _number(value)


def _color_space(value: float) -> str:
    return {1: "sRGB", 2: "Adobe RGB", 65535: "Uncalibrated"}.get(int(value), _number(value))


def _flash(value: float) -> str:
    return "Fired" if int(value) & 1 else "No flash" if value == 0 else "Did not fire"


_TURNED = (
    "",
    "Horizontal (normal)",
    "Mirror horizontal",
    "Rotate 180",
    "Mirror vertical",
    "Mirror horizontal and rotate 270 CW",
    "Rotate 90 CW",
    "Mirror horizontal and rotate 90 CW",
    "Rotate 270 CW",
)
_PROGRAMS = (
    "Not Defined",
    "Manual",
    "Program AE",
    "Aperture-priority AE",
    "Shutter speed priority AE",
    "Creative (Slow speed)",
    "Action (High speed)",
    "Portrait",
    "Landscape",
)
_METERING = (
    "Unknown",
    "Average",
    "Center-weighted average",
    "Spot",
    "Multi-spot",
    "Multi-segment",
    "Partial",
)
_NUMBERS: dict[int, tuple[str, Callable[[float], str]]] = {
    0x0112: ("Orientation", _one_of(*_TURNED)),
    0x011A: ("XResolution", _number),
    0x011B: ("YResolution", _number),
    0x0128: ("ResolutionUnit", _one_of("", "None", "inches", "cm")),
    0x829A: ("ExposureTime", _seconds),
    0x829D: ("FNumber", _number),
    0x8822: ("ExposureProgram", _one_of(*_PROGRAMS)),
    0x8827: ("ISO", _number),
    0x9204: ("ExposureCompensation", _number),
    0x9205: ("MaxApertureValue", _number),
    0x9207: ("MeteringMode", _one_of(*_METERING)),
    0x9209: ("Flash", _flash),
    0x920A: ("FocalLength", _millimetres),
    0xA001: ("ColorSpace", _color_space),
    0xA002: ("ExifImageWidth", _number),
    0xA003: ("ExifImageHeight", _number),
    0xA402: ("ExposureMode", _one_of("Auto", "Manual", "Auto bracket")),
    0xA403: ("WhiteBalance", _one_of("Auto", "Manual")),
    0xA404: ("DigitalZoomRatio", _number),
    0xA405: ("FocalLengthIn35mmFormat", _millimetres),
    0xA406: ("SceneCaptureType", _one_of("Standard", "Landscape", "Portrait", "Night")),
}
_IPTC = {
    5: "ObjectName",
    25: "Keywords",
    55: "DateCreated",
    60: "TimeCreated",
    105: "Headline",
    120: "Caption-Abstract",
}
"""Of the application record. Not told: who made it, where, for whom."""

TEXT_TAGS, NUMBER_TAGS = frozenset(_TEXTS), frozenset(_NUMBERS)

_DATA_SET, _APPLICATION_RECORD, _HEAD_BYTES = 0x1C, 2, 5


def named(exif: Exif, iptc: bytes) -> dict[str, str]:
    """Names and texts, in the order of the tags; no more than ``MAX_CHARACTERS``."""
    found: dict[str, str] = {}
    for name, text in (*_of_exif(exif), *_of_iptc(iptc)):
        joined = f"{found[name]}, {text}" if name in found else text
        rest = sum(len(each) for other, each in found.items() if other != name)
        if text and rest + len(joined) <= MAX_CHARACTERS:
            found[name] = joined
    return found


def _of_exif(exif: Exif) -> Iterator[tuple[str, str]]:
    for tag, name in _TEXTS.items():
        yield name, exif.texts.get(tag, "")
    for tag, (name, in_words) in _NUMBERS.items():
        if tag in exif.numbers:
            yield name, in_words(exif.numbers[tag])


def _of_iptc(block: bytes) -> Iterator[tuple[str, str]]:
    """The data sets of IPTC-IIM 4, each once but keywords; ``block`` may have something before."""
    at = block.find(bytes([_DATA_SET, _APPLICATION_RECORD]))
    told = set[int]()
    while 0 <= at < len(block) - _HEAD_BYTES and block[at] == _DATA_SET:
        record, number = block[at + 1], block[at + 2]
        size = int.from_bytes(block[at + 3 : at + _HEAD_BYTES])
        content = block[at + _HEAD_BYTES : at + _HEAD_BYTES + size]
        at += _HEAD_BYTES + size
        name = _IPTC.get(number) if record == _APPLICATION_RECORD else None
        if name and (number not in told or name == "Keywords"):
            told.add(number)
            yield name, clean(content)
