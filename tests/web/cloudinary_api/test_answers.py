"""Addresses in answers are those that the SDK builds from the same setting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cloudinary import utils

from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.auth import Account
from tests.catalog.making import pending

BASES = {"http": "http://127.0.0.1:8000", "https": "https://photos.example"}


@pytest.fixture
def account(clock):
    return Account(cloud_name="vitrine", api_key="1", api_secret="s", now=clock)


@pytest.fixture(params=BASES)
def base(request):
    return BASES[request.param]


@pytest.fixture
def answers(account, base):
    return Answers(account, base=lambda: base)


def image_of(**told):
    usual = {"public_id": "rose", "store_version": "1763726400", "asset_id": "a" * 32}
    return pending(**usual | told)


def built(base, image, *, secure, **options):
    host = base.partition("://")[2]
    url, _ = utils.cloudinary_url(
        image.public_id.replace("%", "%25"),
        cloud_name="vitrine",
        resource_type=image.resource_type,
        type=image.type,
        version=image.store_version,
        cname=f"{host}/cdn",
        secure=secure,
        secure_distribution=f"{host}/cdn",
        **options,
    )
    return url


@pytest.mark.parametrize(
    "public_id", ["rose", "garden/2026/röse 1", "a~b(c),d!e'f*", "x.y:z", "v12/c_fill", "日本"]
)
@pytest.mark.parametrize("type", ["upload", "private", "authenticated"])
def test_of_pictures(answers, base, public_id, type):
    image = image_of(public_id=public_id, type=type)

    told = answers.asset(image)

    assert told["url"] == built(base, image, secure=False, format="jpg")
    https = base.startswith("https")
    assert told["secure_url"] == built(base, image, secure=https, format="jpg")


def test_of_raw_files(answers, base):
    image = image_of(public_id="a/notes 1.txt", resource_type="raw", format="", extension="txt")

    told = answers.asset(image)

    assert told["url"] == built(base, image, secure=False)
    assert not {"format", "width", "height", "pages"} & told.keys()


def test_of_derived_images(answers, base):
    image = image_of()

    told = answers.addresses(image, transformation="c_fill,h_40,w_40", extension="png")

    assert told["url"] == built(
        base, image, secure=False, crop="fill", width=40, height=40, format="png"
    )


def test_what_another_store_delivers_is_told_with_its_address(account):
    answers = Answers(account, base=lambda: BASES["http"], elsewhere=lambda image: image.url)
    image = replace(image_of(), url="https://cdn.example/x")

    assert answers.asset(image)["url"] == "https://cdn.example/x"


def test_formats_have_the_names_that_clients_know(answers):
    names = {"jpeg": "jpg", "tiff": "tif", "png": "png", "heic": "heic", "avif": "avif"}

    assert {ours: answers.asset(image_of(format=ours))["format"] for ours in names} == names


def test_tells_nothing_that_nobody_said(answers):
    told = answers.asset(image_of())

    assert not {"context", "moderation", "coordinates", "folder"} & told.keys()
    assert told["display_name"] == "rose"
    assert answers.asset(image_of(public_id="a/b/c"))["folder"] == "a/b"
