"""Cloudinary is away: uploads are taken and seen all the same, and move on once it is back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gallery.config.account import find_account
from gallery.config.given import Given
from gallery.model import ChangeKind
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.stores.guarded import Guard
from tests import pictures
from tests.cloudinary_server import CloudinaryServer, Fail, Reset, Stall
from tests.web.conftest import client_of
from tests.web.delivering import decoded, path_in

OFTEN = 8
"""More than anybody tries."""


@pytest.fixture
def cloudinary():
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def gallery(make_gallery, cloudinary, monkeypatch):
    """A gallery that keeps new images at Cloudinary and is soon out of patience with it."""
    began = CloudinaryStore.__init__

    def hasty(store, account, **_):
        began(store, account, call_s=1.0, put_s=1.0, sleep=lambda _: None)

    monkeypatch.setattr(CloudinaryStore, "__init__", hasty)
    account = find_account(Given({"CLOUDINARY_URL": cloudinary.url}))
    return make_gallery(cloudinary=account, media_store="cloudinary")


@pytest.fixture
def owner(gallery):
    return client_of(gallery)


def move(gallery, cloudinary):
    """What upkeep does when the store answers again and the pause is over."""
    cloudinary.script("upload")
    store = gallery._gallery.stores.for_new
    store._account.guard = Guard("Cloudinary", sleep=lambda _: None)
    store._account.call_s, store._put_s = 20.0, 120.0
    return gallery._gallery.moving.run()


@pytest.mark.parametrize(
    "fault",
    [Fail(), Fail(status=503), Reset(), Reset(kept=True), Stall(), Stall(kept=True)],
    ids=repr,
)
def test_an_upload_is_seen_at_once_and_moves_on(gallery, owner, cloudinary, fault):
    content = pictures.photo().content
    cloudinary.script("upload", *[fault] * OFTEN)

    image = owner.uploaded(content)

    assert (image["store"], image["moving_to"], image["status"]) == ("spool", "cloudinary", "ready")
    assert [each["id"] for each in owner.listed()["images"]] == [image["id"]]
    variant = owner.get(path_in(image))
    assert variant.status_code == 200, variant.text
    assert decoded(variant).size == (image["width"], image["height"])
    assert owner.get(f"/api/images/{image['id']}/original").data == content
    assert owner.get("/api/status").json["moving"]["images"] == 1

    assert move(gallery, cloudinary) == 1

    moved = owner.get(f"/api/images/{image['id']}").json
    assert moved["store"] == "cloudinary"
    assert "moving_to" not in moved
    assert "/image/private/s--" in moved["url"]
    led = owner.get(path_in(image))
    assert (led.status_code, led.headers["Location"]) == (302, moved["variants"]["card"]["url"])
    assert led.headers["Cache-Control"] == "private, no-store"
    [asset] = cloudinary.account.assets.values()
    assert asset.content == content
    assert list(gallery._gallery.stores.spool.list()) == []
    assert owner.get("/api/status").json["moving"]["images"] == 0
    assert owner.get(f"/api/images/{image['id']}/original").data == content


def test_a_move_is_told_live(gallery, owner, cloudinary):
    cloudinary.script("upload", *[Fail()] * OFTEN)
    owner.uploaded()
    position = gallery._gallery.feed.position

    move(gallery, cloudinary)

    [change] = gallery._gallery.feed.missed(position)
    assert change.kind is ChangeKind.UPDATED
    assert (change.image.store, change.image.moving_to) == ("cloudinary", "")


def test_the_status_says_how_the_store_has_been(owner, cloudinary):
    cloudinary.script("upload", *[Fail()] * 40)
    for seed in range(2, 7):
        owner.uploaded(pictures.photo(seed=seed).content)
        owner.get("/api/status")

    told = owner.get("/api/status").json

    assert told["health"]["cloudinary"]["failures"] >= 4
    assert told["moving"]["images"] == 5
    assert told["stores"] == ["local", "cloudinary", "spool"]


def test_it_is_ready_while_its_store_is_away(owner, cloudinary):
    cloudinary.stop()

    assert owner.get("/readyz").status_code == 200
    assert owner.uploaded()["store"] == "spool"


def test_what_the_plan_does_not_take_stays_and_is_counted(gallery, owner, cloudinary):
    cloudinary.script("upload", *[Fail()] * OFTEN)
    image = owner.uploaded()
    cloudinary.account.max_bytes = 10

    assert move(gallery, cloudinary) == 0

    told = owner.get("/api/status").json["moving"]
    assert (told["images"], told["refused"]) == (1, 1)
    assert "our Cloudinary account takes" in told["problem"]
    assert owner.get(path_in(image)).status_code == 200


def test_many_at_once_are_all_taken(gallery, owner, cloudinary):
    cloudinary.script("upload", *[Fail()] * 100)
    contents = [pictures.photo(seed=seed).content for seed in range(10, 22)]

    with ThreadPoolExecutor(6) as threads:
        images = list(threads.map(owner.uploaded, contents))

    assert {image["store"] for image in images} == {"spool"}
    assert move(gallery, cloudinary) == len(contents)
    assert sorted(asset.content for asset in cloudinary.account.assets.values()) == sorted(contents)


def test_the_original_is_fetched_once_for_all_sizes(gallery, owner, cloudinary, monkeypatch):
    cloudinary.script("upload", *[Fail()] * OFTEN)
    image = owner.uploaded()
    spool, opened = gallery._gallery.stores.spool, []
    open_spool = spool.open
    monkeypatch.setattr(spool, "open", lambda key: opened.append(key) or open_spool(key))
    paths = [path_in(image, preset) for preset in ("thumb", "card", "full")]

    with ThreadPoolExecutor(3) as threads:
        statuses = [each.status_code for each in threads.map(owner.get, paths)]

    assert statuses == [200] * 3
    assert opened == [image["id"]]
    assert owner.delete(f"/api/images/{image['id']}?permanent=true").status_code == 204
    assert owner.get(paths[0]).status_code == 404


def test_a_full_spool_says_when_to_come_back(make_gallery, cloudinary):
    account = find_account(Given({"CLOUDINARY_URL": cloudinary.url}))
    owner = client_of(make_gallery(cloudinary=account, media_store="cloudinary", spool_bytes=100))
    cloudinary.script("upload", *[Fail()] * OFTEN)

    refused = owner.upload()

    assert (refused.status_code, refused.json["code"]) == (503, "spool_full")
    assert refused.headers["Retry-After"] == "60"
    assert owner.listed()["images"] == []
