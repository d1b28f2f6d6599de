"""Sizes in few words, as templates ask for them."""

from __future__ import annotations

import pytest

from gallery.errors import BadTransformationError
from gallery.transformation import MAX_SIDE_PX, flexible, parse


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("w=200", "c_limit,f_auto,q_auto,w_200"),
        ("h=100", "c_limit,f_auto,h_100,q_auto"),
        ("w=200,h=100", "c_limit,f_auto,h_100,q_auto,w_200"),
        ("fit=contain,w=200,h=100", "c_fit,f_auto,h_100,q_auto,w_200"),
        ("w=200,h=100,fit=cover", "c_fill,f_auto,h_100,q_auto,w_200"),
        (" w = 200 , h=100, fit=crop", "c_lfill,f_auto,h_100,q_auto,w_200"),
        ("w=200,h=100,fit=pad", "c_pad,f_auto,h_100,q_auto,w_200"),
        ("w=200,q=80", "c_limit,f_auto,q_80,w_200"),
        (f"w={MAX_SIDE_PX}", f"c_limit,f_auto,q_auto,w_{MAX_SIDE_PX}"),
    ],
)
def test_a_size_in_few_words_is_a_transformation(text: str, wanted: str) -> None:
    assert str(flexible(text)) == wanted
    assert flexible(text) == parse(wanted)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "write w=200"),
        ("poster", "'poster' is no size"),
        ("w200", "is no size"),
        ("w=", "w: must be a whole number"),
        ("w=0", "w: must be a whole number"),
        ("w=-1", "w: must be a whole number"),
        ("w=1.5", "w: must be a whole number"),
        ("w=٢٠٠", "w: must be a whole number"),
        (f"h={MAX_SIDE_PX + 1}", f"from 1 to {MAX_SIDE_PX}"),
        ("w=200,q=101", "q: must be a whole number from 1 to 100"),
        ("w=200,w=300", "at most once"),
        ("w=200,blur=5", "is no size"),
        ("w=200,fit=squeeze", "fit: must be one of scale-down, contain, cover"),
        ("fit=cover", "Say a width or a height"),
        ("q=80", "Say a width or a height"),
        ("w=200,fit=cover", "fit=cover needs both w and h"),
        ("h=200,fit=pad", "fit=pad needs both w and h"),
        ("w=200/e_blur", "w: must be a whole number"),
    ],
)
def test_what_is_no_size_is_refused_with_the_mend(text: str, told: str) -> None:
    with pytest.raises(BadTransformationError) as refused:
        flexible(text)

    assert told in refused.value.detail
