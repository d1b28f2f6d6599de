"""Where images are shown from: the sizes that differ, and what remains of a store that is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gallery.config import CloudflareAccount
from gallery.model import Image
from gallery.services.addresses import Addresses
from gallery.stores.cloudflare.store import CloudflareStore
from gallery.stores.registry import Stores
from gallery.transformation import presets_from
from tests.catalog.making import pending
from tests.services.conftest import Parts


def image_of(width: int, height: int) -> Image:
    return pending(width=width, height=height, store_version="1")


@pytest.mark.parametrize(
    ("size", "preset", "wanted", "widths"),
    [
        ((4000, 3000), "card", (1200, 900), [480, 800, 1200]),
        ((3000, 4000), "card", (900, 1200), [360, 600, 900]),
        ((700, 525), "card", (700, 525), [480, 700]),
        ((120, 80), "card", (120, 80), [120]),
        ((4000, 3000), "thumb", (400, 300), [200, 400]),
        ((4000, 3000), "full", (2560, 1920), [1280, 2048, 2560]),
        ((4000, 3000), "avatar", (240, 240), [240]),
        ((120, 80), "avatar", (80, 80), [80]),
        ((10_000, 1), "thumb", (400, 1), [200, 400]),
        ((1, 10_000), "thumb", (1, 400), [1]),
    ],
)
def test_a_preset_offers_the_sizes_that_differ(
    parts: Parts, size: tuple[int, int], preset: str, wanted: tuple[int, int], widths: list[int]
) -> None:
    variant = parts.addresses.variants(image_of(*size))[preset]

    assert (variant.width, variant.height) == wanted
    assert [width for _, width in variant.sizes] == widths
    assert variant.url == variant.sizes[-1][0]
    assert len({url for url, _ in variant.sizes}) == len(widths)


def test_an_image_is_shown_at_its_full_preset(parts: Parts) -> None:
    image = image_of(4000, 3000)

    assert parts.addresses.shown_at(image) == parts.addresses.variants(image)["full"].url


def test_every_version_has_addresses_of_its_own(parts: Parts) -> None:
    image = image_of(4000, 3000)

    assert parts.addresses.shown_at(image) != parts.addresses.shown_at(
        replace(image, store_version="2")
    )


def test_presets_of_the_operator_are_offered_too(parts: Parts) -> None:
    addresses = Addresses(parts.stores, presets_from({"poster": "c_fill,h_600,w_400"}))

    poster = addresses.variants(image_of(4000, 3000))["poster"]

    assert (poster.width, poster.height) == (400, 600)


def test_of_a_store_that_is_gone_the_last_known_address_remains(parts: Parts) -> None:
    image = replace(image_of(4000, 3000), store="cloudinary", url="https://cdn.example/photo")
    addresses = Addresses(Stores([parts.store], for_new="local"), presets_from({}))

    variants = addresses.variants(image)

    assert {variant.url for variant in variants.values()} == {"https://cdn.example/photo"}
    assert variants.keys() == {"thumb", "card", "full", "avatar"}


def test_what_comes_to_its_end_is_told_anew(parts: Parts) -> None:
    """Addresses of a private gallery at Cloudflare, of an image whose address was written down
    long ago."""
    account = CloudflareAccount(account_id="a", token="b", hash="c", signing_key="d")
    presets = presets_from({})
    cloud = CloudflareStore(
        account, presets=presets, private=True, cloud_name="vitrine", secret="e"
    )
    addresses = Addresses(Stores([cloud, *parts.stores.all()], for_new="cloudflare"), presets)
    here = image_of(4000, 3000)
    there = replace(here, store="cloudflare", etag="signed:1", url="https://written.down/long/ago")

    assert addresses.elsewhere(here) is None
    told = addresses.elsewhere(there)
    assert told is not None
    assert told.startswith("https://imagedelivery.net/c/1/vitrineLimit2560x2560?exp=")
