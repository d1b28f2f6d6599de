"""What the Python SDK does to assets that are there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cloudinary import exceptions, uploader, utils

from tests import pictures
from tests.client import Client
from tests.sdk.conftest import Sdk

PHOTO = pictures.photo(width=160, height=90)
OTHER = pictures.photo(width=90, height=160, seed=2)


def explicit(sdk: Sdk, public_id: str, **options: object) -> dict[str, object]:
    answer: dict[str, object] = sdk.call(uploader.explicit, public_id, type="upload", **options)
    return answer


def tags(sdk: Sdk, public_id: str) -> object:
    return explicit(sdk, public_id)["tags"]


def test_destroys_for_good(sdk: Sdk, gallery: Client) -> None:
    sdk.upload(PHOTO.content, public_id="rose")

    assert sdk.call(uploader.destroy, "rose", invalidate=True)["result"] == "ok"

    assert sdk.call(uploader.destroy, "rose")["result"] == "not found"
    assert gallery.list() == gallery.list(status="trashed") == []
    with pytest.raises(exceptions.NotFound):
        explicit(sdk, "rose")


def test_what_lies_in_the_trash_is_not_found(sdk: Sdk, gallery: Client) -> None:
    sdk.upload(PHOTO.content, public_id="rose")
    [image] = gallery.list()
    gallery.trash(image)

    assert sdk.call(uploader.destroy, "rose")["result"] == "not found"
    assert gallery.restore(image)["id"] == image["id"]
    assert sdk.original("rose") == PHOTO.content


def test_renames(sdk: Sdk, gallery: Client) -> None:
    before = sdk.upload(PHOTO.content, public_id="rose", tags="a", context="b=c")

    after = sdk.call(uploader.rename, "rose", "garden/lily")

    assert after["public_id"] == "garden/lily"
    for name in ("asset_id", "version", "created_at", "tags", "context", "etag"):
        assert after[name] == before[name]
    assert after["url"].endswith(f"/v{before['version']}/garden/lily.jpg")
    assert sdk.original("garden/lily") == PHOTO.content
    with pytest.raises(exceptions.NotFound, match="Resource not found - rose"):
        sdk.call(uploader.rename, "rose", "x")
    [image] = gallery.list()
    assert "garden/lily" in image["url"]
    assert image["version"] == 2


def test_renames_onto_another_only_when_told_to(sdk: Sdk, gallery: Client) -> None:
    rose = sdk.upload(PHOTO.content, public_id="rose")
    sdk.upload(OTHER.content, public_id="lily")

    with pytest.raises(exceptions.BadRequest, match=r"to_public_id\(lily\) already exists"):
        sdk.call(uploader.rename, "rose", "lily")
    assert (sdk.original("rose"), sdk.original("lily")) == (PHOTO.content, OTHER.content)

    after = sdk.call(uploader.rename, "rose", "lily", overwrite=True)

    assert after["asset_id"] == rose["asset_id"]
    assert sdk.original("lily") == PHOTO.content
    assert len(gallery.list()) == 1


def test_renames_onto_a_name_in_the_trash(sdk: Sdk, gallery: Client) -> None:
    sdk.upload(PHOTO.content, public_id="lily")
    gallery.trash(gallery.list()[0])
    sdk.upload(OTHER.content, public_id="rose")

    assert sdk.call(uploader.rename, "rose", "lily")["public_id"] == "lily"
    assert len(gallery.list(status="trashed")) == 1


def test_renames_to_itself_and_to_another_type(sdk: Sdk) -> None:
    sdk.upload(PHOTO.content, public_id="rose")

    assert sdk.call(uploader.rename, "rose", "rose")["public_id"] == "rose"
    moved = sdk.call(uploader.rename, "rose", "rose", to_type="private")
    assert moved["type"] == "private"
    assert "/image/private/" in moved["url"]
    assert sdk.original("rose", type="private") == PHOTO.content


@pytest.mark.parametrize("name", ["../x", "a//b", "/x", "a?b", "x" * 256])
def test_refuses_to_rename_to_what_is_no_name(sdk: Sdk, name: str) -> None:
    sdk.upload(PHOTO.content, public_id="rose")

    with pytest.raises(exceptions.BadRequest, match="public_id"):
        sdk.call(uploader.rename, "rose", name)
    assert sdk.original("rose") == PHOTO.content


def test_tags_many_at_once(sdk: Sdk, gallery: Client) -> None:
    for name in ("a", "b,c"):
        sdk.upload(PHOTO.content, public_id=name, tags="old")

    told = sdk.call(uploader.add_tag, ["sea", "summer"], ["a", "b,c", "nobody"])

    assert told["public_ids"] == ["a", "b,c"]
    assert tags(sdk, "a") == tags(sdk, "b,c") == ["old", "sea", "summer"]
    assert len(gallery.list(tag="summer")) == 2
    sdk.call(uploader.remove_tag, "sea", "a")
    assert tags(sdk, "a") == ["old", "summer"]
    sdk.call(uploader.replace_tag, "new,newer", ["a"])
    assert tags(sdk, "a") == ["new", "newer"]
    sdk.call(uploader.remove_all_tags, ["a", "b,c"])
    assert tags(sdk, "a") == tags(sdk, "b,c") == []
    assert gallery.list(tag="sea") == []


def test_an_exclusive_tag_leaves_the_others(sdk: Sdk) -> None:
    for name in ("a", "b", "c"):
        sdk.upload(PHOTO.content, public_id=name, tags="best,x")

    told = sdk.call(uploader.add_tag, "best", ["c"], exclusive=True)

    assert told["public_ids"] == ["c"]
    assert (tags(sdk, "a"), tags(sdk, "b"), tags(sdk, "c")) == (["x"], ["x"], ["best", "x"])


def test_tags_of_nobody_are_an_error(sdk: Sdk) -> None:
    with pytest.raises(exceptions.NotFound):
        sdk.call(uploader.add_tag, "x", ["nobody"])
    with pytest.raises(exceptions.BadRequest, match="public_ids"):
        sdk.call(uploader.add_tag, "x", [])
    sdk.upload(PHOTO.content, public_id="a")
    with pytest.raises(exceptions.BadRequest, match="tag"):
        sdk.call(uploader.add_tag, "", ["a"])


def test_no_tag_is_lost_among_many_who_add(sdk: Sdk) -> None:
    sdk.upload(PHOTO.content, public_id="a")
    wanted = [f"tag{number}" for number in range(8)]

    with ThreadPoolExecutor(4) as adding:
        list(adding.map(lambda tag: sdk.call(uploader.add_tag, tag, ["a"]), wanted))

    assert sorted(str(tag) for tag in tags(sdk, "a")) == wanted  # type: ignore[attr-defined]


def test_adds_to_the_context_and_takes_it_away(sdk: Sdk, gallery: Client) -> None:
    sdk.upload(PHOTO.content, public_id="a", context="x=1")

    told = sdk.call(uploader.add_context, {"caption": "By the sea", "x": "2|=3"}, ["a", "nobody"])

    assert told["public_ids"] == ["a"]
    assert explicit(sdk, "a")["context"] == {"custom": {"caption": "By the sea", "x": "2|=3"}}
    assert gallery.list()[0]["description"] == "By the sea"
    sdk.call(uploader.remove_all_context, ["a"])
    assert "context" not in explicit(sdk, "a")


def test_explicit_changes_what_is_named_and_no_more(sdk: Sdk) -> None:
    before = sdk.upload(PHOTO.content, public_id="a", tags="x", context="k=v")

    after = explicit(
        sdk, "a", custom_coordinates=[1, 2, 3, 4], eager=[{"width": 30, "crop": "scale"}]
    )

    assert after["coordinates"] == {"custom": [[1, 2, 3, 4]]}
    assert (after["tags"], after["context"]) == (before["tags"], before["context"])
    [eager] = after["eager"]  # type: ignore[misc]
    assert (eager["width"], eager["height"]) == (30, 17)  # type: ignore[index]
    assert explicit(sdk, "a", phash=True)["phash"]
    assert explicit(sdk, "a", context="")["context"] == before["context"]


def test_the_faces_that_were_marked_are_told(sdk: Sdk) -> None:
    faces = [[1, 2, 3, 4], [5, 6, 7, 8]]
    marked = sdk.upload(PHOTO.content, public_id="a", face_coordinates=faces, faces=True)

    assert marked["faces"] == explicit(sdk, "a", faces=True)["faces"] == faces
    assert explicit(sdk, "a", face_coordinates=faces[:1], faces=True)["faces"] == faces[:1]
    assert "faces" not in explicit(sdk, "a")


def test_downloads_as_an_attachment(sdk: Sdk) -> None:
    sdk.upload(PHOTO.content, public_id="a.b", filename="röse.jpg", use_filename=False)

    answer = sdk.get(sdk.call(utils.private_download_url, "a.b", ""))

    assert answer.data == PHOTO.content
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    converted = sdk.get(sdk.call(utils.private_download_url, "a.b", "png"))
    assert converted.data.startswith(b"\x89PNG")
    assert converted.headers["Content-Disposition"].startswith("attachment; filename=")


def test_a_download_is_signed(sdk: Sdk) -> None:
    sdk.upload(PHOTO.content, public_id="a")
    url = sdk.call(utils.private_download_url, "a", "")

    for changed in (
        url.replace("public_id=a", "public_id=b"),
        f"{url}&type=private",
        url.replace("signature=", "signature=0"),
        url.partition("?")[0],
    ):
        answer = sdk.get(changed)
        assert answer.status in (400, 401)
        assert answer.json()["error"]["message"]
    missing = sdk.get(sdk.call(utils.private_download_url, "nobody", "jpg"))
    assert missing.status == 404
    over = sdk.get(sdk.call(utils.private_download_url, "a", "", expires_at=1))
    assert over.status == 401


@pytest.mark.parametrize(
    "call",
    [
        lambda sdk: sdk.call(uploader.explode, "a"),
        lambda sdk: sdk.call(uploader.multi, "a"),
        lambda sdk: sdk.call(uploader.generate_sprite, "a"),
        lambda sdk: sdk.call(uploader.text, "a"),
        lambda sdk: sdk.call(uploader.create_zip, tags="a"),
        lambda sdk: sdk.call(uploader.update_metadata, {"a": "b"}, ["a"]),
        lambda sdk: sdk.call(uploader.create_slideshow, transformation="w_1"),
        lambda sdk: sdk.call(uploader.destroy, "a", resource_type="video"),
    ],
)
def test_says_what_is_not_spoken(sdk: Sdk, call: object) -> None:
    with pytest.raises(exceptions.Error, match="is not spoken by this gallery"):
        call(sdk)  # type: ignore[operator]
