"""The gallery with Cloudflare Images as its store, over HTTP."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import urllib3

from gallery.stores.cloudflare import store
from tests import pictures
from tests.cloudflare_server import CloudflareServer, Fail
from tests.web.conftest import PASSWORD, client_of


@pytest.fixture
def server():
    with CloudflareServer() as running:
        yield running


@pytest.fixture
def gallery(make_gallery, server):
    return make_gallery(cloudflare=server.client(), media_store="cloudflare")


@pytest.fixture
def owner(gallery):
    """The owner of a gallery that keeps new images at Cloudflare."""
    return client_of(gallery)


@pytest.fixture
def private(make_gallery, server):
    """The owner of one that not everybody may look at."""
    made = make_gallery(
        cloudflare=server.client(),
        media_store="cloudflare",
        owner_password=PASSWORD,
        gallery_visibility="private",
    )
    client = client_of(made)
    assert client.post("/api/session", json={"password": PASSWORD}).status_code == 200
    return client


def status_of(url):
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", url).status


def addresses(image):
    """Every address of an image."""
    for variant in image["variants"].values():
        yield variant["url"]
        yield from (each.split(" ")[0] for each in variant["srcset"].split(", "))


def test_an_upload_is_kept_there_and_shown_from_there(owner, server):
    image = owner.uploaded()

    assert image["store"] == "cloudflare"
    assert list(server.account.images) == [image["id"]]
    assert image["url"].startswith(f"{server.url}/{server.account.hash}/{image['id']}/vitrine")
    cloud = [url for url in addresses(image) if url.startswith(server.url)]
    assert cloud
    assert {status_of(url) for url in cloud} == {200}


def test_what_has_no_variant_there_is_made_here(owner, server):
    """A square of 240 pixels, out of a picture that is not so high."""
    image = owner.uploaded(pictures.photo(width=400, height=100).content)

    url = urlsplit(image["variants"]["avatar"]["url"])

    answer = owner.get(url.path)
    assert url.path.startswith("/cdn/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/")


def test_its_pictures_may_be_shown_on_the_page(owner, server):
    image = owner.uploaded()

    page = owner.get("/")

    policy = page.headers["Content-Security-Policy"]
    assert server.url in policy.split("img-src")[1].split(";")[0]
    assert image["variants"]["card"]["url"] in page.text


def test_the_original_is_given_to_its_owner_alone(owner):
    content = pictures.photo().content
    image = owner.uploaded(content)

    assert owner.get(f"/api/images/{image['id']}/original").data == content


def test_a_picture_is_replaced_without_a_gap(owner, server):
    image = owner.uploaded()
    before = image["url"]
    server.script("upload", Fail())

    other = pictures.photo(width=300, height=200).content
    answer = owner.replace(image, other)

    assert answer.status_code == 200, answer.text
    after = answer.json["url"]
    assert after != before
    assert status_of(after) == 200
    assert status_of(before) in (200, 404)
    actions = [seen.action for seen in server.seen if seen.action in ("upload", "delete")]
    assert actions[:3] == ["upload", "upload", "upload"], "one failed, and nothing went before"


def test_while_it_is_away_images_wait_and_are_shown(owner, server):
    server.script("variants", *[Fail(status=503)] * 9)

    image = owner.uploaded()

    assert (image["store"], image["moving_to"]) == ("spool", "cloudflare")
    assert owner.get(urlsplit(image["url"]).path).status_code == 200


def test_a_private_gallery_shows_signed_addresses_alone(private, server):
    image = private.uploaded()

    cloud = [url for url in addresses(image) if url.startswith(server.url)]
    assert cloud
    assert all("?exp=" in url and "&sig=" in url for url in cloud)
    assert {status_of(url) for url in cloud} == {200}
    assert {status_of(url.partition("?")[0]) for url in cloud} == {403}
    assert image["url"] == image["variants"]["full"]["url"]


def test_addresses_that_come_to_their_end_are_made_anew(private, server, monkeypatch):
    image = private.uploaded()
    for read in (private.listed, lambda: private.get(f"/api/images/{image['id']}").json):
        read()

    period = store.CloudflareStore.address_period
    monkeypatch.setattr(store.CloudflareStore, "address_period", lambda self: period(self) + 1)

    again = private.get(f"/api/images/{image['id']}").json
    assert again["url"] != image["url"]
    assert again["variants"]["card"]["url"] in private.get("/api/images").text
    server.account.now = lambda: period_ends(image["url"]) + 1
    assert (status_of(image["url"]), status_of(again["url"])) == (403, 200)


def period_ends(url):
    return int(url.partition("?exp=")[2].partition("&")[0])


def test_a_file_goes_straight_there(owner, server):
    content = pictures.photo(width=320, height=180).content
    told = {"bytes": len(content), "filename": "beach.jpg", "content_type": "image/jpeg"}
    given = owner.post("/api/uploads", json=told).json
    assert given["method"] == "form"
    assert given["url"].startswith(f"{server.url}/upload/")
    with urllib3.PoolManager(retries=False) as pool:
        form = [*given["fields"].items(), (given["file_field"], ("blob", content))]
        assert pool.request("POST", given["url"], fields=form).status == 200

    answer = owner.post(f"/api/uploads/{given['id']}/complete")

    assert answer.status_code in (200, 202), answer.text
    [image] = owner.listed()["images"]
    assert (image["id"], image["store"], image["width"]) == (given["id"], "cloudflare", 320)
    assert status_of(image["url"]) == 200
    assert owner.get(f"/api/images/{image['id']}/original").data == content
    assert server.requests("upload") == [], "the photograph went there once, and not through us"
