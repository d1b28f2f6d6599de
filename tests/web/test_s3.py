"""The gallery with a bucket as its store, over HTTP."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
import urllib3

from tests import pictures
from tests.s3_server import Fail, S3Server
from tests.s3_server.server import client_of as boto_of
from tests.stores.s3.helpers import open_to_all
from tests.web.conftest import client_of


@pytest.fixture(scope="module")
def server():
    with S3Server() as running:
        yield running


@pytest.fixture
def bucket(server):
    yield server.bucket()
    server.forgive()


@pytest.fixture
def owner(make_gallery, bucket):
    """The owner of a gallery that keeps new images in the bucket."""
    return client_of(make_gallery(s3=bucket, media_store="s3"))


@pytest.fixture
def opened(bucket):
    """The bucket, when everybody may fetch variants at an address of its own."""
    open_to_all(boto_of(bucket), bucket, "derived/*")
    return replace(bucket, public_url=f"{bucket.endpoint_url}/{bucket.name}")


@pytest.fixture
def public(make_gallery, opened):
    """The owner of a gallery that sends people to that address."""
    return client_of(make_gallery(s3=opened, media_store="s3"))


def names_in(bucket):
    found = boto_of(bucket).list_objects_v2(Bucket=bucket.name)
    return [each["Key"] for each in found.get("Contents", ())]


def test_an_upload_is_kept_there_and_shown_from_here(owner, bucket):
    image = owner.uploaded()

    assert image["store"] == "s3"
    assert names_in(bucket) == [f"originals/{image['id']}"]
    for variant in image["variants"].values():
        shown = owner.get(variant["url"])
        assert shown.status_code == 200
        assert shown.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_original_comes_back_as_it_was_sent(owner):
    content = pictures.photo().content
    image = owner.uploaded(content)

    assert owner.get(f"/api/images/{image['id']}/original").data == content


def test_a_purge_removes_all_of_it_there(owner, bucket):
    image = owner.uploaded()
    owner.get(image["variants"]["card"]["url"])
    assert len(names_in(bucket)) == 2

    assert owner.delete(f"/api/images/{image['id']}?permanent=true").status_code == 204

    assert names_in(bucket) == []


def test_people_are_sent_to_variants_that_everybody_may_fetch(public, bucket):
    url = public.uploaded()["variants"]["card"]["url"]
    first = public.get(url)

    sent = public.get(url)

    assert (first.status_code, sent.status_code) == (200, 302)
    assert sent.headers["Cache-Control"] == "public, max-age=60"
    assert sent.headers["Vary"] == "Accept"
    [name] = [name for name in names_in(bucket) if name.startswith("derived/")]
    assert sent.headers["Location"] == f"{bucket.endpoint_url}/{bucket.name}/{name}"
    with urllib3.PoolManager() as pool:
        there = pool.request("GET", sent.headers["Location"])
    assert there.data == first.data
    assert there.headers["Content-Type"] == first.headers["Content-Type"]
    assert there.headers["Cache-Control"] == "public, max-age=86400"


def test_a_proxy_passes_on_what_lies_there(make_gallery, opened, bucket):
    gallery = make_gallery(s3=opened, media_store="s3", permanent_addresses="proxy")
    owner = client_of(gallery)
    image = owner.uploaded()
    url = image["variants"]["card"]["url"]
    made = owner.get(url)
    assert owner.get(url).headers["Location"].startswith(bucket.endpoint_url)

    passed_on = owner.get(f"/i/{image['id']}/card")

    assert (passed_on.status_code, passed_on.data) == (200, made.data)
    assert passed_on.headers["Content-Type"] == made.headers["Content-Type"]
    assert passed_on.headers["Cache-Control"] == "public, max-age=60"


def test_each_class_of_browser_is_sent_to_its_own(public):
    url = public.uploaded()["variants"]["card"]["url"]
    sent = []
    for accept in ("image/avif,*/*", "image/webp,*/*", "*/*"):
        public.get(url, headers={"Accept": accept})
        sent.append(public.get(url, headers={"Accept": accept}).headers["Location"])

    assert len(set(sent)) == 3


def test_pages_may_show_what_lies_there(public, bucket):
    policy = public.get("/").headers["Content-Security-Policy"]

    assert bucket.endpoint_url in policy.split("img-src")[1].split(";")[0]


def test_what_is_in_the_trash_is_nowhere(public):
    image = public.uploaded()
    url = image["variants"]["card"]["url"]
    public.get(url)

    public.delete(f"/api/images/{image['id']}")

    assert public.get(url).status_code == 404


def test_while_the_bucket_does_not_answer_photos_wait_here(owner, server, bucket):
    server.script("PutObject", *[Fail(status=503, code="SlowDown", headers={"Retry-After": "60"})])

    image = owner.uploaded()

    assert image["store"] == "spool"
    assert owner.get(image["variants"]["card"]["url"]).status_code == 200


def test_the_admin_api_looks_closer_at_an_original_that_lies_there(owner, settings):
    image = owner.uploaded()
    keys = f"{settings.cdn_api_key}:{settings.cdn_api_secret}".encode()

    told = owner.get(
        f"/cdn/v1_1/{settings.cdn_cloud_name}/resources/image/upload/{image['id']}?colors=true",
        headers={"Authorization": f"Basic {base64.b64encode(keys).decode()}"},
    )

    assert told.status_code == 200
    assert told.json["colors"]
