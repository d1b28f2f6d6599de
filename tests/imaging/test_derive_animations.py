"""Animations keep moving where the format can."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.errors import BadTransformationError
from gallery.imaging.sandbox import Engine
from gallery.transformation import parse
from tests import pictures
from tests.imaging.judging import Derive, assert_near
from tests.pictures import CORNERS


@pytest.mark.parametrize("original", ["gif", "webp"])
@pytest.mark.parametrize(
    ("transformation", "bucket", "format"),
    [
        ("c_limit,h_30,w_30", "avif", "webp"),
        ("c_limit,h_30,w_30", "webp", "webp"),
        ("c_limit,h_30,w_30", "base", "gif"),
        ("c_fill,h_20,w_20", "webp", "webp"),
        ("c_limit,f_gif,h_30,w_30", "avif", "gif"),
        ("c_limit,f_webp,h_30,w_30", "base", "webp"),
    ],
)
def test_lets_an_animation_move(
    derive: Derive, original: str, transformation: str, bucket: str, format: str
) -> None:
    moving = pictures.animation(original, frames=7, duration=[80, 120, 80, 80, 80, 80, 200])
    variant = derive(moving, transformation, bucket=bucket)
    assert (variant.format, variant.frames) == (format, 7)
    delays = []
    for number in range(7):
        variant.image.seek(number)
        variant.image.load()
        delays.append(variant.image.info["duration"])
        assert_near(variant.corners(), CORNERS, within=30)
    assert delays == [80, 120, 80, 80, 80, 80, 200]


@pytest.mark.parametrize("wanted", ["avif", "jpg", "png"])
def test_shows_the_first_frame_where_the_format_cannot_move(derive: Derive, wanted: str) -> None:
    variant = derive(pictures.animation("gif"), f"c_limit,f_{wanted},h_30,w_30", bucket="webp")
    assert variant.frames == 1
    assert_near(variant.corners(), CORNERS, within=30)


def test_thins_out_an_animation_too_long_to_be_made_at_once(derive: Derive) -> None:
    moving = pictures.animation("webp", frames=40, width=500, height=300, duration=100)
    variant = derive(moving, "c_limit,h_300,w_500", bucket="base")
    assert variant.format == "gif"
    assert variant.frames == 20
    variant.image.seek(3)
    assert variant.image.info["duration"] == 200


@pytest.mark.parametrize(("original", "format"), [("gif", "gif"), ("webp", "webp")])
def test_moves_in_its_own_format_where_none_was_asked_for(
    derive: Derive, original: str, format: str
) -> None:
    variant = derive(pictures.animation(original), "w_30", format=None)
    assert (variant.format, variant.frames) == (format, 5)


@pytest.mark.parametrize("bucket", ["webp", "base"])
@pytest.mark.parametrize(
    ("wanted", "color"),
    [
        ("e_negate", (55, 195, 205)),
        ("c_crop,g_north_west,h_20,w_60", pictures.RED),
        ("a_180", pictures.YELLOW),
        ("b_white,c_pad,h_200,w_100", (255, 255, 255)),
        ("b_white,r_max", (255, 255, 255)),
        ("bo_5px_solid_white", (255, 255, 255)),
    ],
)
def test_does_to_every_frame_what_was_asked_for(
    derive: Derive, wanted: str, color: pictures.Color, bucket: str
) -> None:
    variant = derive(pictures.animation("gif", frames=4), wanted, bucket=bucket)
    assert variant.frames == 4
    for number in range(4):
        variant.image.seek(number)
        assert_near([variant.color_at(0.0, 0.0)], [color], within=30)


def test_rounded_frames_can_be_seen_through(derive: Derive) -> None:
    for bucket in ("webp", "base"):
        variant = derive(pictures.animation("webp"), "r_max", bucket=bucket)
        assert (variant.frames, variant.alpha_at(0, 0), variant.alpha_at(0.5, 0.5)) == (5, 0, 255)


def test_cuts_every_frame_at_the_same_place(derive: Derive) -> None:
    """The white bar wanders; a frame that followed it would show it in the same place."""
    moving = pictures.animation("gif", frames=6, width=120, height=40)
    variant = derive(moving, "c_fill,g_auto,h_40,w_60", bucket="webp")
    assert variant.frames == 6
    shown = []
    for number in range(6):
        variant.image.seek(number)
        row = [min(variant.color_at(x / 59, 0.5)) for x in range(60)]
        shown.append(row.index(max(row)) if max(row) > 220 else None)
    assert len({at for at in shown if at is not None}) > 1


@pytest.mark.parametrize("original", ["gif", "webp"])
@pytest.mark.parametrize("bucket", ["avif", "webp", "base"])
def test_shows_one_frame_when_one_was_asked_for(derive: Derive, original: str, bucket: str) -> None:
    moving = pictures.animation(original, frames=5, width=60, height=40)
    variant = derive(moving, "pg_3", bucket=bucket)
    assert variant.frames == 1
    # The bar stands where the third frame has it.
    assert min(variant.color_at(25.5 / 59, 0.4)) > 220
    assert min(variant.color_at(3 / 59, 0.4)) < 220


def test_shows_the_page_of_a_document(derive: Derive, engine: Engine, tmp_path: Path) -> None:
    document = pictures.pages((40, 30), (80, 90)).saved_in(tmp_path)
    assert derive(pictures.pages((40, 30), (80, 90)), "pg_1").image.size == (40, 30)
    second = engine.derive(document, parse("f_png,pg_2/w_40"), bucket="base")
    assert (second.width, second.height) == (40, 45)
    with pytest.raises(BadTransformationError, match="pg_3"):
        engine.derive(document, parse("pg_3"), bucket="base")


def test_a_still_picture_has_its_only_page(derive: Derive) -> None:
    derive(pictures.photo(), "pg_1")


@pytest.mark.parametrize("loop", [0, 3])
@pytest.mark.parametrize("bucket", ["webp", "base"])
def test_plays_as_often_as_before(derive: Derive, loop: int, bucket: str) -> None:
    variant = derive(pictures.animation("webp", loop=loop), "e_negate/r_max", bucket=bucket)
    # A GIF says how often it is repeated, a WebP how often it plays.
    assert variant.image.info["loop"] == (max(0, loop - 1) if bucket == "base" else loop)
