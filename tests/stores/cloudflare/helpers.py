"""What the tests of the Cloudflare store share."""

from __future__ import annotations

from collections.abc import Callable

import urllib3

from gallery.stores.cloudflare.store import CloudflareStore
from tests.store_contract import CALLS, Call, keys_of
from tests.stores import own_cdn

SHORT_S = 0.4
"""What one call may take where it is the time-out that is tested."""

Open = Callable[..., CloudflareStore]

ACTIONS: dict[str, Call] = {
    "upload": CALLS["put"],
    "blob": CALLS["put"],
    "variants": CALLS["put"],
    "list": CALLS["stat"],
    "stats": lambda store, _key, _original: store.probe(),
}
"""Calls of the contract by a request that each makes."""

LISTS: dict[str, Call] = {
    "stat": CALLS["stat"],
    "open": CALLS["open"],
    "delete": CALLS["delete"],
    "list": lambda store, _key, _original: keys_of(store),
}
"""Calls that begin by looking what there is."""


def get(url: str) -> tuple[int, bytes]:
    """What an address answers, there or under our own ``/cdn``."""
    if url.startswith("/"):
        return own_cdn.answer(url)
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", url)
        return answer.status, answer.data
