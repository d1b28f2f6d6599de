"""What every store must do that takes files by tickets; each store's test subclasses these classes.

Their fixture ``store`` is an empty store. What arrives is sent as a browser would: a form, its
fields first, the file last.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
import urllib3

from gallery.errors import KeyTakenError, ObjectMissingError
from gallery.model import Received
from gallery.stores.abilities import Announced, SupportsTickets, Ticket
from gallery.stores.base import MediaStore
from tests.store_contract import (
    CALLS,
    KEY,
    ODD_KEYS,
    OTHER_KEY,
    Draw,
    content_of,
    keys_of,
)


class TicketStore(MediaStore, SupportsTickets, Protocol):
    """Both at once."""


def ticket_for(store: TicketStore, original: Received, key: str = KEY) -> Ticket:
    """A ticket for that very file."""
    announced = Announced(bytes=original.bytes, content_type="image/jpeg", sha256=original.sha256)
    return store.ticket(key, announced, notify=None)


def send(ticket: Ticket, content: bytes, **changed: Any) -> int:
    """The status that the form is answered with, some of its fields changed, or left out."""
    fields = {**ticket.fields, **changed}
    form: list[tuple[str, Any]] = [
        (name, value) for name, value in fields.items() if value is not None
    ]
    form.append((ticket.file_field, ("photo.jpg", content, "image/jpeg")))
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("POST", ticket.url, fields=form, timeout=30.0).status


def bytes_of(original: Received) -> bytes:
    return Path(original.path).read_bytes()


def arrive(store: TicketStore, original: Received, key: str = KEY) -> str:
    """Sends the file by a ticket; the etag of what arrived."""
    assert send(ticket_for(store, original, key), bytes_of(original)) in (200, 201, 204)
    return store.arrived(key).etag


class TicketContract:
    """What a ticket brings, and what becomes of it."""

    def test_a_ticket_tells_where_and_how_long(self, store: TicketStore, draw: Draw) -> None:
        ticket = ticket_for(store, draw())

        assert any(ticket.url.startswith(f"{host}/") for host in store.upload_hosts)
        assert ticket.max_bytes == draw().bytes
        left = ticket.expires_at - datetime.now(UTC)
        assert timedelta(0) < left <= timedelta(minutes=15)

    def test_what_was_sent_has_arrived_and_is_nobodys_yet(
        self, store: TicketStore, draw: Draw
    ) -> None:
        original = draw()

        arrive(store, original)

        assert store.arrived(KEY).bytes == original.bytes
        with store.open_arrived(KEY) as file:
            assert file.read() == bytes_of(original)
        assert keys_of(store) == []
        with pytest.raises(ObjectMissingError):
            store.stat(KEY)

    def test_nothing_has_arrived_before_it_was_sent(self, store: TicketStore, draw: Draw) -> None:
        ticket_for(store, draw())

        with pytest.raises(ObjectMissingError):
            store.arrived(KEY)
        with pytest.raises(ObjectMissingError), store.open_arrived(KEY):
            pass

    def test_what_arrived_is_settled(self, store: TicketStore, draw: Draw) -> None:
        original = draw()
        etag = arrive(store, original)

        stored = store.settle(KEY, original, etag=etag)

        assert (stored.key, stored.bytes, stored.sha256) == (KEY, original.bytes, original.sha256)
        assert replace(store.stat(KEY), sha256=stored.sha256) == stored
        assert content_of(store, KEY) == bytes_of(original)

    def test_settling_may_be_repeated(self, store: TicketStore, draw: Draw) -> None:
        original = draw()
        etag = arrive(store, original)
        first = store.settle(KEY, original, etag=etag)

        assert store.settle(KEY, original, etag=etag) == first
        store.discard(KEY)
        assert store.settle(KEY, original, etag=etag) == first
        assert store.put(KEY, original) == first

    def test_what_was_exchanged_after_it_was_looked_at_is_not_settled(
        self, store: TicketStore, draw: Draw
    ) -> None:
        original = draw(seed=1)
        etag = arrive(store, original)
        store.discard(KEY)
        other = draw(seed=2)
        arrive(store, other)

        with pytest.raises(ObjectMissingError):
            store.settle(KEY, original, etag=etag)

        assert keys_of(store) == []

    def test_what_never_arrived_is_not_settled(self, store: TicketStore, draw: Draw) -> None:
        with pytest.raises(ObjectMissingError):
            store.settle(KEY, draw(), etag="0" * 32)

    def test_settling_replaces_nothing(self, store: TicketStore, draw: Draw) -> None:
        there, original = draw(seed=1), draw(seed=2)
        etag = arrive(store, original)
        store.put(KEY, there)

        with pytest.raises(KeyTakenError):
            store.settle(KEY, original, etag=etag)

        assert content_of(store, KEY) == bytes_of(there)

    def test_what_comes_late_changes_nothing_that_was_settled(
        self, store: TicketStore, draw: Draw
    ) -> None:
        original = draw(seed=1)
        ticket = ticket_for(store, original)
        send(ticket, bytes_of(original))
        settled = store.settle(KEY, original, etag=store.arrived(KEY).etag)

        send(ticket, bytes_of(original)[::-1])

        assert store.stat(KEY) == settled
        assert content_of(store, KEY) == bytes_of(original)
        store.discard(KEY)
        assert store.stat(KEY) == settled

    def test_what_is_discarded_is_gone(self, store: TicketStore, draw: Draw) -> None:
        arrive(store, draw())
        arrive(store, draw(), OTHER_KEY)

        store.discard(KEY)
        store.discard(KEY)

        with pytest.raises(ObjectMissingError):
            store.arrived(KEY)
        assert store.arrived(OTHER_KEY)

    @pytest.mark.parametrize("key", ODD_KEYS[:20])
    def test_a_key_that_is_none_of_ours_has_no_ticket(
        self, store: TicketStore, draw: Draw, key: str
    ) -> None:
        original = draw()
        for call in (
            lambda: ticket_for(store, original, key),
            lambda: store.arrived(key),
            lambda: store.open_arrived(key),
            lambda: store.settle(key, original, etag="0"),
            lambda: store.discard(key),
        ):
            with pytest.raises(ObjectMissingError):
                call()


class TicketRefusals:
    """What a ticket does not give leave for. The provider itself refuses it, so this needs one that
    holds senders to what was signed."""

    def refused(self, store: TicketStore, ticket: Ticket, content: bytes, **changed: Any) -> None:
        """Sends it, and asserts that nothing has arrived."""
        assert 400 <= send(ticket, content, **changed) < 500
        with pytest.raises(ObjectMissingError):
            store.arrived(KEY)

    def test_a_larger_file(self, store: TicketStore, draw: Draw) -> None:
        original = draw()

        self.refused(store, ticket_for(store, original), bytes_of(original) + b"0")

    def test_a_smaller_file(self, store: TicketStore, draw: Draw) -> None:
        original = draw()

        self.refused(store, ticket_for(store, original), bytes_of(original)[:-1])

    def test_no_file(self, store: TicketStore, draw: Draw) -> None:
        self.refused(store, ticket_for(store, draw()), b"")

    @pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "", None])
    def test_another_content_type(
        self, store: TicketStore, draw: Draw, content_type: str | None
    ) -> None:
        original = draw()

        self.refused(
            store,
            ticket_for(store, original),
            bytes_of(original),
            **{"Content-Type": content_type},
        )

    @pytest.mark.parametrize("key", ["{}/2", "originals/" + KEY, "arrivals/" + OTHER_KEY, "", None])
    def test_another_name(self, store: TicketStore, draw: Draw, key: str | None) -> None:
        original = draw()
        ticket = ticket_for(store, original)

        self.refused(
            store,
            ticket,
            bytes_of(original),
            key=key and key.format(ticket.fields["key"]),
        )
        for name in (KEY, OTHER_KEY):
            for call in (CALLS["stat"], CALLS["open"]):
                with pytest.raises(ObjectMissingError):
                    call(store, name, original)
            with pytest.raises(ObjectMissingError):
                store.arrived(name)

    @pytest.mark.parametrize(
        "changed",
        [
            {"acl": "public-read"},
            {"success_action_redirect": "https://elsewhere.example"},
            {"x-amz-meta-sha256": "0" * 64},
        ],
        ids=str,
    )
    def test_a_field_that_was_not_signed(
        self, store: TicketStore, draw: Draw, changed: dict[str, str]
    ) -> None:
        original = draw()

        self.refused(store, ticket_for(store, original), bytes_of(original), **changed)

    def test_a_broken_signature(self, store: TicketStore, draw: Draw) -> None:
        original = draw()
        ticket = ticket_for(store, original)
        signature = ticket.fields["x-amz-signature"]
        broken = ("0" if signature[0] != "0" else "1") + signature[1:]

        self.refused(store, ticket, bytes_of(original), **{"x-amz-signature": broken})
        self.refused(store, ticket, bytes_of(original), **{"x-amz-signature": None})

    def test_the_policy_of_another_ticket(self, store: TicketStore, draw: Draw) -> None:
        original = draw()
        ticket = ticket_for(store, original)
        other = ticket_for(store, original, OTHER_KEY)

        self.refused(store, ticket, bytes_of(original), policy=other.fields["policy"])
        self.refused(store, ticket, bytes_of(original), policy=None)
