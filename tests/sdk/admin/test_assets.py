"""One asset by the SDK: its details, changes of it, its return from the trash."""

from __future__ import annotations

import re
from typing import Any

import cloudinary
import pytest
from cloudinary import api
from cloudinary.exceptions import BadRequest, NotFound

from tests.pictures import photo
from tests.sdk.admin.conftest import Account


def test_is_found_by_its_public_id_and_by_its_asset_id(account: Account) -> None:
    image = account.add("year/täg 1", tags=["b", "a"], context={"alt": "x=y|z"})

    told = api.resource("year/täg 1")

    assert told["asset_id"] == image["asset_id"]
    assert (told["width"], told["height"], told["format"]) == (60, 40, "jpg")
    assert told["tags"] == ["a", "b"]
    assert told["context"] == {"custom": {"alt": "x=y|z"}}
    assert re.fullmatch(r"\S+", told["etag"])
    assert told["derived"] == []
    assert dict(api.resource_by_asset_id(image["asset_id"])) == dict(told)
    assert "context" not in api.resource(account.add("bare")["public_id"])


def test_its_address_is_the_one_that_the_sdk_builds(account: Account) -> None:
    account.add("year/a b")

    told = api.resource("year/a b")

    built, _ = cloudinary.utils.cloudinary_url(
        "year/a b", version=told["version"], format="jpg", secure=False
    )
    assert told["url"] == built


def test_a_closer_look_is_taken_when_it_is_asked_for(account: Account) -> None:
    picture = photo(width=60, height=40, metadata=True)
    asset_id = account.sdk.upload(picture.content)["asset_id"]

    plain = api.resource_by_asset_id(asset_id)
    told = api.resource_by_asset_id(asset_id, colors=True, phash=True, image_metadata=True)

    assert {"colors", "phash", "image_metadata"}.isdisjoint(plain)
    assert re.fullmatch(r"[0-9a-f]{16}", told["phash"])
    assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color, _ in told["colors"])
    assert 99 < sum(share for _, share in told["colors"]) < 101
    assert told["image_metadata"]["Model"]
    assert not [name for name in told["image_metadata"] if "GPS" in name]


def test_regions_and_pages_are_told_when_they_are_asked_for(account: Account) -> None:
    account.add("a", custom_coordinates=[1, 2, 3, 4], face_coordinates=[[5, 6, 7, 8]])

    told = api.resource("a", coordinates=True, faces=True, pages=True)

    assert told["coordinates"] == {"custom": [[1, 2, 3, 4]], "faces": [[5, 6, 7, 8]]}
    assert (told["faces"], told["pages"]) == ([[5, 6, 7, 8]], 1)
    assert {"coordinates", "faces", "pages"}.isdisjoint(api.resource("a"))


def test_what_was_made_ready_of_it_is_listed_page_by_page(account: Account) -> None:
    account.add("a", eager=["c_fill,h_10,w_10", "w_20", "w_30"])

    first = api.resource("a", max_results=2)
    rest = api.resource("a", max_results=2, derived_next_cursor=first["derived_next_cursor"])

    assert [each["transformation"] for each in first["derived"]] == ["c_fill,h_10,w_10", "w_20"]
    assert first["derived"][0]["url"].endswith("/a.jpg")
    assert [each["transformation"] for each in rest["derived"]] == ["w_30"]
    assert "derived_next_cursor" not in rest


@pytest.mark.parametrize("public_id", ["nothing", "a/../b", "a//b", "a b c"])
def test_what_is_not_there_is_not_found(account: Account, public_id: str) -> None:
    with pytest.raises(NotFound):
        api.resource(public_id)
    with pytest.raises(NotFound):
        api.update(public_id, tags="x")


def test_of_another_type_it_is_another_asset(account: Account) -> None:
    account.add("a", type="private")

    with pytest.raises(NotFound, match="Resource not found - a"):
        api.resource("a")
    assert api.resource("a", type="private")["type"] == "private"
    with pytest.raises(NotFound):
        api.resource_by_asset_id("0" * 32)


def test_is_changed_as_far_as_it_is_told(account: Account) -> None:
    account.add("a", tags=["old"], context={"alt": "old"})

    told = api.update(
        "a",
        tags=["new", "other"],
        context={"caption": "A | b = c", "alt": "new"},
        custom_coordinates=[1, 2, 3, 4],
        face_coordinates=[[5, 6, 7, 8], [1, 1, 2, 2]],
        display_name="A name",
        asset_folder="folder/x",
        moderation_status="approved",
    )

    assert told["tags"] == ["new", "other"]
    assert told["context"]["custom"] == {"caption": "A | b = c", "alt": "new"}
    assert (told["display_name"], told["asset_folder"]) == ("A name", "folder/x")
    assert told["moderation_status"] == "approved"
    now = api.resource("a", coordinates=True)
    assert now["coordinates"] == {
        "custom": [[1, 2, 3, 4]],
        "faces": [[5, 6, 7, 8], [1, 1, 2, 2]],
    }
    again = api.update("a", tags="one")
    assert again["tags"] == ["one"]
    assert again["context"] == told["context"]
    assert [each["public_id"] for each in api.resources_by_tag("one")["resources"]] == ["a"]
    assert api.resources_by_tag("new")["resources"] == []


def test_what_is_emptied_goes(account: Account) -> None:
    told = account.add(
        "a", tags="t", context={"alt": "x"}, asset_folder="f", custom_coordinates=[1, 2, 3, 4]
    )
    assert (told["tags"], told["asset_folder"]) == (["t"], "f")

    told = api.update("a", tags=[], context="", asset_folder="", custom_coordinates="")

    assert (told["tags"], told["asset_folder"]) == ([], "")
    assert "context" not in told
    assert "coordinates" not in api.resource("a", coordinates=True)
    assert api.resources_by_tag("t")["resources"] == []


def test_who_may_see_it_without_a_signature_is_changed(account: Account) -> None:
    account.add("a")

    assert api.resource("a")["access_mode"] == "public"
    _update("a", {"access_mode": "authenticated"})
    assert api.resource("a")["access_mode"] == "authenticated"


def test_the_gallery_shows_what_was_changed(account: Account) -> None:
    account.add("a")

    api.update("a", tags="sea", context={"alt": "A ship", "caption": "At sea"})

    [shown] = account.gallery.list()
    assert (shown["tags"], shown["alt"], shown["description"]) == (["sea"], "A ship", "At sea")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"custom_coordinates": "1,2,3"},
        {"moderation_status": "perhaps"},
        {"context": "no sign"},
        {"access_mode": "open"},
    ],
)
def test_a_change_that_cannot_be_read_is_refused(account: Account, options: dict[str, str]) -> None:
    account.add("a")

    with pytest.raises(BadRequest):
        _update("a", options)


def _update(public_id: str, options: dict[str, Any]) -> None:
    """An update with whatever parameters: the SDK sends only those that it knows."""
    uri = ["resources", "image", "upload", public_id]
    cloudinary.api_client.call_api.call_json_api("post", uri, options)


@pytest.mark.parametrize("name", ["ocr", "categorization", "background_removal", "metadata"])
def test_what_nobody_does_here_is_refused(account: Account, name: str) -> None:
    account.add("a")

    with pytest.raises(Exception, match="not spoken"):
        api.update("a", **{name: {"k": "v"} if name == "metadata" else "something"})


@pytest.mark.parametrize("form", ["query", "urlencoded", "multipart"])
def test_is_changed_by_forms_too(account: Account, form: str) -> None:
    account.add("a b/c")

    answer = account.call(
        "POST",
        "resources/image/upload/a%20b%2Fc",
        fields=[("tags", "x,y"), ("context", "alt=z")],
        form=form,
    )

    assert answer.status == 200, answer.data
    assert answer.json()["tags"] == ["x", "y"]


def test_comes_back_from_the_trash(account: Account) -> None:
    first, second = account.add("a/1"), account.add("2")
    api.delete_resources(["a/1", "2"])

    told = api.restore(["a/1", "nothing"])

    assert told["a/1"]["asset_id"] == first["asset_id"]
    assert told["nothing"] == {"error": "no_backup"}
    assert api.resource("a/1")["public_id"] == "a/1"
    with pytest.raises(NotFound):
        api.resource("2")
    told = api.restore_by_asset_ids([second["asset_id"], "0" * 32])
    assert told[second["asset_id"]]["public_id"] == "2"
    assert told["0" * 32] == {"error": "no_backup"}
    assert api.restore(["2"])["2"]["public_id"] == "2", "it is here already"
