"""Draws every picture that the tests use, and states its facts. None comes from elsewhere.

What a viewer must see is in the corners: red, green, yellow and blue, clockwise from the top left.
The middle is textured, so that encoders have something to do. Pillow writes them where it can,
since the gallery itself uses libvips.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pillow_heif
import pyvips
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

pillow_heif.register_heif_opener()

Color = tuple[int, int, int]

RED, GREEN, YELLOW, BLUE = (200, 60, 50), (70, 150, 80), (220, 200, 90), (60, 80, 160)
CORNERS = (RED, GREEN, YELLOW, BLUE)
"""Top left, top right, bottom right, bottom left."""

SECRETS = (b"GPSLatitude", b"exif:GPS", b"SN-4711", b"Olga Owner", b"52,31.2N")
"""What ``metadata=True`` hides in a picture, and nothing that is served may hold."""

TAKEN = "2024:05:06 07:08:09"
_XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description exif:GPSLatitude='52,31.2N'"
    b" aux:SerialNumber='SN-4711' aux:OwnerName='Olga Owner'/></rdf:RDF></x:xmpmeta>"
)
_QUICK = {"quality": 90, "enc_params": {"preset": "ultrafast"}}
_EXTENSIONS = {"jpeg": "jpg", "tiff": "tif"}
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the pixels of an upright picture lie in a file that says this orientation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file, and what is true of it."""

    format: str
    content: bytes
    width: int
    height: int
    """As a viewer sees it."""
    frames: int = 1

    @property
    def name(self) -> str:
        return f"picture.{_EXTENSIONS.get(self.format, self.format)}"

    def saved_in(self, folder: Path) -> Path:
        """Its path in that folder."""
        path = folder / self.name
        path.write_bytes(self.content)
        return path

    def cut_off(self, missing_bytes: int) -> Picture:
        """The file without its last bytes."""
        return replace(self, content=self.content[:-missing_bytes])

    def mutated(self, seed: int, *, count: int = 8) -> Picture:
        """The file with some bytes behind its signature changed, by the seed."""
        chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        changed = bytearray(self.content)
        for _ in range(count):
            changed[chance.randrange(16, len(changed))] = chance.randrange(256)
        return replace(self, content=bytes(changed))

    def patched(self, at: int, new: bytes) -> Picture:
        """The file with other bytes at an offset."""
        changed = self.content[:at] + new + self.content[at + len(new) :]
        return replace(self, content=changed)


def photo(
    format: str = "jpeg",
    *,
    width: int = 120,
    height: int = 80,
    orientation: int = 1,
    metadata: bool = False,
    seed: int = 1,
    **options: Any,
) -> Picture:
    """The picture of the four corners; another seed draws another middle.

    ``width`` and ``height`` are upright. ``metadata`` adds EXIF, XMP and texts with a place and
    names. ``options`` are for Pillow's writer of the format.
    """
    upright = _drawn(width, height, seed)
    stored = upright.transpose(_STORED[orientation]) if orientation in _STORED else upright
    if orientation != 1 or metadata:
        options["exif"] = exif(orientation, metadata=metadata)
    if metadata:
        options |= _other_metadata(format)
    return Picture(
        format=format, content=_written(stored, format, **options), width=width, height=height
    )


def animation(
    format: str = "gif", *, frames: int = 5, width: int = 60, height: int = 40, **options: Any
) -> Picture:
    """The four corners, a bar wandering over them from frame to frame."""
    drawn = []
    for number in range(frames):
        frame = _drawn(width, height, seed=1)
        left = number * width // frames
        ImageDraw.Draw(frame).rectangle((left, 10, left + 3, height - 11), (255, 255, 255))
        drawn.append(frame)
    options = {"save_all": True, "append_images": drawn[1:], "duration": 80, "loop": 0} | options
    content = _written(drawn[0], format, **options)
    return Picture(format=format, content=content, width=width, height=height, frames=frames)


def see_through(format: str = "png", *, width: int = 120, height: int = 80) -> Picture:
    """The four corners, opaque on the left and clear on the right half."""
    drawn = _drawn(width, height, seed=1).convert("RGBA")
    alpha = Image.new("L", drawn.size, 255)
    ImageDraw.Draw(alpha).rectangle((width // 2, 0, width, height), 0)
    drawn.putalpha(alpha)
    return Picture(format=format, content=_written(drawn, format), width=width, height=height)


def in_mode(mode: str, format: str, *, width: int = 120, height: int = 80) -> Picture:
    """The four corners in one of Pillow's modes: ``L``, ``1``, ``P``, ``CMYK``, ``LA`` …"""
    content = _written(_drawn(width, height, seed=1).convert(mode), format)
    return Picture(format=format, content=content, width=width, height=height)


def with_profile(profile: str, format: str, *, width: int = 120, height: int = 80) -> Picture:
    """The four corners by a profile that libvips carries (``p3``, ``cmyk``), embedded."""
    pixels = _pixels(_drawn(width, height, seed=1))
    converted = pixels.icc_transform(profile, input_profile="srgb")
    if format == "heic":
        flat = Image.frombytes("RGB", (width, height), bytes(converted.write_to_memory()))
        content = _written(flat, format, icc_profile=converted.get("icc-profile-data"))
        return Picture(format=format, content=content, width=width, height=height)
    content = converted.write_to_buffer(f".{_EXTENSIONS.get(format, format)}")
    return Picture(format=format, content=bytes(content), width=width, height=height)


def with_gain_map(*, width: int = 120, height: int = 80) -> Picture:
    """A JPEG as phones make it: for every screen, and what brighter ones add to it behind."""
    light = _pixels(_drawn(width, height, seed=1)).colourspace("scrgb")
    content = bytes(light.uhdrsave_buffer(Q=95))
    return Picture(format="jpeg", content=content, width=width, height=height)


def in_sixteen_bits(format: str = "png", *, width: int = 120, height: int = 80) -> Picture:
    """The four corners with 16 bits a channel, interlaced; with 10 as HEIC."""
    pixels = _pixels(_drawn(width, height, seed=1)).colourspace("rgb16")
    if format == "heic":
        photo = pillow_heif.from_bytes("RGB;16", (width, height), bytes(pixels.write_to_memory()))
        return Picture(format=format, content=_coded(photo), width=width, height=height)
    options = {"interlace": True, "compression": 1} if format == "png" else {}
    content = pixels.write_to_buffer(f".{_EXTENSIONS.get(format, format)}", **options)
    return Picture(format=format, content=bytes(content), width=width, height=height)


def several_photos(*sizes: tuple[int, int], shown: int) -> Picture:
    """A HEIC file of several photos, of which one is the primary."""
    file = pillow_heif.HeifFile()
    for number, (width, height) in enumerate(sizes):
        file.add_from_pillow(_drawn(width, height, seed=number))
    width, height = sizes[shown]
    content = _coded(file, primary_index=shown)
    return Picture(format="heic", content=content, width=width, height=height)


def blot(*, width: int, height: int, at: tuple[int, int], color: Color) -> Picture:
    """A PNG of one grey, with a small square of a colour around a point."""
    drawn = Image.new("RGB", (width, height), (128, 128, 128))
    ImageDraw.Draw(drawn).rectangle((at[0] - 9, at[1] - 9, at[0] + 9, at[1] + 9), color)
    return Picture(format="png", content=_written(drawn, "png"), width=width, height=height)


def png_filled(width: int, height: int, color: Color = RED) -> Picture:
    """A PNG of one colour."""
    content = _written(Image.new("RGB", (width, height), color), "png", compress_level=1)
    return Picture(format="png", content=content, width=width, height=height)


def noise(width: int, height: int) -> Picture:
    """A JPEG that keeps encoders busy: of PNG, some seconds for ten megapixels."""
    strip = pyvips.Image.gaussnoise(width, height // 8, sigma=60, mean=128).cast("uchar")
    content = bytes(strip.copy_memory().replicate(1, 8).write_to_buffer(".jpg"))
    return Picture(format="jpeg", content=content, width=width, height=height)


def pages(*sizes: tuple[int, int]) -> Picture:
    """A TIFF of several pages."""
    first, *others = (_drawn(width, height, seed=1) for width, height in sizes)
    content = _written(first, "tiff", save_all=True, append_images=others)
    width, height = sizes[0]
    return Picture(format="tiff", content=content, width=width, height=height)


def gif_of(frames: int, *, width: int, height: int) -> Picture:
    """A small file of a great many frames: each changes one pixel of the canvas."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    content = screen + frame * frames + b"\x3b"
    return Picture(format="gif", content=content, width=width, height=height, frames=frames)


def png_of(width: int, height: int, *chunks: bytes) -> Picture:
    """A small file that claims to be that large, with chunks of one's own behind its header."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    parts = (b"\x89PNG\r\n\x1a\n", header, *chunks, data, png_chunk(b"IEND", b""))
    return Picture(format="png", content=b"".join(parts), width=width, height=height)


def png_chunk(name: bytes, content: bytes) -> bytes:
    """One part of a PNG file."""
    checksum = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def exif(orientation: int = 1, *, metadata: bool = False) -> bytes:
    """EXIF; with ``metadata`` a camera, a moment, a place, a serial number and an owner."""
    block = Image.Exif()
    block[0x0112] = orientation
    if metadata:
        block.update({0x010F: "Canon", 0x0110: "Canon EOS 5D", 0x013B: "Olga Owner"})
        block.get_ifd(0x8769).update({0x9003: TAKEN, 0xA430: "Olga Owner", 0xA431: "SN-4711"})
        block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return block.tobytes()


def _drawn(width: int, height: int, seed: int) -> Image.Image:
    drawn, across, down = Image.new("RGB", (width, height), RED), width // 2, height // 2
    drawn.paste(GREEN, (across, 0, width, down))
    drawn.paste(YELLOW, (across, down, width, height))
    drawn.paste(BLUE, (0, down, across, height))
    if across > 1 and down > 1:
        chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        texture = Image.frombytes("RGB", (12, 12), chance.randbytes(432))
        drawn.paste(
            texture.resize((across, down), Image.Resampling.BICUBIC), (width // 4, height // 4)
        )
    return drawn


def _written(drawn: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    if format == "heic":
        drawn.save(file, "HEIF", **_QUICK | options)
    else:
        drawn.save(file, format.upper(), **options)
    return file.getvalue()


def _coded(photo: pillow_heif.HeifFile, **options: Any) -> bytes:
    """A HEIC file that Pillow itself cannot tell what it wants to know."""
    file = io.BytesIO()
    photo.save(file, **_QUICK | options)
    return file.getvalue()


def _pixels(drawn: Image.Image) -> pyvips.Image:
    pixels = pyvips.Image.new_from_memory(drawn.tobytes(), *drawn.size, 3, "uchar")
    return pixels.copy(interpretation="srgb")


def _other_metadata(format: str) -> dict[str, Any]:
    """XMP, and the texts that a format has besides."""
    if format == "png":
        texts = PngInfo()
        texts.add_text("Comment", "GPSLatitude 52,31.2N")
        texts.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        return {"pnginfo": texts}
    if format == "tiff":
        return {"tiffinfo": {700: _XMP, 315: "Olga Owner"}}
    if format == "jpeg":
        return {"xmp": _XMP, "comment": b"GPSLatitude 52,31.2N"}
    return {"xmp": _XMP}
