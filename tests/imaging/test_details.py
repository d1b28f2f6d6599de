"""A closer look: predominant colours, a perceptual hash, and metadata by name."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from gallery.errors import BrokenImageError
from gallery.imaging import named_metadata
from gallery.imaging.made import Details
from gallery.imaging.metadata import read_exif
from gallery.imaging.sandbox import Engine
from tests import pictures
from tests.imaging.judging import assert_near
from tests.pictures import CORNERS, Color, Picture

Look = Callable[..., Details]
FORMATS = ("jpeg", "png", "gif", "webp", "avif", "heic", "tiff")


@pytest.fixture
def look(engine: Engine, tmp_path: Path) -> Look:
    """What the engine finds in a picture, all of it."""

    def look(picture: Picture, **asked: bool) -> Details:
        wanted = {"colors": True, "phash": True, "metadata": True} | asked
        return engine.details(picture.saved_in(tmp_path), **wanted)

    return look


def _plain(color: Color, mode: str = "RGB") -> Picture:
    file = io.BytesIO()
    Image.new(mode, (300, 200), color).save(file, "PNG")
    return Picture(format="png", content=file.getvalue(), width=300, height=200)


def _color_of(text: str) -> Color:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _bits_apart(one: Details, other: Details) -> int:
    assert one.phash
    assert other.phash
    return (int(one.phash, 16) ^ int(other.phash, 16)).bit_count()


@pytest.mark.parametrize("format", FORMATS)
def test_names_the_predominant_colours(look: Look, format: str) -> None:
    found = look(pictures.photo(format, width=400, height=300)).colors
    assert 4 <= len(found) <= 32
    assert sum(share for _, share in found) == pytest.approx(100, abs=1.6)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    # Each quarter has one colour, where the texture in the middle does not lie over it.
    largest = sorted(_color_of(color) for color, _ in found[:4])
    assert_near(largest, sorted(CORNERS))


def test_names_one_colour_where_there_is_but_one(look: Look) -> None:
    assert look(_plain((200, 60, 50))).colors == (("#C83C32", 100.0),)


def test_names_no_colour_that_cannot_be_seen(look: Look) -> None:
    assert look(_plain((200, 60, 50, 0), "RGBA")).colors == ()  # type: ignore[arg-type]
    left_half = look(pictures.see_through("png")).colors
    assert not [color for color, _ in left_half if _color_of(color) == pictures.GREEN]


@pytest.mark.parametrize("format", FORMATS)
def test_gives_alike_pictures_alike_hashes(look: Look, format: str) -> None:
    large = look(pictures.photo("png", width=640, height=480))
    small = look(pictures.photo(format, width=320, height=240))
    assert _bits_apart(large, small) <= 6


def test_hashes_what_a_viewer_sees(look: Look) -> None:
    upright, turned = (
        look(pictures.photo("jpeg", width=320, height=240, orientation=orientation))
        for orientation in (1, 6)
    )
    assert _bits_apart(upright, turned) <= 2


def test_gives_other_pictures_other_hashes(look: Look) -> None:
    photo = pictures.photo("png", width=320, height=240)
    file = io.BytesIO()
    Image.open(io.BytesIO(photo.content)).rotate(180).save(file, "PNG")
    upside_down = Picture(format="png", content=file.getvalue(), width=320, height=240)
    for other in (pictures.noise(320, 240), upside_down):
        assert _bits_apart(look(photo), look(other)) > 10


def test_hashes_as_it_is_documented(look: Look) -> None:
    photo = pictures.photo("png", width=320, height=240)
    gray = Image.open(io.BytesIO(photo.content)).convert("L").resize((32, 32), Image.Resampling.BOX)
    pixels = list(gray.get_flattened_data())
    amplitudes = [
        sum(
            pixels[32 * y + x]
            * math.cos(math.pi / 32 * across * (x + 0.5))
            * math.cos(math.pi / 32 * down * (y + 0.5))
            for y in range(32)
            for x in range(32)
        )
        for down in range(8)
        for across in range(8)
    ]
    median = sorted(amplitudes[1:])[31]
    bits = "".join("1" if amplitude > median else "0" for amplitude in amplitudes)
    assert _bits_apart(look(photo), Details(phash=f"{int(bits, 2):016x}")) <= 4


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "heic"])
def test_tells_the_metadata_by_name_and_no_secret(look: Look, format: str) -> None:
    told = look(pictures.photo(format, metadata=True)).metadata
    # Pillow's writer of AVIF makes a property of the file out of the orientation.
    assert told | {"Orientation": "Horizontal (normal)"} == {
        "Make": "Canon",
        "Model": "Canon EOS 5D",
        "DateTimeOriginal": pictures.TAKEN,
        "Orientation": "Horizontal (normal)",
    }


def test_tells_numbers_as_people_write_them() -> None:
    block = Image.Exif()
    block.update({0x0112: 6, 0x011A: IFDRational(300, 1), 0x0128: 2, 0x0131: "darktable 5"})
    block.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(1, 250),
            0x829D: IFDRational(28, 10),
            0x8822: 3,
            0x8827: 400,
            0x9204: IFDRational(-2, 3),
            0x9209: 16,
            0x920A: IFDRational(425, 100),
            0xA001: 1,
            0xA405: 28,
        }
    )
    exif = read_exif(
        block.tobytes(), texts=named_metadata.TEXT_TAGS, numbers=named_metadata.NUMBER_TAGS
    )
    assert named_metadata.named(exif, b"") == {
        "Software": "darktable 5",
        "Orientation": "Rotate 90 CW",
        "XResolution": "300",
        "ResolutionUnit": "inches",
        "ExposureTime": "1/250",
        "FNumber": "2.8",
        "ExposureProgram": "Aperture-priority AE",
        "ISO": "400",
        "ExposureCompensation": "-0.666667",
        "Flash": "Did not fire",
        "FocalLength": "4.2 mm",
        "ColorSpace": "sRGB",
        "FocalLengthIn35mmFormat": "28.0 mm",
    }


def _iptc(*sets: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack(">BBBH", 0x1C, 2, name, len(text)) + text for name, text in sets)


def test_tells_captions_and_keywords_but_not_who_and_where(look: Look) -> None:
    block = _iptc(
        (5, b"Cherry"),
        (25, b"tree"),
        (25, b"spring"),
        (80, b"Olga Owner"),
        (90, b"Berlin"),
        (116, b"(c) Olga Owner"),
        (120, b"In\nbloom"),
    )
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block
    segment = b"Photoshop 3.0\0" + resource
    photo = pictures.photo("jpeg").content
    marked = photo[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + photo[2:]
    told = look(Picture(format="jpeg", content=marked, width=120, height=80)).metadata
    assert told == {
        "ObjectName": "Cherry",
        "Keywords": "tree, spring",
        "Caption-Abstract": "In bloom",
    }


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_reads_what_is_left_of_iptc_that_was_cut(cut: int) -> None:
    block = _iptc((5, b"Cherry"), (25, b"tree"), (120, b"bloom"))
    told = named_metadata.named(read_exif(b""), block[: len(block) - cut])
    assert told.get("ObjectName", "Cherry").startswith("C")


def test_tells_no_more_than_there_is_room_for() -> None:
    block = _iptc(*((25, b"word" * 30) for _ in range(500)))
    told = named_metadata.named(read_exif(b""), block)
    assert 0 < len(told["Keywords"]) <= named_metadata.MAX_CHARACTERS


def test_looks_only_at_what_was_asked_for(look: Look) -> None:
    photo = pictures.photo("jpeg", metadata=True)
    assert look(photo, colors=False, phash=False, metadata=False) == Details()
    assert look(photo, colors=False, metadata=False).phash
    with pytest.raises(BrokenImageError):
        look(pictures.photo("png").cut_off(1000))
