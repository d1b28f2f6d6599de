"""What works beside requests: each duty in a thread of its own, woken or by the clock.

Duties find what is due in the documents and lease it, so any number of processes may do them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from gallery.errors import GalleryError

log = logging.getLogger(__name__)


class Work(Protocol):
    """Something that is due now and then."""

    def run(self) -> object:
        """Returns when nothing is due any more."""
        ...


@runtime_checkable
class Stoppable(Protocol):
    """A work that may take long, and can be stopped midway."""

    def stop(self) -> None:
        """Begins nothing more."""
        ...


@runtime_checkable
class HoldsLeases(Protocol):
    """A work that others can go on with at once where this process ends."""

    def release(self) -> None:
        """Gives back what it holds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A work, and when it is looked after."""

    name: str
    work: Work
    every_s: float = 60.0
    is_woken: bool = False
    """Also when a document says that there is something to do."""


class Upkeep:
    """Does all duties until it is closed."""

    def __init__(
        self, duties: Sequence[Duty], *, wakes: Callable[[threading.Event], Iterator[None]]
    ) -> None:
        """``wakes`` yields when there is something to do, until its event is set."""
        self._duties = duties
        self._wakes = wakes
        self._ended = threading.Event()
        self._woken = {duty.name: threading.Event() for duty in duties}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begins, in threads."""
        self._begin("upkeep", self._wake)
        for duty in self._duties:
            self._begin(duty.name, partial(self._look_after, duty))

    def close(self, *, within_s: float | None = None) -> None:
        """Begins nothing more, and waits for what is being done; what takes longer is given back.
        May be repeated."""
        self._ended.set()
        for duty in self._duties:
            if isinstance(duty.work, Stoppable):
                duty.work.stop()
            self._woken[duty.name].set()
        deadline = None if within_s is None else time.monotonic() + within_s
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        for duty in self._duties:
            if isinstance(duty.work, HoldsLeases):
                duty.work.release()

    def _begin(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _look_after(self, duty: Duty) -> None:
        woken = self._woken[duty.name]
        while not self._ended.is_set():
            try:
                duty.work.run()
            except GalleryError:
                log.warning("a duty waits", extra={"duty": duty.name}, exc_info=True)
            except Exception:
                # A mistake in one duty must not end it for good: its next try may meet other data.
                log.exception("a duty failed", extra={"duty": duty.name})
            woken.wait(duty.every_s)
            woken.clear()

    def _wake(self) -> None:
        for _ in self._wakes(self._ended):
            for duty in self._duties:
                if duty.is_woken:
                    self._woken[duty.name].set()
