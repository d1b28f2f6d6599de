"""Brings about what a store needs at its provider, as ``gallery prepare`` does."""

from __future__ import annotations

from gallery.stores.abilities import SupportsPreparing

ORIGIN = "https://photos.example"


def prepared(
    store: SupportsPreparing, *, origin: str | None = ORIGIN, dry_run: bool = False
) -> dict[str, str]:
    """What it says of each thing: ``there``, ``made``, ``missing``."""
    told = {}
    for each in store.preparations({}, origin=origin):
        state = "there" if each.is_done else "missing"
        if each.do and not dry_run:
            each.do()
            state = "made"
        told[each.what] = state
    return told
