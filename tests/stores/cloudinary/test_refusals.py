from __future__ import annotations

import time
from pathlib import Path

import pytest

from gallery.errors import (
    BusyError,
    GalleryError,
    ImageTooLargeError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.stores.cloudinary.store import CloudinaryStore
from tests.cloudinary_server import CloudinaryServer, Fail, Garble, Reset, Stall, Truncate
from tests.provider.wire import Fault
from tests.store_contract import KEY, SMALL, Draw, content_of, image_of, keys_of, receive_bytes
from tests.stores.cloudinary.helpers import ACTIONS, SHORT_S, Open, get, large


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "changed",
    [{"api_secret": "wrong"}, {"api_key": "wrong"}, {"cloud_name": "wrong"}],
    ids=lambda changed: next(iter(changed)),
)
def test_wrong_keys_are_final_and_named(
    server: CloudinaryServer,
    open_store: Open,
    draw: Draw,
    action: str,
    changed: dict[str, str],
) -> None:
    mistaken = open_store(server, changed=changed)

    with pytest.raises(StoreError, match="CLOUDINARY_URL") as failure:
        ACTIONS[action](mistaken, KEY, draw())

    assert type(failure.value) is StoreError
    assert len(server.requests(action)) == 1


@pytest.mark.parametrize("status", [400, 403, 413, 422])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_refusal_is_final(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str, status: int
) -> None:
    server.script(action, Fail(status=status, message="No"))

    with pytest.raises(StoreError) as failure:
        ACTIONS[action](store, KEY, draw())

    assert type(failure.value) is StoreError
    assert len(server.requests(action)) == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_not_cloudinary_is_named(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str
) -> None:
    server.script(action, Garble(status=405))

    with pytest.raises(StoreError, match="upload_prefix") as failure:
        ACTIONS[action](store, KEY, draw())

    assert type(failure.value) is StoreError
    assert len(server.requests(action)) == 1


@pytest.mark.parametrize("action", sorted(ACTIONS.keys() - {"download"}))
def test_our_keys_follow_no_redirect(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str
) -> None:
    with CloudinaryServer() as elsewhere:
        headers = {"Location": f"http://{elsewhere.host}/v1_1/test-cloud/ping"}
        server.script(action, Fail(status=302, headers=headers))

        with pytest.raises(StoreError):
            ACTIONS[action](store, KEY, draw())

        assert elsewhere.seen == []


def test_a_download_may_come_from_elsewhere(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    url = store.delivery_url(image_of(store, draw()), SMALL)
    server.script("download", Fail(status=302, headers={"Location": url}))

    assert content_of(store, KEY) == get(url)[1]


@pytest.mark.parametrize(("limit", "size"), [(1_000_000, "1.0 MiB"), (3_000_000, "2.9 MiB")])
def test_a_file_beyond_the_accounts_limit_is_told_to_people(
    store: CloudinaryStore, server: CloudinaryServer, tmp_path: Path, limit: int, size: str
) -> None:
    server.account.max_bytes = limit
    original = large(tmp_path)

    with pytest.raises(TooLargeError) as failure:
        store.put(KEY, original)

    assert failure.value.detail == (
        f"This file has {original.bytes / 1024**2:.1f} MiB; "
        f"our Cloudinary account takes {size} at most."
    )
    assert len(server.requests("upload")) == 1
    assert server.account.assets == {}


def test_a_picture_beyond_the_accounts_limit_is_told_to_people(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    server.account.max_pixels = 5_000

    with pytest.raises(ImageTooLargeError, match=r"takes 0\.005 megapixels at most"):
        store.put(KEY, draw())


def test_a_picture_that_cloudinary_cannot_read_is_told_to_people(
    store: CloudinaryStore, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedFormatError):
        store.put(KEY, receive_bytes(tmp_path, b"no picture"))


def test_a_wrong_clock_is_named(open_store: Open, server: CloudinaryServer, draw: Draw) -> None:
    server.account.now = lambda: time.time() + 7200

    with pytest.raises(StoreError, match="clock"):
        open_store(server).put(KEY, draw())


def test_a_deletion_that_did_not_happen_is_a_failure(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    server.script("destroy", Garble(body=b'{"result": "in use"}'))

    with pytest.raises(StoreError):
        store.delete(KEY)


@pytest.mark.parametrize("body", [b"{}", b'{"public_id": 7}', b'{"resources": [{}]}'])
@pytest.mark.parametrize("action", ["upload", "resource", "resources"])
def test_an_answer_that_says_too_little_leaves_the_outcome_open(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str, body: bytes
) -> None:
    server.script(action, *[Garble(body=body)] * 9)

    with pytest.raises(StoreUnavailableError):
        ACTIONS[action](store, KEY, draw())


def test_a_download_that_is_cut_off_is_a_failure(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    server.script("download", Truncate(announced=True))

    with store.open(KEY) as file, pytest.raises(StoreUnavailableError):
        file.read()


def test_an_upload_that_finds_no_place_is_asked_to_come_back(
    server: CloudinaryServer, open_store: Open, draw: Draw
) -> None:
    store = open_store(server, put_s=0.05, uploads_at_once=0)

    with pytest.raises(BusyError) as failure:
        store.put(KEY, draw())

    assert failure.value.retry_after_s
    assert server.seen == []


def test_an_upload_gives_its_place_back_however_it_ends(
    server: CloudinaryServer, open_store: Open, draw: Draw
) -> None:
    store = open_store(server, uploads_at_once=1)
    server.script("upload", Fail(status=400))
    with pytest.raises(StoreError):
        store.put(KEY, draw())

    store.put(KEY, draw())

    assert keys_of(store) == [KEY]


def test_no_failure_tells_a_secret(
    server: CloudinaryServer, open_store: Open, draw: Draw, caplog: pytest.LogCaptureFixture
) -> None:
    original = draw()
    store = open_store(server, call_s=SHORT_S, put_s=SHORT_S)
    faults: list[Fault] = [Reset(), Stall(), Garble(), Garble(status=403)]
    faults += [Fail(status=status) for status in (302, 400, 404, 418)]
    told = []
    for action, call in ACTIONS.items():
        for fault in faults:
            server.script(action, *[fault] * 4)
            try:
                call(store, KEY, original)
            except GalleryError as error:
                told.append(chain_of(error))
            server.script(action)

    assert told
    said = "\n".join([*told, caplog.text])
    for secret in (server.account.api_secret, "signature=", "Basic "):
        assert secret not in said


def chain_of(error: BaseException | None) -> str:
    """What a log would say of an error and its causes."""
    lines = []
    while error is not None:
        lines.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(lines)
