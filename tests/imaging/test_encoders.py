"""Qualities, and the flags that are the encoders' own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gallery.imaging import formats
from gallery.imaging.encoders import quality_of
from tests import pictures
from tests.imaging.judging import Derive

FORMATS = ("jpg", "webp", "avif")


@pytest.mark.parametrize(
    ("quality", "jpeg", "webp", "avif"),
    [
        ("auto:best", 89, 90, 80),
        ("jpegmini", 89, 90, 80),
        ("auto", 80, 80, 63),
        (None, 80, 80, 63),
        ("auto:eco", 65, 70, 58),
        ("auto:low", 50, 50, 50),
        ("auto:1", 1, 1, 20),
        ("auto:100", 100, 100, 100),
        (70, 70, 70, 70),
    ],
)
def test_one_look_has_a_quality_in_each_format(
    quality: int | str | None, jpeg: int, webp: int, avif: int
) -> None:
    found = [quality_of(each, quality) for each in (formats.JPEG, formats.WEBP, formats.AVIF)]
    assert found == [jpeg, webp, avif]


@pytest.mark.parametrize("format", [formats.JPEG, formats.WEBP, formats.AVIF])
def test_a_better_look_never_has_a_lower_quality(format: formats.Format) -> None:
    looks = [quality_of(format, f"auto:{look}") for look in range(1, 101)]
    assert all(low <= high for low, high in pairwise(looks))
    assert 1 <= looks[0] < looks[-1] <= 100


@pytest.mark.parametrize("format", FORMATS)
def test_obeys_the_quality_that_was_asked_for(derive: Derive, format: str) -> None:
    sizes = [
        len(derive(pictures.photo(), f"f_{format},q_{quality},w_100").derived.bytes)
        for quality in ("20", "auto:low", "auto:eco", "auto", "auto:best", "97")
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] / 2


def test_the_last_quality_counts(derive: Derive) -> None:
    one = derive(pictures.photo(), "q_20,w_100/q_95").derived.bytes
    assert one == derive(pictures.photo(), "q_95,w_100").derived.bytes


def test_writes_large_jpegs_in_passes(derive: Derive) -> None:
    large = derive(pictures.photo(width=1000, height=800), "c_limit,h_800,w_1000")
    small = derive(pictures.photo(width=1000, height=800), "c_limit,h_200,w_200")
    assert large.image.info.get("progressive")
    assert not small.image.info.get("progressive")


def test_writes_in_passes_or_not_when_it_is_asked_to(derive: Derive) -> None:
    for flag in ("progressive", "progressive:semi", "progressive:steep"):
        assert derive(pictures.photo(), f"fl_{flag}").image.info.get("progressive")
    large = pictures.photo(width=1000, height=800)
    assert not derive(large, "fl_progressive:none").image.info.get("progressive")


def test_a_lossy_png_has_a_palette_and_fewer_bytes(derive: Derive) -> None:
    original = pictures.photo("png", width=300, height=200)
    whole, lossy = (derive(original, wanted, format="png") for wanted in ("", "fl_lossy"))
    assert (whole.image.mode, lossy.image.mode) == ("RGB", "P")
    assert len(lossy.derived.bytes) < len(whole.derived.bytes) / 2


def test_a_lossy_gif_has_fewer_bytes(derive: Derive) -> None:
    moving = pictures.animation("webp", frames=4, width=300, height=200, quality=40)
    whole, lossy = (derive(moving, wanted, format="gif") for wanted in ("", "fl_lossy"))
    assert whole.frames == lossy.frames == 4
    assert len(lossy.derived.bytes) < len(whole.derived.bytes)


@pytest.mark.parametrize("flag", ["strip_profile", "keep_iptc", "force_strip", "attachment:a"])
def test_other_flags_change_no_byte(derive: Derive, flag: str) -> None:
    plain = derive(pictures.photo(metadata=True), "w_60").derived.bytes
    assert derive(pictures.photo(metadata=True), f"fl_{flag},w_60").derived.bytes == plain
