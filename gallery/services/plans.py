"""What the stores' plans allow and how much of it is used, as last heard.

Nobody waits for a provider here: whoever asks gets what is known, and what is old is asked for
beside the request.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gallery.errors import GalleryError
from gallery.stores.abilities import Quota, StoreLimits, SupportsLimits, SupportsUsage
from gallery.stores.base import MediaStore
from gallery.stores.registry import Stores

log = logging.getLogger(__name__)

AGAIN_S = 60.0
"""A store is asked no more often; it remembers its answer for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one store told of itself."""

    quotas: tuple[Quota, ...]
    limits: StoreLimits
    problem: str
    """Why it told nothing when it was asked last; empty if it did."""


class _Question:
    """One store asked in a thread of its own."""

    def __init__(self, name: str, store: SupportsUsage, *, at: float) -> None:
        self._name = name
        self._store = store
        self.at = at
        self.quotas: tuple[Quota, ...] | None = None
        self.problem = ""
        self.asking = threading.Thread(target=self._ask, name=f"usage of {name}", daemon=True)
        self.asking.start()

    def _ask(self) -> None:
        try:
            self.quotas = self._store.usage()
        except GalleryError as error:
            self.problem = error.detail
            log.warning("a store does not tell its usage", extra={"store": self._name})
        except Exception:
            self.problem = "The store's answer cannot be read."
            log.exception("a store's usage cannot be read", extra={"store": self._name})


class Plans:
    """Asks the stores. ``max_bytes`` and ``max_pixels`` are our own limits for one picture."""

    def __init__(
        self,
        stores: Stores,
        *,
        max_bytes: int,
        max_pixels: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stores = stores
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._now = now
        self._lock = threading.Lock()
        self._questions: dict[str, _Question] = {}
        self._told: dict[str, tuple[Quota, ...]] = {}

    def max_bytes(self) -> int:
        """The most bytes that one picture may have: ours, or the limit of the store for new ones
        as far as it is known."""
        return min(self._max_bytes, self._limits().max_bytes or self._max_bytes)

    def max_pixels(self) -> int:
        """The same for its pixels."""
        return min(self._max_pixels, self._limits().max_pixels or self._max_pixels)

    def told(self, *, wait_s: float) -> dict[str, Plan]:
        """What each store that has a plan or limits told, by its name. One that was not heard yet
        is waited for so long."""
        return {
            store.name: self._plan(store, wait_s=wait_s)
            for store in self._stores.all()
            if isinstance(store, SupportsUsage | SupportsLimits)
        }

    def _limits(self) -> StoreLimits:
        store = self._stores.for_new
        if isinstance(store, SupportsUsage):
            self._ask(store.name, store)
        return store.limits() if isinstance(store, SupportsLimits) else StoreLimits()

    def _plan(self, store: MediaStore, *, wait_s: float) -> Plan:
        problem = ""
        if isinstance(store, SupportsUsage):
            question = self._ask(store.name, store)
            if store.name not in self._told:
                question.asking.join(wait_s)
            problem = question.problem
            self._learn(store.name, question)
        return Plan(
            quotas=self._told.get(store.name, ()),
            limits=store.limits() if isinstance(store, SupportsLimits) else StoreLimits(),
            problem=problem,
        )

    def _ask(self, name: str, store: SupportsUsage) -> _Question:
        """The question that is open, or was put to the store lately."""
        with self._lock:
            last = self._questions.get(name)
            if last is not None:
                self._learn(name, last)
                is_open = last.asking.is_alive() or self._now() - last.at < AGAIN_S
                if is_open or self._stores.is_resting(name):
                    return last
            question = self._questions[name] = _Question(name, store, at=self._now())
            return question

    def _learn(self, name: str, question: _Question) -> None:
        if question.quotas is not None:
            self._told[name] = question.quotas
