from __future__ import annotations

import time

import pytest

from gallery.errors import StoreUnavailableError
from gallery.stores.cloudinary.store import CloudinaryStore
from tests.cloudinary_server import CloudinaryServer, Fail, Garble, Reset, Stall
from tests.provider.wire import Fault
from tests.store_contract import KEY, Draw
from tests.stores.cloudinary.helpers import ACTIONS, SHORT_S

PASSING: tuple[Fault, ...] = (
    Fail(status=408),
    Fail(status=420),
    Fail(status=423),
    Fail(status=429),
    Fail(status=500),
    Fail(status=502),
    Fail(status=503),
    Fail(status=504),
    Reset(),
    Garble(status=200),
    Garble(status=500),
    Garble(status=502),
)
"""What goes by when it is tried again."""


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (action, fault)
        for action in ACTIONS
        for fault in PASSING
        # A download is not JSON: whatever comes with status 200 is the file.
        if (action, fault) != ("download", Garble(status=200))
    ],
    ids=str,
)
def test_what_goes_by_is_tried_again(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str, fault: Fault
) -> None:
    original = draw()
    store.put(KEY, original)
    server.seen.clear()
    server.script(action, fault, fault)

    ACTIONS[action](store, KEY, original)

    assert len(server.requests(action)) == 3


@pytest.mark.parametrize("fault", [Fail(status=500), Reset(), Garble(status=502)], ids=repr)
@pytest.mark.parametrize("action", ACTIONS)
def test_gives_up_after_four_tries_with_growing_random_pauses(
    store: CloudinaryStore,
    server: CloudinaryServer,
    draw: Draw,
    pauses: list[float],
    action: str,
    fault: Fault,
) -> None:
    server.script(action, *[fault] * 9)

    with pytest.raises(StoreUnavailableError):
        ACTIONS[action](store, KEY, draw())

    assert len(server.requests(action)) == 4
    assert all(
        0 <= pause <= longest for pause, longest in zip(pauses, (0.1, 0.2, 0.4), strict=True)
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_waits_for_ever(
    hasty: CloudinaryStore, server: CloudinaryServer, draw: Draw, action: str
) -> None:
    server.script(action, *[Stall()] * 9)
    original = draw()
    began = time.monotonic()

    with pytest.raises(StoreUnavailableError):
        ACTIONS[action](hasty, KEY, original)

    assert SHORT_S / 2 <= time.monotonic() - began <= SHORT_S + 3
    assert 2 <= len(server.requests(action)) <= 4


def test_comes_back_when_it_is_told_to(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, pauses: list[float]
) -> None:
    server.script("upload", Fail(status=429, headers={"Retry-After": "3"}))

    store.put(KEY, draw())

    assert pauses == [3.0]


@pytest.mark.parametrize("action", ACTIONS)
def test_does_not_wait_longer_than_a_person_would(
    store: CloudinaryStore, server: CloudinaryServer, draw: Draw, pauses: list[float], action: str
) -> None:
    server.script(action, Fail(status=503, headers={"Retry-After": "1800"}))

    with pytest.raises(StoreUnavailableError) as failure:
        ACTIONS[action](store, KEY, draw())

    assert failure.value.retry_after_s == 1800
    assert (pauses, len(server.requests(action))) == ([], 1)


def test_reads_when_the_hour_of_the_admin_api_is_over(
    store: CloudinaryStore, server: CloudinaryServer
) -> None:
    headers = {
        "X-FeatureRateLimit-Limit": "500",
        "X-FeatureRateLimit-Remaining": "0",
        "X-FeatureRateLimit-Reset": "Fri, 31 Dec 2100 23:00:00 GMT",
    }
    server.script("ping", Fail(status=420, message="Rate Limit Exceeded", headers=headers))

    with pytest.raises(StoreUnavailableError) as failure:
        store.probe()

    assert failure.value.retry_after_s is not None
    assert failure.value.retry_after_s > 1800
