"""Leases: who works on a document, and until when by the database's own clock.

``holder`` is the fencing token: a fresh name for each attempt. Whoever wakes late, the lease gone
to another, then finds another's name there and cannot win. ``field`` is where in the document the
lease lies.
"""

from __future__ import annotations

from datetime import datetime

from gallery.catalog.documents import Document, text

LATE_S = 300.0
"""For so long an object may still come to a store elsewhere after whoever sent it has died: it may
be on its way, or wait in a queue of the provider's."""

AHEAD_S = 60
"""Nodes may take turns as the primary of the database, whose clocks differ by less than that."""

LEASE = "lease"
REPLACING_LEASE = "replacing.lease"
MIGRATING_LEASE = "migrating.lease"


def run_out(field: str = LEASE, *, for_s: float = 0) -> Document:
    """The condition that nobody holds a document any more, and has not for so many seconds.

    Nobody renews a lease in the future: since then the clock was set back, and whoever lives has
    renewed it by the new one, or does so at once.
    """
    lasts_ms = {"$multiply": [{"$add": [f"${field}.lasts_s", for_s]}, 1000]}
    ended = {"$lte": [{"$add": [f"${field}.renewed_at", lasts_ms]}, "$$NOW"]}
    ahead = {"$gt": [f"${field}.renewed_at", {"$add": ["$$NOW", AHEAD_S * 1000]}]}
    return {"$expr": ended if for_s else {"$or": [ended, ahead]}}


RUN_OUT = run_out()


def given_up(field: str = LEASE, *, begun_before: datetime | None, for_s: float = 0) -> Document:
    """The condition that nobody holds a document any more, and has not for so many seconds; whoever
    took or renewed its lease before that moment is known to be dead."""
    if begun_before is None:
        return run_out(field, for_s=for_s)
    return {"$or": [run_out(field, for_s=for_s), {f"{field}.renewed_at": {"$lt": begun_before}}]}


def begun_before(moment: datetime, field: str = LEASE) -> Document:
    """The condition that the holder took or renewed its lease before that moment."""
    return {f"{field}.renewed_at": {"$lt": moment}}


def ended(field: str = LEASE) -> Document:
    """The update that ends a lease at once."""
    return {"$set": {f"{field}.lasts_s": 0}}


def held_by(holder: str, field: str = LEASE) -> Document:
    """The condition that this holder has the lease, whether or not it has run out."""
    return {f"{field}.holder": text(holder)}


def lease_to(holder: str, lease_s: float, field: str = LEASE) -> Document:
    """The update that gives the lease to a holder from now on, for so many seconds."""
    return {
        "$set": {f"{field}.holder": text(holder), f"{field}.lasts_s": lease_s},
        "$currentDate": {f"{field}.renewed_at": True},
    }
