"""Takes many pictures in, several at a time, and counts what became of each."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeAlias, TypeVar

from gallery.errors import (
    BrokenImageError,
    DatabaseUnavailableError,
    DecoderFailedError,
    GalleryError,
    ImageTooLargeError,
    InProgressError,
    StorageFullError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.services.holding import LEASE_S
from gallery.services.wishes import Imported

FREE_SPACE_FLOOR_BYTES = 256 * 1024 * 1024
"""So much of the disk stays free."""

_AGAIN_S = 2.0
_NO_PICTURE = (
    BrokenImageError, DecoderFailedError, ImageTooLargeError, TooLargeError, UnsupportedFormatError
)  # fmt: skip

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how much is done of how much."""


class Named(Protocol):
    """A picture that somebody wants to have here."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def weight(self) -> int:
        """How much of the whole it is."""
        ...


W = TypeVar("W", bound=Named)


class Several(Generic[W]):
    """Takes in what it is given. One for each time."""

    def __init__(
        self,
        take: Callable[[W, bool], str],
        *,
        imported: Imported,
        total: int,
        progress: Progress,
        at_once: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``take`` says what became of one: the name of a count in ``Imported``. It is told whether
        this is another try: InProgressError calls for one. ``total`` is the sum of all weights.
        """
        self._take = take
        self._imported = imported
        self._total = total
        self._progress = progress
        self._at_once = at_once
        self._sleep = sleep
        self._done = 0
        self._later: deque[W] = deque()

    def run(self, wishes: Iterable[W]) -> None:
        """All of them, in their order. Raises DatabaseUnavailableError and StorageFullError."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="import") as pool:
            running: deque[tuple[W, Future[str]]] = deque()
            try:
                for wish in wishes:
                    running.append((wish, pool.submit(self._take, wish, False)))
                    if len(running) > 2 * self._at_once:
                        self._settle(*running.popleft())
                while running:
                    self._settle(*running.popleft())
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self._once_more()

    def _once_more(self) -> None:
        """For twins, and for what another who was killed had begun, until a sweep mended it."""
        waited_s = 0.0
        while self._later and waited_s < LEASE_S + 60:
            for _ in range(len(self._later)):
                wish, tried = self._later.popleft(), Future[str]()
                try:
                    tried.set_result(self._take(wish, True))
                except (GalleryError, OSError) as error:
                    tried.set_exception(error)
                self._settle(wish, tried)
            if self._later:
                self._sleep(_AGAIN_S)
                waited_s += _AGAIN_S
        for wish in self._later:
            self._imported.problem("failed", wish.name, "It is being added by somebody else.")

    def _settle(self, wish: W, future: Future[str]) -> None:
        """Waits for one, counts it, and remembers it when it is to be tried again."""
        try:
            kind = future.result()
            setattr(self._imported, kind, getattr(self._imported, kind) + 1)
        except InProgressError:
            self._later.append(wish)
            return
        except _NO_PICTURE as error:
            self._imported.problem("refused", wish.name, error.detail)
        except (DatabaseUnavailableError, StorageFullError):
            raise
        except GalleryError as error:
            self._imported.problem("failed", wish.name, error.detail)
        except OSError as error:
            self._imported.problem("failed", wish.name, error.strerror or str(error))
        self._done += wish.weight
        self._progress(self._done, self._total)
