"""HEIC photos as phones and cameras make them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from gallery.errors import BrokenImageError, UnsupportedFormatError
from gallery.imaging import heic
from gallery.imaging.original import decoding
from gallery.model import Facts
from tests import pictures
from tests.imaging.judging import Judged, assert_near
from tests.pictures import CORNERS, Color, Picture

Inspect = Callable[[Picture], Facts]
Derive = Callable[..., Judged]

TILED = pictures.photo("heic", width=300, height=200, tile_size=64)
TO_PNG = "c_limit,f_png,h_400,w_400"


def coded(color: Color, *, bits: int = 8, **codes: int) -> Picture:
    """A plain picture whose colours mean what the code points say."""
    width, height = 64, 64
    if bits == 8:
        photo = pillow_heif.from_pillow(Image.new("RGB", (width, height), color))
    else:
        pixel = struct.pack("<3H", *(value << 8 for value in color))
        photo = pillow_heif.from_bytes("RGB;16", (width, height), pixel * width * height)
    file = io.BytesIO()
    photo.save(file, quality=95, chroma=444, **codes)
    return Picture(format="heic", content=file.getvalue(), width=width, height=height)


@pytest.mark.parametrize("original", [TILED, pictures.in_sixteen_bits("heic")], ids=["tiles", "10"])
def test_shows_tiles_and_ten_bits_as_they_are(derive: Derive, original: Picture) -> None:
    assert_near(derive(original, TO_PNG).corners(), CORNERS)


def test_keeps_what_is_transparent(derive: Derive) -> None:
    variant = derive(pictures.see_through("heic"), bucket="base")
    assert variant.format == "png"
    assert variant.alpha_at(0.2, 0.5) == 255
    assert variant.alpha_at(0.9, 0.5) == 0
    assert_near(variant.corners()[::3], CORNERS[::3])


@pytest.mark.parametrize(
    ("original", "format"),
    [(pictures.photo("heic"), "jpeg"), (pictures.see_through("heic"), "png")],
    ids=["opaque", "transparent"],
)
def test_becomes_what_every_browser_shows(derive: Derive, original: Picture, format: str) -> None:
    assert derive(original, "c_limit,h_40,w_40").format == format


def test_converts_by_the_profile_that_is_embedded(derive: Derive) -> None:
    assert_near(derive(pictures.with_profile("p3", "heic"), TO_PNG).corners(), CORNERS)


def test_shows_the_primary_picture_of_several(derive: Derive) -> None:
    variant = derive(pictures.several_photos((40, 80), (120, 90), (60, 20), shown=1), TO_PNG)
    assert variant.image.size == (120, 90)
    assert_near(variant.corners(), CORNERS)


@pytest.mark.parametrize(
    ("original", "seen"),
    [
        (coded((128, 128, 128), color_primaries=1, transfer_characteristics=13), (128, 128, 128)),
        # A film's grey is shown as it is, and one that is coded as light is brightened.
        (coded((128, 128, 128), color_primaries=1, transfer_characteristics=1), (128, 128, 128)),
        (coded((55, 55, 55), color_primaries=1, transfer_characteristics=8), (128, 128, 128)),
        # The same colour needs larger numbers in sRGB than in a wider space.
        (coded((200, 60, 50), color_primaries=12, transfer_characteristics=13), (219, 38, 38)),
        (coded((70, 150, 80), color_primaries=9, transfer_characteristics=13), (0, 157, 68)),
        # White of 203 candela, code 0.58 in PQ and 0.75 in HLG, is nearly the brightest there is.
        (
            coded((148, 148, 148), bits=10, color_primaries=9, transfer_characteristics=16),
            (246,) * 3,
        ),
        (
            coded((191, 191, 191), bits=10, color_primaries=9, transfer_characteristics=18),
            (246,) * 3,
        ),
        (
            coded((250, 250, 250), bits=10, color_primaries=9, transfer_characteristics=16),
            (255,) * 3,
        ),
    ],
)
def test_converts_code_points_of_colour(derive: Derive, original: Picture, seen: Color) -> None:
    assert_near([derive(original, TO_PNG).color_at(0.5, 0.5)], [seen], within=4)


def test_refuses_a_transfer_that_was_cut_off_into_a_file_of_full_length(inspect: Inspect) -> None:
    for missing in (16, 200, len(TILED.content) // 3):
        cut = TILED.content[:-missing] + bytes(missing)
        with pytest.raises(BrokenImageError, match="cut off"):
            inspect(Picture(format="heic", content=cut, width=300, height=200))


@pytest.mark.parametrize(
    ("found", "new"),
    [
        (b"hvc1", b"av01"),
        (b"meta", b"moov"),
    ],
)
def test_refuses_what_holds_no_heic_photo(inspect: Inspect, found: bytes, new: bytes) -> None:
    photo = pictures.photo("heic")
    other = Picture(format="heic", content=photo.content.replace(found, new), width=120, height=80)
    with pytest.raises(UnsupportedFormatError, match="Send"):
        inspect(other)


def test_refuses_places_that_cannot_be(inspect: Inspect) -> None:
    photo = pictures.photo("heic")
    count = photo.content.index(b"iloc") + 10
    with pytest.raises(BrokenImageError):
        inspect(photo.patched(count, b"\xff\xff"))
    with pytest.raises(BrokenImageError):
        inspect(photo.patched(photo.content.index(b"iinf"), b"free"))


def test_shows_a_photo_whose_code_points_nobody_knows(derive: Derive) -> None:
    photo = pictures.photo("heic")
    primaries = photo.content.index(b"nclx") + 4
    assert_near(derive(photo.patched(primaries, b"\x7f\x7f"), TO_PNG).corners(), CORNERS)


def test_refuses_metadata_that_lie_beyond_the_end(tmp_path: Path) -> None:
    photo = pictures.photo("heic", metadata=True)
    places = photo.content.index(b"iloc") - 4
    end = places + int.from_bytes(photo.content[places : places + 4])
    # The last number in the box is the length of what was written last: the metadata.
    beyond = photo.patched(end - 4, b"\x7f\xff\xff\xff").saved_in(tmp_path)
    with beyond.open("rb") as file, pytest.raises(BrokenImageError), decoding():
        heic.exif_of(file.fileno())
