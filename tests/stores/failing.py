"""A clock that only sleeping moves, and calls that fail as told."""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds


def failing(*failures: Exception) -> Callable[[], str]:
    """Fails in turn, then succeeds."""
    left = list(failures)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return attempt
