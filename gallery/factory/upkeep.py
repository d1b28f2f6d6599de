"""What works beside requests, in every server process and in workers: the list of duties."""

from __future__ import annotations

from pathlib import Path

from gallery.catalog.wakes import Wakes
from gallery.factory.records import Records, now
from gallery.services.addresses import Addresses
from gallery.services.daily import DailyAudit
from gallery.services.eviction import Eviction
from gallery.services.finishing import Finishing
from gallery.services.migrating import Migrating
from gallery.services.moving import Moving
from gallery.services.receipts import Receipting
from gallery.services.reconcile import Sweep
from gallery.services.replacing import Replacing
from gallery.services.upkeep import Duty, Upkeep
from gallery.stores.registry import Stores

AUDIT_DUE_EVERY_S = 600.0
"""How often it is looked whether the day's audit is due."""

FINISHES_EVERY_S = 10.0
"""How often whole uploads are looked for that nobody finished: one indexed query."""

MOVES_EVERY_S = 5.0
"""Images that wait for a store are looked at this often, too: one indexed query."""


def moving_on(
    records: Records,
    stores: Stores,
    addresses: Addresses,
    replacing: Replacing,
    migrating: Migrating,
    incoming: Path,
) -> Moving:
    """What moves images from the spool, and from store to store."""
    return Moving(
        catalog=records.images,
        stores=stores,
        addresses=addresses,
        replacing=replacing,
        migrating=migrating,
        incoming=incoming,
        now=now,
    )


def upkeep_of(
    *,
    wakes: Wakes,
    sweep: Sweep,
    eviction: Eviction,
    moving: Moving,
    finishing: Finishing | None,
    daily_audit: DailyAudit,
    receipting: Receipting,
) -> Upkeep:
    """All duties; one line each. Without ``finishing`` that is left to other processes."""
    duties: list[Duty] = [
        Duty(name="sweep", work=sweep),
        Duty(name="eviction", work=eviction),
        Duty(name="audit", work=daily_audit, every_s=AUDIT_DUE_EVERY_S),
        Duty(name="receipts", work=receipting),
        Duty(name="moving", work=moving, every_s=MOVES_EVERY_S, is_woken=True),
    ]
    if finishing is not None:
        duty = Duty(name="finishing", work=finishing, every_s=FINISHES_EVERY_S, is_woken=True)
        duties.append(duty)
    return Upkeep(duties, wakes=wakes.watch)
