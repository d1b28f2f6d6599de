"""``prepare``: what the stores need at their providers is looked up, and made."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gallery.cli.account import address_of
from gallery.cli.running import counted, echo_json, gallery_or_exit, settings_or_exit
from gallery.config import Settings

if TYPE_CHECKING:
    from gallery.factory.building import Gallery
    from gallery.stores.abilities import Preparation

MISSING = 1
"""The exit code when something is missing still."""


@click.command("prepare")
@click.option("--json", "as_json", is_flag=True, help="Tell it as one line of JSON.")
@click.option("--dry-run", is_flag=True, help="Make nothing; tell what is missing.")
def prepare(as_json: bool, dry_run: bool) -> None:
    """Set up what the media stores need at their providers.

    Variants with the names of presets, who may send uploads there, what nobody may make unasked:
    everything is looked up, and made where it is missing. What only a person can do is told. May be
    repeated; run it again when PRESETS_FILE or PUBLIC_URL has changed.

    Exit code: 0 all is there, 1 something is missing, 2 it could not run.
    """
    settings = settings_or_exit()
    told: list[dict[str, str]] = []
    with gallery_or_exit(settings) as gallery:
        for store, each in _preparations(gallery, settings):
            state = _state(each, dry_run=dry_run)
            told.append({"store": store, "what": each.what, "state": state})
            if not as_json:
                click.echo(f"{state}  {store}  {each.what}")
    missing = sum(each["state"] == "missing" for each in told)
    if as_json:
        echo_json({"preparations": told, "missing": missing, "dry_run": dry_run})
    else:
        click.echo(_summary(len(told), missing))
    sys.exit(MISSING if missing else 0)


def _preparations(gallery: Gallery, settings: Settings) -> Iterator[tuple[str, Preparation]]:
    """Everything that any store needs, with the store's name."""
    from gallery.stores.abilities import SupportsPreparing, SupportsTickets

    for store in gallery.stores.all():
        if isinstance(store, SupportsPreparing):
            origin = address_of(settings) if isinstance(store, SupportsTickets) else None
            for each in store.preparations(gallery.addresses.presets, origin=origin):
                yield store.name, each


def _state(each: Preparation, *, dry_run: bool) -> str:
    if each.is_done:
        return "there"
    if each.do is None or dry_run:
        return "missing"
    each.do()
    return "made"


def _summary(told: int, missing: int) -> str:
    if not told:
        return "no store here needs anything set up"
    return f"{counted(told, 'thing')} looked at, {missing:,} missing"
