from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from gallery.errors import KeyTakenError, ObjectMissingError, StoreUnavailableError
from gallery.model import Received
from gallery.stores.abilities import Announced, SupportsTickets, Ticket
from gallery.stores.base import SupportsTidying
from gallery.stores.cloudinary.arrivals import CHUNK_BYTES, HOLDS_S
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.stores.hints import ARRIVALS
from tests.cloudinary_server import CloudinaryServer, Fail, Reset, Stall
from tests.store_contract import KEY, OTHER_KEY, Draw, keys_of, receive_bytes
from tests.stores.cloudinary.helpers import large
from tests.ticket_contract import TicketContract, arrive, bytes_of, send, ticket_for

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script/></svg>"


class TestTickets(TicketContract):
    """The twin of Cloudinary holds senders to what was signed."""


def refused(store: CloudinaryStore, ticket: Ticket, content: bytes, **changed: str | None) -> bool:
    """Whether Cloudinary refuses the form, and has nothing of it."""
    if send(ticket, content, **changed) not in (400, 401):
        return False
    with pytest.raises(ObjectMissingError):
        store.arrived(KEY)
    return True


def test_it_says_that_it_takes_files_by_tickets(store: CloudinaryStore) -> None:
    assert isinstance(store, SupportsTickets)


def test_a_form_is_signed_for_one_private_image_that_replaces_none(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    announced = Announced(bytes=original.bytes, content_type="image/jpeg", sha256="")

    ticket = store.ticket(KEY, announced, notify="https://photos.example/api/hooks/cloudinary")

    assert ticket.url == f"http://{server.host}/v1_1/test-cloud/image/upload"
    assert store.upload_hosts == (f"http://{server.host}",)
    assert (ticket.max_bytes, ticket.chunk_bytes) == (original.bytes, CHUNK_BYTES)
    fields = dict(ticket.fields)
    age_s = time.time() - int(fields.pop("timestamp"))
    assert 3600 - HOLDS_S - 5 <= age_s <= 3600 - HOLDS_S + 60
    assert len(fields.pop("signature")) == 40
    assert fields == {
        "public_id": f"arrivals/{KEY}",
        "type": "private",
        "overwrite": "0",
        "allowed_formats": "avif,gif,heic,heif,jpg,png,tif,tiff,webp",
        "notification_url": "https://photos.example/api/hooks/cloudinary",
        "api_key": server.account.api_key,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"public_id": "mine"},
        {"public_id": KEY},
        {"public_id": None},
        {"type": "upload"},
        {"overwrite": "1"},
        {"overwrite": None},
        {"allowed_formats": "svg"},
        {"allowed_formats": None},
        {"timestamp": str(int(time.time()))},
        {"signature": "0" * 40},
        {"tags": "mine"},
        {"eager": "w_9000"},
    ],
    ids=str,
)
def test_nothing_else_is_leave_to_send(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, changed: dict[str, str | None]
) -> None:
    original = draw()

    assert refused(store, ticket_for(store, original), bytes_of(original), **changed)

    assert server.account.assets == {}


def test_a_form_is_good_for_a_quarter_of_an_hour(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    ticket = ticket_for(store, original)
    now = time.time()

    server.account.now = lambda: now + HOLDS_S + 5
    assert refused(store, ticket, bytes_of(original))

    server.account.now = lambda: now + HOLDS_S - 60
    assert send(ticket, bytes_of(original)) == 200


@pytest.mark.parametrize("content", [SVG, b"<html><script>alert(1)</script>", b"%PDF-1.4", b""])
def test_what_could_run_in_a_page_is_refused(
    store: CloudinaryStore, draw: Draw, content: bytes
) -> None:
    assert refused(store, ticket_for(store, draw()), content)


def test_what_came_first_stays(store: CloudinaryStore, draw: Draw) -> None:
    first, second = draw(seed=1), draw(seed=2)
    ticket = ticket_for(store, first)
    send(ticket, bytes_of(first))

    assert send(ticket, bytes_of(second)) == 200

    with store.open_arrived(KEY) as file:
        assert file.read() == bytes_of(first)


def test_a_large_file_comes_in_chunks(
    store: CloudinaryStore, server: CloudinaryServer, tmp_path: Path
) -> None:
    original = large(tmp_path)
    ticket, content = ticket_for(store, original), bytes_of(original)

    for first in (0, 5_000_000):
        piece = content[first : first + 5_000_000]
        with urllib3.PoolManager(retries=False) as pool:
            answer = pool.request(
                "POST",
                ticket.url,
                fields=[*ticket.fields.items(), ("file", ("blob", piece))],
                headers={
                    "Content-Range": f"bytes {first}-{first + len(piece) - 1}/{original.bytes}",
                    "X-Unique-Upload-Id": "x" * 16,
                },
            )
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"

    assert store.arrived(KEY).bytes == original.bytes


def test_settling_moves_no_byte_and_costs_no_counted_call(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    etag = arrive(store, original)
    server.seen.clear()

    store.settle(KEY, original, etag=etag)

    assert [each.action for each in server.seen] == ["explicit", "rename"]
    assert server.account.admin_calls == 0
    [asset] = server.account.assets.values()
    assert (asset.public_id, asset.type) == (KEY, "private")
    assert asset.context == {"sha256": original.sha256}


@pytest.mark.parametrize("action", ["explicit", "rename"])
@pytest.mark.parametrize(
    "fault",
    [Reset(), Reset(kept=True), Fail(status=500), Fail(status=420, headers={"Retry-After": "1"})],
    ids=str,
)
def test_an_answer_that_is_lost_is_asked_for_again(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str, fault: Reset | Fail
) -> None:
    original = draw()
    etag = arrive(store, original)
    server.script(action, fault)

    stored = store.settle(KEY, original, etag=etag)

    assert (stored.sha256, keys_of(store)) == (original.sha256, [KEY])
    assert [public_id for _, public_id in server.account.assets] == [KEY]


@pytest.mark.parametrize("kept", [False, True])
def test_settling_that_was_given_up_is_settled_by_the_next_try(
    hasty: CloudinaryStore, server: CloudinaryServer, draw: Draw, kept: bool
) -> None:
    original = draw()
    etag = arrive(hasty, original)
    server.script("rename", *[Stall(kept=kept)] * 4)
    with pytest.raises(StoreUnavailableError):
        hasty.settle(KEY, original, etag=etag)
    server.script("rename")

    stored = hasty.settle(KEY, original, etag=etag)

    assert (stored.sha256, keys_of(hasty)) == (original.sha256, [KEY])


def test_two_who_settle_at_once_agree(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    etag = arrive(store, original)
    first = store.settle(KEY, original, etag=etag)
    arrive(store, original)  # By the same ticket, once more.

    assert store.settle(KEY, original, etag=etag) == first


def test_another_photo_that_has_the_name_stays(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original, other = draw(seed=1), draw(seed=2)
    etag = arrive(store, original)
    kept: Received = receive_bytes(Path(original.path).parent, bytes_of(other))
    store.put(KEY, kept)

    with pytest.raises(KeyTakenError):
        store.settle(KEY, original, etag=etag)

    assert store.stat(KEY).sha256 == kept.sha256


def test_what_arrived_is_told_to_whoever_the_form_names(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    """Here the listener is away, which holds nobody up."""
    original = draw()
    announced = Announced(bytes=original.bytes, content_type="image/jpeg", sha256="")
    ticket = store.ticket(KEY, announced, notify="http://127.0.0.1:9/nobody")

    assert send(ticket, bytes_of(original)) == 200

    server.notifier.join()
    assert server.notifier.heard == [0]


def test_what_nobody_waits_for_any_more_is_removed(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    """Within the hour it is not looked for again: such calls are counted."""
    assert isinstance(store, SupportsTidying)
    for key, age_h in ((KEY, 25), (OTHER_KEY, 23)):
        arrive(store, draw(), key)
        arrived = server.account.assets["private", ARRIVALS + key]
        arrived.created_at = datetime.now(UTC) - timedelta(hours=age_h)

    removed = [store.tidy(older_than=datetime.now(UTC)) for _ in range(3)]

    assert removed == [1, 0, 0]
    assert [public_id for _, public_id in server.account.assets] == [ARRIVALS + OTHER_KEY]
    assert len(server.requests("resources")) == 1


def test_what_was_settled_is_not_tidied_away(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    store.put(KEY, draw())
    kept = server.account.assets["private", KEY]
    kept.created_at = datetime(2020, 1, 1, tzinfo=UTC)

    assert store.tidy(older_than=datetime.now(UTC)) == 0
    assert keys_of(store) == [KEY]


def test_what_arrived_is_in_no_list_and_under_no_key(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    arrive(store, original)
    arrived = server.account.assets["private", ARRIVALS + KEY]
    server.account.assets["private", ARRIVALS + KEY] = replace(
        arrived, context={"sha256": original.sha256}
    )

    assert keys_of(store) == keys_of(store, "arriva") == []
