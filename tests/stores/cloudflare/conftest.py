from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gallery.stores.cloudflare.store import CloudflareStore
from gallery.transformation import presets_from
from tests.cloudflare_server import CloudflareServer
from tests.stores.cloudflare.helpers import Open
from tests.stores.own_cdn import SECRET

PRESETS = presets_from({"small": "c_limit,h_40,w_40", "square": "c_lfill,h_40,w_40"})


@pytest.fixture
def server() -> Iterator[CloudflareServer]:
    with CloudflareServer() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the store made between its tries, in seconds; nobody really waits."""
    return []


@pytest.fixture
def open_store(pauses: list[float]) -> Open:
    """Opens a store on a server, or on the server's account as it is changed here."""

    def opened(
        server: CloudflareServer,
        *,
        changed: Any = None,
        private: bool = False,
        flexible: bool = False,
        **limits: Any,
    ) -> CloudflareStore:
        account = replace(server.client(flexible=flexible), **(changed or {}))
        given = {"presets": PRESETS, "cloud_name": "vitrine", "secret": SECRET, **limits}
        return CloudflareStore(account, private=private, sleep=pauses.append, **given)

    return opened


@pytest.fixture
def store(server: CloudflareServer, open_store: Open) -> CloudflareStore:
    return open_store(server)


@pytest.fixture
def private(server: CloudflareServer, open_store: Open) -> CloudflareStore:
    """The store of a private gallery."""
    return open_store(server, private=True)
