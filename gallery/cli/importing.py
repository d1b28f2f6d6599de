"""``import``: the pictures of a folder come in."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gallery.cli.running import counted, echo_json, gallery_or_exit, progress, settings_or_exit

if TYPE_CHECKING:
    from gallery.services.wishes import Imported

FAILED = 1
"""The exit code when a picture may come in another time."""


@click.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Tell the counts as one line of JSON.")
@click.option("--dry-run", is_flag=True, help="Take nothing in; tell what would come.")
@click.option("--tag", "tags", multiple=True, help="A tag for every picture; may be repeated.")
def import_(folder: Path, as_json: bool, dry_run: bool, tags: tuple[str, ...]) -> None:
    """Take in every picture below FOLDER.

    Each is an upload like any other, several at a time; the files stay where they are. What is here
    already is skipped, so an import may be killed and begun again. Hidden files are left out. Where
    FOLDER holds the manifest.jsonl of an export, each image gets its words, its id and its place in
    the order of arrival again.

    Exit code: 0 done (files that are no pictures are told, and change nothing), 1 some may come in
    another time, 2 it could not run.
    """
    with gallery_or_exit(settings_or_exit()) as gallery, progress("Importing") as show:
        if not dry_run:
            gallery.sweep.run()  # What an import that was killed had begun is finished first.
        imported = gallery.importing.run(
            folder, tags=checked_tags(tags), dry_run=dry_run, progress=show
        )
    if as_json:
        echo_json({**asdict(imported), "dry_run": dry_run})
    else:
        say(imported, "imported", dry_run=dry_run)
    sys.exit(FAILED if imported.failed else 0)


def checked_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The tags as an upload would carry them; a wrong one ends the command."""
    from pydantic import ValidationError

    from gallery.web.schemas import UploadIn

    try:
        return tuple(UploadIn(tags=list(tags)).tags)
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"], param_hint="--tag") from error


def say(imported: Imported, verb: str, *, dry_run: bool) -> None:
    """Tells people what came in."""
    for name, why in imported.problems:
        click.echo(f"{name}: {why}", err=True)
    more = imported.refused + imported.failed - len(imported.problems)
    if more > 0:
        click.echo(f"… and {more:,} more", err=True)
    told = [
        f"{counted(imported.imported, 'picture')} {'would be ' if dry_run else ''}{verb}",
        f"{counted(imported.duplicates, 'duplicate')} skipped",
    ]
    for count, what in (
        (imported.hidden, "hidden"),
        (imported.refused, "not taken"),
        (imported.failed, "failed"),
    ):
        if count:
            told.append(f"{count:,} {what}")
    click.echo(", ".join(told))
