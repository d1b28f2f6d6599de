"""``sweep``: finish or undo what was interrupted, now."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from gallery.cli.running import counted, echo_json, gallery_or_exit, settings_or_exit

LEFT = 1
"""The exit code when something could not be mended now."""


@click.command("sweep")
@click.option("--json", "as_json", is_flag=True, help="Tell the counts as one line of JSON.")
@click.option("--dry-run", is_flag=True, help="Change nothing; tell what there is to do.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Let a lease hold no longer, and wait no longer for what is on its way. 0 mends at once, "
    "and breaks uploads that are under way: only where nothing else runs.",
)
def sweep(as_json: bool, dry_run: bool, grace: float | None) -> None:
    """Finish or undo what was interrupted.

    The gallery does so by itself every minute; this does it now, until nothing is due: uploads
    whose program died are finished if their original is whole, else undone; deletions go on where
    they stopped; what has lain in the trash for 30 days goes for ever; files that nobody comes back
    for are removed. Uploads in pieces that are whole are finished, and those that nobody continues
    are given up. Any number may run at once.

    Exit code: 0 done, 1 some of it must wait (a store does not answer), 2 it could not run.
    """

    def tell(what: str, name: str) -> None:
        if not as_json:
            click.echo(f"{'would be ' if dry_run else ''}{what}  {name}")

    with gallery_or_exit(settings_or_exit()) as gallery:
        swept = gallery.sweep.run(grace_s=grace, dry_run=dry_run, tell=tell)
        if not dry_run:
            gallery.uploading.finishing.run()
    if as_json:
        echo_json({**asdict(swept), "dry_run": dry_run})
    else:
        did = [f"{count:,} {what}" for what, count in asdict(swept).items() if count]
        total = sum(asdict(swept).values())
        click.echo(f"{counted(total, 'thing')} due: {', '.join(did)}" if did else "nothing was due")
    sys.exit(LEFT if swept.failed or swept.waiting else 0)
