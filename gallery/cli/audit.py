"""``audit``: do documents, originals and variants agree?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gallery.cli.running import counted, echo_json, gallery_or_exit, progress, settings_or_exit

if TYPE_CHECKING:
    from gallery.catalog.audits import Audit

DRIFT = 1
"""The exit code when something does not agree."""


@click.command("audit")
@click.option("--json", "as_json", is_flag=True, help="Tell it as one line of JSON.")
@click.option("--dry-run", is_flag=True, help="Record nothing: the page goes on showing the last.")
@click.option(
    "--hash",
    "where",
    type=click.Choice(["local", "all", "none"]),
    default="local",
    show_default=True,
    help="Which originals to read whole and compare with their SHA-256: those on disks of this "
    "machine, all (each is downloaded from its cloud), or none. Sizes are always compared, and "
    "the hashes that a cloud tells.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long what was begun may take beyond its lease; 15 minutes unless told. 0 only where "
    "nothing else runs.",
)
def audit(as_json: bool, dry_run: bool, where: str, grace: float | None) -> None:
    """Judge whether the gallery agrees with itself.

    Every image must have its original in its store, whole. No store may hold an original that no
    document names, no variants may be kept of an image that is gone, and nothing that was begun
    may lie about unfinished. It mends nothing: see sweep. The gallery may be in use meanwhile.

    Exit code: 0 all agrees, 1 something drifted, 2 it could not run.
    """
    from gallery.services.audit import told
    from gallery.services.judging import Hashing

    with gallery_or_exit(settings_or_exit()) as gallery, progress("Auditing") as show:
        found = gallery.auditor.run(
            grace_s=grace, hashing=Hashing(where=where), record=not dry_run, progress=show
        )
    if as_json:
        echo_json(told(found))
    else:
        _say(found)
    sys.exit(DRIFT if found.total_drift else 0)


def _say(found: Audit) -> None:
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(found.images.items()))
    click.echo(f"{counted(sum(found.images.values()), 'image')}{': ' * bool(states)}{states}")
    places = ", ".join(f"{count:,} in {store}" for store, count in sorted(found.objects.items()))
    read = f"{counted(found.hashed, 'original')} read whole"
    click.echo("; ".join(filter(None, [f"objects: {places}" if places else "no objects", read])))
    for each in found.findings:
        click.echo("  ".join(filter(None, [each.drift, each.name, each.store, each.detail])))
    if found.total_drift > len(found.findings):
        click.echo(f"… and {found.total_drift - len(found.findings):,} more")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.drift.items()))
    click.echo(f"drift: {found.total_drift:,}{f' ({kinds})' if kinds else ''}")
