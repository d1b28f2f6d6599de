from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gallery.errors import ObjectMissingError, TooLargeError, UnsupportedFormatError
from gallery.stores.abilities import Announced
from gallery.stores.cloudflare.store import CloudflareStore
from tests.cloudflare_server import CloudflareServer
from tests.store_contract import KEY, SMALL, Draw, image_of
from tests.stores.cloudflare.helpers import get
from tests.ticket_contract import TicketContract, TicketStore, arrive, send, ticket_for


class TestPublic(TicketContract):
    @pytest.fixture
    def store(self, store: CloudflareStore) -> TicketStore:
        return store


class TestPrivate(TicketContract):
    @pytest.fixture
    def store(self, private: CloudflareStore) -> TicketStore:
        return private


def announced(**changed: object) -> Announced:
    return replace(Announced(bytes=1000, content_type="image/jpeg", sha256=""), **changed)  # type: ignore[arg-type]


def test_a_second_file_by_the_same_ticket_is_refused(store: CloudflareStore, draw: Draw) -> None:
    first, second = draw(seed=1), draw(seed=2)
    ticket = ticket_for(store, first)
    assert send(ticket, Path(first.path).read_bytes()) == 200

    assert send(ticket, Path(second.path).read_bytes()) == 403

    with store.open_arrived(KEY) as file:
        assert file.read() == Path(first.path).read_bytes()


def test_a_ticket_that_has_expired_is_refused(
    store: CloudflareStore, server: CloudflareServer, draw: Draw
) -> None:
    original = draw()
    ticket = ticket_for(store, original)
    server.account.now = lambda: ticket.expires_at.timestamp() + 1

    assert send(ticket, Path(original.path).read_bytes()) == 403

    with pytest.raises(ObjectMissingError):
        store.arrived(KEY)


def test_what_is_no_picture_never_arrives(store: CloudflareStore, draw: Draw) -> None:
    ticket = ticket_for(store, draw())

    assert send(ticket, b"<html><script>alert(1)</script></html>") == 415

    with pytest.raises(ObjectMissingError):
        store.arrived(KEY)


def test_what_cloudflare_would_refuse_gets_no_ticket(
    store: CloudflareStore, server: CloudflareServer
) -> None:
    with pytest.raises(TooLargeError, match="10 MiB at most"):
        store.ticket(KEY, announced(bytes=10 * 1024**2 + 1), notify=None)
    with pytest.raises(UnsupportedFormatError, match="JPEG, PNG, GIF, WebP and HEIC"):
        store.ticket(KEY, announced(content_type="image/tiff"), notify=None)

    assert server.seen == []


def test_a_ticket_knows_nothing_of_our_token(
    store: CloudflareStore, server: CloudflareServer
) -> None:
    ticket = store.ticket(KEY, announced(), notify=None)

    assert server.account.token not in f"{ticket.url}{ticket.fields}"
    [draft] = server.account.images.values()
    assert draft.until == ticket.expires_at.timestamp()
    assert ticket.expires_at.tzinfo is UTC
    assert ticket.expires_at > datetime.now(UTC)


@pytest.mark.parametrize("is_private", [False, True])
def test_what_came_by_a_ticket_is_delivered_as_any_other(
    store: CloudflareStore,
    private: CloudflareStore,
    server: CloudflareServer,
    draw: Draw,
    is_private: bool,
) -> None:
    chosen, original = private if is_private else store, draw()
    chosen.settle(KEY, original, etag=arrive(chosen, original))

    image = image_of(chosen, original)

    assert get(chosen.delivery_url(image, SMALL))[0] == 200
    assert len(server.requests("upload")) == 0
    [kept] = server.account.images.values()
    assert kept.signed is is_private
