"""What stands between us and a provider: each request is tried again within reason, and none is
made while the provider is known to be away.

Well-kept libraries count failures in a row (pybreaker, circuitbreaker); here it is their share
among recent requests that counts, as with a provider that is busy rather than dead.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gallery.errors import GalleryError, StoreAwayError, StoreUnavailableError
from gallery.stores.base import BreakerState, StoreHealth
from gallery.stores.patience import Deadline, persist

WINDOW_S = 30.0
ENOUGH = 20
"""Requests in the window: of fewer, nothing is concluded."""

FAILED_SHARE = 0.5
OPEN_S = 15.0
"""How long a provider that failed is left alone; then one request probes it."""

AWAY_S = 120.0
"""How long people's uploads are not tried on a provider that did not answer: what moves images
tries it each time when it has rested. Then they are, since another process may have moved all."""

T = TypeVar("T")


class Breaker:
    """Lets requests through while they succeed. One for each provider and process."""

    def __init__(self, provider: str, *, now: Callable[[], float] = time.monotonic) -> None:
        """``provider`` is its name for people."""
        self._provider = provider
        self._now = now
        self._lock = threading.Lock()
        self._state = BreakerState.CLOSED
        self._changed_at = now()
        self._recent: deque[tuple[float, bool]] = deque()
        """When each request of the window ended, and whether it failed."""

    def request(self, attempt: Callable[[], T]) -> T:
        """What ``attempt`` returns. Raises StoreAwayError, with nothing asked, while it is open."""
        probes, failed = self._enter(), True
        try:
            result = attempt()
        except StoreUnavailableError:
            raise
        except GalleryError:
            failed = False  # It answered.
            raise
        else:
            failed = False
            return result
        finally:
            self._note(failed=failed, probes=probes)

    def health(self) -> StoreHealth:
        """The state, since when, and how many requests of the window failed."""
        with self._lock:
            self._forget_old()
            ago_s = self._now() - self._changed_at
            return StoreHealth(
                state=self._state,
                requests=len(self._recent),
                failures=sum(failed for _, failed in self._recent),
                since=datetime.now(UTC) - timedelta(seconds=ago_s),
                is_away=self._state is not BreakerState.CLOSED and ago_s < AWAY_S,
                is_resting=self._state is BreakerState.PROBING or self._left_s() > 0,
            )

    def _enter(self) -> bool:
        """Whether this request is the probe."""
        with self._lock:
            if self._state is BreakerState.CLOSED:
                return False
            left_s = self._left_s()
            if self._state is BreakerState.OPEN and left_s <= 0:
                self._become(BreakerState.PROBING)
                return True
        raise StoreAwayError(
            f"{self._provider} does not answer at the moment.",
            retry_after_s=max(1, math.ceil(left_s)),
        )

    def _note(self, *, failed: bool, probes: bool) -> None:
        with self._lock:
            if probes:
                self._recent.clear()
                self._become(BreakerState.OPEN if failed else BreakerState.CLOSED)
            elif self._state is BreakerState.CLOSED:
                self._recent.append((self._now(), failed))
                self._forget_old()
                failures = sum(failed for _, failed in self._recent)
                if len(self._recent) >= ENOUGH and failures >= len(self._recent) * FAILED_SHARE:
                    self._become(BreakerState.OPEN)

    def _left_s(self) -> float:
        """Seconds until a probe may be made; none unless it is open."""
        return self._changed_at + OPEN_S - self._now() if self._state is BreakerState.OPEN else 0.0

    def _become(self, state: BreakerState) -> None:
        self._state, self._changed_at = state, self._now()

    def _forget_old(self) -> None:
        while self._recent and self._recent[0][0] <= self._now() - WINDOW_S:
            self._recent.popleft()


class Guard:
    """Makes the requests of one store: with patience (``persist``), and through a breaker."""

    def __init__(
        self,
        provider: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._breaker = Breaker(provider, now=now)
        self._sleep = sleep
        self._now = now
        self._gave_up_at: float | None = None

    def call(self, attempt: Callable[[], T], *, deadline: Deadline) -> T:
        """What ``attempt`` returns, tried again while the provider does not answer.

        Raises StoreUnavailableError when patience ends, StoreAwayError when nothing was asked.
        """
        try:
            return persist(lambda: self._ask(attempt), deadline=deadline, sleep=self._sleep)
        except StoreAwayError:
            raise
        except StoreUnavailableError:
            self._gave_up_at = self._now()
            raise

    def health(self) -> StoreHealth:
        """As the breaker tells it, and for a while the same after patience has ended."""
        health = self._breaker.health()
        gave_up_at = self._gave_up_at
        if gave_up_at is None:
            return health
        ago_s = self._now() - gave_up_at
        return replace(
            health,
            is_away=health.is_away or ago_s < AWAY_S,
            is_resting=health.is_resting or ago_s < OPEN_S,
        )

    def _ask(self, attempt: Callable[[], T]) -> T:
        answer = self._breaker.request(attempt)
        self._gave_up_at = None
        return answer
