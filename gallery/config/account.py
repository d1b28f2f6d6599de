"""The Cloudinary account, from the settings that Cloudinary's own SDK reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from gallery.config.given import Given
from gallery.errors import ConfigError

OPTIONS = ("cname", "private_cdn", "secure", "secure_distribution", "upload_prefix")
"""What may follow the ``?`` of a ``CLOUDINARY_URL``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudinaryAccount:
    """What the Cloudinary SDK needs to speak for one account."""

    cloud_name: str
    api_key: str
    api_secret: str = field(repr=False)
    upload_prefix: str | None = None
    """Where the API is when it is not Cloudinary's own address; no slash at its end."""
    cname: str | None = None
    """Host, port and path of delivery over plain HTTP; the SDK ignores it when ``secure``."""
    secure: bool = True
    """Deliver by https; unless said otherwise, whenever there is no ``cname``."""
    secure_distribution: str | None = None
    private_cdn: bool = False


def find_account(given: Given) -> CloudinaryAccount | None:
    """The account that is set up, if one is. Raises ConfigError for half a set or two sets."""
    from_url = _parse(given.secret("CLOUDINARY_URL"))
    three = {
        "CLOUDINARY_CLOUD_NAME": given.text("CLOUDINARY_CLOUD_NAME"),
        "CLOUDINARY_API_KEY": given.secret("CLOUDINARY_API_KEY"),
        "CLOUDINARY_API_SECRET": given.secret("CLOUDINARY_API_SECRET"),
    }
    if not any(three.values()):
        return from_url
    missing = [name for name, value in three.items() if not value]
    if missing:
        raise ConfigError(f"{missing[0]}: is missing; set all of {', '.join(three)}, or none.")
    cloud_name, api_key, api_secret = three.values()
    if from_url is None:
        return CloudinaryAccount(cloud_name=cloud_name, api_key=api_key, api_secret=api_secret)
    if (cloud_name, api_key, api_secret) != (
        from_url.cloud_name,
        from_url.api_key,
        from_url.api_secret,
    ):
        raise ConfigError(
            "CLOUDINARY_URL: differs from CLOUDINARY_CLOUD_NAME and its kin; keep only one of them."
        )
    return from_url


def _parse(url: str) -> CloudinaryAccount | None:
    """The account of a ``CLOUDINARY_URL``. As in the SDK, the secret is not percent-decoded."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "cloudinary" or not (parts.hostname and parts.username and parts.password):
        raise ConfigError(
            "CLOUDINARY_URL: copy it from the console, in the form cloudinary://KEY:SECRET@CLOUD."
        )
    options = dict(parse_qsl(parts.query))
    unknown = sorted(options.keys() - set(OPTIONS))
    if unknown:
        raise ConfigError(
            f"CLOUDINARY_URL: the option {unknown[0]} is not known; use {', '.join(OPTIONS)}."
        )
    prefix, cname, path = options.get("upload_prefix"), options.get("cname"), parts.path.strip("/")
    if prefix and not re.match(r"https?://[^/]", prefix):
        raise ConfigError("CLOUDINARY_URL: upload_prefix must begin with https:// or http://.")
    return CloudinaryAccount(
        cloud_name=parts.hostname,
        api_key=parts.username,
        api_secret=parts.password,
        upload_prefix=prefix.rstrip("/") if prefix else None,
        cname=cname.rstrip("/") if cname else None,
        secure=_flag(options, "secure", default=not cname),
        secure_distribution=options.get("secure_distribution", path) or None,
        private_cdn=_flag(options, "private_cdn", default=bool(path)),
    )


def _flag(options: dict[str, str], name: str, *, default: bool) -> bool:
    value = options.get(name, str(default)).lower()
    if value not in ("true", "false"):
        raise ConfigError(
            f"CLOUDINARY_URL: the option {name} must be true or false, not {value!r}."
        )
    return value == "true"
