"""``upload`` by the Python SDK: whatever the file, whatever is asked of it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

import cloudinary
import pytest
import urllib3
from cloudinary import exceptions, uploader, utils

from tests import pictures
from tests.client import Client
from tests.sdk.conftest import CLOUD, KEY, LIMIT_BYTES, SECRET, Sdk, noise

PHOTO = pictures.photo(width=160, height=90)
OTHER = pictures.photo(width=90, height=160, seed=2)


def test_an_app_needs_no_more_than_the_setting(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDINARY_URL", sdk.url)
    cloudinary.reset_config()

    answer = uploader.upload(PHOTO.content, public_id="garden/rose")

    built, _ = utils.cloudinary_url(
        "garden/rose", version=answer["version"], format=answer["format"]
    )
    assert answer["url"] == built
    assert uploader.destroy("garden/rose")["result"] == "ok"


def test_the_answer_says_what_cloudinarys_says(sdk: Sdk) -> None:
    before = int(datetime.now(UTC).timestamp())

    answer = sdk.upload(PHOTO.content, filename="IMG 1.JPG", tags="sea,summer", folder="a")

    assert re.fullmatch(r"a/[a-z0-9]{20}", answer["public_id"])
    assert re.fullmatch(r"[0-9a-f]{32}", answer["asset_id"])
    assert re.fullmatch(r"[0-9a-f]{32}", answer["version_id"])
    assert before <= answer["version"] <= before + 30
    created_at = datetime.strptime(answer["created_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= created_at.timestamp() <= before + 30
    signed = {"public_id": answer["public_id"], "version": answer["version"]}
    assert answer["signature"] == utils.api_sign_request(signed, SECRET, signature_version=1)
    assert {name: answer[name] for name in ANSWER} == ANSWER
    assert answer["url"] == sdk.delivery_url(
        answer["public_id"], version=answer["version"], format="jpg"
    )
    assert answer["secure_url"] == answer["url"]
    assert re.fullmatch(r"[0-9a-f]{32}", answer["request_id"])


ANSWER = {
    "width": 160,
    "height": 90,
    "format": "jpg",
    "resource_type": "image",
    "type": "upload",
    "bytes": len(PHOTO.content),
    "etag": hashlib.md5(PHOTO.content, usedforsecurity=False).hexdigest(),
    "tags": ["sea", "summer"],
    "pages": 1,
    "placeholder": False,
    "folder": "a",
    "original_filename": "IMG 1",
    "api_key": KEY,
    "access_mode": "public",
}


def test_it_is_an_image_of_the_gallery_like_any_other(sdk: Sdk, gallery: Client) -> None:
    answer = sdk.upload(
        PHOTO.content,
        public_id="rose",
        tags=["sea"],
        context={"caption": "By the sea", "alt": "Waves"},
    )

    [image] = gallery.list()
    assert (image["description"], image["alt"], image["tags"]) == ("By the sea", "Waves", ["sea"])
    assert gallery.original(image) == PHOTO.content
    assert answer["context"] == {"custom": {"caption": "By the sea", "alt": "Waves"}}


def test_an_image_of_the_gallery_is_an_asset(sdk: Sdk, gallery: Client) -> None:
    image = gallery.add(PHOTO)

    assert sdk.original(image["id"]) == PHOTO.content
    explicit = sdk.call(uploader.explicit, image["id"], type="upload", tags="x")
    assert (explicit["public_id"], explicit["access_mode"]) == (image["id"], "authenticated")
    assert gallery.find(image)["tags"] == ["x"]
    assert sdk.call(uploader.destroy, image["id"])["result"] == "ok"
    assert gallery.list() == gallery.list(status="trashed") == []


def test_two_names_for_the_same_bytes_are_two_assets(sdk: Sdk, gallery: Client) -> None:
    one, two = (sdk.upload(PHOTO.content, public_id=name) for name in ("one", "two"))

    assert one["asset_id"] != two["asset_id"]
    assert len(gallery.list()) == 2
    sdk.call(uploader.destroy, "one")
    assert sdk.original("two") == PHOTO.content


def test_a_file_may_come_in_many_ways(sdk: Sdk, tmp_path: Path) -> None:
    path = tmp_path / "dir" / "röse 1.jpg"
    path.parent.mkdir()
    path.write_bytes(PHOTO.content)
    encoded = base64.b64encode(PHOTO.content).decode()
    folded = base64.encodebytes(PHOTO.content).decode()

    ways = {
        str(path): "röse 1",
        path: "röse 1",
        PHOTO.content: "file",
        io.BytesIO(PHOTO.content): "stream",
        f"data:image/jpeg;base64,{encoded}": "file",
        f"data:image/jpeg;base64,{folded}": "file",
        f"data:;base64,{encoded}": "file",
    }
    for file, name in ways.items():
        answer = sdk.upload(file)
        assert (answer["bytes"], answer["original_filename"]) == (len(PHOTO.content), name)
        assert sdk.original(answer["public_id"]) == PHOTO.content


def test_a_large_data_uri_is_taken(sdk: Sdk) -> None:
    content = noise().content
    assert 5_000_000 < len(content) < LIMIT_BYTES

    answer = sdk.upload(f"data:image/jpeg;base64,{base64.encodebytes(content).decode()}")

    assert sdk.original(answer["public_id"]) == content


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, r"[a-z0-9]{20}"),
        ({"use_filename": True}, r"IMG_1_[a-z0-9]{6}"),
        ({"use_filename": True, "unique_filename": False}, r"IMG_1"),
        ({"use_filename": True, "filename_override": "other.png"}, r"other_[a-z0-9]{6}"),
        ({"public_id": "rose"}, r"rose"),
        ({"public_id": "rose", "folder": "garden/2026"}, r"garden/2026/rose"),
        ({"public_id": "rose", "public_id_prefix": "p"}, r"p/rose"),
        ({"public_id": "a.b c,é~(x)!"}, r"a\.b c,é~\(x\)!"),
        (
            {"public_id": "x", "asset_folder": "f", "use_asset_folder_as_public_id_prefix": True},
            r"f/x",
        ),
    ],
)
def test_names_it_as_asked(sdk: Sdk, options: dict[str, object], wanted: str) -> None:
    answer = sdk.upload(PHOTO.content, filename="IMG 1.jpg", **options)

    assert re.fullmatch(wanted, answer["public_id"])
    assert sdk.original(answer["public_id"]) == PHOTO.content
    assert answer["url"] == sdk.delivery_url(
        answer["public_id"], version=answer["version"], format="jpg"
    )


@pytest.mark.parametrize(
    "public_id",
    ["../x", "a/../b", "/x", "x/", "a//b", ".", "..", " x", "x ", "a\\b", "a?b", "a#b", "a&b",
     "a%2e", "a+b", "<a>", "a\nb", "x" * 256, "a/./b", "./a", "\x7f", "\u2028"],
)  # fmt: skip
def test_refuses_names_that_lead_elsewhere(sdk: Sdk, gallery: Client, public_id: str) -> None:
    with pytest.raises(exceptions.BadRequest, match="public_id"):
        sdk.upload(PHOTO.content, public_id=public_id)

    assert gallery.list() == []


def test_the_same_name_again_replaces_the_picture(sdk: Sdk, gallery: Client) -> None:
    first = sdk.upload(PHOTO.content, public_id="rose", tags="sea", context="a=b")

    second = sdk.upload(OTHER.content, public_id="rose")

    assert second["asset_id"] == first["asset_id"]
    assert second["version"] > first["version"]
    assert second["overwritten"] is True
    assert (second["width"], second["height"]) == (90, 160)
    assert second["tags"] == ["sea"]
    assert sdk.original("rose") == OTHER.content
    [image] = gallery.list()
    assert (image["width"], image["height"]) == (90, 160)


def test_without_overwrite_what_is_there_stays(sdk: Sdk) -> None:
    first = sdk.upload(PHOTO.content, public_id="rose", context="a=b")

    again = sdk.upload(OTHER.content, public_id="rose", overwrite=False)

    assert again["existing"] is True
    for name in ("asset_id", "version", "etag", "created_at", "context"):
        assert again[name] == first[name]
    assert sdk.original("rose") == PHOTO.content


def test_kinds_have_names_of_their_own(sdk: Sdk) -> None:
    answers = [
        sdk.upload(PHOTO.content, public_id="rose", type=type)
        for type in ("upload", "private", "authenticated")
    ]

    assert len({answer["asset_id"] for answer in answers}) == 3
    assert [answer["access_mode"] for answer in answers] == [
        "public", "authenticated", "authenticated"
    ]  # fmt: skip
    assert "/image/private/v" in answers[1]["url"]
    sdk.call(uploader.destroy, "rose", type="private")
    assert sdk.original("rose") == sdk.original("rose", type="authenticated") == PHOTO.content


def test_a_name_in_the_trash_is_free(sdk: Sdk, gallery: Client) -> None:
    sdk.upload(PHOTO.content, public_id="rose")
    [image] = gallery.list()
    gallery.trash(image)

    new = sdk.upload(OTHER.content, public_id="rose")

    restored = gallery.restore(image)
    assert gallery.original(restored) == PHOTO.content
    assert restored["id"] in restored["url"]
    assert sdk.original("rose") == OTHER.content
    assert "overwritten" not in new


def test_what_comes_in_may_be_transformed_first(sdk: Sdk) -> None:
    answer = sdk.upload(
        PHOTO.content, width=40, height=40, crop="fill", format="png", filename="a.jpg"
    )

    assert (answer["width"], answer["height"], answer["format"]) == (40, 40, "png")
    assert answer["original_filename"] == "a"
    assert sdk.original(answer["public_id"]).startswith(b"\x89PNG")


def test_only_allowed_formats_are_taken(sdk: Sdk, gallery: Client) -> None:
    assert sdk.upload(PHOTO.content, allowed_formats=["png", "jpg"])["format"] == "jpg"
    with pytest.raises(exceptions.BadRequest, match="Image file format jpg not allowed"):
        sdk.upload(PHOTO.content, filename="x.png", allowed_formats=["png"])

    assert len(gallery.list()) == 1


def test_derives_eagerly_and_says_where(sdk: Sdk) -> None:
    answer = sdk.upload(
        PHOTO.content,
        public_id="rose",
        eager=[
            {"width": 40, "height": 40, "crop": "fill"},
            {"width": 80, "crop": "scale", "format": "png"},
        ],
    )

    first, second = answer["eager"]
    assert (first["width"], first["height"], first["format"]) == (40, 40, "jpg")
    assert (second["width"], second["height"], second["format"]) == (80, 45, "png")
    assert first["transformation"] == "c_fill,h_40,w_40"
    assert first["url"] == sdk.delivery_url(
        "rose", width=40, height=40, crop="fill", version=answer["version"], format="jpg"
    )
    assert second["url"].endswith(f"/v{answer['version']}/rose.png")
    assert first["bytes"] > 0


def test_looks_closer_when_asked(sdk: Sdk) -> None:
    answer = sdk.upload(
        pictures.photo(metadata=True).content,
        colors=True,
        phash=True,
        image_metadata=True,
        faces=True,
    )

    assert re.fullmatch(r"[0-9a-f]{16}", answer["phash"])
    assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color, _ in answer["colors"])
    assert answer["faces"] == []
    assert answer["image_metadata"]
    assert "GPS" not in str(answer["image_metadata"])


def test_keeps_what_is_said_of_it(sdk: Sdk) -> None:
    answer = sdk.upload(
        PHOTO.content,
        public_id="rose",
        context={"a": "x|y=z", "b.c": "d"},
        custom_coordinates=[1, 2, 30, 40],
        face_coordinates=[[1, 2, 3, 4], [5, 6, 7, 8]],
        asset_folder="shop",
        display_name="A rose",
        moderation="manual",
        headers={"X-Robots-Tag": "noindex", "Content-Type": "text/html"},
    )

    assert answer["context"] == {"custom": {"a": "x|y=z", "b.c": "d"}}
    assert answer["coordinates"] == {
        "custom": [[1, 2, 30, 40]],
        "faces": [[1, 2, 3, 4], [5, 6, 7, 8]],
    }
    assert (answer["asset_folder"], answer["display_name"]) == ("shop", "A rose")
    assert answer["moderation"] == [{"kind": "manual", "status": "pending"}]


def test_a_token_deletes_it_without_a_signature(sdk: Sdk, gallery: Client) -> None:
    token = sdk.upload(PHOTO.content, return_delete_token=True)["delete_token"]

    url = f"{sdk.address}/cdn/v1_1/{CLOUD}/delete_by_token"
    post = {"fields": {"token": token[:-1] + ("A" if token[-1] != "A" else "B")}}
    assert pool_post(url, **post)[0] == 400
    assert pool_post(url, fields={"token": token}) == (200, {"result": "ok"})
    assert pool_post(url, fields={"token": token}) == (200, {"result": "not found"})
    assert gallery.list() == []


def pool_post(url: str, **options: object) -> tuple[int, dict[str, object]]:
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("POST", url, **options)  # type: ignore[arg-type]
        return answer.status, answer.json()


@pytest.mark.parametrize("resource_type", ["raw", "auto"])
def test_a_raw_file_is_kept_outside_the_gallery(
    sdk: Sdk, gallery: Client, resource_type: str
) -> None:
    content = b"<script>alert(1)</script>" + secrets.token_bytes(100)

    answer = sdk.upload(
        content, filename="notes.txt", use_filename=True, resource_type=resource_type, tags="a"
    )

    assert re.fullmatch(r"notes_[a-z0-9]{6}\.txt", answer["public_id"])
    assert (answer["resource_type"], answer["bytes"]) == ("raw", len(content))
    assert answer["etag"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert answer["url"] == sdk.delivery_url(
        answer["public_id"], resource_type="raw", version=answer["version"]
    )
    assert "format" not in answer
    assert gallery.list() == gallery.list(tag="a") == []
    assert sdk.original(answer["public_id"], resource_type="raw") == content
    again = sdk.upload(b"other", public_id=answer["public_id"], resource_type="raw")
    assert again["asset_id"] == answer["asset_id"]
    destroyed = sdk.call(uploader.destroy, answer["public_id"], resource_type="raw")
    assert destroyed["result"] == "ok"


def test_a_raw_file_and_a_picture_of_the_same_bytes_are_strangers(
    sdk: Sdk, gallery: Client
) -> None:
    sdk.upload(PHOTO.content, public_id="x", resource_type="raw")

    assert "duplicate" not in gallery.add(PHOTO)


def test_auto_takes_a_picture_as_one(sdk: Sdk) -> None:
    assert sdk.upload(PHOTO.content, resource_type="auto")["resource_type"] == "image"


@pytest.mark.parametrize("content", [b"no picture", PHOTO.content[:2000], b"<svg/>"])
def test_refuses_what_is_no_picture(sdk: Sdk, gallery: Client, content: bytes) -> None:
    with pytest.raises(exceptions.BadRequest, match="Invalid image file"):
        sdk.upload(content)

    assert gallery.list() == []


@pytest.mark.parametrize("size", [LIMIT_BYTES + 1, 3 * LIMIT_BYTES])
def test_refuses_what_is_too_large(sdk: Sdk, size: int) -> None:
    wanted = rf"File size too large. Got \d+. Maximum is {LIMIT_BYTES}\."
    with pytest.raises(exceptions.BadRequest, match=wanted):
        sdk.upload(b"\xff\xd8\xff" + bytes(size), filename="x.jpg")


def test_refuses_an_url_unless_that_is_switched_on(sdk: Sdk) -> None:
    with pytest.raises(exceptions.BadRequest, match="CDN_REMOTE_UPLOADS"):
        sdk.upload("https://example.com/a.jpg")


@pytest.mark.parametrize("file", ["", None])
def test_refuses_an_upload_without_a_file(sdk: Sdk, file: object) -> None:
    with pytest.raises(exceptions.BadRequest, match="Missing required parameter - file"):
        sdk.upload(file)


def test_refuses_who_has_not_the_secret(sdk: Sdk, gallery: Client) -> None:
    with pytest.raises(exceptions.AuthorizationRequired, match="Invalid Signature"):
        sdk.upload(PHOTO.content, api_secret="another")
    with pytest.raises(exceptions.AuthorizationRequired, match="unknown api_key"):
        sdk.upload(PHOTO.content, api_key="another")
    with pytest.raises(exceptions.AuthorizationRequired, match="Invalid cloud_name"):
        sdk.upload(PHOTO.content, cloud_name="another")
    with pytest.raises(exceptions.BadRequest, match="Upload preset not found"):
        sdk.call(uploader.unsigned_upload, PHOTO.content, "preset")
    with pytest.raises(exceptions.BadRequest, match="Upload preset must be specified"):
        sdk.upload(PHOTO.content, unsigned=True)
    assert gallery.list() == []


def test_takes_other_ways_to_prove_it(sdk: Sdk) -> None:
    sdk.upload(PHOTO.content, signature_algorithm="sha256", public_id="a&b=c".replace("&", "-"))
    sdk.upload(PHOTO.content, oauth_token=SECRET)
    with pytest.raises(exceptions.AuthorizationRequired):
        sdk.upload(PHOTO.content, oauth_token="another")


@pytest.mark.parametrize(
    "options",
    [
        {"metadata": {"a": "b"}},
        {"access_control": [{"access_type": "token"}]},
        {"responsive_breakpoints": [{"create_derived": True}]},
        {"moderation": "webpurify"},
        {"resource_type": "video"},
    ],
)
def test_says_what_is_not_spoken(sdk: Sdk, gallery: Client, options: dict[str, object]) -> None:
    with pytest.raises(exceptions.Error, match="is not spoken"):
        sdk.upload(PHOTO.content, **options)

    assert gallery.list() == []
