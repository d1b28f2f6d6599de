"""Whatever an original's colours are, a variant shows them in sRGB."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests import pictures
from tests.imaging.judging import BUCKETS, LOSSY, Derive, assert_near
from tests.pictures import CORNERS, Picture


@pytest.mark.parametrize(
    ("original", "within"),
    [
        (pictures.in_mode("L", "png"), None),
        (pictures.in_mode("L", "jpeg"), None),
        (pictures.in_mode("LA", "png"), None),
        (pictures.in_mode("P", "png"), 40),
        (pictures.in_mode("1", "tiff"), None),
        (pictures.in_mode("CMYK", "tiff"), 70),
        (pictures.in_mode("CMYK", "jpeg"), 70),
        (pictures.with_profile("cmyk", "jpeg"), 24),
        (pictures.with_profile("p3", "jpeg"), LOSSY),
        (pictures.with_profile("p3", "png"), LOSSY),
        (pictures.with_profile("p3", "webp"), LOSSY),
        (pictures.with_profile("p3", "avif"), LOSSY),
        (pictures.in_sixteen_bits("png"), LOSSY),
        (pictures.in_sixteen_bits("tiff"), LOSSY),
    ],
)
@pytest.mark.parametrize("bucket", BUCKETS)
def test_shows_every_kind_of_colour_in_srgb(
    derive: Derive, original: Picture, within: int | None, bucket: str
) -> None:
    variant = derive(original, "c_limit,h_60,w_60", bucket=bucket)
    if within is not None:
        assert_near(variant.corners(), CORNERS, within=within)
    else:
        # Grey: no channel differs from another.
        assert all(max(color) - min(color) <= 6 for color in variant.corners())


def test_does_without_a_profile_that_cannot_be_used(derive: Derive) -> None:
    original = pictures.photo("jpeg", icc_profile=b"not a profile" * 40)
    assert_near(derive(original).corners(), CORNERS)


@pytest.mark.parametrize(
    ("bucket", "format"), [("avif", "avif"), ("webp", "webp"), ("base", "png")]
)
def test_keeps_what_one_sees_through(derive: Derive, bucket: str, format: str) -> None:
    for original in ("png", "webp", "avif"):
        variant = derive(pictures.see_through(original), "c_limit,h_60,w_60", bucket=bucket)
        assert variant.format == format
        assert variant.alpha_at(0.2, 0.5) == 255
        assert variant.alpha_at(0.8, 0.5) == 0
        assert_near([variant.color_at(0.05, 0.05)], [pictures.RED])


def test_puts_what_one_sees_through_on_white_for_a_jpeg(derive: Derive) -> None:
    variant = derive(pictures.see_through(), "c_limit,f_jpg,h_60,w_60", bucket="avif")
    assert_near(
        [variant.color_at(0.2, 0.05), variant.color_at(0.8, 0.5)], [pictures.RED, (255, 255, 255)]
    )


def test_drops_an_alpha_channel_that_hides_nothing(derive: Derive) -> None:
    assert derive(pictures.in_mode("RGBA", "png")).format == "jpeg"


@pytest.mark.parametrize(
    "original",
    [
        pictures.photo("png"),
        pictures.photo("tiff"),
        pictures.photo("jpeg", quality=98, subsampling=0),
        pictures.with_profile("p3", "png"),
        pictures.with_profile("p3", "tiff"),
        pictures.in_sixteen_bits("png"),
        pictures.in_sixteen_bits("tiff"),
        pictures.see_through("png"),
        pictures.in_mode("RGBA", "png"),
    ],
)
@pytest.mark.parametrize("wanted", ["w_60", "w_1.0", "w_200", "c_crop,h_80,w_120", "a_180/a_180"])
def test_changes_no_colour_on_the_way(derive: Derive, original: Picture, wanted: str) -> None:
    variant = derive(original, wanted, format="png")
    left = [variant.corners()[at] for at in (0, 3)]
    assert_near(left, [pictures.RED, pictures.BLUE], within=3)


def test_grey_stays_the_same_grey(derive: Derive) -> None:
    for mode, format in (("L", "png"), ("L", "jpeg"), ("LA", "png"), ("L", "tiff")):
        variant = derive(pictures.in_mode(mode, format), "w_60", format="png")
        # What Pillow makes of red, by the weights of television.
        assert_near([variant.color_at(0.05, 0.05)], [(101, 101, 101)], within=2)


def test_shows_what_every_screen_can_of_a_picture_with_a_gain_map(derive: Derive) -> None:
    original = pictures.with_gain_map(width=240, height=160)
    base = Image.open(io.BytesIO(original.content)).convert("RGB")
    seen = [base.getpixel(at) for at in ((5, 5), (235, 5), (235, 155), (5, 155))]
    for bucket in BUCKETS:
        variant = derive(original, "c_limit,h_160,w_160", bucket=bucket)
        assert_near(variant.corners(), seen, within=LOSSY)  # type: ignore[arg-type]
        assert b"hdrgm" not in variant.derived.bytes
        assert b"MPF" not in variant.derived.bytes


def test_the_stored_format_is_kept_where_none_was_asked_for(derive: Derive) -> None:
    for format in ("jpeg", "png", "webp", "avif", "gif"):
        assert derive(pictures.photo(format), "w_60", format=None).format == format
    assert derive(pictures.photo("tiff"), "w_60", format=None).format == "jpeg"
    clear = derive(pictures.see_through("tiff"), "w_60", format=None)
    assert (clear.format, clear.alpha_at(0.9, 0.5)) == ("png", 0)


def test_a_plain_transformation_makes_the_picture_anew(derive: Derive) -> None:
    original = pictures.photo("jpeg", metadata=True, orientation=6)
    variant = derive(original, "", format=None)
    assert variant.image.size == (original.width, original.height)
    assert variant.derived.bytes != original.content
