"""Variants have exactly the size that was promised, and show the right piece."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.transformation import MAX_SIDE_PX, Transformation
from tests import pictures
from tests.imaging.judging import BUCKETS, STILL, Derive, assert_near
from tests.pictures import CORNERS
from tests.transformation.strategies import GEOMETRY, PIXELS, chains


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    wanted=chains(GEOMETRY) | chains(GEOMETRY, PIXELS),
    orientation=st.integers(1, 8),
)
def test_makes_exactly_the_size_that_was_promised(
    derive: Derive, size: tuple[int, int], wanted: Transformation, orientation: int
) -> None:
    original = pictures.photo("jpeg", width=size[0], height=size[1], orientation=orientation)
    derive(original, str(wanted), format="png")


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("size", [(1, 1), (1, 600), (600, 1), (2, 3), (3000, 2)])
@pytest.mark.parametrize("format", STILL)
def test_draws_the_thinnest_pictures(
    derive: Derive, format: str, size: tuple[int, int], bucket: str
) -> None:
    width, height = size
    derive(pictures.photo(format, width=width, height=height), "c_limit,h_200,w_200", bucket=bucket)


def test_limits_without_enlarging(derive: Derive) -> None:
    assert derive(pictures.photo(), "c_limit,h_4096,w_4096").image.size == (120, 80)


@pytest.mark.parametrize("orientation", [1, 6])
def test_fills_a_box_around_the_centre(derive: Derive, orientation: int) -> None:
    original = pictures.photo("png", width=300, height=100, orientation=orientation)
    variant = derive(original, "c_fill,h_50,w_50", bucket="webp")
    assert variant.image.size == (50, 50)
    # The border between left and right is in the middle of both.
    assert_near([variant.color_at(0.4, 0.05), variant.color_at(0.6, 0.05)], CORNERS[:2], within=25)


def test_fills_a_box_larger_than_the_picture_with_what_there_is(derive: Derive) -> None:
    assert derive(pictures.photo(), "c_lfill,h_400,w_200").image.size == (40, 80)


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_decodes_a_jpeg_smaller_without_a_visible_difference(derive: Derive, shrink: int) -> None:
    side = 400 // shrink
    original = pictures.photo("jpeg", width=400, height=400)
    assert_near(derive(original, f"c_limit,h_{side},w_{side}").corners(), CORNERS)


def test_draws_the_largest_variant(derive: Derive) -> None:
    side = MAX_SIDE_PX
    original = pictures.photo("jpeg", width=side + 104, height=side + 4)
    assert derive(original, f"c_fill,h_{side},w_{side}", bucket="webp").image.size == (side, side)


RED, GREEN, YELLOW, BLUE = CORNERS


@pytest.mark.parametrize(
    ("wanted", "corners"),
    [
        ("c_crop,g_north_west,h_20,w_30", (RED, RED, RED, RED)),
        ("c_crop,h_20,w_30,x_90,y_60", (YELLOW, YELLOW, YELLOW, YELLOW)),
        ("c_crop,h_20,w_30,x_0.75,y_0.0", (GREEN, GREEN, GREEN, GREEN)),
        ("c_crop,g_south_west,h_20,w_20", (BLUE, BLUE, BLUE, BLUE)),
        ("c_crop,g_south_east,h_10,w_10,x_70,y_5", (BLUE, BLUE, BLUE, BLUE)),
        ("c_crop,g_xy_center,h_20,w_20,x_110,y_10", (GREEN, GREEN, GREEN, GREEN)),
        ("c_crop,g_north,h_10,w_120", (RED, GREEN, GREEN, RED)),
        ("c_crop,h_40,x_0,y_40", (BLUE, YELLOW, YELLOW, BLUE)),
        ("c_fill,g_west,h_80,w_20", (RED, RED, BLUE, BLUE)),
        ("c_fill,g_east,h_80,w_20", (GREEN, GREEN, YELLOW, YELLOW)),
        ("c_fill,g_north,h_20,w_120", (RED, GREEN, GREEN, RED)),
        ("c_fill,g_xy_center,h_160,w_40,x_110,y_40", (GREEN, GREEN, YELLOW, YELLOW)),
        ("c_thumb,g_north_west,h_40,w_40,z_4", (RED, RED, RED, RED)),
        ("a_90", (BLUE, RED, GREEN, YELLOW)),
        ("a_-90", (GREEN, YELLOW, BLUE, RED)),
        ("a_180", (YELLOW, BLUE, RED, GREEN)),
        ("a_hflip", (GREEN, RED, BLUE, YELLOW)),
        ("a_vflip", (BLUE, YELLOW, GREEN, RED)),
        ("a_hflip.90", (YELLOW, GREEN, RED, BLUE)),
        ("a_auto_right,c_fill,h_60,w_40", (BLUE, RED, GREEN, YELLOW)),
        ("a_auto_left,c_fill,h_60,w_40", (GREEN, YELLOW, BLUE, RED)),
        ("a_auto_left,c_fill,h_40,w_60", CORNERS),
    ],
)
def test_shows_the_piece_that_was_asked_for(
    derive: Derive, wanted: str, corners: tuple[pictures.Color, ...]
) -> None:
    variant = derive(pictures.photo("png"), wanted, format="png")
    assert_near(variant.corners(), corners, within=3)


@pytest.mark.parametrize("crop", ["fill", "thumb", "lfill"])
@pytest.mark.parametrize("place", [(30, 20), (260, 20), (150, 160)])
def test_finds_what_draws_attention(derive: Derive, crop: str, place: tuple[int, int]) -> None:
    original = pictures.blot(width=300, height=200, at=place, color=pictures.RED)
    for wanted in (f"c_{crop},g_auto,h_60,w_60", "c_crop,g_auto,h_60,w_60"):
        variant = derive(original, wanted, format="png")
        assert pictures.RED in variant.colors()


def test_finds_it_in_what_is_enlarged(derive: Derive) -> None:
    original = pictures.blot(width=150, height=30, at=(130, 12), color=pictures.RED)
    assert pictures.RED in derive(original, "c_fill,g_auto,h_300,w_300", format="png").colors()


@pytest.mark.parametrize(
    ("wanted", "band"),
    [
        ("b_white,c_pad,h_100,w_100", (0.5, 0.02)),
        ("b_white,c_pad,g_north,h_100,w_100", (0.5, 0.9)),
        ("b_white,c_pad,g_north,h_100,w_100,y_20", (0.5, 0.05)),
        ("b_white,c_lpad,h_300,w_300", (0.1, 0.1)),
        ("b_white,c_mpad,h_90,w_10", (0.5, 0.02)),
        ("b_white,c_fill_pad,h_200,w_20", (0.5, 0.1)),
    ],
)
def test_pads_with_the_background(derive: Derive, wanted: str, band: tuple[float, float]) -> None:
    variant = derive(pictures.photo("png"), wanted, format="png")
    assert_near([variant.color_at(*band)], [(255, 255, 255)], within=0)


@pytest.mark.parametrize("wanted", ["c_fit,h_200,w_200", "c_mfit,h_200,w_200"])
def test_enlarges_without_moving_the_corners(derive: Derive, wanted: str) -> None:
    variant = derive(pictures.photo("png"), wanted, format="png")
    assert variant.image.size == (200, 133)
    assert_near(variant.corners(), CORNERS, within=3)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (10_000, 1)])
@pytest.mark.parametrize(
    "wanted",
    [
        "f_png",
        "w_400",
        "h_4096",
        "w_4096,h_4096",
        "w_10.0",
        "c_fill,h_240,w_240",
        "c_fill,g_auto,h_4096,w_4096",
        "c_thumb,g_north_west,h_4000,w_3,z_10",
        "c_crop,h_5000,w_5000",
        "c_crop,g_auto,h_3,w_3,z_10",
        "b_red,c_mpad,h_4096,w_4096",
        "a_45",
        "e_blur:2000",
        "e_pixelate:200",
        "bo_1000px_solid_red,r_max",
        "ar_100:1,c_pad",
        "ar_1:100,c_crop",
    ],
)
def test_takes_extreme_sizes_and_gives_bounded_ones(
    derive: Derive, size: tuple[int, int], wanted: str
) -> None:
    original = pictures.png_filled(*size)
    assert max(derive(original, wanted, format="webp").image.size) <= MAX_SIDE_PX


@pytest.mark.parametrize("wanted", ["", "a_45", "c_crop,h_4000,w_4999", "bo_9px_solid_red,r_max"])
def test_makes_what_is_too_large_smaller_as_a_whole(derive: Derive, wanted: str) -> None:
    variant = derive(pictures.png_filled(5000, 4000), wanted, format="jpg")
    assert max(variant.image.size) == MAX_SIDE_PX
