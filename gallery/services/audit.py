"""The audit: judges whether documents, objects and derived variants agree. It mends nothing.

Documents in the order of their ids and the listing of every store in the order of its keys pass by
each other, a thousand documents at a time, so that its memory does not grow with the gallery (but
for eight bytes an image, where variants are derived here). The gallery may be in use meanwhile:
what looks wrong is looked at again before it is a finding.

Each machine derives variants for itself, and an audit sees those of the machine that it runs on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from gallery.catalog.audits import Audit, Audits, Drift
from gallery.catalog.images import ImageCatalog
from gallery.catalog.receipts import Receipts
from gallery.services.census import Census
from gallery.services.incoming import PREFIX
from gallery.services.judging import LOCAL, Hashing, Look, Progress
from gallery.stores.base import LeavesTemporaries
from gallery.stores.registry import Stores

GRACE_S = 900.0
"""How long after its lease something may wait for a sweep: those come every minute."""

TEMPORARY_GRACE_S = 26 * 3600.0
"""No upload takes a day, and what is older is removed within an hour or so."""


RECEIPTS = 1000
"""Deletions that are counted as not complete, at most."""


Pieces: TypeAlias = Callable[[datetime], Iterable[str]]


class Auditor:
    """Audits the gallery. Any number may run at once."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        audits: Audits,
        derived: Path,
        incoming: Path,
        now: Callable[[], datetime],
        receipts: Receipts | None = None,
        pieces: Pieces = lambda older_than: (),
    ) -> None:
        """``pieces`` tells those of uploads in pieces that no upload names."""
        self._catalog = catalog
        self._stores = stores
        self._audits = audits
        self._derived = derived
        self._incoming = incoming
        self._receipts = receipts
        self._pieces = pieces
        self._now = now

    def run(
        self,
        *,
        grace_s: float | None = None,
        hashing: Hashing = LOCAL,
        record: bool = True,
        progress: Progress | None = None,
    ) -> Audit:
        """What it found, recorded unless told otherwise.

        ``grace_s`` is how long what was begun may take beyond its lease: 0 where nothing else runs.
        Raises StoreError and its kin when a store cannot be read to its end.
        """
        look = Look(
            self._catalog,
            self._stores,
            Census(self._derived),
            grace_s=GRACE_S if grace_s is None else grace_s,
            hashing=hashing,
        )
        started_at = self._now()
        look.at_all(progress)
        horizon = time.time() - (TEMPORARY_GRACE_S if grace_s is None else grace_s)
        for path in self._leftovers(horizon):
            look.found(Drift.LEFTOVER, path.name, detail=str(path.parent))
        for name in self._pieces(datetime.fromtimestamp(horizon, UTC)):
            look.found(Drift.LEFTOVER, name, detail="a piece that no upload names")
        for receipt in self._receipts.given_up(limit=RECEIPTS) if self._receipts else ():
            urls = [url for url, status in receipt.urls if not status or not 400 <= status < 500]
            look.found(Drift.STILL_THERE, receipt.id, store=receipt.store, detail=" ".join(urls))
        audit = look.result(started_at=started_at, ended_at=self._now())
        if record:
            self._audits.record(audit)
        return audit

    def last(self) -> Audit | None:
        """The last audit that was recorded."""
        return self._audits.last()

    def _leftovers(self, horizon: float) -> Iterator[Path]:
        for path in self._incoming.glob(f"{PREFIX}*"):
            try:
                if path.stat().st_mtime <= horizon:
                    yield path
            except FileNotFoundError:
                continue  # Its upload has ended since.
        for store in self._stores.all():
            if isinstance(store, LeavesTemporaries):
                older_than = datetime.fromtimestamp(horizon, UTC)
                yield from store.stale_temporaries(older_than=older_than)


def told(audit: Audit) -> dict[str, Any]:
    """What an audit found, as commands and the API tell it."""
    return {
        "started_at": audit.started_at,
        "ended_at": audit.ended_at,
        "images": dict(audit.images),
        "objects": dict(audit.objects),
        "hashed": audit.hashed,
        "derived": audit.derived,
        "drift": audit.total_drift,
        "kinds": dict(audit.drift),
        "findings": [asdict(each) for each in audit.findings],
    }
