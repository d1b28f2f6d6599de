"""The daily audit: every day one node looks at everything, and reads a part of the originals."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from gallery.catalog.duties import Duties
from gallery.services.audit import Auditor
from gallery.services.judging import Hashing
from gallery.signing import new_id

EVERY_S = 24 * 3600.0
FIRST_AFTER_S = 600.0
"""A gallery that has just been set up has other things to do."""

PARTS = 30
"""Each day reads so small a part of the originals whole: within a month, all of them."""

LEASE_S, RENEWED_EVERY_S = 900.0, 60.0

_NAME = "audit"

log = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The program ends."""


class DailyAudit:
    """Audits once a day, whoever comes first."""

    def __init__(self, *, duties: Duties, auditor: Auditor, now: Callable[[], datetime]) -> None:
        self._duties = duties
        self._auditor = auditor
        self._now = now
        self._stopped = threading.Event()

    def run(self) -> bool:
        """Whether it was due, and is done. What keeps it from its end is tried again soon."""
        holder = new_id()
        if not self._duties.begin(
            _NAME, first_after_s=FIRST_AFTER_S, holder=holder, lease_s=LEASE_S
        ):
            return False
        hashing = Hashing(parts=PARTS, part=self._now().toordinal() % PARTS)
        try:
            audit = self._auditor.run(hashing=hashing, progress=self._still(holder))
        except _StoppedError:
            self._duties.end(_NAME, holder=holder, again_after_s=0)
            return False
        self._duties.end(_NAME, holder=holder, again_after_s=EVERY_S)
        level = logging.WARNING if audit.total_drift else logging.INFO
        log.log(level, "audited", extra={"drift": dict(audit.drift)})
        return True

    def stop(self) -> None:
        """Ends one that is under way; another program begins it anew."""
        self._stopped.set()

    def _still(self, holder: str) -> Callable[[int, int], None]:
        renewed_at = time.monotonic()

        def go_on(done: int, total: int) -> None:
            nonlocal renewed_at
            del done, total
            if self._stopped.is_set():
                raise _StoppedError
            if time.monotonic() - renewed_at > RENEWED_EVERY_S:
                renewed_at = time.monotonic()
                if not self._duties.renew(_NAME, holder=holder, lease_s=LEASE_S):
                    raise _StoppedError

        return go_on
