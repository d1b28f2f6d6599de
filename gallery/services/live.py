"""The live feed: one watcher of the catalog in each process, fanned out to every open page.

A page that comes back says where it was (``after``); what it missed is told first, from memory
when the gap is short, else from the database. Delivery is at least once, in order.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator

from gallery.catalog.changes import Changes
from gallery.errors import BusyError, ChangesLostError, DatabaseUnavailableError, GalleryError
from gallery.model import Change

log = logging.getLogger(__name__)

_REMEMBERED = 1000
"""Changes kept in memory for pages that reconnect."""

_BACKLOG = 200
"""Changes that a slow page may fall behind before it is cut off; it reconnects and catches up."""

_CATCHING_UP = 8
"""Pages that read their gap from the database at a time, each with a change stream."""

_RETRY_S = 1.0


class Subscription:
    """One page's place in the feed. Iterate ``changes``; close it when the page has gone."""

    def __init__(self, hub: LiveFeed) -> None:
        self._hub = hub
        self._queue: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self.ended = False

    def offer(self, change: Change | None) -> None:
        """Hands on a change without ever waiting; ``None`` ends the subscription."""
        if self.ended:
            return
        if change is None or self._queue.qsize() >= _BACKLOG:
            self.ended = True
            self._queue.put(None)
        else:
            self._queue.put(change)

    def next(self, *, timeout_s: float) -> Change | None:
        """The next change, or ``None`` when the time has passed or the subscription has ended."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Frees the place."""
        self.ended = True
        self._hub.leave(self)


class LiveFeed:
    """Watches the catalog from the first subscription on. ``cap`` pages at most, then BusyError."""

    def __init__(
        self,
        changes: Changes,
        *,
        cap: int,
        on_change: Callable[[Change], None],
        on_gap: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_gap`` is called when some changes were not told: at the start, and after they were
        lost. It may take long, so those that follow are told meanwhile."""
        self._changes = changes
        self._cap = cap
        self._on_change = on_change
        self._on_gap = on_gap
        self._lock = threading.Lock()
        self._open: set[Subscription] = set()
        self._recent: deque[Change] = deque()
        self._remembered_since = ""
        self._position = ""
        self._stop = threading.Event()
        self._catching_up = threading.BoundedSemaphore(_CATCHING_UP)

    @property
    def position(self) -> str:
        """Where a page that is rendered now should go on from: the place behind the last change
        told. Before anything is watched the database is asked for it."""
        return self._position or self._changes.now_token()

    @property
    def open(self) -> int:
        """How many pages are watching in this process."""
        return len(self._open)

    def close(self) -> None:
        """Ends every open subscription at once, and the watching."""
        self._stop.set()
        with self._lock:
            for subscription in self._open:
                subscription.offer(None)

    def subscribe(self) -> Subscription:
        """A place in the feed from now on. Raises BusyError when all are taken."""
        subscription = Subscription(self)
        with self._lock:
            if len(self._open) >= self._cap or self._stop.is_set():
                raise BusyError("Too many pages are watching at the moment.", retry_after_s=10)
            self._open.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Takes a subscription out; harmless when repeated."""
        with self._lock:
            self._open.discard(subscription)

    def missed(self, after: str) -> Iterator[Change]:
        """What happened behind ``after`` until about now. Raises ChangesLostError when nobody
        knows any more."""
        with self._lock:
            # Tokens sort as text in the order of the changes: MongoDB documents it of this form.
            remembered = self._remembered_since and after >= self._remembered_since
            recent = (
                [change for change in self._recent if change.token > after] if remembered else []
            )
        if remembered:
            yield from recent
            return
        with self._catching_up:
            for change in self._changes.watch(after=after, stop=self._stop):
                if change is None:  # Idle: everything up to now has been told.
                    return
                yield change

    def run(self) -> None:
        """Watches until ``close``. One thread of each process runs it."""
        mending: threading.Thread | None = None
        while not self._stop.is_set():
            try:
                if not self._position:
                    self._position = self._remembered_since = self._changes.now_token()
                    mending = threading.Thread(target=self._mend_gap, name="gap", daemon=True)
                    mending.start()
                for change in self._changes.watch(after=self._position, stop=self._stop):
                    if change is not None:
                        self._tell(change)
            except ChangesLostError:
                log.warning("changes lost, starting from now")
                self._forget()
            except DatabaseUnavailableError:
                log.warning("live feed waits for the database")
                self._stop.wait(_RETRY_S)
        if mending is not None:
            mending.join()

    def _mend_gap(self) -> None:
        while not self._stop.is_set():
            try:
                self._on_gap()
            except GalleryError:
                log.warning("what changed unnoticed waits for the database")
                self._stop.wait(_RETRY_S)
            else:
                return

    def _tell(self, change: Change) -> None:
        self._on_change(change)
        with self._lock:
            self._position = change.token
            self._recent.append(change)
            if len(self._recent) > _REMEMBERED:
                self._remembered_since = self._recent.popleft().token
            for subscription in self._open:
                subscription.offer(change)

    def _forget(self) -> None:
        """Every page reconnects with its own last id, and is told there if that is lost too."""
        with self._lock:
            self._position = self._remembered_since = ""
            self._recent.clear()
            for subscription in self._open:
                subscription.offer(None)
