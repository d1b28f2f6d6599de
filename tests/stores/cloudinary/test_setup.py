"""``gallery prepare`` for a Cloudinary account: what is missing is named, made, and then there."""

from __future__ import annotations

import json

import pytest

from gallery.errors import StoreUnavailableError
from gallery.stores.abilities import Preparation, SupportsPreparing
from gallery.stores.cloudinary.setup import PROBE
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.transformation import presets_from
from tests.cloudinary_server import CloudinaryServer, Fail
from tests.cloudinary_server.account import NamedTransformation
from tests.store_contract import KEY, Draw, image_of, keys_of
from tests.stores.cloudinary.helpers import get

ORIGIN = "https://photos.example"
PRESETS = presets_from(
    {"poster": "c_fill,h_600,w_400/e_sepia", "fluid": "c_scale,w_auto", "plain": "f_auto,q_auto"}
)
NAMES = {
    *("vitrine_thumb_200", "vitrine_thumb", "vitrine_card_480", "vitrine_card_800"),
    *("vitrine_card", "vitrine_full_1280", "vitrine_full_2048", "vitrine_full"),
    *("vitrine_avatar", "vitrine_poster", "vitrine_plain"),
}


def looked(store: CloudinaryStore, *, origin: str | None = None) -> list[Preparation]:
    return list(store.preparations(PRESETS, origin=origin))


def missing(store: CloudinaryStore, *, origin: str | None = None) -> list[str]:
    return [each.what for each in looked(store, origin=origin) if not each.is_done]


def test_a_new_account_lacks_everything_and_is_told_how(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    assert isinstance(store, SupportsPreparing)
    strict, *named = missing(store)

    assert strict == ("strict transformations: switch them on in the console, Settings → Security")
    assert set(named) == {f"named transformation t_{name}" for name in NAMES}
    assert server.account.named == {}


def test_what_is_missing_is_made_and_then_there(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    server.account.strict_transformations = True

    for each in looked(store):
        if each.do is not None:
            each.do()

    assert server.account.named.keys() == NAMES
    assert all(each.allowed_for_strict for each in server.account.named.values())
    poster = server.account.named["vitrine_poster"].definition
    assert poster == "c_fill,h_600,w_400/e_sepia:80,q_auto"
    assert missing(store) == []
    assert [each.do for each in looked(store)] == [None] * (1 + len(NAMES))


def test_an_app_of_the_account_may_ask_by_name_without_a_signature(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    server.account.strict_transformations = True
    image_of(store, draw())
    url = f"http://{server.host}/test-cloud/image/private/t_vitrine_card/v1/{KEY}"
    assert get(url)[0] == 401

    for each in looked(store):
        if each.do is not None:
            each.do()

    assert get(url)[0] == 200
    assert get(url.replace("t_vitrine_card", "w_7"))[0] == 401


@pytest.mark.parametrize(
    "changed",
    [
        NamedTransformation(definition="c_limit,w_10", allowed_for_strict=True),
        NamedTransformation(definition="c_limit,h_1200,q_auto,w_1200"),
        NamedTransformation(definition="e_upscale", allowed_for_strict=True),
    ],
    ids=str,
)
def test_a_name_that_means_something_else_is_set_right(
    store: CloudinaryStore, server: CloudinaryServer, changed: NamedTransformation
) -> None:
    for each in looked(store):
        if each.do is not None:
            each.do()
    server.account.named["vitrine_card"] = changed

    [strict, lacking] = (each for each in looked(store) if not each.is_done)
    assert lacking.what == "named transformation t_vitrine_card"
    assert lacking.do is not None
    lacking.do()

    assert strict.do is None
    card = server.account.named["vitrine_card"]
    assert (card.definition, card.allowed_for_strict) == (
        "c_limit,h_1200,q_auto,w_1200",
        True,
    )


@pytest.mark.parametrize("strict", [False, True])
def test_whether_transformations_are_strict_is_tried_with_a_pixel_that_goes_again(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, strict: bool
) -> None:
    store.put(KEY, draw())
    server.account.strict_transformations = strict

    told = looked(store)[0]

    assert told.is_done is strict
    assert list(server.account.assets) == [("private", KEY)]
    assert PROBE not in keys_of(store)
    assert PROBE not in {public_id for public_id, _ in server.account.cached.values()}


def test_a_pixel_that_cannot_be_asked_for_tells_nothing_and_goes_again(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    server.script("deliver", Fail(status=502))

    with pytest.raises(StoreUnavailableError, match="502"):
        looked(store)

    assert server.account.assets == {}


@pytest.mark.parametrize(
    ("lets_in", "is_done"), [("*", True), (ORIGIN, True), ("https://other.example", False)]
)
def test_whether_pages_may_send_uploads_is_asked_as_a_browser_does(
    store: CloudinaryStore, server: CloudinaryServer, lets_in: str, is_done: bool
) -> None:
    server.account.lets_in = lets_in

    told = looked(store, origin=ORIGIN)[1]

    [request] = server.requests("preflight")
    assert request.path == "/v1_1/test-cloud/image/upload"
    assert request.headers["origin"] == ORIGIN
    assert request.headers["access-control-request-method"] == "POST"
    assert told.is_done is is_done
    assert told.what.startswith(f"uploads by pages of {ORIGIN}")
    assert ("content-range" in told.what) is not is_done


def test_without_pages_that_send_uploads_nobody_asks(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    looked(store, origin=None)

    assert server.requests("preflight") == []


def test_each_size_costs_one_call_when_it_is_there(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    for each in looked(store):
        if each.do is not None:
            each.do()
    server.seen.clear()

    looked(store)

    asked = [json.dumps(each.query) for each in server.requests("transformations")]
    assert len(asked) == len(set(asked)) == len(NAMES)
