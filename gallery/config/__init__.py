"""Settings: read once, checked whole, a wrong one refused with one line.

Nothing else reads the environment.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from gallery.config import keys, values
from gallery.config.account import CloudinaryAccount, find_account
from gallery.config.bucket import S3Bucket, find_bucket
from gallery.config.cloudflare import CloudflareAccount, find_cloudflare
from gallery.config.given import Given, dotenv
from gallery.errors import ConfigError

__all__ = [
    "BODY_CAP",
    "COLD_CAP",
    "ROOT",
    "STREAM_CAP",
    "CloudflareAccount",
    "CloudinaryAccount",
    "S3Bucket",
    "Settings",
    "load",
    "names_loopback",
    "read",
]

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder: ``.env`` lies there, and by default the data."""

STREAM_CAP = 512
"""Event streams that one server process holds at once; each keeps a thread, about 100 kB."""

COLD_CAP = 128
"""Requests of one server process that may wait at once for a variant to be derived; each keeps a
thread."""

BODY_CAP = 512
"""Requests with a body that one server process reads at once; each keeps a thread, for as long as
its sender likes to be silent."""

MIN_SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting under its own name in lower case; ``.env.example`` explains each."""

    port: int
    host: str
    """An IP address."""
    gallery_data: Path
    gallery_title: str
    mongo_uri: str = field(repr=False)
    """Empty: the embedded MongoDB."""
    secret_key: str = field(repr=False)
    owner_password: str = field(repr=False)
    """Empty: local mode."""
    gallery_visibility: str
    """``public`` or ``private``."""
    public_url: str | None
    """Scheme and host, without a slash at the end."""
    trusted_proxies: tuple[values.Network, ...]
    media_store: str
    """``local``, ``cloudinary``, ``cloudflare`` or ``s3``: where new images go."""
    cloudinary: CloudinaryAccount | None
    cloudinary_eager: tuple[str, ...]
    """The presets that Cloudinary makes when an image arrives there, not when it is first seen."""
    cloudflare: CloudflareAccount | None
    cloudflare_webhook_secret: str = field(repr=False)
    """What Cloudflare's notifications carry; empty: none are believed."""
    s3: S3Bucket | None
    max_upload_bytes: int
    max_pixels: int
    cdn_cloud_name: str
    cdn_api_key: str
    cdn_api_secret: str = field(repr=False)
    cdn_remote_uploads: bool
    """Whether an upload may name a URL for the server to fetch."""
    cdn_trusted_hosts: tuple[str, ...]
    """``host`` or ``host:port``: reached on somebody's word although they are not public."""
    cdn_signature_algorithm: str
    """``sha1`` or ``sha256``: what notifications and answers are signed with."""
    cdn_strict: bool
    """Only signed addresses and what is meant for all is derived."""
    cdn_cache_bytes: int
    """How much derived variants may take on the disk."""
    spool_bytes: int
    """How much may wait for a store that does not answer."""
    cdn_sendfile: str
    """``off``, or the header by which a server in front is told which file to send."""
    image_work: str
    """``here`` or ``workers``: who makes images of what comes in pieces or straight to a store."""
    permanent_addresses: str
    """``redirect`` or ``proxy``: how an address that stays leads to where its image is."""
    presets_file: Path | None
    allow_plain_http: bool


def load() -> Settings:
    """The settings of this process: its environment, and ``.env`` for what that leaves open."""
    return read({**dotenv(ROOT / ".env"), **os.environ})


def read(environ: Mapping[str, str]) -> Settings:
    """The settings that ``environ`` names; an empty value counts as not set.

    Makes the keys that nobody gave, and the data folder that keeps them. Raises ConfigError with
    one line that names the setting and the mend.
    """
    given = Given(environ)
    account, bucket, cloudflare = find_account(given), find_bucket(given), find_cloudflare(given)
    accounts = {"cloudinary": account, "cloudflare": cloudflare, "s3": bucket}
    settings = Settings(
        port=given.number("PORT", 8000, high=65_535),
        host=values.host(given.text("HOST", "127.0.0.1")),
        gallery_data=values.folder(given.text("GALLERY_DATA", str(ROOT / "instance"))),
        gallery_title=given.text("GALLERY_TITLE", "Vitrine"),
        mongo_uri=values.mongo_uri(given.secret("MONGO_URI")),
        secret_key=given.secret("SECRET_KEY"),
        owner_password=given.secret("OWNER_PASSWORD"),
        gallery_visibility=given.choice("GALLERY_VISIBILITY", ("public", "private")),
        public_url=values.public_url(given.text("PUBLIC_URL")),
        trusted_proxies=values.networks(given.text("TRUSTED_PROXIES")),
        media_store=_media_store(given, accounts),
        cloudinary=account,
        cloudinary_eager=values.names("CLOUDINARY_EAGER", given.text("CLOUDINARY_EAGER")),
        cloudflare=cloudflare,
        cloudflare_webhook_secret=given.secret("CLOUDFLARE_WEBHOOK_SECRET"),
        s3=bucket,
        max_upload_bytes=given.number("MAX_UPLOAD_BYTES", 25 * 1024**2, high=5 * 1024**3),
        max_pixels=given.number("MAX_PIXELS", 100_000_000, high=1_000_000_000),
        cdn_cloud_name=values.cloud_name(given.text("CDN_CLOUD_NAME", "vitrine")),
        cdn_api_key=given.secret("CDN_API_KEY"),
        cdn_api_secret=given.secret("CDN_API_SECRET"),
        cdn_remote_uploads=given.choice("CDN_REMOTE_UPLOADS", ("false", "true")) == "true",
        cdn_trusted_hosts=values.hosts("CDN_TRUSTED_HOSTS", given.text("CDN_TRUSTED_HOSTS")),
        cdn_signature_algorithm=given.choice("CDN_SIGNATURE_ALGORITHM", ("sha1", "sha256")),
        cdn_strict=given.choice("CDN_STRICT", ("true", "false")) == "true",
        cdn_cache_bytes=given.number("CDN_CACHE_BYTES", 10 * 1024**3, high=10**15 - 1),
        spool_bytes=given.number("SPOOL_BYTES", 10 * 1024**3, high=10**15 - 1),
        cdn_sendfile=given.choice("CDN_SENDFILE", ("off", "x-accel-redirect", "x-sendfile")),
        image_work=given.choice("IMAGE_WORK", ("here", "workers")),
        permanent_addresses=given.choice("PERMANENT_ADDRESSES", ("redirect", "proxy")),
        presets_file=values.presets_file(given.text("PRESETS_FILE")),
        allow_plain_http=given.choice("ALLOW_PLAIN_HTTP", ("false", "true")) == "true",
    )
    _check_secret_key(settings)
    _check_reach(settings)
    if settings.gallery_visibility == "private":
        _check_privacy(settings)
    return _with_keys(settings)


def names_loopback(host: str) -> bool:
    """Whether a host name, without its port, can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


_STORE_NEEDS = {
    "cloudinary": "CLOUDINARY_URL; copy it from Cloudinary's console",
    "cloudflare": "CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_IMAGES_TOKEN and CLOUDFLARE_IMAGES_HASH",
    "s3": "S3_BUCKET, the name of the bucket",
}


def _media_store(given: Given, accounts: Mapping[str, object]) -> str:
    """Where new images go. ``accounts`` are those of providers, by the store's name: the first that
    is set up is the default."""
    ready = [name for name, account in accounts.items() if account is not None]
    value = given.text("MEDIA_STORE", next(iter(ready), "local")).lower()
    if value not in ("local", *accounts):
        raise ConfigError(f"MEDIA_STORE: must be local, {' or '.join(accounts)}, not {value!r}.")
    if value not in ("local", *ready):
        raise ConfigError(f"MEDIA_STORE: {value} needs {_STORE_NEEDS[value]}.")
    return value


def _check_secret_key(settings: Settings) -> None:
    mend = "try: openssl rand -hex 32"
    if settings.secret_key and len(settings.secret_key) < MIN_SECRET_LENGTH:
        raise ConfigError(f"SECRET_KEY: must have at least {MIN_SECRET_LENGTH} characters; {mend}")
    if settings.mongo_uri and not settings.secret_key:
        raise ConfigError(
            f"SECRET_KEY: must be given with MONGO_URI, the same on every node; {mend}"
        )


def _check_reach(settings: Settings) -> None:
    """Without accounts only this machine may reach us; with them, no password over plain HTTP."""
    public = settings.public_url
    listens_here = ipaddress.ip_address(settings.host).is_loopback
    public_is_here = public is not None and names_loopback(urlsplit(public).hostname or "")
    if settings.owner_password:
        if public is None and not listens_here:
            raise ConfigError(
                "PUBLIC_URL: must name the address people use when HOST is not loopback."
            )
        if (
            public
            and not public_is_here
            and public.startswith("http:")
            and not settings.allow_plain_http
        ):
            raise ConfigError(
                "PUBLIC_URL: http:// would send passwords in the open; use https://, "
                "or set ALLOW_PLAIN_HTTP=true on a trusted home network."
            )
    elif settings.gallery_visibility == "private":
        raise ConfigError(
            "GALLERY_VISIBILITY: private needs OWNER_PASSWORD, so that somebody can sign in."
        )
    elif public and not public_is_here:
        raise ConfigError(
            "PUBLIC_URL: others can reach that host; set OWNER_PASSWORD, so that people sign in."
        )
    elif not public_is_here and not listens_here:
        raise ConfigError(
            "HOST: others could reach it; set OWNER_PASSWORD and PUBLIC_URL, or HOST=127.0.0.1."
        )


def _check_privacy(settings: Settings) -> None:
    """No store delivers to everybody what only some may see."""
    if settings.s3 and settings.s3.public_url:
        raise ConfigError(
            "S3_PUBLIC_URL: everybody can fetch from there; leave it empty in a private gallery."
        )
    if settings.cloudflare and not settings.cloudflare.signing_key:
        raise ConfigError(
            "CLOUDFLARE_IMAGES_KEY: a private gallery needs it; copy one from the page Keys of "
            "Hosted images."
        )


def _with_keys(settings: Settings) -> Settings:
    if settings.mongo_uri:
        made = keys.derived(settings.secret_key)
    else:
        made = keys.kept(settings.gallery_data)
    return replace(
        settings,
        secret_key=settings.secret_key or made.secret_key,
        cdn_api_key=settings.cdn_api_key or made.cdn_api_key,
        cdn_api_secret=settings.cdn_api_secret or made.cdn_api_secret,
    )
