"""What many ask for at once is made once, in any number of threads and processes; how many may
wait, and for how long, is bounded, and what failed is not tried again at once."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from gallery.config import COLD_CAP
from gallery.errors import (
    BadTransformationError,
    BrokenImageError,
    BusyError,
    DecoderFailedError,
    GalleryError,
    ImageTooLargeError,
    TooLargeError,
    UnsupportedFormatError,
)

WAIT_S = 20.0
"""Nobody waits longer: for a free decoding process and for what it makes, with some to spare."""

FAILED_FOR_S = 60.0

_LASTING_FAILURES = (
    BadTransformationError,
    BrokenImageError,
    DecoderFailedError,
    ImageTooLargeError,
    TooLargeError,
    UnsupportedFormatError,
)
"""What the picture is to blame for; the next try would cost as much and end alike."""

_MAX_FAILURES = 1024
_LOCKS = 4096
_LOOK_AGAIN_S = 0.02


class Flights:
    """Makes each thing once. ``locks`` is a folder that all processes share."""

    def __init__(
        self,
        locks: Path,
        *,
        at_most: int = COLD_CAP,
        wait_s: float = WAIT_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._locks = locks
        self._places = threading.Semaphore(at_most)
        self._wait_s = wait_s
        self._now = now
        self._lock = threading.Lock()
        self._flying: dict[Path, Future[bytes]] = {}
        self._failures: dict[Path, tuple[float, GalleryError]] = {}

    def content(
        self, path: Path, *, find: Callable[[], bytes | None], make: Callable[[], bytes]
    ) -> bytes:
        """What lies at ``path`` by now, or what one of those who ask for it makes.

        Raises what ``make`` raises, again for a while if the picture is to blame, and BusyError at
        once when too many wait, or when it takes too long.
        """
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            flight, leads = self._join(path)
            if leads:
                self._fly(path, flight, find, make)
            return flight.result(timeout=self._wait_s)
        except TimeoutError:
            raise _busy() from None
        finally:
            self._places.release()

    def _join(self, path: Path) -> tuple[Future[bytes], bool]:
        """Who makes it now, and whether that is the caller. Raises what failed just before."""
        with self._lock:
            if path in self._failures:
                until, error = self._failures[path]
                if self._now() < until:
                    raise error.with_traceback(None)  # Or it would grow with every caller.
                del self._failures[path]
            leads = path not in self._flying
            return self._flying.setdefault(path, Future()), leads

    def _fly(
        self,
        path: Path,
        flight: Future[bytes],
        find: Callable[[], bytes | None],
        make: Callable[[], bytes],
    ) -> None:
        try:
            with self._alone(path):
                content = find()
                flight.set_result(make() if content is None else content)
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            flight.set_exception(error)
            if isinstance(error, _LASTING_FAILURES):
                self._remember(path, error)
        finally:
            with self._lock:
                del self._flying[path]

    def _remember(self, path: Path, error: GalleryError) -> None:
        with self._lock:
            self._failures[path] = (self._now() + FAILED_FOR_S, error)
            while len(self._failures) > _MAX_FAILURES:
                del self._failures[next(iter(self._failures))]

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """No other process makes it meanwhile. Raises BusyError."""
        stripe = int.from_bytes(blake2b(str(path).encode(), digest_size=2).digest()) % _LOCKS
        self._locks.mkdir(parents=True, exist_ok=True)  # Operators empty caches.
        deadline = self._now() + self._wait_s
        with (self._locks / f"{stripe:03x}").open("w") as lock:
            while not _locked(lock.fileno()):
                if self._now() > deadline:
                    raise _busy()
                time.sleep(_LOOK_AGAIN_S)
            yield


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy() -> BusyError:
    return BusyError("Too many new sizes are being made. Try again soon.", retry_after_s=2)
