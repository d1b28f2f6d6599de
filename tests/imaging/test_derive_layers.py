"""Pictures on and beneath others."""

from __future__ import annotations

import pytest

from gallery.errors import BadTransformationError, BrokenImageError
from tests import pictures
from tests.imaging.judging import BUCKETS, Derive, assert_near
from tests.pictures import CORNERS, GREEN, RED

NAVY, GRAY = (0, 0, 128), (128, 128, 128)
GROUND = pictures.png_filled(200, 100, GRAY)
LOGO = pictures.png_filled(40, 20, NAVY)


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("l_logo", (0.5, 0.5), (0.3, 0.5)),
        ("g_north_west,l_logo", (0.01, 0.01), (0.25, 0.1)),
        ("g_south_east,l_logo,x_10,y_10", (0.9, 0.8), (0.99, 0.95)),
        ("g_north_west,l_logo,x_-20", (0.05, 0.05), (0.15, 0.05)),
        ("g_east,l_logo,x_0.25", (0.7, 0.5), (0.8, 0.5)),
        ("g_xy_center,l_logo,x_30,y_30", (0.15, 0.3), (0.4, 0.3)),
        ("l_logo,w_100", (0.27, 0.5), (0.2, 0.5)),
        ("fl_relative,l_logo,w_0.9", (0.07, 0.5), (0.03, 0.5)),
        ("c_scale,h_1.0,fl_relative,l_logo,w_0.1", (0.5, 0.01), (0.4, 0.5)),
        ("l_logo/w_100/fl_layer_apply,g_west", (0.01, 0.5), (0.55, 0.5)),
        ("l_logo/fl_layer_apply,g_west,w_100", (0.01, 0.5), (0.55, 0.5)),
        ("fl_layer_apply,g_west,l_logo", (0.01, 0.5), (0.3, 0.5)),
        ("l_logo/fl_layer_apply,l_logo/fl_layer_apply,g_west", (0.01, 0.5), (0.3, 0.5)),
        ("fl_no_overflow,l_logo,w_1000,x_450", (0.9, 0.5), (0.1, 0.5)),
    ],
)
def test_lays_a_picture_where_it_was_asked_to(
    derive: Derive, wanted: str, inside: tuple[float, float], outside: tuple[float, float]
) -> None:
    variant = derive(GROUND, wanted, format="png", logo=LOGO)
    assert_near([variant.color_at(*inside), variant.color_at(*outside)], [NAVY, GRAY], within=1)


def test_does_to_a_layer_what_is_said_of_it(derive: Derive) -> None:
    wanted = "l_logo/c_fill,h_50,w_50/e_negate/r_max/fl_layer_apply,g_north_west/e_negate"
    variant = derive(GROUND, wanted, format="png", logo=LOGO)
    assert_near([variant.color_at(0.12, 0.25)], [NAVY], within=2)
    assert_near([variant.color_at(0.0, 0.0)], [(127, 127, 127)], within=1)


def test_lays_layers_on_layers(derive: Derive) -> None:
    spot = pictures.png_filled(10, 10, RED)
    wanted = "l_logo/l_spot/fl_layer_apply,g_west/fl_layer_apply,g_north_west/g_south_east,l_spot"
    variant = derive(GROUND, wanted, format="png", logo=LOGO, spot=spot)
    seen = [variant.color_at(*at) for at in ((0.03, 0.1), (0.15, 0.1), (0.5, 0.5), (1.0, 1.0))]
    assert_near(seen, [RED, NAVY, GRAY, RED], within=1)


def test_lays_a_picture_beneath_what_can_be_seen_through(derive: Derive) -> None:
    variant = derive(pictures.see_through(), "h_80,u_logo,w_120", format="png", logo=LOGO)
    assert_near([variant.color_at(0.9, 0.5), variant.color_at(0.05, 0.05)], [NAVY, RED], within=1)


@pytest.mark.parametrize(
    ("effect", "color"),
    [
        ("multiply", (0, 0, 64)),
        ("screen", (128, 128, 192)),
        ("overlay", (1, 1, 128)),
    ],
)
def test_blends(derive: Derive, effect: str, color: pictures.Color) -> None:
    for wanted in (f"e_{effect},l_logo", f"l_logo/e_{effect},fl_layer_apply"):
        variant = derive(GROUND, wanted, format="png", logo=LOGO)
        assert_near([variant.color_at(0.5, 0.5), variant.color_at(0, 0)], [color, GRAY], within=2)


def test_a_layer_may_fade_and_be_seen_through(derive: Derive) -> None:
    half = derive(GROUND, "l_logo,o_50", format="png", logo=LOGO)
    assert_near([half.color_at(0.5, 0.5)], [(64, 64, 128)], within=1)
    clear = derive(GROUND, "l_logo", format="png", logo=pictures.see_through())
    assert_near([clear.color_at(0.75, 0.5), clear.color_at(0.23, 0.13)], [GRAY, RED], within=1)


@pytest.mark.parametrize(
    "logo",
    [
        pictures.photo("jpeg", orientation=6),
        pictures.in_mode("CMYK", "jpeg"),
        pictures.in_sixteen_bits("png"),
        pictures.animation("gif"),
        pictures.photo("avif"),
        pictures.photo("webp", metadata=True),
    ],
)
@pytest.mark.parametrize("bucket", BUCKETS)
def test_lays_every_kind_of_picture(derive: Derive, logo: pictures.Picture, bucket: str) -> None:
    variant = derive(GROUND, "h_100,l_logo,w_200", bucket=bucket, logo=logo)
    assert_near(variant.corners(), CORNERS, within=70)


def test_lays_it_on_every_frame(derive: Derive) -> None:
    variant = derive(pictures.animation("gif"), "g_south_east,l_logo,w_10", logo=LOGO)
    assert variant.frames == 5
    for number in range(5):
        variant.image.seek(number)
        assert_near([variant.color_at(0.98, 0.98)], [NAVY], within=30)


def test_an_opaque_ground_needs_no_alpha(derive: Derive) -> None:
    assert derive(GROUND, "l_logo,r_max", logo=LOGO).format == "jpeg"


def test_refuses_a_layer_that_is_not_there(derive: Derive) -> None:
    with pytest.raises(BadTransformationError, match="logo"):
        derive(GROUND, "l_logo")


def test_refuses_a_broken_layer(derive: Derive) -> None:
    logo = pictures.photo("jpeg", width=600, height=400).cut_off(6000)
    with pytest.raises(BrokenImageError):
        derive(GROUND, "l_logo", logo=logo)


def test_five_layers_at_once(derive: Derive) -> None:
    chain = "/".join(f"g_west,l_logo,x_{number * 45}" for number in range(5))
    variant = derive(pictures.png_filled(250, 50, GREEN), chain, format="png", logo=LOGO)
    assert_near([variant.color_at(0.8, 0.5), variant.color_at(0.17, 0.5)], [NAVY, GREEN], within=1)
