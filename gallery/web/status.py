"""Is it alive, is it ready, what is in it."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import Field

from gallery.errors import BusyError, GalleryError
from gallery.services.audit import Auditor
from gallery.services.health import Health
from gallery.services.migrating import Migrating, told
from gallery.services.plans import Plans
from gallery.web import schemas
from gallery.web.access import Access
from gallery.web.openapi import describes

_KEPT_S = 5.0

_USAGE_S = 2.0
"""How long whoever asks for the status waits for a store that was never heard."""


class AuditOut(schemas.Strict):
    """The last audit: whether documents, originals and variants agreed."""

    audited_at: datetime
    drift: int
    """How much did not agree; ``gallery audit`` names it."""
    kinds: dict[str, int]
    """The same by its kind: ``missing``, ``altered``, ``unknown``, ``unfinished`` …"""


class StoreHealthOut(schemas.Strict):
    """How a store has been doing, as the process that answers saw it: whether requests go through
    (``closed``, ``open`` or ``probing``), since when, and those of the last half minute."""

    state: str
    since: str
    requests: int
    failures: int


class MovingOut(schemas.Strict):
    """Images that wait here for their store; of those that it ``refused`` one tells why."""

    images: int
    refused: int
    problem: str


class QuotaOut(schemas.Strict):
    """How much of one thing a store's plan allows (``null``: no end is known) and how much of it is
    used; the unit is ``bytes``, or empty for a number of things."""

    name: str
    unit: str
    used: float
    limit: float | None


class LimitsOut(schemas.Strict):
    """The most that a store takes of one picture; ``null`` where it says nothing."""

    max_bytes: int | None
    max_pixels: int | None
    max_side: int | None


class PlanOut(schemas.Strict):
    """What a store tells of its plan, at most some minutes old; ``problem`` says why it did not
    tell when it was asked last."""

    quotas: list[QuotaOut]
    limits: LimitsOut
    problem: str


class MigrationOut(schemas.Strict):
    """How far the last migration is: all images of one store go to another. ``back``: it was rolled
    back, and goes the other way. ``state`` is ``running``, ``paused`` or ``done``."""

    from_: str = Field(alias="from")
    to: str
    back: bool
    state: str
    begun_at: datetime
    ended_at: datetime | None
    moved: int
    left: int
    """Still where they were, ``refused`` ones among them: the other store does not take those."""
    refused: int
    eta_s: float | None
    """Seconds that the rest will take, as far as can be told."""
    rate: float | None
    """Images a second at most."""
    problem: str
    """Why it rests for a while."""


class StatusOut(schemas.Strict):
    """What the gallery holds and where new images go."""

    images: int
    images_capped: bool
    store: str
    stores: list[str]
    health: dict[str, StoreHealthOut]
    moving: MovingOut
    plans: dict[str, PlanOut]
    """Of the stores that have one, by their names; told to those who may change things."""
    migration: MigrationOut | None
    """``None`` before the first one."""
    ready: bool
    audit: AuditOut | None
    """``None`` before the first one."""


def blueprint(
    *,
    access: Access,
    health: Health,
    plans: Plans,
    migrating: Migrating,
    auditor: Auditor,
    draining: threading.Event,
) -> Blueprint:
    """Health for machines, status for people."""
    routes = Blueprint("status", __name__)
    remembered: dict[str, Any] = {"until": 0.0, "failure": None}

    def failure() -> GalleryError | None:
        """What keeps the gallery from being ready, asked at most every five seconds."""
        if time.monotonic() >= remembered["until"]:
            remembered["failure"] = health.failure()
            remembered["until"] = time.monotonic() + _KEPT_S
        found: GalleryError | None = remembered["failure"]
        return found

    @routes.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz")
    def ready() -> dict[str, str]:
        if draining.is_set():
            raise BusyError("Shutting down.", retry_after_s=5)
        if (found := failure()) is not None:
            raise BusyError(
                "The database or the media store does not answer.", retry_after_s=5
            ) from found
        return {"status": "ready"}

    @routes.get("/api/status")
    @describes("What the gallery holds", answers={200: StatusOut})
    def status() -> Response:
        access.require_reader()
        # What somebody pays for is nobody else's business.
        paid = _told(plans) if access.may_write() else {}
        told = {"plans": paid, "migration": _migration(migrating), "audit": _last(auditor)}
        return jsonify(health.summary() | told | {"ready": failure() is None})

    return routes


def _told(plans: Plans) -> dict[str, Any]:
    return {name: asdict(plan) for name, plan in plans.told(wait_s=_USAGE_S).items()}


def _last(auditor: Auditor) -> dict[str, Any] | None:
    audit = auditor.last()
    if audit is None:
        return None
    return {
        "audited_at": _moment(audit.ended_at),
        "drift": audit.total_drift,
        "kinds": dict(audit.drift),
    }


def _migration(migrating: Migrating) -> dict[str, Any] | None:
    progress = migrating.progress()
    if progress is None:
        return None
    known = told(progress)
    ended_at = known["ended_at"]
    return known | {
        "begun_at": _moment(known["begun_at"]),
        "ended_at": _moment(ended_at) if ended_at else None,
    }


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")
