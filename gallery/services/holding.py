"""Leases are short, and are renewed for as long as the work that they are for lives: who is killed
keeps others waiting for seconds, and who has much to do keeps what is his."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gallery.errors import GalleryError

LEASE_S = 40.0
"""How long others leave alone what somebody works on who does not renew his lease."""

RENEWED_EVERY_S = 10.0
"""Three renewals may fail, and the lease still lasts."""

_AGAIN_AFTER_S = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    renew: Callable[[], object]
    due_at: float


class Holding:
    """Renews leases in a thread, which is there only while something is held."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: dict[int, _Held] = {}
        self._renewing: int | None = None
        self._thread: threading.Thread | None = None
        self._next = 0

    @contextmanager
    def renewed(self, renew: Callable[[], object]) -> Iterator[None]:
        """Calls ``renew`` every ten seconds until the block ends, and not once more after that.

        What it says is not heard: whoever lost a lease finds out when he uses it.
        """
        name = self._begin(renew)
        try:
            yield
        finally:
            with self._changed:
                del self._held[name]
                self._changed.wait_for(lambda: self._renewing != name)

    def _begin(self, renew: Callable[[], object]) -> int:
        with self._changed:
            name = self._next = self._next + 1
            self._held[name] = _Held(renew, time.monotonic() + RENEWED_EVERY_S)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="holding", daemon=True)
                self._thread.start()
            return name

    def _work(self) -> None:
        while due := self._due():
            self._renew(*due)

    def _due(self) -> tuple[int, _Held] | None:
        """The next that is due, when it is; ``None`` when nothing is held any more."""
        with self._changed:
            while self._held:
                name, held = min(self._held.items(), key=lambda each: each[1].due_at)
                left_s = held.due_at - time.monotonic()
                if left_s <= 0:
                    self._renewing = name
                    return name, held
                self._changed.wait(left_s)
            self._thread = None
            return None

    def _renew(self, name: int, held: _Held) -> None:
        again_after_s = RENEWED_EVERY_S
        try:
            held.renew()
        except GalleryError as error:
            log.warning("lease not renewed", extra={"failure": error.code})
            again_after_s = _AGAIN_AFTER_S
        except Exception:
            # A mistake in one must not keep the others from being renewed.
            log.exception("lease not renewed")
        finally:
            with self._changed:
                held.due_at = time.monotonic() + again_after_s
                self._renewing = None
                self._changed.notify_all()
