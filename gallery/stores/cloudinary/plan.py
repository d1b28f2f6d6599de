"""What the plan of a Cloudinary account allows, and how much of it is used.

The answer of ``GET /usage``: https://cloudinary.com/documentation/admin_api#usage. Its numbers are
brought up to date by Cloudinary every few hours, so it is asked for rarely.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gallery.stores.abilities import Quota, StoreLimits

KEPT_S = 300.0
"""How long an answer is believed: the calls of an hour are counted."""

_THINGS = {
    "credits": "",
    "storage": "bytes",
    "bandwidth": "bytes",
    "transformations": "",
    "objects": "",
}
"""What an answer tells of, each with its unit. Old plans have limits of their own for each; newer
ones count all of it in credits."""


class Plan:
    """Asks, and remembers. ``ask`` is the call to Cloudinary, failures in our words."""

    def __init__(
        self, ask: Callable[[], dict[str, Any]], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._now = now
        self._lock = threading.Lock()
        self._heard_at: float | None = None
        self._usage: tuple[Quota, ...] = ()
        self._limits = StoreLimits()

    def usage(self) -> tuple[Quota, ...]:
        """As Cloudinary told it within the last minutes. Raises StoreError and its kin."""
        with self._lock:
            if self._heard_at is None or self._now() - self._heard_at > KEPT_S:
                answer = self._ask()
                self._usage = tuple(_quotas(answer))
                self._limits = _limits(answer)
                self._heard_at = self._now()
            return self._usage

    def limits(self) -> StoreLimits:
        """As last heard: they differ from plan to plan, so nothing is said before."""
        return self._limits


def _quotas(answer: Mapping[str, Any]) -> Iterator[Quota]:
    for name, unit in _THINGS.items():
        told = answer.get(name)
        used = _number(told.get("usage")) if isinstance(told, Mapping) else None
        if isinstance(told, Mapping) and used is not None:
            yield Quota(name=name, unit=unit, used=used, limit=_number(told.get("limit")))
    # The SDK puts what the headers tell of its own calls beside the answer.
    allowed = _number(getattr(answer, "rate_limit_allowed", None))
    left = _number(getattr(answer, "rate_limit_remaining", None))
    if allowed is not None and left is not None:
        yield Quota(name="Admin API calls", unit="", used=allowed - left, limit=allowed)


def _limits(answer: Mapping[str, Any]) -> StoreLimits:
    told = answer.get("media_limits")
    if not isinstance(told, Mapping):
        return StoreLimits()
    return StoreLimits(
        max_bytes=_whole(told.get("image_max_size_bytes")),
        max_pixels=_whole(told.get("image_max_px")),
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < float("inf") else None


def _whole(value: object) -> int | None:
    """A limit; one of nothing is none."""
    number = _number(value)
    return int(number) if number else None
