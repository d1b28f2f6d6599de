from __future__ import annotations

import time

import pytest

from gallery.errors import ObjectMissingError
from gallery.stores.s3 import store as s3
from gallery.stores.s3.store import S3Store
from tests.store_contract import KEY, Draw
from tests.ticket_contract import (
    TicketContract,
    TicketRefusals,
    bytes_of,
    send,
    ticket_for,
)


class TestTickets(TicketContract):
    pass


class TestRefusals(TicketRefusals):
    pass


def test_an_expired_ticket_brings_nothing(
    store: S3Store, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "TICKET_S", 1)
    original = draw()
    ticket = ticket_for(store, original)
    time.sleep(2.5)

    assert send(ticket, bytes_of(original)) == 403
    with pytest.raises(ObjectMissingError):
        store.arrived(KEY)


def test_a_second_use_between_look_and_copy_is_not_settled(store: S3Store, draw: Draw) -> None:
    original = draw(seed=1)
    ticket = ticket_for(store, original)
    send(ticket, bytes_of(original))
    etag = store.arrived(KEY).etag

    assert send(ticket, bytes_of(original)[::-1]) == 204
    with pytest.raises(ObjectMissingError):
        store.settle(KEY, original, etag=etag)

    with pytest.raises(ObjectMissingError):
        store.stat(KEY)
