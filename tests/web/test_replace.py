"""``PUT /api/images/{id}/original``: another picture, the same image."""

from urllib.parse import urlsplit

import pytest

from tests import pictures
from tests.web.conftest import MAX_UPLOAD_BYTES

OTHER = pictures.photo(width=90, height=160, seed=2)


@pytest.fixture
def image(owner):
    return owner.uploaded(description="By the sea", tags=["sea"], album="summer")


def original(client, image):
    return client.get(f"/api/images/{image['id']}/original").data


def test_the_image_stays_and_the_picture_changes(owner, image):
    answer = owner.replace(image, OTHER.content, filename="other.jpg")

    assert answer.status_code == 200
    now = answer.json
    assert (now["width"], now["height"], now["filename"]) == (90, 160, "other.jpg")
    assert answer.headers["ETag"] == f'"{now["version"]}"'
    assert now["version"] == image["version"] + 1
    for name in ("id", "page", "description", "tags", "albums", "created_at"):
        assert now[name] == image[name]
    assert owner.get(f"/api/images/{image['id']}").json == now
    assert owner.listed()["images"] == [now]
    assert original(owner, image) == OTHER.content


def test_the_address_before_leads_nowhere_and_the_new_one_shows_it(owner, image):
    before = urlsplit(image["variants"]["thumb"]["url"]).path
    assert owner.get(before).status_code == 200

    now = owner.replace(image, OTHER.content).json

    assert owner.get(before).status_code == 404
    after = owner.get(urlsplit(now["variants"]["thumb"]["url"]).path)
    assert after.status_code == 200
    assert "immutable" in after.headers["Cache-Control"]


def test_nothing_of_the_picture_before_is_left(owner, kept, image):
    owner.get(urlsplit(image["url"]).path)

    owner.replace(image, OTHER.content)

    [file] = kept.files("originals")
    assert file.read_bytes() == OTHER.content
    assert kept.files("derived") == kept.files("incoming") == []


def test_if_match_guards_it(owner, image):
    owner.patch(f"/api/images/{image['id']}", json={"alt": "Waves"})

    answer = owner.replace(image, OTHER.content, headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.json["code"]) == (412, "version_mismatch")
    assert original(owner, image) == pictures.photo().content
    assert owner.replace(image, OTHER.content, headers={"If-Match": '"2"'}).status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "invalid_input"),
        (b"no picture at all", 415, "unsupported_format"),
        (OTHER.content[:1000], 422, "broken_image"),
        (b"\xff\xd8\xff" + b"x" * MAX_UPLOAD_BYTES, 413, "too_large"),
    ],
)
def test_a_bad_file_changes_nothing(owner, kept, image, content, status, code):
    answer = owner.replace(image, content)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert owner.get(f"/api/images/{image['id']}").json == image
    assert original(owner, image) == pictures.photo().content
    assert kept.files("incoming") == []


def test_what_is_said_of_it_is_edited_elsewhere(owner, image):
    answer = owner.replace(image, OTHER.content, description="Another")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert "description" in answer.json["errors"]


def test_what_is_not_in_the_gallery_cannot_be_replaced(owner, image):
    owner.delete(f"/api/images/{image['id']}")

    assert owner.replace(image, OTHER.content).status_code == 404
    assert owner.replace({"id": "x" * 22}, OTHER.content).status_code == 404


def test_the_same_bytes_again_are_a_new_version(owner, image):
    now = owner.replace(image, pictures.photo().content).json

    assert now["version"] == image["version"] + 1
    assert now["url"] != image["url"]
    assert owner.upload().json["duplicate"] is True


def test_a_stranger_may_not(stranger, guarded):
    assert stranger.replace({"id": "x" * 22}, OTHER.content).status_code == 401
