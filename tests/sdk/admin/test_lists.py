"""Lists by the SDK: by kind, name, tag, folder and context, whole though page by page."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from cloudinary import api
from cloudinary.exceptions import BadRequest, NotFound

from tests.sdk.admin.conftest import Account


def names(answer: dict[str, Any]) -> list[str]:
    return [each["public_id"] for each in answer["resources"]]


def whole(call: Callable[..., dict[str, Any]], **options: Any) -> list[str]:
    """The public ids of a list, two at a time."""
    found: list[str] = []
    cursor = None
    while True:
        more = {"next_cursor": cursor} if cursor else {}
        page = call(max_results=2, **options, **more)
        assert len(page["resources"]) <= 2
        found += names(page)
        if "next_cursor" not in page:
            return found
        cursor = page["next_cursor"]


def test_the_newest_come_first_ten_at_a_time(account: Account) -> None:
    for number in range(12):
        account.add(f"n{number:02d}")

    page = api.resources()

    assert names(page) == [f"n{number:02d}" for number in range(11, 1, -1)]
    rest = api.resources(next_cursor=page["next_cursor"])
    assert names(rest) == ["n01", "n00"]
    assert "next_cursor" not in rest
    assert names(api.resources(direction="asc", max_results=1)) == ["n00"]
    assert len(api.resources(max_results=1000)["resources"]) == 12


def test_each_is_told_with_its_address(account: Account) -> None:
    image = account.add("folder/täg ü", tags=["b", "a"], context={"alt": "A | b"})

    [told] = api.resources()["resources"]

    base = f"{account.sdk.address}/cdn/vitrine/image/upload"
    assert told["url"] == f"{base}/v{told['version']}/folder/t%C3%A4g%20%C3%BC.jpg"
    assert told.keys() == {
        *("asset_id", "public_id", "format", "version", "resource_type", "type", "created_at"),
        *(
            "bytes",
            "etag",
            "width",
            "height",
            "folder",
            "asset_folder",
            "display_name",
            "access_mode",
        ),
        *("url", "secure_url"),
    }
    assert (told["asset_id"], told["format"]) == (image["asset_id"], "jpg")
    assert (told["width"], told["height"], told["bytes"]) == (60, 40, image["bytes"])
    assert told["created_at"].endswith("Z")


def test_more_is_told_when_it_is_asked_for(account: Account) -> None:
    account.add("a", tags=["b", "a"], context={"alt": "A | b"}, moderation="manual")
    account.add("b")

    second, first = api.resources(tags=True, context=True, moderations=True)["resources"]

    assert first["tags"] == ["a", "b"]
    assert first["context"] == {"custom": {"alt": "A | b"}}
    assert first["moderation"] == [{"kind": "manual", "status": "pending"}]
    assert second["tags"] == []
    assert "context" not in second
    [few, _] = api.resources(fields=["tags", "bytes"], tags=True)["resources"]
    assert few.keys() == {"asset_id", "public_id", "tags", "bytes"}


def test_by_type_by_prefix_and_by_name(account: Account) -> None:
    for name in ("x/a", "x/b", "xy", "y/x/a"):
        account.add(name)
    account.add("x/private", type="private")

    assert names(api.resources(type="upload", prefix="x/")) == ["x/a", "x/b"]
    assert whole(api.resources, type="upload", prefix="x") == ["x/a", "x/b", "xy"]
    assert names(api.resources(prefix="y")) == ["y/x/a"]
    assert names(api.resources(type="private")) == ["x/private"]
    assert len(names(api.resources())) == 5
    assert names(api.resources_by_ids(["y/x/a", "x/a", "nothing", "x/private"])) == ["x/a", "y/x/a"]
    assert names(api.resources_by_ids(["x/private"], type="private")) == ["x/private"]


def test_by_asset_ids(account: Account) -> None:
    images = [account.add(name) for name in ("a", "b", "c")]

    found = api.resources_by_asset_ids([images[0]["asset_id"], images[2]["asset_id"], "0" * 32])

    assert set(names(found)) == {"a", "c"}


def test_by_tag(account: Account) -> None:
    for number in range(5):
        account.add(f"n{number}", tags=["all", "odd"] if number % 2 else ["all"])
    account.add("other", tags=["al"])

    assert whole(api.resources_by_tag, tag="all") == ["n4", "n3", "n2", "n1", "n0"]
    assert names(api.resources_by_tag("odd")) == ["n3", "n1"]
    assert names(api.resources_by_tag("nothing")) == []
    account.add("slash", tags=["a/b c"])
    assert names(api.resources_by_tag("a/b c")) == ["slash"]


def test_by_context(account: Account) -> None:
    account.add("a", context={"season": "summer"})
    account.add("b", context={"season": "winter", "alt": "snow"})

    assert names(api.resources_by_context("season")) == ["b", "a"]
    assert names(api.resources_by_context("season", "summer")) == ["a"]
    assert names(api.resources_by_context("alt", "summer")) == []
    with pytest.raises(BadRequest, match="key"):
        api.resources_by_context("")


def test_by_folder(account: Account) -> None:
    account.add("year/2026/a")
    account.add("b", asset_folder="year/2026")
    account.add("year/2026/may/c")

    assert names(api.resources_by_asset_folder("year/2026")) == ["b", "year/2026/a"]
    assert names(api.resources_by_asset_folder("year")) == []


def test_by_moderation(account: Account) -> None:
    account.add("a", moderation="manual")
    account.add("b")

    assert names(api.resources_by_moderation("manual", "pending")) == ["a"]
    assert names(api.resources_by_moderation("manual", "approved")) == []


def test_since_a_moment(account: Account) -> None:
    account.add("a")
    hour = datetime.timedelta(hours=1)
    now = datetime.datetime.now(datetime.UTC)

    assert names(api.resources(start_at=str(now - hour), direction="asc")) == ["a"]
    assert names(api.resources(start_at=f"{now + hour:%Y-%m-%d %H:%M:%S}")) == []
    with pytest.raises(BadRequest):
        api.resources(start_at="lately")


def test_a_cursor_belongs_to_its_list(account: Account) -> None:
    for name in ("a", "b"):
        account.add(name, tags=["t"])
    cursor = api.resources(max_results=1)["next_cursor"]

    for call in (
        lambda: api.resources_by_tag("t", next_cursor=cursor),
        lambda: api.resources(next_cursor=cursor, direction="asc"),
        lambda: api.resources(next_cursor=cursor[:-1]),
        lambda: api.tags(next_cursor=cursor),
        lambda: api.root_folders(next_cursor=cursor),
    ):
        with pytest.raises(BadRequest):
            call()


@pytest.mark.parametrize("options", [{"max_results": 0}, {"max_results": "x"}, {"direction": "up"}])
def test_what_cannot_be_read_is_refused(account: Account, options: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        api.resources(**options)


def test_other_kinds_are_refused(account: Account) -> None:
    with pytest.raises(Exception, match="not spoken"):
        api.resources(resource_type="video")
    with pytest.raises(Exception, match="not spoken"):
        api.resources(type="fetch")
    with pytest.raises(BadRequest):
        api.resources(resource_type="nothing")
    assert names(api.resources(resource_type="raw")) == []


def test_tags_in_use(account: Account) -> None:
    account.add("a", tags=["sea", "season", "sky"])
    account.add("b", tags=["seal"])
    api.delete_resources("b")

    assert api.tags()["tags"] == ["sea", "season", "sky"]
    assert api.tags(prefix="sea")["tags"] == ["sea", "season"]
    first = api.tags(max_results=2)
    assert first["tags"] == ["sea", "season"]
    last = api.tags(max_results=2, next_cursor=first["next_cursor"])
    assert (last["tags"], "next_cursor" in last) == (["sky"], False)
    assert api.tags(resource_type="raw")["tags"] == []


def test_folders_are_those_that_something_lies_in(account: Account) -> None:
    for name in ("a/x/1", "a/x-y/1", "a/1", "b/x/y/1", "top"):
        account.add(name)
    account.add("elsewhere", asset_folder="c d/ü")

    root = api.root_folders()
    assert [each["name"] for each in root["folders"]] == ["a", "b", "c d"]
    assert (root["total_count"], root["next_cursor"]) == (3, None)
    below = api.subfolders("a")["folders"]
    assert below == [{"name": "x", "path": "a/x"}, {"name": "x-y", "path": "a/x-y"}] or below == [
        {"name": "x-y", "path": "a/x-y"},
        {"name": "x", "path": "a/x"},
    ]
    assert api.subfolders("c d")["folders"] == [{"name": "ü", "path": "c d/ü"}]
    assert api.subfolders("b/x/y")["folders"] == []
    with pytest.raises(NotFound):
        api.subfolders("nothing")
    first = api.root_folders(max_results=2)
    rest = api.root_folders(max_results=2, next_cursor=first["next_cursor"])
    assert [each["name"] for each in rest["folders"]] == ["c d"]


def test_raw_files_are_assets_beside_the_gallery(account: Account) -> None:
    told = account.sdk.upload(
        b"not a picture", public_id="docs/a.txt", resource_type="raw", tags=["t"]
    )

    assert names(api.resources(resource_type="raw")) == ["docs/a.txt"]
    assert names(api.resources_by_tag("t", resource_type="raw")) == ["docs/a.txt"]
    assert names(api.resources_by_asset_folder("docs")) == ["docs/a.txt"]
    assert names(api.resources_by_asset_ids([told["asset_id"]])) == ["docs/a.txt"]
    assert api.tags(resource_type="raw")["tags"] == ["t"]
    assert names(api.resources()) == []
    found = api.resource("docs/a.txt", resource_type="raw", colors=True, image_metadata=True)
    assert (found["bytes"], "width" in found, "format" in found) == (13, False, False)
    assert found["url"].endswith("/raw/upload/v" + str(found["version"]) + "/docs/a.txt")
    deleted = api.delete_resources(["docs/a.txt"], resource_type="raw")["deleted"]
    assert deleted == {"docs/a.txt": "deleted"}
    assert names(api.resources(resource_type="raw")) == []
    assert api.restore(["docs/a.txt"], resource_type="raw") == {
        "docs/a.txt": {"error": "no_backup"}
    }
