"""Presets: the built-in ones, and those of a file."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.errors import ConfigError
from gallery.transformation import presets_from


def test_offers_the_built_in_presets() -> None:
    presets = presets_from({})

    assert list(presets) == ["thumb", "card", "full", "avatar"]
    assert [str(each) for each in presets["thumb"].transformations()] == [
        "c_limit,f_auto,h_200,q_auto,w_200",
        "c_limit,f_auto,h_400,q_auto,w_400",
    ]
    assert str(presets["avatar"].largest) == "c_lfill,f_auto,h_240,q_auto,w_240"


def test_takes_presets_from_a_table_and_keeps_the_shape_of_their_box() -> None:
    presets = presets_from(
        {
            "poster": "c_fill,h_600,w_400",
            "wide": {"transformation": "c_fill,h_300,w_900", "widths": [300]},
            "narrow": {"transformation": "f_png,q_50,w_300", "widths": [100]},
        }
    )

    assert str(presets["poster"].largest) == "c_fill,f_auto,h_600,q_auto,w_400"
    assert [str(each) for each in presets["wide"].transformations()] == [
        "c_fill,f_auto,h_100,q_auto,w_300",
        "c_fill,f_auto,h_300,q_auto,w_900",
    ]
    assert [str(each) for each in presets["narrow"].transformations()] == [
        "f_png,q_50,w_100",
        "f_png,q_50,w_300",
    ]


def test_a_preset_that_is_no_box_comes_in_one_size() -> None:
    (wanted,) = presets_from({"grey": "c_fill,h_30,w_40/e_grayscale"})["grey"].transformations()

    assert str(wanted) == "c_fill,h_30,w_40/e_grayscale,f_auto,q_auto"
    with pytest.raises(ConfigError, match="one size only"):
        presets_from({"grey": {"transformation": "w_0.5", "widths": [40]}})


@pytest.mark.parametrize(
    "table",
    [
        {"Bad Name": "w_1"},
        {"a": 5},
        {"a": "w_nothing"},
        {"a": "t_thumb"},
        {"a": {"transformation": "w_300", "widths": ["300"]}},
        {"a": {"transformation": "w_300", "widths": [900]}},
        {"a": {"transformation": "w_300", "width": [300]}},
    ],
)
def test_refuses_a_preset_that_cannot_work(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="PRESETS_FILE"):
        presets_from(table)
