"""``adopt``: pictures that lie at a provider already become images."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from gallery.cli.importing import FAILED, checked_tags, say
from gallery.cli.running import echo_json, gallery_or_exit, progress, settings_or_exit


@click.command("adopt")
@click.option("--from", "store", required=True, metavar="STORE", help="Where they lie.")
@click.option("--prefix", default="", help="Only those whose names there begin so.")
@click.option("--tag", "tags", multiple=True, help="A tag for every picture; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Tell the counts as one line of JSON.")
@click.option("--dry-run", is_flag=True, help="Take nothing in; tell what would come.")
def adopt(store: str, prefix: str, tags: tuple[str, ...], as_json: bool, dry_run: bool) -> None:
    """Take in every picture of a bucket or an account that this gallery did not put there.

    Each is an upload like any other, several at a time, and goes to MEDIA_STORE; what lies there
    stays as it is. It keeps its name as public id, its words and its tags where the provider tells
    them, and its place in the order of arrival. What is here already is skipped, so this may be
    killed and begun again. --dry-run lists what is there and fetches none of it.

    Exit code: 0 done (files that are no pictures are told, and change nothing), 1 some may come in
    another time, 2 it could not run.
    """
    with gallery_or_exit(settings_or_exit()) as gallery, progress("Adopting") as show:
        if not dry_run:
            gallery.sweep.run()  # What was begun by one that was killed is finished first.
        adopted = gallery.adopting.run(
            store, prefix=prefix, tags=checked_tags(tags), dry_run=dry_run, progress=show
        )
    if as_json:
        echo_json({**asdict(adopted), "dry_run": dry_run})
    else:
        say(adopted, "adopted", dry_run=dry_run)
    sys.exit(FAILED if adopted.failed else 0)
