"""HEIC photos, decoded by libheif and libde265 as the wheel of pillow-heif brings them.

Only its C module is used: it needs neither Pillow nor a file system. What it lacks is strictness:
it paints the tiles of a photo that it cannot decode green and says nothing. So ``containers`` looks
first whether each piece of a coded picture is whole.
"""

from __future__ import annotations

import os
from typing import Any

import _pillow_heif
import pyvips

from gallery.imaging import boxes, coded_colors
from gallery.imaging.boxes import Item

_FAILURES = (ValueError, EOFError, SyntaxError, RuntimeError, OSError, MemoryError)
_THREADS = 1
_BANDS = {"L": 1, "I": 1, "LA": 2, "La": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}
_INTERPRETATIONS = {
    ("uchar", False): "b-w",
    ("uchar", True): "srgb",
    ("ushort", False): "grey16",
    ("ushort", True): "rgb16",
}


class HeicError(Exception):
    """What libheif says when it cannot go on."""


def exif_of(fd: int) -> bytes:
    """The EXIF block of a file, empty without one. The orientation in it has been applied."""
    data = _whole(fd)
    found = next((item for item in boxes.items(data) or [] if item.kind == b"Exif"), Item(b"", ()))
    content = found.content(data)
    if b"Exif\0\0" in content[4:20]:
        return content[4:]
    return content[4 + int.from_bytes(content[:4]) :]


class Heic:
    """The photo that is shown of the open file. Raises HeicError."""

    def __init__(self, fd: int) -> None:
        try:
            pictures, _ = _pillow_heif.load_file(
                _whole(fd), _THREADS, False, False, True, True, "", False
            )
        except _FAILURES as error:
            raise HeicError(str(error)) from error
        shown = next((each for each in pictures if each is not None and each.primary), None)
        if shown is None:
            raise HeicError("no primary picture")
        self._picture: Any = shown
        # As a viewer sees it: what turns it is a property of the file, not its EXIF.
        (self.width, self.height), self._mode = shown.size_mode

    @property
    def profile(self) -> bytes | None:
        """Its ICC profile, or one that says the same as its code points; ``None`` for sRGB, and for
        what nobody knows."""
        try:
            found = self._picture.color_profile
        except _FAILURES:
            return None
        if not found:
            return None
        if found["type"] != "nclx":
            return bytes(found["data"])
        codes = found["data"]
        return coded_colors.profile_of(codes["color_primaries"], codes["transfer_characteristics"])

    def pixels(self) -> pyvips.Image:
        """The whole picture, decoded and upright."""
        mode, _, bits = self._mode.partition(";")
        format, bands = ("ushort" if bits else "uchar"), _BANDS[mode]
        try:
            content = self._picture.data
        except _FAILURES as error:
            raise HeicError(str(error)) from error
        if self._picture.size_mode[0] != (self.width, self.height):
            raise HeicError("another size than the file says")
        pixels = pyvips.Image.new_from_memory(content, self.width, self.height, bands, format)
        pixels = pixels.copy(interpretation=_INTERPRETATIONS[format, bands > 2])
        if mode.endswith("a"):
            pixels = pixels.unpremultiply().cast(format)
        if profile := self.profile:
            pixels = pixels.copy()
            pixels.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
        return pixels


def _whole(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)
