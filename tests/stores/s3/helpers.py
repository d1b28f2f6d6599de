"""What the tests of the S3 store share."""

from __future__ import annotations

from collections.abc import Callable

from gallery.stores.s3 import S3Store
from tests.store_contract import CALLS, Call, keys_of

Open = Callable[..., S3Store]

CALLS_BY_REQUEST: dict[str, Call] = {
    "PutObject": CALLS["put"],
    "HeadObject": CALLS["stat"],
    "GetObject": CALLS["open"],
    "DeleteObject": CALLS["delete"],
    "List": lambda store, _key, _original: keys_of(store),
    "HeadBucket": lambda store, _key, _original: store.probe(),
}
"""Every call of the contract by the request that it begins with."""
