from __future__ import annotations

import pytest

from gallery.errors import StoreAwayError, StoreError, StoreUnavailableError
from gallery.stores.patience import CAP_S, TRIES, Deadline, persist
from tests.stores.failing import Clock, failing


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_success_counts(clock: Clock) -> None:
    deadline = Deadline(60, now=clock)

    assert persist(failing(), deadline=deadline, sleep=clock.sleep) == "done"
    assert clock.pauses == []


def test_pauses_are_spread_over_a_range_that_doubles() -> None:
    pauses = []
    for _ in range(200):
        clock = Clock()
        failures = [StoreUnavailableError()] * (TRIES - 1)
        persist(failing(*failures), deadline=Deadline(60, now=clock), sleep=clock.sleep)
        pauses.append(clock.pauses)

    for nth, longest in enumerate((0.1, 0.2, 0.4)):
        drawn = [each[nth] for each in pauses]
        assert 0 <= min(drawn) < longest / 4
        assert longest * 3 / 4 < max(drawn) <= longest <= CAP_S


def test_the_last_failure_is_raised(clock: Clock) -> None:
    failures = [StoreUnavailableError(f"failure {n}") for n in range(1, 9)]

    with pytest.raises(StoreUnavailableError, match="failure 4"):
        persist(failing(*failures), deadline=Deadline(60, now=clock), sleep=clock.sleep)


def test_a_final_failure_is_not_tried_again(clock: Clock) -> None:
    attempt = failing(StoreError("final"))

    with pytest.raises(StoreError, match="final"):
        persist(attempt, deadline=Deadline(60, now=clock), sleep=clock.sleep)

    assert clock.pauses == []


def test_what_was_not_even_asked_is_not_tried_again(clock: Clock) -> None:
    attempt = failing(StoreAwayError("away", retry_after_s=1))

    with pytest.raises(StoreAwayError):
        persist(attempt, deadline=Deadline(60, now=clock), sleep=clock.sleep)

    assert clock.pauses == []


def test_waits_as_long_as_it_is_asked_to(clock: Clock) -> None:
    attempt = failing(
        StoreUnavailableError(retry_after_s=7), StoreUnavailableError(retry_after_s=0)
    )

    persist(attempt, deadline=Deadline(60, now=clock), sleep=clock.sleep)

    assert clock.pauses == [7.0, 0.0]


@pytest.mark.parametrize("asked_s", [60, 61, 3600])
def test_never_waits_past_the_deadline(clock: Clock, asked_s: int) -> None:
    attempt = failing(StoreUnavailableError(retry_after_s=asked_s))

    with pytest.raises(StoreUnavailableError):
        persist(attempt, deadline=Deadline(60, now=clock), sleep=clock.sleep)

    assert clock.pauses == []


def test_a_deadline_runs_out_and_stays_so(clock: Clock) -> None:
    deadline = Deadline(2, now=clock)
    assert deadline.left_s() == 2
    clock.sleep(1.5)
    assert deadline.left_s() == 0.5
    clock.sleep(5)
    assert deadline.left_s() == 0
