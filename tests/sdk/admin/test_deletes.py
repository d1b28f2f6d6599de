"""Deletes by the SDK: by name, prefix, tag or all; into the trash; of what was derived alone."""

from __future__ import annotations

import pytest
from cloudinary import api
from cloudinary.exceptions import BadRequest, NotFound

from tests.sdk.admin.conftest import Account


def left() -> set[str]:
    return {each["public_id"] for each in api.resources(max_results=500)["resources"]}


def test_those_that_are_named_are_gone(account: Account) -> None:
    for name in ("a", "b/c d", "e"):
        account.add(name)

    told = api.delete_resources(["a", "b/c d", "nothing"])

    assert told["deleted"] == {"a": "deleted", "b/c d": "deleted", "nothing": "not_found"}
    assert told["deleted_counts"]["a"] == {"original": 1, "derived": 0}
    assert told["partial"] is False
    assert "next_cursor" not in told
    assert left() == {"e"}
    with pytest.raises(NotFound):
        api.resource("a")


def test_they_lie_in_the_trash_of_the_gallery(account: Account) -> None:
    account.add("a")
    [image] = account.gallery.list()

    api.delete_resources("a")

    assert [each["id"] for each in account.gallery.list(status="trashed")] == [image["id"]]
    assert account.gallery.list() == []


def test_of_the_same_name_but_another_type_nothing_goes(account: Account) -> None:
    account.add("a")
    account.add("b", type="private")

    told = api.delete_resources(["a", "b"], type="private")

    assert told["deleted"] == {"a": "not_found", "b": "deleted"}
    assert left() == {"a"}


def test_by_prefix_by_tag_and_all(account: Account) -> None:
    for name in ("x/1", "x/2", "xy", "y"):
        account.add(name, tags=["t"] if name == "xy" else ())

    assert api.delete_resources_by_prefix("x/")["deleted"] == {"x/1": "deleted", "x/2": "deleted"}
    assert left() == {"xy", "y"}
    assert api.delete_resources_by_tag("t")["deleted"] == {"xy": "deleted"}
    assert left() == {"y"}
    account.add("z", type="private")
    assert api.delete_all_resources()["deleted"] == {"y": "deleted"}
    assert left() == {"z"}


def test_by_asset_ids(account: Account) -> None:
    image = account.add("a")

    told = api.delete_resources_by_asset_ids([image["asset_id"], "0" * 32])

    assert told["deleted"] == {image["asset_id"]: "deleted", "0" * 32: "not_found"}
    assert left() == set()


def test_without_a_word_of_which_nothing_goes(account: Account) -> None:
    account.add("a")

    for names in ([], ["x"] * 101):
        with pytest.raises(BadRequest):
            api.delete_resources(names)
    with pytest.raises(BadRequest):
        api.delete_resources_by_prefix("")
    assert left() == {"a"}


def test_what_was_derived_goes_alone(account: Account) -> None:
    eager = ["c_fill,h_10,w_10", "e_grayscale,w_20", "w_30"]
    account.add("a", eager=eager)

    told = api.delete_derived_by_transformation(
        "a", [{"crop": "fill", "width": 10, "height": 10}, "w_20,e_grayscale"]
    )
    assert told["deleted_counts"] == {"a": {"original": 0, "derived": 2}}
    assert [each["transformation"] for each in api.resource("a")["derived"]] == ["w_30"]
    assert api.delete_resources(["a"], keep_original=True)["deleted"] == {"a": "deleted"}
    assert api.resource("a")["derived"] == []


def test_one_variant_goes_by_its_own_id(account: Account) -> None:
    account.add("a", eager=["w_20", "w_30"])
    first, second = api.resource("a")["derived"]

    told = api.delete_derived_resources([first["id"], "f" * 40, "x"])

    assert told["deleted"] == {first["id"]: "deleted", "f" * 40: "not_found", "x": "not_found"}
    assert api.resource("a")["derived"] == [second]


@pytest.mark.parametrize("form", ["query", "urlencoded", "multipart"])
@pytest.mark.parametrize("names", [("public_ids[]",) * 2, ("public_ids[0]", "public_ids[1]")])
def test_by_forms_too(account: Account, form: str, names: tuple[str, str]) -> None:
    for name in ("a", "b,c"):
        account.add(name)

    answer = account.call(
        "DELETE",
        "resources/image/upload",
        fields=list(zip(names, ("a", "b,c"), strict=True)),
        form=form,
    )

    assert answer.status == 200, answer.data
    assert answer.json()["deleted"] == {"a": "deleted", "b,c": "deleted"}
