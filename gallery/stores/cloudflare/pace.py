"""How often Cloudflare is asked: 1,200 calls in five minutes are its limit for each user, and who
goes beyond is turned away for the next five. The batch host does not count them, so many calls in
a row go there, with a token of its own.
https://developers.cloudflare.com/fundamentals/api/reference/limits/,
https://developers.cloudflare.com/images/upload-images/images-batch/
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

CALLS, WINDOW_S = 1_200, 300.0

OFTEN = 300
"""Calls in the window from which on those that may take the batch host do: other programs of the
same user may call as well."""

SPARE_S = 60.0
"""A token that ends sooner is not used any more."""


class Pace:
    """What this process has asked of the API lately. Safe between threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._away_until = 0.0

    def note(self) -> None:
        """A call is about to be made."""
        with self._lock:
            self._calls.append(self._now())

    def turned_away(self, *, after_s: float) -> None:
        """The limit was met; calls are taken again after so many seconds."""
        with self._lock:
            self._away_until = max(self._away_until, self._now() + after_s)

    def left_s(self) -> float:
        """Seconds until the API takes calls again; 0 when it does."""
        with self._lock:
            return max(0.0, self._away_until - self._now())

    def is_often(self) -> bool:
        """Whether the batch host should be asked instead."""
        with self._lock:
            while self._calls and self._calls[0] <= self._now() - WINDOW_S:
                self._calls.popleft()
            return len(self._calls) >= OFTEN or self._away_until > self._now()


class BatchToken:
    """The token for the batch host, asked for when it is needed and renewed before it ends."""

    def __init__(
        self, ask: Callable[[], tuple[str, datetime]], *, clock: Callable[[], datetime]
    ) -> None:
        """``ask`` gets one from the API, and when it ends."""
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[str, datetime] | None = None

    def get(self, *, renew: bool) -> str | None:
        """The token; ``None`` when there is none that lasts, and none may be asked for now."""
        with self._lock:
            if self._held is None or (self._held[1] - self._clock()).total_seconds() < SPARE_S:
                self._held = self._ask() if renew else None
            return self._held[0] if self._held else None

    def drop(self) -> None:
        """It was not taken."""
        with self._lock:
            self._held = None
