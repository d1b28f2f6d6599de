"""The breaker of a store: half of twenty requests in half a minute, a rest, one probe."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from gallery.errors import (
    GalleryError,
    ObjectMissingError,
    StoreAwayError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.stores.base import BreakerState
from gallery.stores.guarded import AWAY_S, ENOUGH, OPEN_S, WINDOW_S, Breaker, Guard
from gallery.stores.patience import TRIES, Deadline
from tests.stores.failing import Clock, failing


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("The cloud", now=clock)


@pytest.fixture
def guard(clock: Clock) -> Guard:
    return Guard("The cloud", sleep=clock.sleep, now=clock)


def fail(breaker: Breaker, times: int = 1, error: GalleryError | None = None) -> None:
    for _ in range(times):
        with pytest.raises(type(error) if error else StoreUnavailableError):
            breaker.request(failing(error or StoreUnavailableError()))


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.request(failing()) == "done"


def state(breaker: Breaker) -> BreakerState:
    return breaker.health().state


def opened(breaker: Breaker) -> Breaker:
    fail(breaker, ENOUGH)
    assert state(breaker) is BreakerState.OPEN
    return breaker


def test_fewer_than_enough_failures_prove_nothing(breaker: Breaker) -> None:
    fail(breaker, ENOUGH - 1)

    succeed(breaker)
    assert breaker.health().failures == ENOUGH - 1


def test_half_of_enough_failing_opens_it(breaker: Breaker) -> None:
    succeed(breaker, ENOUGH // 2)
    fail(breaker, ENOUGH // 2)

    assert state(breaker) is BreakerState.OPEN


def test_less_than_half_failing_does_not(breaker: Breaker) -> None:
    succeed(breaker, ENOUGH // 2 + 1)
    fail(breaker, ENOUGH // 2 - 1)
    assert state(breaker) is BreakerState.CLOSED

    succeed(breaker)
    fail(breaker)
    assert state(breaker) is BreakerState.CLOSED


def test_failures_of_long_ago_do_not_count(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, ENOUGH - 1)
    clock.sleep(WINDOW_S)

    fail(breaker, ENOUGH - 1)

    assert state(breaker) is BreakerState.CLOSED
    assert breaker.health().requests == ENOUGH - 1


@pytest.mark.parametrize(
    "answer", [ObjectMissingError(), StoreError("Wrong keys."), TooLargeError()], ids=repr
)
def test_a_refusal_is_an_answer(breaker: Breaker, answer: GalleryError) -> None:
    fail(breaker, 2 * ENOUGH, answer)

    assert state(breaker) is BreakerState.CLOSED
    assert breaker.health().failures == 0


def test_while_it_is_open_nothing_is_asked(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.sleep(OPEN_S - 5)
    asked: list[bool] = []

    with pytest.raises(StoreAwayError, match="The cloud does not answer") as refusal:
        breaker.request(lambda: asked.append(True))

    assert asked == []
    assert refusal.value.retry_after_s == 5


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.sleep(OPEN_S)

    succeed(breaker)

    assert state(breaker) is BreakerState.CLOSED
    fail(breaker, ENOUGH - 1)
    assert state(breaker) is BreakerState.CLOSED


@pytest.mark.parametrize("failure", [StoreUnavailableError(), RuntimeError("a mistake")], ids=repr)
def test_a_probe_that_fails_opens_it_anew(
    breaker: Breaker, clock: Clock, failure: Exception
) -> None:
    opened(breaker)
    clock.sleep(OPEN_S)

    with pytest.raises(type(failure)):
        breaker.request(failing(failure))

    assert state(breaker) is BreakerState.OPEN
    clock.sleep(OPEN_S - 1)
    with pytest.raises(StoreAwayError):
        succeed(breaker)
    clock.sleep(1)
    succeed(breaker)


def test_one_probes_and_the_others_are_sent_away(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.sleep(OPEN_S)
    begun, go_on = threading.Event(), threading.Event()

    def probe() -> str:
        begun.set()
        assert go_on.wait(30)
        return "done"

    with ThreadPoolExecutor(1) as threads:
        probing = threads.submit(breaker.request, probe)
        assert begun.wait(30)
        assert state(breaker) is BreakerState.PROBING
        with pytest.raises(StoreAwayError) as refusal:
            breaker.request(failing())
        go_on.set()
        assert probing.result(timeout=30) == "done"

    assert refusal.value.retry_after_s == 1
    assert state(breaker) is BreakerState.CLOSED


def test_whoever_began_before_it_opened_changes_nothing(breaker: Breaker) -> None:
    def late() -> str:
        opened(breaker)
        return "done"

    assert breaker.request(late) == "done"

    assert state(breaker) is BreakerState.OPEN


def test_tells_since_when(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.sleep(10)

    ago = datetime.now(UTC) - breaker.health().since

    assert timedelta(seconds=9) < ago < timedelta(seconds=70)


def test_each_try_is_a_request(guard: Guard, clock: Clock) -> None:
    for _ in range(ENOUGH // TRIES):
        with pytest.raises(StoreUnavailableError):
            guard.call(
                failing(*[StoreUnavailableError()] * TRIES), deadline=Deadline(60, now=clock)
            )

    assert guard.health().state is BreakerState.OPEN
    assert len(clock.pauses) == (TRIES - 1) * ENOUGH // TRIES


def test_patience_ends_when_the_breaker_opens(guard: Guard, clock: Clock) -> None:
    def attempt() -> str:
        raise StoreUnavailableError

    for _ in range(ENOUGH // TRIES - 1):
        with pytest.raises(StoreUnavailableError):
            guard.call(attempt, deadline=Deadline(60, now=clock))
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            guard.call(attempt, deadline=Deadline(0, now=clock))

    with pytest.raises(StoreAwayError):
        guard.call(attempt, deadline=Deadline(60, now=clock))

    assert guard.health().requests == ENOUGH


def test_a_provider_that_patience_ended_with_rests_and_is_away_for_longer(
    guard: Guard, clock: Clock
) -> None:
    assert not guard.health().is_away
    with pytest.raises(StoreUnavailableError):
        guard.call(failing(StoreUnavailableError()), deadline=Deadline(0, now=clock))
    health = guard.health()
    assert (health.state, health.is_away, health.is_resting) == (BreakerState.CLOSED, True, True)

    clock.sleep(OPEN_S)
    health = guard.health()
    assert (health.is_away, health.is_resting) == (True, False)

    clock.sleep(AWAY_S - OPEN_S)
    assert not guard.health().is_away


def test_an_open_breaker_rests_until_it_may_be_probed(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    assert breaker.health().is_resting

    clock.sleep(OPEN_S)

    health = breaker.health()
    assert (health.is_away, health.is_resting) == (True, False)
    clock.sleep(AWAY_S - OPEN_S)
    assert not breaker.health().is_away


def test_one_success_brings_it_back(guard: Guard, clock: Clock) -> None:
    with pytest.raises(StoreUnavailableError):
        guard.call(failing(StoreUnavailableError()), deadline=Deadline(0, now=clock))

    assert guard.call(failing(), deadline=Deadline(60, now=clock)) == "done"

    assert not guard.health().is_away
