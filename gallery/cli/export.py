"""``export``: originals and a manifest, into a folder."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from gallery.cli.running import counted, echo_json, gallery_or_exit, progress, settings_or_exit

FAILED = 1
"""The exit code when an original could not be exported."""


@click.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Tell the counts as one line of JSON.")
@click.option("--dry-run", is_flag=True, help="Write nothing; tell how much there is to write.")
def export(folder: Path, as_json: bool, dry_run: bool) -> None:
    """Write every original into FOLDER, as it was uploaded.

    Each gets a readable name of its own, in a folder for its month. Beside them manifest.jsonl
    holds a line of JSON for each: description, alternative text, tags, albums, id and times; import
    restores them from there. Each file is compared with the SHA-256 of what was uploaded, and gets
    its name when it is whole: one that is there already and equal is skipped, so an export may be
    killed and begun again. Images in the trash are left out.

    Exit code: 0 done, 1 an original failed, 2 it could not run.
    """
    problems: list[tuple[str, str]] = []
    with gallery_or_exit(settings_or_exit()) as gallery, progress("Exporting") as show:
        exported = gallery.exporting.run(
            folder,
            dry_run=dry_run,
            progress=show,
            tell=lambda name, why: problems.append((name, why)),
        )
    if as_json:
        echo_json({**asdict(exported), "problems": problems, "dry_run": dry_run})
    else:
        for name, why in problems:
            click.echo(f"{name}: {why}", err=True)
        would = "would be " if dry_run else ""
        click.echo(
            f"{counted(exported.written, 'original')} {would}written, "
            f"{exported.skipped:,} there already, {exported.failed:,} failed"
        )
    sys.exit(FAILED if exported.failed else 0)
