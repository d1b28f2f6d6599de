"""``hooks``: where stores tell us that a file has arrived."""

from __future__ import annotations

from collections.abc import Iterator

import click

from gallery.cli.running import settings_or_exit
from gallery.config import Settings
from gallery.factory.uploading import hook_token


@click.command()
def hooks() -> None:
    """Print the addresses to set up at stores, so that they tell when a file has arrived.

    Whoever knows the one for S3 can make the gallery look for files it waits for, and no more.
    """
    settings = settings_or_exit()
    if not settings.public_url:
        raise click.ClickException("PUBLIC_URL: set it to where stores can reach the gallery.")
    for line in _lines(settings, settings.public_url):
        click.echo(line)


def _lines(settings: Settings, origin: str) -> Iterator[str]:
    secret = "the value of" if settings.cloudflare_webhook_secret else "one that you also set as"
    yield f"cloudinary  {origin}/api/hooks/cloudinary (each upload names it: nothing to set up)"
    yield f"cloudflare  {origin}/api/hooks/cloudflare"
    yield f"            its secret: {secret} CLOUDFLARE_WEBHOOK_SECRET"
    yield f"s3          {origin}/api/hooks/s3?token={hook_token(settings)}"
    yield "            or without the token, and with a header: Authorization: Bearer TOKEN"
