"""The account of Cloudflare Images."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gallery.config.given import Given
from gallery.errors import ConfigError

API_URL = "https://api.cloudflare.com/client/v4"
BATCH_URL = "https://batch.imagedelivery.net"
DELIVERY_URL = "https://imagedelivery.net"
UPLOAD_HOSTS = ("https://upload.imagedelivery.net", "https://upload.cloudflareimages.com")
"""Where its one-time addresses lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudflareAccount:
    """What it takes to speak for one account."""

    account_id: str
    token: str = field(repr=False)
    hash: str
    """The account's name in delivery addresses."""
    signing_key: str = field(default="", repr=False)
    """Signs the addresses of private images; empty: there are none."""
    flexible: bool = False
    """Flexible variants may be used for what no named variant is."""
    api_url: str = API_URL
    batch_url: str | None = BATCH_URL
    """``None``: what answers at ``api_url`` has no such host."""
    delivery_url: str = DELIVERY_URL
    upload_hosts: tuple[str, ...] = UPLOAD_HOSTS


def find_cloudflare(given: Given) -> CloudflareAccount | None:
    """The account that is set up, if one is. Raises ConfigError for a part of it."""
    three = {
        "CLOUDFLARE_ACCOUNT_ID": given.text("CLOUDFLARE_ACCOUNT_ID"),
        "CLOUDFLARE_IMAGES_TOKEN": given.secret("CLOUDFLARE_IMAGES_TOKEN"),
        "CLOUDFLARE_IMAGES_HASH": given.text("CLOUDFLARE_IMAGES_HASH"),
    }
    signing_key = given.secret("CLOUDFLARE_IMAGES_KEY")
    flexible = given.choice("CLOUDFLARE_FLEXIBLE_VARIANTS", ("false", "true")) == "true"
    api_url = _address("CLOUDFLARE_API_URL", given.text("CLOUDFLARE_API_URL"), API_URL)
    delivery_url = _address(
        "CLOUDFLARE_DELIVERY_URL", given.text("CLOUDFLARE_DELIVERY_URL"), DELIVERY_URL
    )
    if not any(three.values()):
        return None
    missing = [name for name, value in three.items() if not value]
    if missing:
        raise ConfigError(f"{missing[0]}: is missing; set all of {', '.join(three)}, or none.")
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_IMAGES_HASH"):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", three[name]):
            raise ConfigError(f"{name}: copy it from the page Hosted images of the dashboard.")
    account_id, token, hash = three.values()
    elsewhere = api_url != API_URL
    return CloudflareAccount(
        account_id=account_id,
        token=token,
        hash=hash,
        signing_key=signing_key,
        flexible=flexible,
        api_url=api_url,
        batch_url=None if elsewhere else BATCH_URL,
        delivery_url=delivery_url,
        upload_hosts=(_origin(api_url),) if elsewhere else UPLOAD_HOSTS,
    )


def _address(name: str, given: str, default: str) -> str:
    value = (given or default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{name}: must be an address such as {default}, not {value!r}.")
    return value


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
