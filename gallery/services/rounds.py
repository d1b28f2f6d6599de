"""One sweep under way: what it did, and which stores it leaves alone for now."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from gallery.catalog.leases import LATE_S
from gallery.errors import DatabaseUnavailableError, GalleryError, StoreUnavailableError

PATIENCE = 3
"""Calls that a store may leave unanswered before the rest of a sweep leaves it alone."""

_ALL = datetime(9999, 1, 1, tzinfo=UTC)

Tell: TypeAlias = Callable[[str, str], None]
"""Is told what was done, or would be, and to what."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    finished: int = 0
    undone: int = 0
    purged: int = 0
    removed: int = 0
    """Files that uploads left on their way in."""
    failed: int = 0
    waiting: int = 0
    """Left for later because their store does not answer."""


def nobody(what: str, name: str) -> None:
    """Hears it, and says nothing."""
    del what, name


@dataclass(slots=True, kw_only=True)
class Round:
    """One sweep under way."""

    grace_s: float | None
    dry: bool
    tell: Tell
    swept: Swept = field(default_factory=Swept)
    unanswered: Counter[str] = field(default_factory=Counter)

    @property
    def begun_before(self) -> datetime | None:
        """Whose leases were taken before that moment is known to be dead."""
        if self.grace_s is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=self.grace_s) if self.grace_s > 0 else _ALL

    @property
    def late_s(self) -> float:
        """How long an object may be on its way to a store after its sender has died."""
        return LATE_S if self.grace_s is None else min(LATE_S, self.grace_s)

    def did(self, what: str, name: str) -> None:
        """Counts what was done, or would be, and tells it."""
        setattr(self.swept, what, getattr(self.swept, what) + 1)
        self.tell(what, name)

    def leaves_alone(self, store: str, name: str) -> bool:
        """Whether that store has been silent too often."""
        if self.unanswered[store] < PATIENCE:
            return False
        self.did("waiting", name)
        return True

    @contextmanager
    def trying(self, store: str, name: str) -> Iterator[None]:
        """Counts what fails; the database must answer, or the sweep ends."""
        try:
            yield
        except DatabaseUnavailableError:
            raise
        except GalleryError as error:
            self.unanswered[store] += isinstance(error, StoreUnavailableError)
            log.exception("interrupted work left for later", extra={"image": name})
            self.did("failed", name)
