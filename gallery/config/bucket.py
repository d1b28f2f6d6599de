"""The S3 bucket, at Amazon or at anybody who speaks the same language."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gallery.config.given import Given
from gallery.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Bucket:
    """What it takes to speak for one bucket."""

    name: str
    endpoint_url: str | None = None
    """Scheme, host and, if unusual, port of the service; ``None`` is Amazon's."""
    region: str = "us-east-1"
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)
    """Both empty: whatever boto3 finds in its own files, or the machine's role."""
    session_token: str = field(default="", repr=False)
    """Of keys that are good for a while only."""
    path_style: bool = False
    """The bucket's name stands in the path of an address, and not before its host."""
    public_url: str | None = None
    """Where everybody may fetch what lies under ``derived/``; no slash at its end."""


def find_bucket(given: Given) -> S3Bucket | None:
    """The bucket that is set up, if one is. Raises ConfigError for half a set."""
    name = given.text("S3_BUCKET")
    endpoint_url = _address("S3_ENDPOINT_URL", given.text("S3_ENDPOINT_URL"), with_path=False)
    addressing = given.choice("S3_ADDRESSING", ("auto", "path", "virtual"))
    public_url = _address("S3_PUBLIC_URL", given.text("S3_PUBLIC_URL"), with_path=True)
    region = given.text("AWS_DEFAULT_REGION", "us-east-1")
    keys = {
        "AWS_ACCESS_KEY_ID": given.secret("AWS_ACCESS_KEY_ID"),
        "AWS_SECRET_ACCESS_KEY": given.secret("AWS_SECRET_ACCESS_KEY"),
    }
    session_token = given.secret("AWS_SESSION_TOKEN")
    if not name:
        if endpoint_url or public_url:
            raise ConfigError("S3_BUCKET: is missing; set it to the name of the bucket.")
        return None  # Keys alone may be there for other programs.
    _check_keys(keys)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", name):
        raise ConfigError(f"S3_BUCKET: must be the name of a bucket, not {name!r}.")
    if not re.fullmatch(r"[a-z0-9-]{1,64}", region):
        raise ConfigError(
            f"AWS_DEFAULT_REGION: must be a region such as eu-central-1, not {region!r}."
        )
    access_key_id, secret_access_key = keys.values()
    return S3Bucket(
        name=name,
        endpoint_url=endpoint_url,
        region=region,
        access_key_id=access_key_id,
        secret_access_key=secret_access_key,
        session_token=session_token,
        path_style=addressing == "path" or (addressing == "auto" and endpoint_url is not None),
        public_url=public_url,
    )


def _check_keys(keys: dict[str, str]) -> None:
    missing = [name for name, value in keys.items() if not value]
    if len(missing) == 1:
        raise ConfigError(f"{missing[0]}: is missing; set both of {', '.join(keys)}, or neither.")


def _address(name: str, value: str, *, with_path: bool) -> str | None:
    """An address of scheme and host, with a path where one may follow."""
    if not value:
        return None
    example = "https://s3.example.org" if not with_path else "https://images.example.org"
    mend = f"{name}: must be an address such as {example}, not {value!r}."
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(mend) from error
    more = parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("http", "https") or not host or more:
        raise ConfigError(mend)
    if parts.path.strip("/") and not with_path:
        raise ConfigError(mend)
    return value.rstrip("/")
