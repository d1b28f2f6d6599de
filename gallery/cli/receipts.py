"""``receipts``: what was deleted, and what was fetched at its addresses afterwards."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gallery.cli.running import counted, echo_json, gallery_or_exit, settings_or_exit

if TYPE_CHECKING:
    from gallery.catalog.receipts import Receipt


@click.command("receipts")
@click.option("--json", "as_json", is_flag=True, help="Tell them as one line of JSON.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="How many to list, the newest first.",
)
def receipts(as_json: bool, limit: int) -> None:
    """List the receipts of images that were deleted for ever.

    After a deletion every address that showed the image is fetched, and what it answered is kept
    for 90 days. An address that still answers is looked at again for a day; then audit tells it.
    """
    with gallery_or_exit(settings_or_exit()) as gallery:
        found = gallery.receipting.newest(limit=limit)
    if as_json:
        echo_json({"receipts": [asdict(each) for each in found]})
        return
    for each in found:
        click.echo(f"{each.purged_at:%Y-%m-%d %H:%M:%S}  {each.id}  {each.store}  {_told(each)}")
    if not found:
        click.echo("no receipts")


def _told(receipt: Receipt) -> str:
    if receipt.still_there is None:
        return "not looked at yet"
    urls = counted(len(receipt.urls), "address", "addresses")
    if not receipt.still_there:
        return f"gone from {urls}"
    answers = ", ".join(str(status or "no answer") for _, status in receipt.urls)
    again = "; looked at again later" if receipt.is_open else ""
    return f"not gone from all of {urls} ({answers}){again}"
