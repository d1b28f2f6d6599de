from __future__ import annotations

import pytest

from gallery.errors import StorageFullError
from gallery.stores.abilities import Preparation
from gallery.stores.cloudflare.sizes import named
from gallery.stores.cloudflare.store import CloudflareStore
from tests.cloudflare_server import CloudflareServer
from tests.store_contract import KEY, Draw
from tests.stores.cloudflare.conftest import PRESETS
from tests.stores.cloudflare.helpers import Open


def missing(store: CloudflareStore) -> list[Preparation]:
    return [each for each in store.preparations(PRESETS, origin=None) if not each.is_done]


def do_all(store: CloudflareStore) -> None:
    for each in missing(store):
        if each.do:
            each.do()


def test_makes_what_is_missing_and_then_nothing(
    store: CloudflareStore, server: CloudflareServer
) -> None:
    assert {each.what for each in missing(store)} == {f"variant {name}" for name in named(PRESETS)}

    do_all(store)

    assert missing(store) == []
    assert server.account.variants["vitrineLimit40x40"] == {
        "options": {"fit": "scale-down", "width": 40, "height": 40, "metadata": "none"},
        "neverRequireSignedURLs": False,
    }


def test_mends_a_variant_that_somebody_changed(
    store: CloudflareStore, server: CloudflareServer
) -> None:
    do_all(store)
    server.account.variants["vitrineLimit40x40"]["neverRequireSignedURLs"] = True
    server.account.variants["vitrineFill40x40"]["options"]["metadata"] = "keep"

    assert len(missing(store)) == 2
    do_all(store)

    assert missing(store) == []


@pytest.mark.parametrize("is_private", [False, True])
def test_names_variants_of_others_that_show_too_much(
    open_store: Open, server: CloudflareServer, is_private: bool
) -> None:
    store = open_store(server, private=is_private)
    do_all(store)
    options = {"fit": "cover", "width": 9, "height": 9, "metadata": "keep"}
    server.account.variants["hero"] = {"options": options, "neverRequireSignedURLs": True}

    told = [(each.what.partition(":")[0], each.do) for each in missing(store)]

    place = ("variant hero tells where photos were taken", None)
    shown = ("variant hero shows private photos to everybody", None)
    assert told == ([place, shown] if is_private else [place])


def test_flexible_variants_are_switched_on_only_where_they_are_wished_for(
    open_store: Open, server: CloudflareServer
) -> None:
    wishing = open_store(server, flexible=True)
    do_all(wishing)

    assert server.account.flexible
    assert missing(wishing) == []
    [told] = missing(open_store(server))
    assert told.what.startswith("no flexible variants: by them anybody reads")
    assert told.do is None


def test_the_first_upload_makes_the_variants_once(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    asked = len(server.requests("variants"))

    store.put(KEY, draw())

    assert set(named(PRESETS)) < set(server.account.variants)
    assert len(server.requests("variants")) == asked == 1 + len(named(PRESETS))


def test_an_account_full_of_variants_is_told_so(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    for number in range(99):
        server.account.variants[f"v{number}"] = server.account.variants["public"]

    with pytest.raises(StorageFullError, match="100 variants already"):
        store.put(KEY, draw())
