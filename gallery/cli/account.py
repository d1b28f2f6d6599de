"""``cloudinary-url``: how an app of one's own is led to the embedded CDN."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from gallery.cli.running import settings_or_exit
from gallery.config import Settings


@click.command("cloudinary-url")
def cloudinary_url() -> None:
    """Print the CLOUDINARY_URL of the embedded CDN.

    It holds the secret of the account. An app of yours that has it in its environment keeps its
    pictures here: CLOUDINARY_URL=$(.venv/bin/flask --app app gallery cloudinary-url)
    """
    click.echo(embedded_account(settings_or_exit()))


def embedded_account(settings: Settings) -> str:
    """What Cloudinary's SDKs need to use the embedded CDN: one line, the secret in it."""
    base = urlsplit(address_of(settings))
    place = f"{base.netloc}/cdn"
    delivery = (
        f"secure=true&secure_distribution={place}" if base.scheme == "https" else f"cname={place}"
    )
    return (
        f"cloudinary://{settings.cdn_api_key}:{settings.cdn_api_secret}@{settings.cdn_cloud_name}"
        f"?upload_prefix={base.scheme}://{place}&{delivery}"
    )


def address_of(settings: Settings) -> str:
    """Scheme and host by which people reach the gallery."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"
