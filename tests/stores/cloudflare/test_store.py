from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.errors import ImageTooLargeError, KeyTakenError, StoreUnavailableError
from gallery.stores.abilities import (
    SupportsAdoption,
    SupportsLimits,
    SupportsPreparing,
    SupportsTickets,
    SupportsUsage,
)
from gallery.stores.base import MediaStore, SupportsHealth, SupportsLocalPath
from gallery.stores.cloudflare.sizes import size_of
from gallery.stores.cloudflare.store import CloudflareStore
from gallery.transformation import Transformation
from tests.cloudflare_server import CloudflareServer, Garble, Reset, Truncate
from tests.cloudflare_server.api import form_of
from tests.provider.wire import Fault
from tests.store_contract import KEY, OTHER_KEY, Draw, Fetch, StoreContract, content_of, keys_of
from tests.stores.cloudflare.helpers import Open, get


class Contract(StoreContract):
    down_error = StoreUnavailableError

    def spelled(self, wanted: Transformation) -> str:
        """The variant's name."""
        size = size_of(wanted, 120, 80)
        assert size is not None
        assert size.name is not None
        return size.name

    @pytest.fixture
    def fetch(self) -> Fetch:
        return get

    @pytest.fixture
    def outside(self, server: CloudflareServer) -> Callable[[], object]:
        return lambda: (len(server.seen), dict(server.account.images))


class TestPublic(Contract):
    @pytest.fixture
    def store(self, store: CloudflareStore) -> MediaStore:
        return store

    @pytest.fixture
    def down(self, open_store: Open) -> MediaStore:
        with CloudflareServer() as stopped:
            return open_store(stopped)


class TestPrivate(Contract):
    @pytest.fixture
    def store(self, private: CloudflareStore) -> MediaStore:
        return private

    @pytest.fixture
    def down(self, open_store: Open) -> MediaStore:
        with CloudflareServer() as stopped:
            return open_store(stopped, private=True)


def test_uploads_an_original_under_its_key(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    original = draw()

    store.put(KEY, original)

    [request] = server.requests("upload")
    fields, content, name = form_of(request)
    assert fields["id"] == KEY
    assert (fields["creator"], fields["requireSignedURLs"]) == ("vitrine", "false")
    assert content == Path(original.path).read_bytes()
    assert name == KEY, "whatever its sender calls it"
    assert server.account.images[KEY].meta == {
        "key": KEY,
        "sha256": original.sha256,
        "bytes": original.bytes,
    }


def test_a_private_original_has_no_id_that_could_be_guessed(
    private: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    private.put(KEY, draw())

    [image] = server.account.images.values()
    assert image.signed
    assert image.id != KEY
    assert image.meta["key"] == KEY


@pytest.mark.parametrize(
    "fault",
    [Reset(kept=True), Garble(kept=True), Garble(status=502, kept=True), Truncate()],
    ids=repr,
)
@pytest.mark.parametrize("is_private", [False, True])
def test_what_was_kept_and_badly_answered_is_found_by_the_next_try(
    open_store: Open, server: CloudflareServer, draw: Draw, fault: Fault, is_private: bool
) -> None:
    store = open_store(server, private=is_private)
    server.script("upload", fault)

    stored = store.put(KEY, draw())

    assert len(server.requests("upload")) == 1
    assert stored == store.stat(KEY)
    assert len(server.account.images) == 1


def test_another_image_under_the_same_id_is_not_ours(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    original = draw()
    store.put(KEY, original)
    server.account.images[KEY].meta = {"album": "holiday"}

    with pytest.raises(KeyTakenError):
        store.put(KEY, original)

    assert keys_of(store) == []


def test_what_cloudflare_would_not_keep_as_it_is_is_refused(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    original = draw()
    server.account.lossy_above_bytes = original.bytes - 1

    with pytest.raises(ImageTooLargeError, match="a copy of this photo"):
        store.put(KEY, original)

    assert server.account.images == {}


def test_what_two_processes_sent_at_once_is_one_object(
    private: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    original = draw()
    first = private.put(KEY, original)
    [image] = server.account.images.values()
    server.account.images["a-later-one"] = replace(
        image, id="a-later-one", uploaded=image.uploaded + 1
    )

    assert private.put(KEY, original) == first
    assert keys_of(private) == [KEY]
    private.delete(KEY)
    assert server.account.images == {}


def test_lists_more_than_a_page(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    server.account.largest_page = 2
    keys = [KEY, f"{KEY}.1", KEY.lower(), OTHER_KEY, "Ab" * 11]
    for key in keys:
        store.put(key, draw())

    assert keys_of(store) == sorted(keys)


def test_images_of_both_times_are_found_when_a_gallery_becomes_private(
    store: CloudflareStore, private: CloudflareStore, draw: Draw
) -> None:
    original = draw()
    store.put(KEY, original)
    private.put(OTHER_KEY, original)

    for each in (store, private):
        assert keys_of(each) == sorted([KEY, OTHER_KEY])
        assert content_of(each, KEY) == content_of(each, OTHER_KEY)


def test_probing_often_costs_little(server: CloudflareServer, open_store: Open) -> None:
    moment = 1000.0
    store = open_store(server, now=lambda: moment)
    for _ in range(36):
        store.probe()
        moment += 10

    assert len(server.requests("stats")) == 6


def test_tells_what_is_used(store: CloudflareStore, draw: Draw) -> None:
    store.put(KEY, draw())

    [images] = store.usage()

    assert (images.name, images.unit, images.used, images.limit) == ("images", "", 1, 100_000)


def test_is_all_that_a_store_may_be_but_a_disk(store: CloudflareStore) -> None:
    for ability in (
        *(SupportsAdoption, SupportsHealth, SupportsLimits),
        *(SupportsPreparing, SupportsTickets, SupportsUsage),
    ):
        assert isinstance(store, ability)
    assert not isinstance(store, SupportsLocalPath)
