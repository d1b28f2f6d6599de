"""A strict look at good originals: what is found, and that nothing good is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gallery.model import Camera, Facts
from tests import pictures
from tests.imaging.judging import Judged, assert_near
from tests.pictures import CORNERS, Picture

Inspect = Callable[[Picture], Facts]
STILL = ("jpeg", "png", "webp", "tiff", "avif", "heic")


@pytest.mark.parametrize("format", [*STILL, "gif"])
def test_finds_format_and_size(inspect: Inspect, format: str) -> None:
    facts = inspect(pictures.photo(format, width=123, height=45))
    assert (facts.format, facts.width, facts.height, facts.frames) == (format, 123, 45, 1)
    assert (facts.taken_at, facts.camera) == (None, None)


@pytest.mark.parametrize("format", STILL)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_tells_the_size_that_a_viewer_sees(inspect: Inspect, format: str, orientation: int) -> None:
    facts = inspect(pictures.photo(format, width=40, height=60, orientation=orientation))
    assert (facts.width, facts.height) == (40, 60)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "heic"])
def test_finds_when_it_was_taken_and_with_what(inspect: Inspect, format: str) -> None:
    facts = inspect(pictures.photo(format, metadata=True))
    assert facts.taken_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert facts.camera == Camera(model="Canon EOS 5D")


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_counts_the_frames_of_an_animation(inspect: Inspect, format: str) -> None:
    facts = inspect(pictures.animation(format, frames=5))
    assert (facts.width, facts.height, facts.frames) == (60, 40, 5)


def test_sees_the_first_page_of_a_document(inspect: Inspect) -> None:
    facts = inspect(pictures.pages((30, 20), (60, 40), (10, 10)))
    assert (facts.width, facts.height, facts.frames) == (30, 20, 1)


@pytest.mark.parametrize("format", [*STILL, "gif"])
def test_leaves_a_placeholder_of_25_bytes_at_most(inspect: Inspect, format: str) -> None:
    assert 10 < len(base64.b64decode(inspect(pictures.photo(format)).placeholder)) <= 25
    assert len(base64.b64decode(inspect(pictures.see_through("png")).placeholder)) <= 25


def test_draws_the_placeholder_upright(inspect: Inspect) -> None:
    upright, turned = (
        inspect(pictures.photo("png", orientation=orientation)) for orientation in (1, 6)
    )
    assert upright.placeholder == turned.placeholder


def test_hashes_what_is_seen(inspect: Inspect) -> None:
    def distance(one: pictures.Picture, other: pictures.Picture) -> int:
        return (int(inspect(one).phash, 16) ^ int(inspect(other).phash, 16)).bit_count()

    large = pictures.photo("png", width=1200, height=900)
    assert distance(large, pictures.photo("png", width=1200, height=900, orientation=6)) == 0
    assert distance(large, pictures.photo("jpeg", width=400, height=300)) <= 4
    assert distance(large, pictures.photo("webp", width=400, height=300)) <= 4
    assert distance(large, pictures.photo("png", width=1200, height=900, seed=8)) > 7


def test_finds_the_dominant_colour(inspect: Inspect) -> None:
    # Without the texture in the middle, each quarter has one colour; a wide picture's left is red
    # and blue.
    facts = inspect(pictures.in_mode("RGB", "png"))
    red, green, blue = bytes.fromhex(facts.color[1:])
    assert any(
        max(abs(red - r), abs(green - g), abs(blue - b)) < 24 for r, g, b in pictures.CORNERS
    )


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (2, 3), (127, 129), (3000, 2)])
@pytest.mark.parametrize("format", STILL)
def test_takes_the_thinnest_pictures(inspect: Inspect, format: str, size: tuple[int, int]) -> None:
    facts = inspect(pictures.photo(format, width=size[0], height=size[1]))
    assert (facts.width, facts.height) == size


@pytest.mark.parametrize(
    "original",
    [
        pictures.in_mode("L", "png"),
        pictures.in_mode("LA", "png"),
        pictures.in_mode("P", "png"),
        pictures.in_mode("1", "tiff"),
        pictures.in_mode("1", "png"),
        pictures.in_mode("CMYK", "jpeg"),
        pictures.in_mode("CMYK", "tiff"),
        pictures.with_profile("p3", "jpeg"),
        pictures.with_profile("cmyk", "jpeg"),
        pictures.in_sixteen_bits("png"),
        pictures.in_sixteen_bits("tiff"),
        pictures.see_through("webp"),
        pictures.in_mode("L", "heic"),
        pictures.in_sixteen_bits("heic"),
        pictures.with_profile("p3", "heic"),
        pictures.see_through("heic"),
        pictures.photo("heic", tile_size=64),
        pictures.photo("jpeg", progressive=True),
        pictures.photo("jpeg", restart_marker_rows=1),
        pictures.photo("jpeg", comment=b"\xff\xd9" * 9),
        pictures.photo("tiff", compression="tiff_lzw"),
        pictures.photo("tiff", compression="jpeg"),
        pictures.photo("tiff", tiffinfo={37724: b"8BIM", 50000: "private"}),
        pictures.photo("webp", lossless=True),
    ],
    ids=str,
)
def test_takes_every_kind_of_good_picture(inspect: Inspect, original: Picture) -> None:
    facts = inspect(original)
    assert (facts.width, facts.height) == (original.width, original.height)


@pytest.mark.parametrize("format", [*STILL[:3], "gif"])
def test_does_not_mind_what_phones_put_behind_a_picture(inspect: Inspect, format: str) -> None:
    original = pictures.photo(format)
    longer = Picture(
        format=format, content=original.content + b"trailer" * 100, width=120, height=80
    )
    assert inspect(longer).width == 120


def test_does_not_mind_stray_bytes_at_the_end_of_a_jpeg(inspect: Inspect) -> None:
    original = pictures.photo("jpeg").content
    stray = original[:-2] + b"\x12\x34\x56" + original[-2:]
    assert inspect(Picture(format="jpeg", content=stray, width=120, height=80)).width == 120


def test_takes_a_file_by_what_it_is_and_not_by_its_name(
    inspect: Inspect, derive: Callable[..., object]
) -> None:
    misnamed = Picture(format="png", content=pictures.photo("webp").content, width=120, height=80)
    assert misnamed.name == "picture.png"
    assert inspect(misnamed).format == "webp"


@pytest.mark.parametrize("format", ["png", "avif"])
def test_sees_the_first_picture_of_a_sequence_that_is_no_animation_here(
    inspect: Inspect, derive: Callable[..., Judged], format: str
) -> None:
    sequence = pictures.animation(format, frames=3)
    assert b"acTL" in sequence.content or b"avis" in sequence.content[:32]
    facts = inspect(sequence)
    assert (facts.format, facts.width, facts.height, facts.frames) == (format, 60, 40, 1)
    variant = derive(sequence, "c_limit,f_png,h_40,w_60")
    assert variant.frames == 1
    assert_near(variant.corners()[1:], CORNERS[1:])
