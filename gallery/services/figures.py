"""Figures that nobody counts as they happen: they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from gallery.catalog.audits import Audits
from gallery.catalog.images import ImageCatalog
from gallery.errors import GalleryError
from gallery.stores.registry import Stores


class Figures:
    """How the gallery is, as name → label → value; the label is empty where there is one value."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        audits: Audits,
        now: Callable[[], datetime],
    ) -> None:
        self._catalog = catalog
        self._stores = stores
        self._audits = audits
        self._now = now

    def ask(self) -> Mapping[str, Mapping[str, float]]:
        """What there is now; without the database only what is known without it."""
        health = self._stores.health()
        known = {"store_away": {name: float(each.is_away) for name, each in health.items()}}
        try:
            return {**known, **self._recorded(), "database_up": {"": 1.0}}
        except GalleryError:
            return {**known, "database_up": {"": 0.0}}

    def _recorded(self) -> Mapping[str, Mapping[str, float]]:
        states = {name: float(count) for name, count in self._catalog.count_states().items()}
        told = {"images": states, "images_moving": {"": float(self._catalog.waiting().images)}}
        audit = self._audits.last()
        if audit is None:
            return told
        age_s = (self._now() - audit.ended_at).total_seconds()
        return {
            **told,
            "audit_drift": {"": float(audit.total_drift)},
            "audit_age_seconds": {"": max(0.0, age_s)},
        }
