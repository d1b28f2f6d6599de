"""Tickets of the embedded CDN: forms in Cloudinary's language, each for one file."""

from __future__ import annotations

import hashlib
import secrets
import time

import pytest
from cloudinary import utils

from gallery.services import own_form
from tests.web.conftest import client_of
from tests.web.tus import PHOTO, SIZE, Tus

THIRD = SIZE // 3


@pytest.fixture
def anybody(gallery):
    """Whoever has the form, and nothing else of us."""
    return client_of(gallery)


def ticket(owner, **more):
    asked = {"bytes": SIZE, "filename": "beach.jpg", "method": "form", **more}
    answer = owner.post("/api/uploads", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json


def send(anybody, given, content=PHOTO, *, headers=None, **changes):
    """What a page does with a ticket; a field that is ``None`` is left out."""
    fields = {k: v for k, v in (given["fields"] | changes).items() if v is not None}
    file = (given["file_field"], ("blob", content))
    return anybody.post_form(given["url"], [*fields.items(), file], headers=headers)


def send_chunk(anybody, given, first, last, *, upload_id="x" * 16, total=SIZE, content=PHOTO):
    """One of the requests that bring a large file, bytes ``first`` to ``last``."""
    headers = {
        "Content-Range": f"bytes {first}-{last}/{total}", "X-Unique-Upload-Id": upload_id
    }  # fmt: skip
    return send(anybody, given, content[first : last + 1], headers=headers)


def state(owner, given):
    return owner.get(f"/api/uploads/{given['id']}").json


def test_the_form_is_signed_as_the_sdk_signs(owner, kept):
    given = ticket(owner)

    fields = dict(given["fields"])
    signature, key = fields.pop("signature"), fields.pop("api_key")
    assert key == kept.settings.cdn_api_key
    secret = kept.settings.cdn_api_secret
    assert signature == utils.api_sign_request(fields, secret, "sha256", 2)
    assert fields["ticket"] == given["id"]
    assert (given["method"], given["file_field"], given["max_bytes"]) == ("form", "file", SIZE)
    assert given["url"] == f"/cdn/v1_1/{kept.settings.cdn_cloud_name}/image/upload"
    assert given["chunk_bytes"] == 20_000_000
    assert int(fields["expires_at"]) - time.time() <= 15 * 60


def test_the_file_becomes_the_image_that_was_told(owner, anybody):
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    given = ticket(owner, sha256=sha256, description="The sea", tags=["a"])

    answer = send(anybody, given)

    assert answer.status_code == 200, answer.text
    [image] = owner.listed()["images"]
    assert (image["id"], image["description"], image["tags"]) == (given["id"], "The sea", ["a"])
    assert (answer.json["public_id"], answer.json["bytes"]) == (image["id"], SIZE)
    completed = owner.post(f"/api/uploads/{given['id']}/complete").json
    assert (completed["status"], completed["image"]) == ("ready", image)


def test_a_large_file_comes_in_chunks(owner, anybody):
    given = ticket(owner)

    first = send_chunk(anybody, given, 0, THIRD)
    assert first.json["done"] is False
    assert state(owner, given)["offset"] == THIRD + 1
    assert send_chunk(anybody, given, 0, THIRD).json == first.json  # Sent again.
    last = send_chunk(anybody, given, THIRD + 1, SIZE - 1)

    assert last.json["public_id"] == given["id"]
    [image] = owner.listed()["images"]
    assert owner.get(f"/api/images/{image['id']}/original").data == PHOTO
    assert send_chunk(anybody, given, THIRD + 1, SIZE - 1).json == last.json


def test_what_a_form_began_tus_goes_on_with(owner, anybody):
    given = ticket(owner)
    send_chunk(anybody, given, 0, THIRD)

    Tus(owner).append(f"/api/tus/{given['id']}", PHOTO[THIRD + 1 :], THIRD + 1)

    assert state(owner, given)["status"] == "ready"


def test_a_form_that_is_used_again_makes_no_second_image(owner, anybody):
    given = ticket(owner)
    send(anybody, given)

    again, other = send(anybody, given), send(anybody, given, PHOTO[::-1])

    for answer in (again, other):
        assert (answer.status_code, answer.json["public_id"]) == (200, given["id"])
    [image] = owner.listed()["images"]
    assert owner.get(f"/api/images/{image['id']}/original").data == PHOTO


@pytest.mark.parametrize(
    ("changes", "content", "status"),
    [
        ({"ticket": "y" * 22}, PHOTO, 401),
        ({"expires_at": "9999999999"}, PHOTO, 401),
        ({"expires_at": None}, PHOTO, 401),
        ({"signature": "0" * 64}, PHOTO, 401),
        ({"signature": None}, PHOTO, 400),
        ({"public_id": "mine"}, PHOTO, 401),
        ({}, PHOTO + b"x", 400),
        ({}, PHOTO[:-1], 400),
        ({}, b"<html>" + PHOTO[6:], 400),
        ({}, b"", 400),
    ],
)
def test_no_other_file_and_no_other_form_is_taken(owner, anybody, kept, changes, content, status):
    given = ticket(owner, sha256=hashlib.sha256(PHOTO).hexdigest())

    answer = send(anybody, given, content, **changes)

    assert answer.status_code == status, answer.text
    assert answer.json["error"]["message"]
    assert kept.documents() == []


def test_nothing_more_may_be_said_with_a_ticket(owner, anybody, kept):
    given = ticket(owner)
    told = {k: v for k, v in given["fields"].items() if k not in ("signature", "api_key")}
    told["public_id"] = "mine"
    told["signature"] = utils.api_sign_request(told, kept.settings.cdn_api_secret, "sha256", 2)

    answer = send(anybody, given, **told)

    assert answer.status_code == 400
    assert "public_id" in answer.json["error"]["message"]


def test_an_expired_form_is_refused(owner, anybody, monkeypatch):
    monkeypatch.setattr(own_form, "HOLDS", own_form.HOLDS * -1)
    given = ticket(owner)

    answer = send(anybody, given)

    assert answer.status_code == 401
    assert "expires_at" in answer.json["error"]["message"]


def test_a_form_of_a_cancelled_upload_is_refused(owner, anybody, kept):
    given = ticket(owner)
    owner.delete(f"/api/uploads/{given['id']}")

    assert send(anybody, given).status_code == 404
    assert kept.everything() == []


@pytest.mark.parametrize("content_range", ["bytes 0-9/10", "bytes 5-9/999", "0-9", "bytes 9-5/9"])
def test_a_chunk_that_lies_about_the_whole_is_refused(owner, anybody, content_range):
    given = ticket(owner)
    headers = {"Content-Range": content_range, "X-Unique-Upload-Id": secrets.token_hex(8)}

    answer = send(anybody, given, PHOTO[:10], headers=headers)

    assert answer.status_code == 400
    assert state(owner, given)["offset"] == 0
