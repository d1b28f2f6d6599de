"""What the plan allows: heard from Cloudinary, believed for some minutes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gallery.errors import StoreError, StoreUnavailableError
from gallery.stores.abilities import Quota, StoreLimits, SupportsLimits, SupportsUsage
from gallery.stores.cloudinary.plan import KEPT_S
from gallery.stores.cloudinary.store import CloudinaryStore
from tests.cloudinary_server import CloudinaryServer, Fail, Garble
from tests.store_contract import KEY, Draw
from tests.stores.cloudinary.helpers import Open


def test_tells_what_is_used_of_the_plan(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw
) -> None:
    original = draw()
    store.put(KEY, original)

    usage = {each.name: each for each in store.usage()}

    assert isinstance(store, SupportsUsage)
    assert usage["credits"] == Quota(name="credits", unit="", used=4.5, limit=25)
    assert usage["storage"] == Quota(name="storage", unit="bytes", used=original.bytes, limit=None)
    assert usage["Admin API calls"] == Quota(name="Admin API calls", unit="", used=1, limit=500)
    assert list(usage) == [
        *("credits", "storage", "bandwidth", "transformations", "objects", "Admin API calls"),
    ]


def test_the_limits_of_the_plan_are_known_once_it_was_asked(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    assert isinstance(store, SupportsLimits)
    assert store.limits() == StoreLimits()
    assert server.seen == []

    store.usage()

    assert store.limits() == StoreLimits(max_bytes=10 * 1024**2, max_pixels=25_000_000)


def test_asks_at_most_every_few_minutes(server: CloudinaryServer, open_store: Open) -> None:
    moment = 1000.0
    store = open_store(server, now=lambda: moment)

    for _ in range(100):
        store.usage()
    assert len(server.requests("usage")) == 1

    moment += KEPT_S + 1
    server.account.credits = 50
    assert store.usage()[0].limit == 50
    assert len(server.requests("usage")) == 2


def test_what_was_heard_is_forgotten_by_no_failure(
    server: CloudinaryServer, open_store: Open
) -> None:
    moment = 1000.0
    store = open_store(server, now=lambda: moment)
    store.usage()
    moment += KEPT_S + 1
    server.script("usage", *[Fail(status=503)] * 9)

    with pytest.raises(StoreUnavailableError):
        store.usage()

    assert store.limits().max_bytes == 10 * 1024**2


def test_wrong_keys_are_told(server: CloudinaryServer, open_store: Open) -> None:
    store = open_store(server, changed={"api_secret": "wrong"})

    with pytest.raises(StoreError, match="CLOUDINARY_URL"):
        store.usage()


@pytest.mark.parametrize(
    ("answer", "usage", "limits"),
    [
        ({}, (), StoreLimits()),
        ({"plan": "Free", "credits": None, "media_limits": []}, (), StoreLimits()),
        ({"storage": {"usage": "many"}, "objects": {"usage": -1}}, (), StoreLimits()),
        ({"media_limits": {"image_max_size_bytes": 0}}, (), StoreLimits()),
        ({"media_limits": {"image_max_size_bytes": True}}, (), StoreLimits()),
        ({"media_limits": {"image_max_px": 1e9}}, (), StoreLimits(max_pixels=10**9)),
        (
            {"storage": {"usage": 5, "limit": 10, "used_percent": 50.0}},
            (Quota(name="storage", unit="bytes", used=5, limit=10),),
            StoreLimits(),
        ),
    ],
    ids=str,
)
def test_what_an_answer_leaves_out_is_not_made_up(
    store: CloudinaryStore,
    server: CloudinaryServer,
    answer: dict[str, Any],
    usage: tuple[Quota, ...],
    limits: StoreLimits,
) -> None:
    server.script("usage", Garble(body=json.dumps(answer).encode()))

    assert store.usage() == usage
    assert store.limits() == limits
