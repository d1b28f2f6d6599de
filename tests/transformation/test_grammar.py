"""How transformations are spelled: one spelling for each, and a refusal that names the part."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import BadTransformationError
from gallery.transformation import Crop, Gravity, Step, Transformation, parse
from gallery.transformation.grammar import KEYS
from gallery.transformation.step import Border, Effect
from tests.transformation.strategies import GEOMETRY, IDS, OTHERS, PIXELS, chains

ALL = chains(GEOMETRY, PIXELS, OTHERS)


def _shuffled(text: str, seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    components = [component.split(",") for component in text.split("/")]
    for parts in components:
        chance.shuffle(parts)
    return "/".join(map(",".join, components))


@given(ALL, st.integers())
def test_any_order_in_one_spelling_out(wanted: Transformation, seed: int) -> None:
    spelling = str(wanted)

    assert parse(spelling) == wanted
    assert parse(_shuffled(spelling, seed)) == wanted
    assert str(parse(_shuffled(spelling, seed))) == spelling


@given(IDS, IDS)
def test_layers_have_one_spelling_too(over: str, under: str) -> None:
    spelling = str(Transformation((Step(overlay=over, width=10), Step(underlay=under))))

    assert str(parse(spelling)) == spelling
    assert set(parse(spelling).layers) == {over, under}


@given(st.text(max_size=40) | st.text("abcdefw_x,/:.0189", max_size=40))
def test_whatever_comes_in_is_read_or_refused(text: str) -> None:
    try:
        wanted = parse(text)
    except BadTransformationError:
        return
    assert parse(str(wanted)) == wanted


def test_keys_are_spelled_in_alphabetical_order() -> None:
    assert list(KEYS) == sorted(KEYS)


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("w_400,q_auto,h_400,f_auto,c_limit", "c_limit,f_auto,h_400,q_auto,w_400"),
        ("w_0.50", "w_0.5"),
        ("dpr_2", "dpr_2.0"),
        ("ar_1.5,w_30", "ar_3:2,w_30"),
        ("ar_32:18,w_30", "ar_16:9,w_30"),
        ("q_auto:good", "q_auto"),
        ("f_jpeg", "f_jpg"),
        ("e_blur", "e_blur:100"),
        ("a_-90", "a_270"),
        ("a_hflip.-20", "a_hflip.340"),
        ("b_red", "b_rgb:ff0000"),
        ("b_rgb:FA3", "b_rgb:ffaa33"),
        ("b_auto:border", "b_auto"),
        ("bo_4px_solid_red", "bo_4px_solid_rgb:ff0000"),
        ("fl_progressive.lossy.progressive", "fl_lossy.progressive"),
        ("g_auto:subject", "g_auto"),
        ("c_fill,w_30/e_sepia", "c_fill,w_30/e_sepia:80"),
        ("l_folder:logo,w_30", "l_folder:logo,w_30"),
        ("", ""),
    ],
)
def test_two_spellings_of_the_same_are_one(given: str, canonical: str) -> None:
    assert str(parse(given)) == canonical


def test_reads_every_kind_of_value() -> None:
    (step,) = parse(
        "a_10.vflip,b_rgb:11223344,bo_2px_solid_white,c_lfill,d_none:yet.png,dn_72,e_blur:300,"
        "f_webp,fl_attachment:holiday.lossy,g_south_east,h_0.5,o_30,pg_2,q_70,r_max:0,w_iw,x_-5,"
        "y_0.25,z_1.5,co_blue,dpr_auto"
    ).steps

    assert step == Step(
        angle=(10, "vflip"),
        background="11223344",
        border=Border(2, "ffffff"),
        crop=Crop.LFILL,
        default_image="none/yet.png",
        density=72,
        effect=Effect("blur", 300),
        format="webp",
        flags=("attachment:holiday", "lossy"),
        gravity=Gravity.SOUTH_EAST,
        height=0.5,
        opacity=30,
        page=2,
        quality=70,
        radius=("max", 0),
        width="iw",
        x=-5,
        y=0.25,
        zoom=1.5,
        color="0000ff",
        dpr="auto",
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("w_0", "w_0"),
        ("w_5000", "4096"),
        ("w_3000,dpr_2.0", "4096"),
        ("c_crop,w_70000", "w_70000"),
        ("w_-1", "w_-1"),
        ("w_1e3", "w_1e3"),
        ("w_٤٠٠", "a side"),
        ("h_auto", "h_auto"),
        ("w_400,w_400", "twice"),
        ("w_400,k_1", "k_1"),
        ("w_400,c_magic", "lfill"),
        ("w_400,f_bmp", "avif"),
        ("w_400,q_0", "quality"),
        ("w_400,q_101", "quality"),
        ("q_auto:great", "auto:best"),
        ("e_fly", "grayscale"),
        ("e_blur:2001", "2000"),
        ("e_grayscale:3", "no levels"),
        ("g_up", "north_west"),
        ("a_400", "-360 to 360"),
        ("a_1.2.3.4.5", "at most 4"),
        ("r_1:2:3:4:5", "four"),
        ("b_reddish", "CSS name"),
        ("bo_4px_dotted_red", "4px_solid_red"),
        ("o_101", "0 to 100"),
        ("x_99999999", "x_99999999"),
        ("ar_0:9", "16:9"),
        ("ar_1:2,h_3,w_3", "not with both"),
        ("fl_wings", "progressive"),
        ("l_text:Arial_20:Hi", "only pictures"),
        ("l_a,u_b", "l_ and u_"),
        ("l_..:etc:passwd", "public id"),
        ("fl_layer_apply", "l_ or u_"),
        ("t_.a", "names"),
        ("$x_5", "variables"),
        ("if_w_gt_5", "conditions"),
        ("w_4//w_4", "not known"),
        ("w_4/", "not known"),
        ("/".join(["e_negate"] * 21), "20"),
        ("/".join(["l_a"] * 6), "5"),
        ("w_4/" * 250 + "w_4", "1,000"),
    ],
)
def test_refuses_what_it_cannot_read_and_names_the_part(text: str, named: str) -> None:
    with pytest.raises(BadTransformationError) as refused:
        parse(text)

    assert named.lower() in refused.value.detail.lower()
