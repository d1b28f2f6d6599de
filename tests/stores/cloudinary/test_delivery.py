from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import pyvips

from gallery.config import CloudinaryAccount
from gallery.errors import ObjectMissingError
from gallery.model import Image, Status
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.transformation import Crop, Transformation
from tests.cloudinary_server import CloudinaryServer
from tests.store_contract import KEY, SMALL, Draw, image_of
from tests.stores.cloudinary.helpers import get

SECRET = "a-secret-of-the-tests"
SIGNED = "s--GEXM9fIzFOZSihYODIVAtnuu-J7ky4gI--"
PLACE = f"image/private/{SIGNED}/c_limit,f_auto,h_400,q_auto,w_400/v1795255359/{KEY}"


def make_image(**facts: Any) -> Image:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    return Image(
        **{
            "order": "0" * 24,
            "id": KEY,
            "public_id": KEY,
            "status": Status.READY,
            "store": "cloudinary",
            "key": KEY,
            "width": 4000,
            "height": 3000,
            "created_at": moment,
            "updated_at": moment,
            "store_version": "1795255359",
            **facts,
        }
    )


@pytest.mark.parametrize(
    ("account", "begins"),
    [
        ({}, "https://res.cloudinary.com/demo/"),
        ({"secure": False}, "http://res.cloudinary.com/demo/"),
        ({"secure": False, "cname": "host:8000/cdn"}, "http://host:8000/cdn/demo/"),
        ({"secure_distribution": "img.example.org"}, "https://img.example.org/demo/"),
        ({"private_cdn": True}, "https://demo-res.cloudinary.com/"),
        (
            {"private_cdn": True, "secure_distribution": "img.example.org"},
            "https://img.example.org/",
        ),
    ],
    ids=str,
)
def test_the_delivery_address_is_cloudinarys_own(account: dict[str, Any], begins: str) -> None:
    keys: dict[str, Any] = {"cloud_name": "demo", "api_key": "1", "api_secret": SECRET}
    store = CloudinaryStore(CloudinaryAccount(**keys, **account))

    url = store.delivery_url(make_image(), Transformation.box(width=400, height=400))

    assert url == begins + PLACE
    host = urlsplit(begins)
    assert store.delivery_hosts == (f"{host.scheme}://{host.netloc}",)


def test_a_new_version_has_a_new_address(store: CloudinaryStore) -> None:
    first = store.delivery_url(make_image(store_version="1"), SMALL)
    second = store.delivery_url(make_image(store_version="2"), SMALL)

    assert first.replace("/v1/", "/v2/") == second


def test_covers_a_box_without_enlarging(store: CloudinaryStore, draw: Draw) -> None:
    image = image_of(store, draw(width=120, height=80))
    avatar = Transformation.box(crop=Crop.LFILL, width=240, height=240)

    status, body = get(store.delivery_url(image, avatar))

    picture = pyvips.Image.new_from_buffer(body, "")
    assert status == 200
    assert (picture.width, picture.height) == avatar.size_of(120, 80) == (80, 80)


@pytest.mark.parametrize("crop", [Crop.LIMIT, Crop.FILL, Crop.LFILL])
@pytest.mark.parametrize("size", [(30, 30), (60, 20), (500, 500)])
def test_makes_exactly_the_size_that_it_announces(
    store: CloudinaryStore, draw: Draw, crop: Crop, size: tuple[int, int]
) -> None:
    image = image_of(store, draw(width=120, height=80))
    wanted = Transformation.box(crop=crop, width=size[0], height=size[1])

    _, body = get(store.delivery_url(image, wanted))

    picture = pyvips.Image.new_from_buffer(body, "")
    assert (picture.width, picture.height) == wanted.size_of(120, 80)


@pytest.mark.parametrize(("strict", "status"), [(False, 200), (True, 401)])
def test_only_strict_transformations_keep_others_from_making_variants(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, strict: bool, status: int
) -> None:
    """Cloudinary's rule for the type ``private``, and why the account is to be set strict."""
    server.account.strict_transformations = strict
    url = store.delivery_url(image_of(store, draw()), SMALL)
    unsigned = re.sub(r"/s--[\w-]+--", "", url).replace(str(SMALL), "w_100")

    assert get(url)[0] == 200
    assert get(unsigned)[0] == status


def test_an_original_is_not_to_be_had_from_the_cdn(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    image_of(store, draw())
    delivery = f"http://{server.host}/test-cloud/image"

    for kind in ("upload", "private", "authenticated"):
        for place in (KEY, f"v1/{KEY}", f"s--AAAAAAAA--/{KEY}", f"s--{'A' * 32}--/v1/{KEY}"):
            status, body = get(f"{delivery}/{kind}/{place}")
            assert (status in (401, 404), body) == (True, b"")


def test_a_missing_original_cannot_be_opened(store: CloudinaryStore) -> None:
    with pytest.raises(ObjectMissingError):
        store.open(KEY)
