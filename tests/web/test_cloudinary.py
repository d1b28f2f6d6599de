"""The gallery with Cloudinary as its store, from one setting, over real HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from gallery.config.account import find_account
from gallery.config.given import Given
from tests import pictures
from tests.cloudinary_server import CloudinaryServer, Fail
from tests.web.cloudinary_api.calls import call
from tests.web.conftest import client_of
from tests.web.page import Page


@pytest.fixture
def cloudinary():
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def owner(make_gallery, cloudinary):
    """The owner of a gallery that keeps new images at Cloudinary."""
    account = find_account(Given({"CLOUDINARY_URL": cloudinary.url}))
    return client_of(make_gallery(cloudinary=account, media_store="cloudinary"))


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback, ours
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_an_upload_is_kept_there_and_shown_from_there(owner, cloudinary):
    image = owner.uploaded()

    assert image["store"] == "cloudinary"
    assert len(cloudinary.account.assets) == 1
    assert "/image/private/s--" in image["url"]
    assert status_of(image["url"]) == 200
    for variant in image["variants"].values():
        assert status_of(variant["url"]) == 200


def test_without_its_transformation_no_address_leads_to_the_original(owner):
    image = owner.uploaded()

    for variant in image["variants"].values():
        head, _, tail = variant["url"].partition("--/")
        _, _, rest = tail.partition("/")
        assert status_of(f"{head}--/{rest}") in (401, 404)


def test_its_pictures_may_be_shown_on_the_page(owner):
    image = owner.uploaded()
    origin = "/".join(image["url"].split("/")[:3])

    page = owner.get("/")

    policy = page.headers["Content-Security-Policy"]
    assert origin in policy.split("img-src")[1].split(";")[0]
    assert image["variants"]["card"]["url"] in page.text


def test_the_page_is_told_what_it_takes_of_one_photo(owner):
    owner.get("/api/status")  # Waits until Cloudinary was heard.

    limits = json.loads(Page(owner.get("/")).one("script", id="gallery-data").text)["limits"]

    assert limits["store"] == {
        "name": "cloudinary", "max_bytes": 10 * 1024**2, "max_pixels": 25_000_000, "max_side": None
    }  # fmt: skip


def test_the_original_comes_back_as_it_was_sent(owner):
    image = owner.uploaded(filename="beach.jpg")

    answer = owner.get(f"/api/images/{image['id']}/original")

    assert len(answer.data) == image["bytes"]
    assert "beach.jpg" in answer.headers["Content-Disposition"]


def test_a_purge_removes_it_there(owner, cloudinary):
    image = owner.uploaded()

    assert owner.delete(f"/api/images/{image['id']}?permanent=true").status_code == 204

    assert not cloudinary.account.assets


def test_what_it_refuses_leaves_nothing_and_may_be_sent_again(owner, cloudinary):
    cloudinary.script("upload", Fail(status=401, message="unknown api_key"))

    refused = owner.upload()

    assert refused.status_code == 502
    assert refused.json["code"] == "store_failed"
    assert not cloudinary.account.assets
    assert owner.listed()["images"] == []
    assert owner.upload().status_code == 201


def test_what_is_refused_does_not_name_our_secret(owner, cloudinary):
    cloudinary.script("upload", Fail(status=401, message="unknown api_key"))
    account = find_account(Given({"CLOUDINARY_URL": cloudinary.url}))

    refused = owner.upload()

    assert account.api_secret not in refused.text


def test_an_upload_through_our_own_door_is_kept_there_too(owner, settings, cloudinary):
    content = pictures.photo(width=160, height=90).content
    options = {"public_id": "garden/rose", "eager": "c_scale,w_80", "phash": "1"}

    uploaded = call(owner, settings, "upload", content=content, **options)

    assert uploaded.status_code == 200, uploaded.text
    [asset] = cloudinary.account.assets.values()
    assert (asset.content, asset.type) == (content, "private")
    told = uploaded.json
    assert told["version"] == asset.version
    [eager] = told["eager"]
    assert (eager["width"], eager["height"]) == (80, 45)
    for url in (told["url"], eager["url"]):
        assert url.split("/cdn/")[0] not in ("http://localhost", "")
        assert status_of(url) == 200

    other = pictures.photo(seed=2).content
    replaced = call(owner, settings, "upload", content=other, public_id="garden/rose")
    assert replaced.json["asset_id"] == told["asset_id"]
    [asset] = cloudinary.account.assets.values()
    assert asset.content == other
    [image] = owner.listed()["images"]
    assert owner.get(f"/api/images/{image['id']}/original").data == other


def test_the_status_tells_what_is_used_of_the_plan_and_what_it_takes(owner):
    plan = owner.get("/api/status").json["plans"]["cloudinary"]

    assert plan["limits"] == {
        "max_bytes": 10 * 1024**2, "max_pixels": 25_000_000, "max_side": None
    }  # fmt: skip
    assert plan["problem"] == ""
    assert plan["quotas"][0] == {"name": "credits", "unit": "", "used": 4.5, "limit": 25.0}


def test_a_plan_that_is_not_told_breaks_nothing(owner, cloudinary):
    cloudinary.script("usage", *[Fail(status=401, message="unknown api_key")] * 9)

    plan = owner.get("/api/status").json["plans"]["cloudinary"]

    assert plan["quotas"] == []
    assert "CLOUDINARY_URL" in plan["problem"]
    assert owner.upload().status_code == 201


def test_strangers_are_not_told_what_somebody_pays_for(make_gallery, cloudinary):
    account = find_account(Given({"CLOUDINARY_URL": cloudinary.url}))
    gallery = make_gallery(
        cloudinary=account, media_store="cloudinary", owner_password="correct horse"
    )

    assert client_of(gallery).get("/api/status").json["plans"] == {}


def test_what_the_plan_does_not_take_is_refused_before_a_byte_moves(owner, cloudinary):
    cloudinary.account.max_bytes = 512 * 1024
    owner.get("/api/status")

    refused = owner.post("/api/uploads", json={"filename": "beach.jpg", "bytes": 512 * 1024 + 1})

    assert (refused.status_code, refused.json["code"]) == (413, "too_large")
    assert refused.json["detail"] == (
        "beach.jpg: The file is larger than 0.5 MiB, the most that is taken here. Make it smaller."
    )
    assert (
        owner.post("/api/uploads", json={"filename": "b.jpg", "bytes": 512 * 1024}).status_code
        == 201
    )
    assert owner.options("/api/tus").headers["Tus-Max-Size"] == "524288"
    assert '"max_upload_bytes":524288' in owner.get("/").text
