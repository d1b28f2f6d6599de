"""``migrate``: all images of one store go to another."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gallery.cli.running import counted, echo_json, gallery_or_exit, settings_or_exit

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from gallery.factory.building import Gallery
    from gallery.services.migrating import Progress

LEFT = 1
"""The exit code when images are left where they were."""

HOUR_S = 3600.0

_LOOKS_EVERY_S = 0.5


@click.command("migrate")
@click.option("--from", "from_", metavar="STORE", help="The store that images leave.")
@click.option("--to", metavar="STORE", help="The store that they go to.")
@click.option(
    "--keep",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="How long each original stays where it was, for addresses that are out in pages.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Move at most N images a second, all programs of the gallery together.",
)
@click.option("--pause", "wish", flag_value="pause", help="Begin no more moves for now.")
@click.option("--resume", "wish", flag_value="resume", help="Go on with it.")
@click.option(
    "--rollback", "wish", flag_value="rollback", help="Move back what the last one moved."
)
@click.option("--status", "wish", flag_value="status", help="Tell how far the last one is.")
@click.option("--detach", is_flag=True, help="Leave the work to the gallery that runs.")
@click.option("--dry-run", is_flag=True, help="Move nothing; tell how much there is to move.")
@click.option("--json", "as_json", is_flag=True, help="Tell it as one line of JSON.")
def migrate(
    from_: str | None,
    to: str | None,
    keep: float,
    rate: float | None,
    wish: str | None,
    detach: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Move every image of one store to another, while the gallery is in use.

    Each original is read, compared with the SHA-256 of what was uploaded, put where it goes, and
    only then does its image change; until that moment it is seen where it was. The order lies in
    the database: this command works on it until it is done, and so does every program of the
    gallery with the same settings, servers and workers. It may be killed at any time, and given
    again. Where the gallery goes on without it, --pause, --resume and --status speak to them all.

    Exit code: 0 done, 1 some images are left where they were, 2 it could not run.
    """
    _check_words(from_, to, wish, dry_run=dry_run)
    with gallery_or_exit(settings_or_exit()) as gallery:
        if dry_run and from_ and to:
            _tell_extent(gallery, from_, to, as_json=as_json)
            return
        if from_ and to:
            gallery.migrating.begin(from_=from_, to=to, keep_s=keep * HOUR_S, rate=rate)
            if gallery.stores.for_new.name == from_:
                click.echo(f"New photographs still go to {from_}: see MEDIA_STORE.", err=True)
        else:
            _carry_out(gallery, wish)
        works = not detach and wish in (None, "resume", "rollback")
        progress = _work_along(gallery) if works else gallery.migrating.progress()
    _tell(progress, as_json=as_json)
    sys.exit(LEFT if works and progress and (progress.left or progress.is_open) else 0)


def _check_words(from_: str | None, to: str | None, wish: str | None, *, dry_run: bool) -> None:
    if bool(from_) != bool(to) or bool(from_ and to) == bool(wish):
        raise click.UsageError(
            "Give --from and --to, or one of --pause, --resume, --rollback, --status."
        )
    if dry_run and wish:
        raise click.UsageError("--dry-run goes with --from and --to.")


def _carry_out(gallery: Gallery, wish: str | None) -> None:
    if wish == "pause":
        gallery.migrating.pause()
    elif wish == "resume":
        gallery.migrating.resume()
    elif wish == "rollback":
        gallery.migrating.turn_back()


def _work_along(gallery: Gallery) -> Progress:
    """Moves images, beside whoever else does, until it is done or somebody paused it."""
    with _moving(gallery), _bar() as show:
        while True:
            progress = gallery.migrating.progress()
            assert progress is not None  # noqa: S101 (orders are never removed)
            show(progress)
            if not progress.is_running:
                return progress
            time.sleep(_LOOKS_EVERY_S)


@contextmanager
def _moving(gallery: Gallery) -> Iterator[None]:
    from gallery.services.upkeep import Duty, Upkeep

    duty = Duty(name="moving", work=gallery.moving, every_s=_LOOKS_EVERY_S)
    upkeep = Upkeep([duty], wakes=lambda ended: iter(()))
    upkeep.start()
    try:
        yield
    finally:
        upkeep.close()


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Shows how far it is, where somebody looks on. The time left is reckoned from what moved
    lately, by whomever."""
    bar: ProgressBar[int]
    latest = ""
    with click.progressbar(
        length=1,
        label="Moving",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        show_eta=False,
        show_pos=True,
        item_show_func=lambda _: latest,
        update_min_steps=0,
    ) as bar:

        def show(progress: Progress) -> None:
            nonlocal latest
            latest = _in_short(progress)
            bar.length = max(progress.total, 1)
            bar.update(progress.moved - bar.pos)

        yield show


def _in_short(progress: Progress) -> str:
    order = progress.order
    told = []
    if progress.eta_s is not None:
        told.append(f"{_spoken(progress.eta_s)} left")
    if progress.refused:
        told.append(f"{progress.refused:,} refused")
    if order.problem:
        told.append(f"rests: {order.problem}")
    return ", ".join(told)


def _spoken(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if hours >= 2:
        return f"{hours:.0f} h"
    return f"{minutes:.0f} min" if minutes >= 2 else f"{seconds:.0f} s"


def _tell(progress: Progress | None, *, as_json: bool) -> None:
    from gallery.services.migrating import told

    if as_json:
        refusals = [list(each) for each in progress.order.refusals] if progress else []
        echo_json({"migration": told(progress) if progress else None, "refusals": refusals})
        return
    if progress is None:
        click.echo("there has been no migration")
        return
    order = progress.order
    way = f"from {order.source} {'back ' * order.is_back}to {order.target}"
    left = f", {progress.left:,} left" if progress.left else ""
    click.echo(f"{counted(progress.moved, 'image')} moved {way}{left}: {order.state.value}")
    if more := _in_short(progress):
        click.echo(more)
    for image_id, why in order.refusals:
        click.echo(f"{image_id}: {why}", err=True)


def _tell_extent(gallery: Gallery, from_: str, to: str, *, as_json: bool) -> None:
    extent = gallery.migrating.extent(from_=from_, to=to)
    if as_json:
        told = {"images": extent.images, "bytes": extent.bytes, "too_large": extent.too_large}
        echo_json({**told, "stay": extent.stay, "dry_run": True})
        return
    size = f"{extent.bytes / 1024**2:,.1f} MiB"
    click.echo(f"{counted(extent.images, 'image')} ({size}) would move from {from_} to {to}")
    if extent.too_large:
        click.echo(f"{extent.too_large:,} of them are larger than {to} takes, and would stay")
    if extent.stay:
        click.echo(f"{counted(extent.stay, 'raw file')} would stay: {to} keeps pictures alone")
