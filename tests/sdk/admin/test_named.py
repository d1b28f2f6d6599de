"""Named transformations by the SDK: created, listed, looked at, changed, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cloudinary import api
from cloudinary.exceptions import AlreadyExists, BadRequest, NotFound

from tests.sdk.admin.conftest import Account

PRESETS = ["t_avatar", "t_card", "t_full", "t_thumb"]


@pytest.fixture(autouse=True)
def _only_presets(account: Account) -> Iterator[None]:
    yield
    for each in listed():
        if each["name"] not in PRESETS:
            api.delete_transformation(each["name"])


def listed(**options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.transformations(max_results=500, **options)["transformations"]
    return found


def test_presets_are_there_from_the_start(account: Account) -> None:
    assert [each["name"] for each in listed(named=True)] == PRESETS
    assert {each["allowed_for_strict"] for each in listed()} == {True}
    assert api.transformation("t_thumb")["info"] == [
        {"crop": "limit", "fetch_format": "auto", "height": 400, "quality": "auto", "width": 400}
    ]


def test_one_is_created_listed_and_looked_at(account: Account) -> None:
    told = api.create_transformation("small", {"crop": "scale", "width": 102})
    assert told["message"] == "created"

    for name in ("small", "t_small", {"transformation": "small"}):
        found = api.transformation(name)
        assert found["info"] == [{"crop": "scale", "width": 102}]
        assert (found["allowed_for_strict"], found["used"], found["named"]) == (True, False, True)
        assert found["derived"] == []
    assert "t_small" in [each["name"] for each in listed()]


def test_a_chain_is_told_step_by_step(account: Account) -> None:
    api.create_transformation("chain", "w_0.5,c_crop,g_north/e_sepia:50/r_max")

    assert api.transformation("chain")["info"] == [
        {"crop": "crop", "gravity": "north", "width": 0.5},
        {"effect": "sepia:50"},
        {"radius": "max"},
    ]


def test_a_name_is_given_once(account: Account) -> None:
    api.create_transformation("small", "w_10")

    for name in ("small", "thumb"):
        with pytest.raises(AlreadyExists):
            api.create_transformation(name, "w_20")
    assert api.transformation("small")["info"] == [{"width": 10}]


def test_is_changed_as_far_as_it_is_told(account: Account) -> None:
    api.create_transformation("small", "w_10,c_scale")

    assert api.update_transformation("small", allowed_for_strict=False)["message"] == "updated"
    assert api.transformation("small")["allowed_for_strict"] is False
    api.update_transformation("small", unsafe_update={"crop": "scale", "width": 103})
    found = api.transformation("small")
    assert found["info"] == [{"crop": "scale", "width": 103}]
    assert found["allowed_for_strict"] is False
    api.update_transformation("small", allowed_for_strict=True)
    assert api.transformation("small")["allowed_for_strict"] is True


def test_is_deleted(account: Account) -> None:
    api.create_transformation("small", "w_10")

    assert api.delete_transformation("small")["message"] == "deleted"

    for call in (
        api.transformation,
        api.delete_transformation,
        lambda name: api.update_transformation(name, allowed_for_strict=True),
    ):
        with pytest.raises(NotFound):
            call("small")


@pytest.mark.parametrize(
    ("name", "definition"),
    [("bad", "w_x"), ("bad", "t_thumb"), ("bad name", "w_10"), ("bad", ""), ("", "w_10")],
)
def test_what_cannot_be_named_is_refused(account: Account, name: str, definition: str) -> None:
    with pytest.raises(BadRequest):
        api.create_transformation(name, definition)
    assert [each["name"] for each in listed()] == PRESETS


def test_what_has_no_name_is_not_kept(account: Account) -> None:
    for call in (api.transformation, api.delete_transformation):
        with pytest.raises(NotFound):
            call({"crop": "scale", "width": 100})


def test_are_listed_page_by_page(account: Account) -> None:
    for name in ("a", "z"):
        api.create_transformation(name, "w_10")

    first = api.transformations(max_results=4)
    rest = api.transformations(max_results=4, next_cursor=first["next_cursor"])

    found = [each["name"] for each in (*first["transformations"], *rest["transformations"])]
    assert found == ["t_a", *PRESETS, "t_z"]
    assert "next_cursor" not in rest
