"""Rounding, borders, opacity, turning and backgrounds."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.imaging.judging import BUCKETS, Derive, assert_near
from tests.pictures import CORNERS, RED, Picture

WHITE, NAVY, LIME = (255, 255, 255), (0, 0, 128), (0, 255, 0)
PHOTO = pictures.photo("png")


def test_fades(derive: Derive) -> None:
    variant = derive(PHOTO, "o_40", format="png")
    assert variant.alpha_at(0.1, 0.1) == 102
    assert_near(variant.corners(), CORNERS, within=1)


def test_rounds_into_an_ellipse(derive: Derive) -> None:
    variant = derive(PHOTO, "r_max", format="png")
    assert [variant.alpha_at(*at) for at in ((0, 0), (1, 0), (1, 1), (0, 1))] == [0] * 4
    assert [variant.alpha_at(*at) for at in ((0.5, 0.03), (0.02, 0.5), (0.5, 0.5))] == [255] * 3
    assert variant.alpha_at(0.16, 0.16) > 250 > 5 > variant.alpha_at(0.13, 0.13)


@pytest.mark.parametrize(
    ("radius", "is_round"),
    [
        ("20", (True, True, True, True)),
        ("20:0", (True, False, True, False)),
        ("20:0:30", (True, False, True, False)),
        ("0:10:0:max", (False, True, False, True)),
        ("9999", (True, True, True, True)),
        ("0", (False, False, False, False)),
    ],
)
def test_rounds_each_corner(derive: Derive, radius: str, is_round: tuple[bool, ...]) -> None:
    variant = derive(PHOTO, f"r_{radius}", format="png")
    seen = [variant.alpha_at(*at) for at in ((0, 0), (1, 0), (1, 1), (0, 1))]
    assert [alpha == 0 for alpha in seen] == list(is_round)
    assert variant.alpha_at(0.4, 0.4) == 255


def test_frames(derive: Derive) -> None:
    variant = derive(PHOTO, "bo_10px_solid_navy", format="png")
    assert variant.image.size == (140, 100)
    at = [(0.0, 0.0), (0.5, 0.05), (0.03, 0.5), (1.0, 1.0)]
    assert_near([variant.color_at(*point) for point in at], [NAVY] * 4, within=0)
    assert_near([variant.color_at(0.1, 0.13)], [RED], within=1)
    assert derive(PHOTO, "bo_10px_solid_navy").format == "jpeg"


def test_a_frame_follows_the_rounding_without_a_gap(derive: Derive) -> None:
    for radius in ("max", "30", "0:30:10:0"):
        variant = derive(PHOTO, f"bo_10px_solid_navy,r_{radius}/b_lime", format="png")
        assert variant.color_at(1, 0) == LIME
        assert_near([variant.color_at(0.5, 0.05)], [NAVY], within=1)
        # Along a row through the rounding: no background shines between frame and picture.
        row = [variant.color_at(0.5 + x / 300, 0.16) for x in range(150)]
        greenish = [color for color in row if color[1] > 200]
        assert all(color == LIME for color in greenish[2:])


def test_a_frame_may_be_seen_through(derive: Derive) -> None:
    variant = derive(PHOTO, "bo_10px_solid_rgb:00008080", format="png")
    assert variant.alpha_at(0, 0) == 128
    assert variant.alpha_at(0.5, 0.5) == 255


@pytest.mark.parametrize("degrees", [1, 20, 45, 100, 200, 359])
def test_turns_by_any_angle_and_shows_the_background(derive: Derive, degrees: int) -> None:
    variant = derive(PHOTO, f"a_{degrees},b_navy", format="png")
    assert_near([variant.color_at(0.0, 0.0), variant.color_at(1.0, 1.0)], [NAVY] * 2, within=25)
    clear = derive(PHOTO, f"a_{degrees}", format="png")
    assert clear.alpha_at(0.5, 0.5) == 255
    assert clear.alpha_at(1.0, 0.0) < 40


def test_turns_clockwise(derive: Derive) -> None:
    variant = derive(pictures.photo("png", width=100, height=100), "a_45", format="png")
    assert_near([variant.color_at(0.5, 0.1), variant.color_at(0.9, 0.5)], CORNERS[:2], within=3)


@pytest.mark.parametrize("wanted", ["r_max", "a_30", "c_pad,h_99,w_99", "o_50"])
@pytest.mark.parametrize("bucket", BUCKETS)
def test_what_is_left_open_is_clear_where_the_format_can_and_white_elsewhere(
    derive: Derive, wanted: str, bucket: str
) -> None:
    at = (0.5, 0.02) if "pad" in wanted else (0.0, 0.0)
    clear = derive(PHOTO, wanted, bucket=bucket)
    assert clear.format == {"base": "png"}.get(bucket, bucket)
    assert clear.alpha_at(*at) < 140
    white = derive(PHOTO, f"{wanted}/f_jpg", bucket=bucket)
    assert min(white.color_at(*at)) > (120 if wanted == "o_50" else 235) - 95 * (wanted == "o_50")


@pytest.mark.parametrize(
    ("background", "color"),
    [("b_navy", NAVY), ("b_rgb:0f0", LIME), ("b_auto", (137, 122, 95))],
)
def test_fills_with_a_colour(derive: Derive, background: str, color: pictures.Color) -> None:
    variant = derive(PHOTO, f"{background},c_pad,h_200,w_120", format="png")
    assert_near([variant.color_at(0.5, 0.05)], [color], within=3)
    assert not variant.image.mode.endswith("A")


def test_fills_with_half_a_colour(derive: Derive) -> None:
    variant = derive(pictures.see_through(), "b_rgb:00008080", format="png")
    assert variant.alpha_at(0.9, 0.5) == 128
    assert_near([variant.color_at(0.9, 0.5), variant.color_at(0.1, 0.1)], [NAVY, RED], within=1)


def test_does_everything_of_one_component_in_its_order(derive: Derive) -> None:
    """Frame and background are not under the effect, and the rounding is of the piece."""
    wanted = "a_90,b_lime,bo_10px_solid_navy,c_fill,e_negate,h_80,r_20,w_80"
    variant = derive(PHOTO, wanted, format="png")
    assert variant.image.size == (100, 100)
    assert_near([variant.color_at(0, 0), variant.color_at(0.5, 0.05)], [LIME, NAVY], within=0)
    negative = tuple(255 - channel for channel in RED)
    assert_near([variant.color_at(0.8, 0.15)], [negative], within=3)  # type: ignore[list-item]


def test_nothing_visible_has_no_edge_colour(derive: Derive) -> None:
    variant = derive(pictures.see_through(), "c_crop,g_east,h_9,w_9/b_auto", format="png")
    assert variant.color_at(0.5, 0.5) == WHITE


def test_a_single_pixel_has_an_edge_colour(derive: Derive) -> None:
    derive(pictures.photo(width=1, height=1), "o_50/b_auto", format="png")


def test_hidden_colours_are_no_edge(derive: Derive) -> None:
    """Of the lower half only the left, blue part can be seen."""
    variant = derive(pictures.see_through(), "c_crop,g_south,h_30,w_120/b_auto", format="png")
    assert_near([variant.color_at(0.9, 0.5)], [pictures.BLUE], within=20)


def test_a_plain_background_needs_no_alpha(derive: Derive) -> None:
    original: Picture = pictures.see_through()
    assert derive(original, "b_white", bucket="base").format == "jpeg"


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 50), (51, 1), (3, 3), (20, 21)])
@pytest.mark.parametrize("radius", ["max", "1", "max:0", "0:9:max:1"])
def test_rounds_the_smallest_pictures(derive: Derive, radius: str, size: tuple[int, int]) -> None:
    variant = derive(pictures.png_filled(*size), f"bo_1px_solid_navy,r_{radius}", format="png")
    assert variant.alpha_at(0.5, 0.5) == 255
