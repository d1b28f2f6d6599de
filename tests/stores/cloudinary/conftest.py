from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gallery.config.account import CloudinaryAccount, find_account
from gallery.config.given import Given
from gallery.stores.cloudinary.store import CloudinaryStore
from tests.cloudinary_server import CloudinaryServer
from tests.stores.cloudinary.helpers import SHORT_S, Open


@pytest.fixture
def server() -> Iterator[CloudinaryServer]:
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the store made between its tries, in seconds; nobody really waits."""
    return []


@pytest.fixture
def open_store(pauses: list[float]) -> Open:
    """Opens a store on a server, or on the server's account as it is changed here."""

    def opened(server: CloudinaryServer, *, changed: Any = None, **limits: Any) -> CloudinaryStore:
        account = replace(account_of(server), **(changed or {}))
        return CloudinaryStore(account, sleep=pauses.append, **limits)

    return opened


@pytest.fixture
def store(server: CloudinaryServer, open_store: Open) -> CloudinaryStore:
    return open_store(server)


@pytest.fixture
def hasty(server: CloudinaryServer, open_store: Open) -> CloudinaryStore:
    """A store that soon gives up."""
    return open_store(server, call_s=SHORT_S, put_s=SHORT_S)


def account_of(server: CloudinaryServer) -> CloudinaryAccount:
    """What the one setting says."""
    account = find_account(Given({"CLOUDINARY_URL": server.url}))
    assert account is not None
    return account
