"""What can be asked of a whole transformation, and made of it."""

from __future__ import annotations

import pytest

from gallery.errors import BadTransformationError
from gallery.transformation import Crop, Transformation, parse


def test_a_box_is_the_component_that_presets_are_made_of() -> None:
    assert str(Transformation.box(width=400, height=300)) == "c_limit,f_auto,h_300,q_auto,w_400"
    fill = Transformation.box(crop=Crop.FILL, width=40, height=30, format="jpg", quality=70)
    assert str(fill) == "c_fill,f_jpg,h_30,q_70,w_40"
    assert str(fill.resized(20, 15)) == "c_fill,f_jpg,h_15,q_70,w_20"


def test_tells_what_the_last_word_is_and_what_there_is_in_all() -> None:
    wanted = parse("d_none,f_png,fl_lossy,q_50,t_a.b/l_x:y,w_9/fl_attachment,l_x:y/f_webp,q_60,t_c")

    assert (wanted.format, wanted.quality) == ("webp", 60)
    assert wanted.flags == {"lossy", "attachment"}
    assert wanted.named == ("a", "b", "c")
    assert wanted.layers == ("x/y",)
    assert wanted.default_image == "none"
    assert not wanted.is_plain


def test_a_plain_one_says_nothing() -> None:
    plain = parse("")

    assert plain.is_plain
    assert (plain.format, plain.quality, plain.flags, plain.hints) == (None, None, set(), set())


@pytest.mark.parametrize(
    ("wanted", "dpr", "width", "hinted"),
    [
        ("dpr_auto,w_100", 2.0, None, "dpr_2.0,w_100"),
        ("dpr_auto,w_100", 1.7, None, "dpr_2.0,w_100"),
        ("dpr_auto,w_100", 99.0, None, "dpr_3.0,w_100"),
        ("dpr_auto,w_100", None, None, "dpr_1.0,w_100"),
        ("dpr_auto,w_3000", 3.0, None, "dpr_1.36,w_3000"),
        ("c_limit,w_auto", None, 390, "c_limit,w_400"),
        ("c_limit,w_auto", None, 99_999, "c_limit,w_4096"),
        ("c_limit,w_auto", None, None, "c_limit"),
        ("w_auto/e_negate", None, None, "e_negate"),
    ],
)
def test_hints_become_one_of_a_few_numbers(
    wanted: str, dpr: float | None, width: int | None, hinted: str
) -> None:
    assert parse(wanted).hints
    found = parse(wanted).with_hints(dpr=dpr, width=width)
    assert str(found) == hinted
    assert not found.hints
    assert parse(hinted) == found


@pytest.mark.parametrize(
    ("wanted", "format", "found"),
    [
        ("", "jpg", "f_jpg"),
        ("f_png", "jpeg", "f_jpg"),
        ("f_png/w_30", "webp", "f_webp,w_30"),
        ("w_30/t_small", "webp", "w_30/t_small/f_webp"),
    ],
)
def test_a_format_replaces_what_was_said_of_it(wanted: str, format: str, found: str) -> None:
    assert str(parse(wanted).with_format(format)) == found


def test_refuses_a_format_that_is_not_made() -> None:
    with pytest.raises(BadTransformationError, match="svg"):
        parse("").with_format("svg")


def test_names_are_replaced_by_what_they_stand_for() -> None:
    definitions = {"small": parse("c_fill,h_9,w_9/t_grey"), "grey": parse("e_grayscale")}

    assert str(parse("t_small").expanded(definitions)) == "c_fill,h_9,w_9/e_grayscale"
    assert (
        str(parse("w_30/f_webp,t_grey.small").expanded(definitions))
        == "w_30/e_grayscale/c_fill,h_9,w_9/e_grayscale/f_webp"
    )


@pytest.mark.parametrize(
    "definitions",
    [
        {},
        {"a": parse("t_a")},
        {"a": parse("t_b"), "b": parse("t_a")},
        {"a": parse("t_b/t_b/t_b"), "b": parse("/".join(["e_negate"] * 7))},
    ],
)
def test_names_that_lead_nowhere_are_refused(definitions: dict[str, Transformation]) -> None:
    with pytest.raises(BadTransformationError):
        parse("t_a").expanded(definitions)


def test_names_must_be_replaced_before_there_is_a_size() -> None:
    with pytest.raises(BadTransformationError, match="t_small"):
        parse("t_small").size_of(10, 10)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("c_fill,g_custom,h_9,w_9", "c_fill,g_xy_center,h_9,w_9,x_25,y_40"),
        ("c_crop,g_custom", "c_crop,g_north_west,h_40,w_30,x_10,y_20"),
        ("c_thumb,g_face,h_9,w_9", "c_thumb,g_xy_center,h_9,w_9,x_2,y_2"),
        ("c_thumb,g_faces,h_9,w_9", "c_thumb,g_xy_center,h_9,w_9,x_50,y_50"),
        ("c_fill,g_north,h_9,w_9", "c_fill,g_north,h_9,w_9"),
        ("f_png/c_crop,g_custom", "f_png/c_crop,g_north_west,h_40,w_30,x_10,y_20"),
        ("l_logo,g_custom,w_9", "g_custom,l_logo,w_9"),
    ],
)
def test_recorded_regions_become_points(wanted: str, found: str) -> None:
    faces = ((0, 0, 5, 5), (90, 90, 10, 10))
    assert str(parse(wanted).with_regions(custom=((10, 20, 30, 40),), faces=faces)) == found
    assert str(parse(wanted).with_regions()) == str(parse(wanted))
