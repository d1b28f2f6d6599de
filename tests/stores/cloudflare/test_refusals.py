from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pyvips

from gallery.errors import (
    BusyError,
    GalleryError,
    ImageTooLargeError,
    ObjectMissingError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.stores.cloudflare.pace import OFTEN
from gallery.stores.cloudflare.store import CloudflareStore
from tests.cloudflare_server import CloudflareServer, Fail, Garble, Reset, Stall, Truncate
from tests.provider.wire import Fault
from tests.store_contract import KEY, Draw, content_of, keys_of, receive_bytes
from tests.stores.cloudflare.helpers import ACTIONS, LISTS, SHORT_S, Open


@pytest.mark.parametrize(
    "changed", [{"token": "wrong"}, {"account_id": "wrong"}], ids=lambda each: next(iter(each))
)
@pytest.mark.parametrize("call", LISTS)
def test_wrong_keys_are_final_and_named(
    server: CloudflareServer, open_store: Open, draw: Draw, call: str, changed: dict[str, str]
) -> None:
    mistaken = open_store(server, changed=changed)

    with pytest.raises(StoreError, match="CLOUDFLARE_IMAGES_TOKEN") as failure:
        LISTS[call](mistaken, KEY, draw())

    assert type(failure.value) is StoreError
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_refusal_is_final(
    store: CloudflareStore, server: CloudflareServer, draw: Draw, action: str, status: int
) -> None:
    server.script(action, Fail(status=status, message="No"))

    with pytest.raises(StoreError) as failure:
        ACTIONS[action](store, KEY, draw())

    assert type(failure.value) is StoreError
    assert len(server.requests(action)) == 1


@pytest.mark.parametrize(
    "fault",
    [Fail(status=500), Fail(status=503), Fail(status=524), Reset(), Garble(status=502)],
    ids=repr,
)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_goes_by_is_tried_again(
    store: CloudflareStore, server: CloudflareServer, draw: Draw, action: str, fault: Fault
) -> None:
    server.script(action, fault, fault)
    original = draw()
    if action == "list":
        server.script(action)
        store.put(KEY, original)
        server.seen.clear()
        server.script(action, fault, fault)

    ACTIONS[action](store, KEY, original)

    assert len(server.requests(action)) >= 3


@pytest.mark.parametrize("action", ["upload", "stats"])
def test_nothing_waits_for_ever(
    server: CloudflareServer, open_store: Open, draw: Draw, action: str
) -> None:
    hasty = open_store(server, call_s=SHORT_S, put_s=SHORT_S)
    hasty.put(f"{KEY}.1", draw())
    server.script(action, *[Stall()] * 9)
    began = time.monotonic()

    with pytest.raises(StoreUnavailableError):
        ACTIONS[action](hasty, KEY, draw())

    assert time.monotonic() - began <= 10


@pytest.mark.parametrize("call", LISTS)
def test_what_is_not_cloudflare_is_named(
    store: CloudflareStore, server: CloudflareServer, draw: Draw, call: str
) -> None:
    server.script("list", Garble(status=404))

    with pytest.raises(StoreError, match="CLOUDFLARE_API_URL") as failure:
        LISTS[call](store, KEY, draw())

    assert type(failure.value) is StoreError


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"success": true, "result": {"images": [{}]}}'])
@pytest.mark.parametrize("call", LISTS)
def test_an_answer_that_says_too_little_leaves_the_outcome_open(
    store: CloudflareStore, server: CloudflareServer, draw: Draw, call: str, body: bytes
) -> None:
    server.script("list", *[Garble(body=body)] * 9)

    with pytest.raises(StoreUnavailableError):
        LISTS[call](store, KEY, draw())


def test_a_download_that_is_cut_off_is_a_failure(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    server.script("blob", Truncate(announced=True))

    with store.open(KEY) as file, pytest.raises(StoreUnavailableError):
        file.read()


def test_a_file_beyond_the_limit_never_moves(
    store: CloudflareStore, server: CloudflareServer, tmp_path: Path
) -> None:
    big = receive_bytes(tmp_path, b"\xff\xd8\xff" + bytes(10 * 1024**2))

    with pytest.raises(TooLargeError, match=r"has 10\.0 MiB; Cloudflare takes 10 MiB at most"):
        store.put(KEY, big)

    assert server.seen == []


@pytest.mark.parametrize("suffix", [".tiff", ".avif"])
def test_a_format_that_cloudflare_does_not_take_never_moves(
    store: CloudflareStore, server: CloudflareServer, tmp_path: Path, suffix: str
) -> None:
    picture = pyvips.Image.black(20, 20).write_to_buffer(suffix)

    with pytest.raises(UnsupportedFormatError, match="JPEG, PNG, GIF, WebP and HEIC"):
        store.put(KEY, receive_bytes(tmp_path, picture))

    assert server.seen == []


def test_refusals_of_a_picture_are_told_to_people(
    store: CloudflareStore, server: CloudflareServer, draw: Draw, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedFormatError):
        store.put(KEY, receive_bytes(tmp_path, b"\xff\xd8\xff no picture"))
    server.account.max_side = 100
    with pytest.raises(ImageTooLargeError, match="12,000 pixels a side"):
        store.put(KEY, draw())
    server.account.max_side, server.account.max_bytes = 12_000, 100
    with pytest.raises(TooLargeError):
        store.put(KEY, draw())

    assert server.account.images == {}


def test_an_upload_that_finds_no_place_is_asked_to_come_back(
    server: CloudflareServer, open_store: Open, draw: Draw
) -> None:
    store = open_store(server, put_s=0.05, uploads_at_once=0)

    with pytest.raises(BusyError):
        store.put(KEY, draw())

    assert server.account.images == {}


def test_many_calls_in_a_row_go_by_the_batch_host(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    for _ in range(OFTEN):
        store.stat(KEY)

    by_batch = [each for each in server.seen if each.request.path.startswith("/batch/")]
    assert len(server.requests("batch_token")) == 1
    assert len(by_batch) >= 1
    assert {each.action for each in by_batch} == {"list"}
    assert content_of(store, KEY), "which is not to be had there"


def test_a_batch_token_that_was_taken_back_is_asked_for_anew(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    for _ in range(OFTEN):
        store.stat(KEY)
    server.account.batch_token = "another"

    for _ in range(3):
        store.stat(KEY)

    assert len(server.requests("batch_token")) == 2


def test_a_batch_token_is_renewed_before_it_ends(
    open_store: Open, server: CloudflareServer, draw: Draw
) -> None:
    moment = datetime.now(UTC)
    store = open_store(server, clock=lambda: moment)
    server.account.now = lambda: moment.timestamp()
    store.put(KEY, draw())
    for _ in range(OFTEN):
        store.stat(KEY)

    moment = datetime.fromtimestamp(moment.timestamp() + server.account.batch_token_s - 30, UTC)
    store.stat(KEY)

    assert len(server.requests("batch_token")) == 2


def test_beyond_the_limit_nothing_is_asked_until_it_is_over(
    open_store: Open, server: CloudflareServer, draw: Draw
) -> None:
    moment = 1000.0
    store = open_store(server, now=lambda: moment)
    store.put(KEY, draw())
    server.account.calls_left = 0
    server.seen.clear()

    for _ in range(3):
        with pytest.raises(StoreUnavailableError) as failure:
            store.stat(KEY)
        assert failure.value.retry_after_s == 120
    assert len(server.seen) == 1

    server.account.calls_left, moment = None, moment + 121
    assert store.stat(KEY)


def test_a_name_of_dots_is_no_image(store: CloudflareStore, server: CloudflareServer) -> None:
    for name in ("", ".", ".."):
        with pytest.raises(ObjectMissingError):
            store.open_foreign(name)

    assert server.seen == []


def test_no_failure_tells_a_secret(
    server: CloudflareServer, open_store: Open, draw: Draw, caplog: pytest.LogCaptureFixture
) -> None:
    store, original = open_store(server, call_s=SHORT_S, put_s=SHORT_S), draw()
    faults: list[Fault] = [Reset(), Garble(), Garble(status=403), Fail(status=401)]
    told = []
    for action, call in ACTIONS.items():
        for fault in faults:
            server.script(action, *[fault] * 4)
            try:
                call(store, KEY, original)
            except GalleryError as error:
                told.append(repr(error.__cause__) + repr(error) + str(error))
            server.script(action)

    said = "\n".join([*told, caplog.text])
    assert told
    assert server.account.token not in said
    assert server.account.signing_key not in said
    assert keys_of(store) in ([], [KEY])
