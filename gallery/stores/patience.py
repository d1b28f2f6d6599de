"""Trying again without making things worse: few tries, spread at random, within a deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from gallery.errors import StoreAwayError, StoreUnavailableError

TRIES = 4
BASE_S = 0.1
CAP_S = 5.0

_chance = random.SystemRandom()
T = TypeVar("T")


class Deadline:
    """The moment by which everything that one call does must be over."""

    def __init__(self, seconds: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._ends_at = now() + seconds

    def left_s(self) -> float:
        """Seconds that are left; never negative."""
        return max(0.0, self._ends_at - self._now())


def persist(attempt: Callable[[], T], *, deadline: Deadline, sleep: Callable[[float], None]) -> T:
    """What ``attempt`` returns, tried again while it raises StoreUnavailableError.

    The pause is what the store asked for, else a random one ("full jitter") whose longest doubles
    each time. The last error is raised when the tries are used up or the pause would be too long.
    """
    for tried in range(1, TRIES):
        try:
            return attempt()
        except StoreAwayError:
            raise  # Nothing was asked, and would not be before the pause is over.
        except StoreUnavailableError as error:
            longest_s = min(CAP_S, BASE_S * 2 ** (tried - 1))
            asked_s = error.retry_after_s
            pause_s = _chance.uniform(0, longest_s) if asked_s is None else float(asked_s)
            if pause_s >= deadline.left_s():
                raise
        sleep(pause_s)
    return attempt()
