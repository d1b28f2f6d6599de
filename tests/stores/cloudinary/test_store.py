from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import cloudinary
import pytest

from gallery.errors import StoreUnavailableError
from gallery.stores.base import MediaStore, SupportsLocalPath
from gallery.stores.cloudinary.store import CHUNK_BYTES, CloudinaryStore
from tests.cloudinary_server import Account, CloudinaryServer, Pass, Reset
from tests.store_contract import (
    KEY,
    OTHER_KEY,
    SMALL,
    Draw,
    Fetch,
    StoreContract,
    content_of,
    image_of,
    keys_of,
)
from tests.stores.cloudinary.helpers import Open, fields_of, get, large


class TestCloudinaryStore(StoreContract):
    down_error = StoreUnavailableError

    @pytest.fixture
    def store(self, store: CloudinaryStore) -> MediaStore:
        return store

    @pytest.fixture
    def down(self, open_store: Open) -> MediaStore:
        with CloudinaryServer() as stopped:
            return open_store(stopped)

    @pytest.fixture
    def fetch(self) -> Fetch:
        return get

    @pytest.fixture
    def outside(self, server: CloudinaryServer) -> Callable[[], object]:
        return lambda: (len(server.seen), dict(server.account.assets))


def test_uploads_a_private_original_that_overwrites_nothing(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()

    store.put(KEY, original)

    [request] = server.requests("upload")
    sent = fields_of(request)
    assert request.path == "/v1_1/test-cloud/image/upload"
    assert {name: sent[name] for name in sent.keys() - {"signature", "timestamp", "api_key"}} == {
        "public_id": KEY,
        "type": "private",
        "overwrite": "0",
        "unique_filename": "0",
        "context": f"sha256={original.sha256}",
        "file": KEY,
    }
    [asset] = server.account.assets.values()
    assert asset.content == Path(original.path).read_bytes()


def test_sends_large_originals_in_chunks(
    store: CloudinaryStore, server: CloudinaryServer, tmp_path: Path
) -> None:
    original = large(tmp_path)

    stored = store.put(KEY, original)

    last = original.bytes - 1
    chunks = server.requests("upload")
    assert [chunk.headers["content-range"] for chunk in chunks] == [
        f"bytes 0-{CHUNK_BYTES - 1}/{original.bytes}",
        f"bytes {CHUNK_BYTES}-{last}/{original.bytes}",
    ]
    assert len({chunk.headers["x-unique-upload-id"] for chunk in chunks}) == 1
    assert stored.bytes == original.bytes
    assert content_of(store, KEY) == Path(original.path).read_bytes()


def test_a_lost_chunk_begins_the_upload_anew(
    store: CloudinaryStore, server: CloudinaryServer, tmp_path: Path
) -> None:
    original = large(tmp_path)
    server.script("upload", Pass(), Reset(kept=True))

    store.put(KEY, original)

    uploads = [chunk.headers["x-unique-upload-id"] for chunk in server.requests("upload")]
    assert [uploads.count(each) for each in dict.fromkeys(uploads)] == [2, 2]
    assert content_of(store, KEY) == Path(original.path).read_bytes()


def test_deletes_the_copies_of_the_cdn_too(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    url = store.delivery_url(image_of(store, draw()), SMALL)
    assert get(url)[0] == 200

    store.delete(KEY)

    assert get(url) == (404, b"")
    assert server.account.assets == {}


def test_the_environment_of_the_sdk_changes_nothing(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    usual = store.delivery_url(image_of(store, original), SMALL)
    try:
        cloudinary.config(
            cloud_name="another",
            api_key="another",
            api_secret="another",
            upload_prefix="http://127.0.0.1:1",
            oauth_token="another",
            upload_preset="another",
            signature_algorithm="md5",
            timeout=0.001,
            secure="false",
            cname="another.invalid",
            private_cdn=True,
            cdn_subdomain=True,
            shorten=True,
            dpr="2.0",
            responsive_width=True,
            use_fetch_format=True,
            auth_token={"key": "00"},
        )
        store.put(OTHER_KEY, original)
        assert keys_of(store) == [OTHER_KEY, KEY]
        assert content_of(store, OTHER_KEY) == Path(original.path).read_bytes()
        assert store.delivery_url(image_of(store, original), SMALL) == usual
        store.probe()
        store.delete(OTHER_KEY)
    finally:
        cloudinary.reset_config()
    assert fields_of(server.requests("upload")[1]).keys() == {
        *("public_id", "type", "overwrite", "unique_filename", "context", "file"),
        *("timestamp", "signature", "api_key"),
    }


def test_two_accounts_live_side_by_side(
    store: CloudinaryStore, open_store: Open, draw: Draw
) -> None:
    other = Account(cloud_name="other-cloud", api_key="2", api_secret="another-secret")
    with CloudinaryServer(other) as elsewhere:
        second = open_store(elsewhere)
        store.put(KEY, draw(seed=1))
        second.put(KEY, draw(seed=2))
        second.put(OTHER_KEY, draw(seed=2))

        assert keys_of(store) == [KEY]
        assert keys_of(second) == [OTHER_KEY, KEY]
        assert content_of(store, KEY) != content_of(second, KEY)


def test_says_that_its_originals_are_no_files_here(store: CloudinaryStore) -> None:
    assert not isinstance(store, SupportsLocalPath)


def test_lists_more_than_a_page(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    server.account.largest_page = 2
    keys = [KEY, f"{KEY}.1", f"{KEY}.2", KEY.lower(), OTHER_KEY, "Ab" * 11, "AZ" * 11, "_" * 22]
    for key in keys:
        store.put(key, draw())

    assert keys_of(store) == sorted(keys)
    assert keys_of(store, "Ab") == sorted(key for key in keys if key.startswith("Ab"))


def test_probing_often_costs_little(server: CloudinaryServer, open_store: Open) -> None:
    """The free plan allows 500 calls of the Admin API an hour; here are 360 probes in one."""
    moment = 1000.0
    store = open_store(server, now=lambda: moment)
    for _ in range(360):
        store.probe()
        moment += 10

    assert len(server.requests("ping")) == 52


def test_a_small_account_is_listed_with_one_call(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    store.put(KEY, draw())

    keys_of(store)

    [request] = server.requests("resources")
    assert parse_qs(request.query) == {"max_results": ["500"], "context": ["true"]}


def test_lists_nothing_of_what_others_keep_in_the_account(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    ours = server.account.assets["private", KEY]
    for place, context in (
        (("private", "holiday"), ours.context),
        (("private", "products/2026/AbCdEfGhIjKlMnOp"), ours.context),
        (("private", f"{KEY}.1"), ours.context),
        (("private", OTHER_KEY), {}),
        (("private", "x" * 22), {"alt": "a photo"}),
        (("upload", "y" * 22), ours.context),
    ):
        server.account.assets[place] = replace(
            ours, type=place[0], public_id=place[1], context=context
        )

    assert keys_of(store) == [KEY]
