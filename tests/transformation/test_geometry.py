"""The sizes that are promised: by hand for each way to meet a box, and within bounds for all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.transformation import MAX_SIDE_PX, Transformation, parse
from tests.transformation.strategies import GEOMETRY, PIXELS, chains

PHOTO = (4000, 3000)
SMALL = (120, 80)


@pytest.mark.parametrize(
    ("original", "wanted", "size"),
    [
        (PHOTO, "w_400", (400, 300)),
        (PHOTO, "h_400", (533, 400)),
        (PHOTO, "h_400,w_400", (400, 400)),
        (SMALL, "w_240", (240, 160)),
        (PHOTO, "w_0.5", (2000, 1500)),
        (SMALL, "w_1.5", (180, 120)),
        (SMALL, "h_0.5,w_1.0", (120, 40)),
        (SMALL, "dpr_2.0,w_100", (200, 133)),
        (SMALL, "ar_1:1,w_60", (60, 60)),
        (SMALL, "ar_16:9,h_90", (160, 90)),
        (SMALL, "ar_2:1", (120, 60)),
        (SMALL, "w_60/w_iw", (120, 80)),
        (SMALL, "w_60/h_ih,w_ih", (80, 80)),
        (SMALL, "w_auto", (120, 80)),
        (SMALL, "dpr_auto,w_60", (60, 40)),
        (PHOTO, "c_limit,h_400,w_400", (400, 300)),
        ((3000, 4000), "c_limit,h_400,w_400", (300, 400)),
        (SMALL, "c_limit,h_400,w_400", (120, 80)),
        ((10_000, 1), "c_limit,h_400,w_400", (400, 1)),
        (SMALL, "c_fit,h_400,w_400", (400, 267)),
        (PHOTO, "c_fit,h_100,w_400", (133, 100)),
        (PHOTO, "c_mfit,h_400,w_400", (4000, 3000)),
        (SMALL, "c_mfit,h_400,w_400", (400, 267)),
        (PHOTO, "c_fill,h_240,w_240", (240, 240)),
        (SMALL, "c_fill,h_240,w_240", (240, 240)),
        (SMALL, "c_fill,w_60", (60, 40)),
        (SMALL, "ar_1:1,c_fill", (80, 80)),
        (SMALL, "ar_1:1,c_fill,w_90", (90, 90)),
        (PHOTO, "c_lfill,h_240,w_240", (240, 240)),
        ((120, 200), "c_lfill,h_240,w_240", (120, 120)),
        (SMALL, "c_lfill,h_400,w_200", (40, 80)),
        (SMALL, "c_thumb,h_50,w_50,z_3", (50, 50)),
        (SMALL, "c_pad,h_200,w_200", (200, 200)),
        (SMALL, "ar_1:1,c_pad", (120, 120)),
        (SMALL, "c_lpad,h_200,w_200", (200, 200)),
        (SMALL, "c_mpad,h_200,w_50", (120, 200)),
        (PHOTO, "c_mpad,h_200,w_200", (4000, 3000)),
        (SMALL, "c_fill_pad,h_90,w_90", (90, 90)),
        (SMALL, "c_fill_pad,h_400,w_40", (40, 400)),
        (SMALL, "c_crop,h_40,w_60", (60, 40)),
        (SMALL, "c_crop,h_400,w_60", (60, 80)),
        (SMALL, "c_crop,w_60", (60, 80)),
        (SMALL, "c_crop,h_0.5,w_0.5", (60, 40)),
        (SMALL, "c_crop,x_100,y_70", (20, 10)),
        (SMALL, "c_crop,h_40,w_60,z_0.25", (30, 20)),
        (SMALL, "ar_1:1,c_crop", (80, 80)),
        (SMALL, "c_fill", (120, 80)),
        (SMALL, "e_sepia,r_max", (120, 80)),
        (SMALL, "bo_5px_solid_red", (130, 90)),
        (SMALL, "a_90", (80, 120)),
        (SMALL, "a_180.hflip.ignore", (120, 80)),
        (SMALL, "a_45", (142, 142)),
        (SMALL, "a_90,bo_5px_solid_red,w_60", (50, 70)),
        (SMALL, "a_auto_right,c_fill,h_60,w_40", (40, 60)),
        (SMALL, "a_auto_right,h_60,w_80", (80, 60)),
        (SMALL, "l_logo,w_1000", (120, 80)),
        (SMALL, "l_logo/w_1000/fl_layer_apply/w_60", (60, 40)),
        (SMALL, "f_webp,q_auto", (120, 80)),
        ((8000, 6000), "", (4096, 3072)),
        ((8000, 6000), "c_crop,h_6000,w_6000", (4096, 4096)),
        ((8000, 6000), "c_crop,h_6000,w_6000/w_100", (100, 100)),
        ((8000, 6000), "e_sepia", (4096, 3072)),
        (SMALL, "w_4096/w_10.0", (4096, 2731)),
        ((1, 10_000), "w_400", (1, 4096)),
    ],
)
def test_knows_the_size_of_the_variant(
    original: tuple[int, int], wanted: str, size: tuple[int, int]
) -> None:
    assert parse(wanted).size_of(*original) == size


@settings(deadline=None, max_examples=300)
@given(
    chains(GEOMETRY, PIXELS),
    st.integers(1, 100_000),
    st.integers(1, 100_000),
)
def test_every_size_is_within_bounds(wanted: Transformation, width: int, height: int) -> None:
    assert all(1 <= side <= MAX_SIDE_PX for side in wanted.size_of(width, height))
