"""The tally: what happens is counted here, for whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gallery.errors import GalleryError

Listener = Callable[[str, str, int], None]
"""Gets what happened, how it ended, and how often."""


class Tally:
    """Tells its listeners; without any it costs nothing."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tells it everything from now on, in whichever thread it happens."""
        self._listeners.append(listener)

    def count(self, what: str, outcome: str, by: int = 1) -> None:
        """Something happened."""
        for listener in self._listeners:
            listener(what, outcome, by)

    @contextmanager
    def counted(self, what: str, *, well: str = "") -> Iterator[None]:
        """Counts how the block ends: ``well`` if that is named, and what it raises as ``refused``
        where the sender is to blame, else as ``failed``."""
        try:
            yield
            if well:
                self.count(what, well)
        except GalleryError as error:
            self.count(what, "refused" if error.status < 500 else "failed")
            raise
        except Exception:  # Counted, and passed on.
            self.count(what, "failed")
            raise
