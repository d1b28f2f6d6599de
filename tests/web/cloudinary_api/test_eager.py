"""What uploads have derived at once lies ready, and needs no signature."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests import pictures
from tests.web.cloudinary_api.calls import call

PHOTO = pictures.photo(width=160, height=90)


@pytest.fixture
def upload(owner, kept):
    def send(**params):
        answer = call(owner, kept.settings, "upload", content=PHOTO.content, **params)
        assert answer.status_code == 200, answer.text
        return answer.json

    return send


def path_of(told):
    return urlsplit(told["url"]).path


def test_it_lies_ready_and_is_what_was_told(owner, kept, upload):
    eager = "c_fill,h_40,w_40|e_grayscale/c_scale,w_80/png|c_scale,w_20/"

    told = upload(public_id="garden/röse 1", eager=eager)["eager"]

    ready = kept.files("derived")
    assert [(each["width"], each["height"], each["format"]) for each in told] == [
        (40, 40, "jpg"), (80, 45, "png"), (20, 11, "jpg")
    ]  # fmt: skip
    for each in told:
        answer = owner.get(path_of(each))
        assert (answer.status_code, len(answer.data)) == (200, each["bytes"])
        picture = Image.open(io.BytesIO(answer.data))
        assert picture.size == (each["width"], each["height"])
    assert kept.files("derived") == ready


def test_another_transformation_still_needs_a_signature(owner, upload):
    [told] = upload(public_id="rose", eager="c_scale,w_80")["eager"]

    assert owner.get(path_of(told)).status_code == 200
    assert owner.get(path_of(told).replace("w_80", "w_81")).status_code == 401


@pytest.mark.parametrize("type", ["private", "authenticated"])
def test_it_may_be_of_any_type(upload, kept, type):
    [told] = upload(public_id="rose", type=type, eager="c_scale,w_80")["eager"]

    assert f"/image/{type}/" in told["url"]
    assert told["bytes"] > 0


def test_it_goes_when_the_picture_is_replaced(owner, kept, upload):
    [before] = upload(public_id="rose", eager="c_scale,w_80")["eager"]

    call(owner, kept.settings, "upload", content=pictures.photo(seed=2).content, public_id="rose")

    assert owner.get(path_of(before)).status_code == 404


@pytest.mark.parametrize("eager", ["c_nothing", "w_0", "t_nobody", "l_nobody"])
def test_refuses_what_cannot_be_made(owner, kept, eager):
    answer = call(owner, kept.settings, "upload", content=PHOTO.content, eager=eager)

    assert answer.status_code == 400
    assert answer.json["error"]["message"]


def test_the_bare_address_of_an_upload_shows_it_and_of_others_does_not(owner, kept, upload):
    assert owner.get(path_of(upload(public_id="a"))).status_code == 200
    assert owner.get(path_of(upload(public_id="a", type="private"))).status_code == 401
    hidden = upload(public_id="b", access_mode="authenticated")
    assert owner.get(path_of(hidden)).status_code == 401


def test_a_raw_file_comes_as_an_attachment(owner, kept):
    content = b"<script>alert(1)</script>"
    told = call(
        owner, kept.settings, "upload", content=content, resource_type="raw", public_id="a.html"
    ).json

    answer = owner.get(path_of(told))

    assert (answer.status_code, answer.data) == (200, content)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
