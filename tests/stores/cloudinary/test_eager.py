"""Variants that Cloudinary makes when an image arrives, and not when it is first seen."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import urllib3

from gallery.stores.abilities import Announced
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.transformation import BUILT_IN, Transformation
from tests.cloudinary_server import CloudinaryServer, Fail, Pass
from tests.store_contract import KEY, Draw, image_of
from tests.stores.cloudinary.helpers import Open, fields_of, get, large

CARD = next(preset for preset in BUILT_IN if preset.name == "card").transformations()


@pytest.fixture
def eager(server: CloudinaryServer, open_store: Open) -> CloudinaryStore:
    """A store that has the sizes of a card made ahead."""
    return open_store(server, eager=CARD)


def test_asks_for_exactly_what_its_addresses_ask_for(
    eager: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    image = image_of(eager, draw())

    [asset] = server.account.assets.values()
    assert asset.eager == tuple(map(str, CARD))
    for wanted in CARD:
        assert f"/{wanted}/" in eager.delivery_url(image, wanted)
    [request] = server.requests("upload")
    assert fields_of(request)["eager_async"] == "1"  # Nobody waits for them.


def test_a_large_original_that_goes_in_chunks_has_them_made_too(
    eager: CloudinaryStore, server: CloudinaryServer, tmp_path: Path
) -> None:
    eager.put(KEY, large(tmp_path))

    [asset] = server.account.assets.values()
    assert asset.eager == tuple(map(str, CARD))


def test_without_the_wish_none_are_made(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    store.put(KEY, draw())

    [asset] = server.account.assets.values()
    assert asset.eager == ()


def test_what_a_browser_sent_gets_them_when_it_is_settled(
    eager: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    settle(eager, draw)

    [asset] = server.account.assets.values()
    assert (asset.public_id, asset.eager) == (KEY, tuple(map(str, CARD)))


def test_without_them_it_is_settled_all_the_same(
    eager: CloudinaryStore,
    server: CloudinaryServer,
    draw: Draw,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # It is found, it is given its SHA-256, and then they are asked for.
    server.script("explicit", Pass(), Pass(), Fail(status=400, message="No"))

    with caplog.at_level(logging.WARNING):
        settle(eager, draw)

    [asset] = server.account.assets.values()
    assert (asset.public_id, asset.eager) == (KEY, ())
    assert "no variants made ahead" in caplog.text


def test_strict_transformations_let_everybody_have_what_was_made_ahead(
    eager: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    """Cloudinary's rule: it costs nothing any more."""
    server.account.strict_transformations = True
    eager.put(KEY, draw())

    def unsigned(wanted: Transformation | str) -> int:
        return get(f"http://{server.host}/test-cloud/image/private/{wanted}/v1/{KEY}")[0]

    assert unsigned(CARD[0]) == 200
    assert unsigned("w_7") == 401


def settle(store: CloudinaryStore, draw: Draw) -> None:
    """An image comes in that a browser has sent there itself."""
    original = draw()
    content = Path(original.path).read_bytes()
    announced = Announced(bytes=len(content), content_type="image/jpeg", sha256="")
    ticket = store.ticket(KEY, announced, notify=None)
    with urllib3.PoolManager(retries=False) as pool:
        fields = {**ticket.fields, ticket.file_field: ("photo.jpg", content)}
        assert pool.request("POST", ticket.url, fields=fields).status == 200
    store.settle(KEY, original, etag=store.arrived(KEY).etag)
