"""Effects: what becomes of a colour, and of an edge."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.imaging.judging import BUCKETS, Derive, assert_near
from tests.pictures import BLUE, CORNERS, GREEN, RED, YELLOW, Color

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@pytest.mark.parametrize(
    ("wanted", "red"),
    [
        ("e_grayscale", (89, 89, 89)),
        ("e_sepia:100", (134, 119, 93)),
        ("e_sepia:1", (199, 61, 50)),
        ("e_negate", (55, 195, 205)),
        ("e_brightness:40", (251, 111, 101)),
        ("e_brightness:-40", (149, 9, 0)),
        ("e_contrast:50", (236, 26, 11)),
        ("e_contrast:-100", (127, 127, 127)),
        ("e_saturation:-100", (89, 89, 89)),
        ("e_saturation:50", (255, 46, 31)),
        ("e_hue:100", (7, 147, 157)),
        ("e_gamma:50", (217, 97, 86)),
        ("e_gamma", RED),
        ("e_blackwhite", BLACK),
        ("e_blackwhite:20", WHITE),
        ("co_blue,e_colorize:50", (100, 30, 152)),
        ("e_colorize", BLACK),
        ("e_sharpen", RED),
        ("e_vignette:0", RED),
        ("e_vignette:100", BLACK),
        ("e_pixelate:20", RED),
        ("e_blur:1", RED),
        ("e_negate/e_negate", RED),
    ],
)
def test_makes_another_colour_of_red(derive: Derive, wanted: str, red: Color) -> None:
    variant = derive(pictures.photo("png", width=300, height=200), wanted, format="png")
    # A vignette is at its darkest in the very corner.
    assert_near([variant.color_at(0.0, 0.0)], [red], within=3)


def test_goes_round_the_circle_of_colours(derive: Derive) -> None:
    """A third of the way, red is green, green is blue and blue is red."""
    original = pictures.png_filled(30, 30, (180, 90, 90))
    there = derive(original, "e_hue:67", format="png").color_at(0.5, 0.5)
    back = derive(original, "e_hue:-67", format="png").color_at(0.5, 0.5)
    assert_near([there, back], [(90, 180, 90), (90, 90, 180)], within=5)


@pytest.mark.parametrize("level", [1, 20, 100, 700, 2000])
def test_blurs_an_edge_and_leaves_what_is_far_from_it(derive: Derive, level: int) -> None:
    original = pictures.photo("png", width=1600, height=400)
    variant = derive(original, f"c_crop,g_north,h_80,w_1600/e_blur:{level}", format="png")
    seen = [variant.color_at(x, 0.5) for x in (0.0, 0.5, 1.0)]
    between = tuple((a + b) // 2 for a, b in zip(RED, GREEN, strict=True))
    assert_near(seen[::2], [RED, GREEN], within=2)
    if level > 1:
        assert_near(seen[1:2], [between], within=30)  # type: ignore[list-item]


def test_blurs_more_by_a_higher_level(derive: Derive) -> None:
    original = pictures.photo("png", width=800, height=400)
    bled = [
        abs(derive(original, f"e_blur:{level}", format="png").color_at(0.46, 0.02)[0] - RED[0])
        for level in (10, 300, 1000, 2000)
    ]
    assert bled == sorted(bled)
    assert bled[0] <= 2 < 15 < bled[-1]


@pytest.mark.parametrize("effect", ["blur:200", "pixelate:10", "sharpen:300"])
def test_does_not_let_hidden_colours_bleed(derive: Derive, effect: str) -> None:
    variant = derive(pictures.see_through(), f"e_{effect}/b_white", format="png")
    assert_near([variant.color_at(1.0, 0.0), variant.color_at(0.0, 0.0)], [WHITE, RED], within=3)


def test_draws_blocks(derive: Derive) -> None:
    variant = derive(pictures.photo("png"), "e_pixelate:40", format="png")
    assert len(variant.colors()) == 6
    assert_near(variant.corners(), [RED, GREEN, YELLOW, BLUE], within=90)


def test_sharpens_an_edge(derive: Derive) -> None:
    original = pictures.photo("png", width=300, height=200)
    variant = derive(original, "e_sharpen:200", format="png")
    assert variant.color_at(149 / 299, 0.05)[0] > RED[0] + 10
    assert_near(variant.corners(), CORNERS, within=3)


@pytest.mark.parametrize(
    "original",
    [
        pictures.in_mode("L", "png"),
        pictures.in_mode("LA", "png"),
        pictures.in_sixteen_bits("png"),
        pictures.in_mode("CMYK", "jpeg"),
        pictures.see_through("webp"),
    ],
)
@pytest.mark.parametrize("bucket", BUCKETS)
def test_works_on_every_kind_of_picture(
    derive: Derive, original: pictures.Picture, bucket: str
) -> None:
    chain = "e_sepia,r_10/e_blur:20,bo_2px_solid_red/a_20,e_saturation:30,o_80"
    derive(original, chain, bucket=bucket)
