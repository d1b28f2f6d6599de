"""Upload presets by the SDK: kept, and what an upload becomes by them, signed or not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from cloudinary import api, uploader
from cloudinary.exceptions import AlreadyExists, BadRequest, NotFound

from tests.pictures import photo
from tests.sdk.admin.conftest import Account
from tests.sdk.conftest import noise

PHOTO = photo(width=60, height=40).content


@pytest.fixture(autouse=True)
def _no_presets(account: Account) -> Iterator[None]:
    yield
    for each in api.upload_presets(max_results=500)["presets"]:
        api.delete_upload_preset(each["name"])


def unsigned(account: Account, preset: str, **options: Any) -> dict[str, Any]:
    """An upload by somebody who knows no secret."""
    told: dict[str, Any] = uploader.unsigned_upload(PHOTO, preset, api_secret=None, **options)
    return told


def test_one_is_created_and_told_as_it_was_said(account: Account) -> None:
    told = api.create_upload_preset(
        name="web",
        unsigned=True,
        folder="folder",
        transformation={"crop": "scale", "width": 100},
        tags=["a", "b", "c"],
        context={"a": "b", "c": "d=e"},
        allowed_formats=["jpg", "png"],
        use_filename=True,
    )
    assert (told["message"], told["name"]) == ("created", "web")

    preset = api.upload_preset("web")

    assert (preset["name"], preset["unsigned"]) == ("web", True)
    assert preset["settings"] == {
        "folder": "folder",
        "transformation": [{"crop": "scale", "width": 100}],
        "tags": ["a", "b", "c"],
        "context": {"a": "b", "c": "d=e"},
        "allowed_formats": ["jpg", "png"],
        "use_filename": True,
    }


def test_one_without_a_name_is_given_one(account: Account) -> None:
    name = api.create_upload_preset(folder="x")["name"]

    assert api.upload_preset(name)["unsigned"] is False


def test_a_name_is_given_once_and_changed_as_far_as_it_is_told(account: Account) -> None:
    api.create_upload_preset(name="web", folder="x", tags="t")
    with pytest.raises(AlreadyExists):
        api.create_upload_preset(name="web")

    told = api.update_upload_preset("web", unsigned=True, folder="y", disallow_public_id=True)

    assert told["message"] == "updated"
    preset = api.upload_preset("web")
    assert preset["unsigned"] is True
    assert preset["settings"] == {"folder": "y", "tags": ["t"], "disallow_public_id": True}
    assert api.delete_upload_preset("web")["message"] == "deleted"
    for call in (api.upload_preset, api.delete_upload_preset, api.update_upload_preset):
        with pytest.raises(NotFound):
            call("web")


def test_are_listed_page_by_page(account: Account) -> None:
    for name in ("c", "a", "b"):
        api.create_upload_preset(name=name)

    first = api.upload_presets(max_results=2)
    rest = api.upload_presets(max_results=2, next_cursor=first["next_cursor"])

    assert [each["name"] for each in first["presets"]] == ["a", "b"]
    assert [each["name"] for each in rest["presets"]] == ["c"]
    assert "next_cursor" not in rest


@pytest.mark.parametrize(
    "options", [{"name": "a/b"}, {"raw_transformation": "w_x"}, {"context": "x"}, {"type": "fetch"}]
)
def test_what_no_upload_could_be_told_is_refused(account: Account, options: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        api.create_upload_preset(**options)


def test_a_signed_upload_is_completed_by_it(account: Account) -> None:
    api.create_upload_preset(name="web", folder="x", tags="t", eager="w_10")

    told = account.sdk.upload(PHOTO, upload_preset="web", tags="own")

    assert told["public_id"].startswith("x/")
    assert (told["tags"], told["eager"][0]["width"]) == (["own"], 10)
    with pytest.raises(BadRequest, match="Upload preset not found"):
        account.sdk.upload(PHOTO, upload_preset="nothing")


def test_an_unsigned_upload_becomes_what_the_preset_says(account: Account) -> None:
    api.create_upload_preset(
        name="web", unsigned=True, folder="guests", transformation={"width": 30, "crop": "scale"}
    )

    told = unsigned(account, "web", public_id="me", tags=["a"], folder="elsewhere")

    assert told["public_id"] == "guests/me"
    assert (told["width"], told["tags"]) == (30, ["a"])
    assert api.resource("guests/me")["asset_id"] == told["asset_id"]


def test_an_unsigned_upload_replaces_nothing(account: Account) -> None:
    before = account.add("me")
    api.create_upload_preset(name="web", unsigned=True, overwrite=True)

    told = unsigned(account, "web", public_id="me")

    assert told["existing"] is True
    assert api.resource("me")["version"] == before["version"]


@pytest.mark.parametrize(
    "options",
    [
        {"overwrite": True},
        {"type": "private"},
        {"eager": "w_10"},
        {"transformation": "w_10"},
        {"notification_url": "http://example.org/"},
        {"use_filename": True},
    ],
)
def test_an_unsigned_upload_says_little(account: Account, options: dict[str, Any]) -> None:
    api.create_upload_preset(name="web", unsigned=True)

    with pytest.raises(BadRequest, match="not allowed when using unsigned upload"):
        unsigned(account, "web", **options)
    assert api.resources()["resources"] == []


def test_only_a_preset_meant_for_it_takes_unsigned_uploads(account: Account) -> None:
    api.create_upload_preset(name="ours", folder="x")
    api.create_upload_preset(name="anonymous", unsigned=True, disallow_public_id=True)

    with pytest.raises(BadRequest, match="whitelisted"):
        unsigned(account, "ours")
    with pytest.raises(BadRequest, match="not found"):
        unsigned(account, "nothing")
    with pytest.raises(BadRequest, match="public_id"):
        unsigned(account, "anonymous", public_id="me")
    answer = urllib3.request("POST", f"{account.api}/image/upload", fields={"file": "data:,"})
    assert answer.status == 400
    assert "Upload preset must be specified" in answer.json()["error"]["message"]
    assert unsigned(account, "anonymous")["public_id"]


@pytest.mark.parametrize("settings", [{"use_filename": True}, {"public_id": "fixed"}, {}])
def test_an_unsigned_upload_may_come_in_chunks(account: Account, settings: dict[str, Any]) -> None:
    api.create_upload_preset(name="web", unsigned=True, disallow_public_id=True, **settings)
    content = noise().content

    told = uploader.upload_large(
        io.BytesIO(content),
        filename="noise.png",
        resource_type="image",
        chunk_size=2 * 1024**2,
        unsigned=True,
        upload_preset="web",
        api_secret=None,
    )

    assert told["bytes"] == len(content)
    name = told["public_id"]
    assert name == "fixed" if "public_id" in settings else len(name) in (12, 20)
    assert api.resource(name)["asset_id"] == told["asset_id"]


def test_chunks_of_a_signed_upload_are_called_as_its_preset_says(account: Account) -> None:
    api.create_upload_preset(name="web", public_id="fixed", folder="x")
    stream = io.BytesIO(noise().content)

    told = uploader.upload_large(
        stream, resource_type="image", chunk_size=2 * 1024**2, upload_preset="web"
    )

    assert told["public_id"] == "x/fixed"


def test_chunks_may_not_be_called_as_a_preset_forbids(account: Account) -> None:
    api.create_upload_preset(name="web", unsigned=True, disallow_public_id=True)
    headers = {"X-Unique-Upload-Id": "abc", "Content-Range": "bytes 0-9/20"}

    def send(**fields: str) -> int:
        file = ("blob", b"x" * 10)
        return urllib3.request(
            "POST",
            f"{account.api}/image/upload",
            fields={**fields, "upload_preset": "web", "file": file},
            headers=headers,
        ).status

    assert send() == 200
    headers["Content-Range"] = "bytes 10-19/20"
    assert send(public_id="me") == 400
