from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pyvips

from gallery.stores.cloudflare.sizes import named, signature, size_of
from gallery.stores.cloudflare.store import PERIOD_S, CloudflareStore
from gallery.transformation import BUILT_IN, Crop, Transformation, parse, presets_from
from tests.cloudflare_server import CloudflareServer
from tests.store_contract import KEY, SMALL, Draw, image_of
from tests.stores.cloudflare.helpers import Open, get

OTHER = Transformation.box(width=55, height=55)


def test_every_built_in_size_has_a_variant() -> None:
    presets = presets_from({})

    assert sorted(named(presets)) == sorted(
        [
            *("vitrineLimit200x200", "vitrineLimit400x400", "vitrineLimit480x480"),
            *("vitrineLimit800x800", "vitrineLimit1200x1200", "vitrineLimit1280x1280"),
            *("vitrineLimit2048x2048", "vitrineLimit2560x2560", "vitrineFill240x240"),
        ]
    )
    assert len(BUILT_IN) == 4


def test_a_preset_is_delivered_by_its_variant(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    url = store.delivery_url(image_of(store, draw()), SMALL)

    status, body = get(url)

    assert url == f"{server.url}/{server.account.hash}/{KEY}/vitrineLimit40x40"
    picture = pyvips.Image.new_from_buffer(body, "")
    assert (status, picture.width, picture.height) == (200, *SMALL.size_of(120, 80))


def test_what_has_no_variant_is_made_here(store: CloudflareStore, draw: Draw) -> None:
    url = store.delivery_url(image_of(store, draw()), OTHER)

    assert url.startswith("/cdn/vitrine/image/upload/s--")
    assert get(url) == (200, b"a variant")


def test_flexible_variants_are_used_where_they_are_wished_for(
    open_store: Open, server: CloudflareServer, draw: Draw
) -> None:
    server.account.flexible = True
    store = open_store(server, flexible=True)
    image = image_of(store, draw())

    url = store.delivery_url(image, OTHER)

    status, body = get(url)
    assert url.endswith("/fit=scale-down,width=55,height=55,metadata=none")
    picture = pyvips.Image.new_from_buffer(body, "")
    assert (status, picture.width, picture.height) == (200, *OTHER.size_of(120, 80))
    assert store.delivery_url(image, parse("e_sepia,w_55")).startswith("/cdn/")


def test_flexible_variants_never_show_what_is_private(
    open_store: Open, server: CloudflareServer, draw: Draw
) -> None:
    server.account.flexible = True
    store = open_store(server, flexible=True, private=True)

    assert store.delivery_url(image_of(store, draw()), OTHER).startswith("/cdn/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c_limit,w_400,h_300", "fit=scale-down,width=400,height=300,metadata=none"),
        ("c_limit,w_400", "fit=scale-down,width=400,height=12000,metadata=none"),
        ("c_fit,h_300", "fit=contain,width=12000,height=300,metadata=none"),
        ("c_fill,w_9,h_8", "fit=cover,width=9,height=8,metadata=none"),
        ("c_lfill,w_9,h_8", "fit=cover,width=9,height=8,metadata=none"),
        (
            "c_fill,w_9,h_8,q_70,f_webp",
            "fit=cover,width=9,height=8,metadata=none,quality=70,format=webp",
        ),
        ("c_fill,w_9", None),
        ("w_9,h_8", None),
        ("c_pad,w_9,h_8", None),
        ("c_lfill,w_500,h_8", None),
        ("c_fill,w_9,h_8,g_north", None),
        ("c_fill,w_9,h_8,q_auto:best", None),
        ("c_fill,w_9,h_8,f_gif", None),
        ("c_fill,w_0.5,h_8", None),
        ("c_fill,w_9,h_8,e_sepia", None),
        ("c_fill,w_9,h_8/e_sepia", None),
    ],
)
def test_says_what_cloudflare_can_make(text: str, expected: str | None) -> None:
    size = size_of(parse(text), 120, 80)

    assert (str(size) if size else None) == expected


def test_the_signature_is_cloudflares() -> None:
    """As ``openssl dgst -sha256 -hmac`` makes it of the address in Cloudflare's example."""
    path = "/cheeW4oKsx5ljh8e8BoL2A/bc27a117-9509-446b-8c69-c81bfeac0a01/mobile"

    assert signature("a-key", path, "exp=1631289275") == (
        "662476bce947fc2f423f7e2f883f93558817ed612d7091c18e99ebebbe427ca1"
    )


def test_a_signed_address_ends(open_store: Open, server: CloudflareServer, draw: Draw) -> None:
    moment = datetime.now(UTC)
    store = open_store(server, private=True, clock=lambda: moment)
    image = image_of(store, draw())
    url = store.delivery_url(image, SMALL)

    assert get(url)[0] == 200
    server.account.now = lambda: (moment + timedelta(seconds=PERIOD_S)).timestamp()
    assert get(url)[0] == 200
    server.account.now = lambda: (moment + timedelta(seconds=2 * PERIOD_S)).timestamp()
    assert get(url) == (403, b"")


def test_a_signed_address_stays_the_same_for_a_while(
    open_store: Open, server: CloudflareServer, draw: Draw
) -> None:
    moment = datetime.fromtimestamp(900 * PERIOD_S, UTC)
    store = open_store(server, private=True, clock=lambda: moment)
    image, period = image_of(store, draw()), store.address_period()
    first = store.delivery_url(image, SMALL)

    moment += timedelta(seconds=PERIOD_S - 1)
    assert (store.delivery_url(image, SMALL), store.address_period()) == (first, period)
    moment += timedelta(seconds=1)
    assert (store.delivery_url(image, SMALL) == first, store.address_period()) == (
        False,
        period + 1,
    )


@pytest.mark.parametrize("cut", ["sig=", "exp="])
def test_nothing_private_is_shown_without_its_signature(
    private: CloudflareStore, draw: Draw, cut: str
) -> None:
    url = private.delivery_url(image_of(private, draw()), SMALL)

    assert get(url)[0] == 200
    assert get(url.partition(cut)[0].rstrip("?&")) == (403, b"")
    assert get(url.replace(cut, f"{cut}9")) == (403, b"")
    assert get(url.replace("vitrineLimit40x40", "public")) == (403, b"")


def test_nothing_is_left_in_caches_of_what_a_size_meant_before() -> None:
    for crop in (Crop.LIMIT, Crop.FIT, Crop.FILL):
        names = {
            size.name
            for width in (40, 41)
            if (size := size_of(Transformation.box(crop=crop, width=width, height=40), 99, 99))
        }
        assert len(names) == 2
