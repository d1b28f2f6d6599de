from __future__ import annotations

import pytest

from gallery.errors import KeyTakenError, StoreUnavailableError
from gallery.stores.cloudinary.store import CloudinaryStore
from tests.cloudinary_server import CloudinaryServer, Garble, Reset, Stall, Truncate
from tests.provider.wire import Fault
from tests.store_contract import KEY, Draw, keys_of
from tests.stores.cloudinary.helpers import Open


def test_what_was_kept_but_never_answered_is_found_by_the_next_try(
    open_store: Open, server: CloudinaryServer, draw: Draw
) -> None:
    store = open_store(server, put_s=4)  # Half of it passes: the second try must have its time.
    server.script("upload", Stall(kept=True))

    stored = store.put(KEY, draw())

    assert len(server.requests("upload")) == 2
    assert stored == store.stat(KEY)
    assert len(server.account.assets) == 1


@pytest.mark.parametrize(
    "fault",
    [Reset(kept=True), Garble(kept=True), Garble(status=502, kept=True), Truncate()],
    ids=repr,
)
def test_what_was_kept_and_badly_answered_is_found_by_the_next_try(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, fault: Fault
) -> None:
    server.script("upload", fault)

    store.put(KEY, draw())

    assert len(server.requests("upload")) == 2
    assert keys_of(store) == [KEY]


def test_a_later_put_finds_what_an_earlier_one_left_unknown(
    hasty: CloudinaryStore, store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    server.script("upload", *[Stall(kept=True)] * 4)
    original = draw()

    with pytest.raises(StoreUnavailableError):
        hasty.put(KEY, original)

    server.script("upload")
    assert store.put(KEY, original) == store.stat(KEY)


def test_an_image_of_somebody_else_is_not_ours(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    store.put(KEY, original)
    [asset] = server.account.assets.values()
    asset.context.clear()

    with pytest.raises(KeyTakenError):
        store.put(KEY, original)

    assert keys_of(store) == []


def test_believes_what_cloudinary_read_more_than_what_it_was_told(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    store.put(KEY, original)
    [asset] = server.account.assets.values()
    asset.content = asset.content[:-3] + b"\0\xff\xd9"

    with pytest.raises(KeyTakenError):
        store.put(KEY, original)
