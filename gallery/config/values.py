"""What single settings must look like.

Each function returns the value in its one spelling, or raises ConfigError.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from gallery.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def host(value: str) -> str:
    """The IP address to listen on."""
    if value == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise ConfigError(
            f"HOST: must be an IP address such as 127.0.0.1, not {value!r}."
        ) from error


def folder(value: str) -> Path:
    """The absolute path of a folder, whether it is there or not."""
    return Path(value).expanduser().resolve()


def mongo_uri(value: str) -> str:
    """The connection string, which must name a database."""
    if value and not re.match(r"mongodb(\+srv)?://[^/]+/[^/?]+(\?|$)", value):
        raise ConfigError(
            "MONGO_URI: must name a database at its end, as in mongodb://host:27017/vitrine."
        )
    return value


def public_url(value: str) -> str | None:
    """Scheme, host and, if unusual, port."""
    if not value:
        return None
    mend = (
        f"PUBLIC_URL: must be scheme and host, such as https://photos.example.org, not {value!r}."
    )
    try:
        parts = urlsplit(value)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise ConfigError(mend) from error
    bare = not (
        parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    )
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        raise ConfigError(mend)
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{name}{port}"


def networks(value: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas or spaces."""
    try:
        return tuple(ipaddress.ip_network(each) for each in re.split(r"[,\s]+", value) if each)
    except ValueError as error:
        raise ConfigError(
            f"TRUSTED_PROXIES: {error}; write addresses or networks such as 10.0.0.0/8."
        ) from error


def cloud_name(value: str) -> str:
    """A cloud name that survives every SDK, some of which lower its case."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", value):
        raise ConfigError(
            f"CDN_CLOUD_NAME: must be lower-case letters, digits, - and _, not {value!r}."
        )
    return value


def presets_file(value: str) -> Path | None:
    """The path of a file that is there."""
    if not value:
        return None
    path = Path(value).expanduser().resolve()
    if not path.is_file():
        raise ConfigError(f"PRESETS_FILE: there is no file {path}.")
    return path


def names(name: str, value: str) -> tuple[str, ...]:
    """Names of presets, separated by commas or spaces, each once."""
    found = tuple(dict.fromkeys(each for each in re.split(r"[,\s]+", value) if each))
    for each in found:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", each):
            raise ConfigError(f"{name}: must be names of presets such as card, not {each!r}.")
    return found


def hosts(name: str, value: str) -> tuple[str, ...]:
    """Host names or IP addresses with or without a port, separated by commas or spaces."""
    found = tuple(each.lower() for each in re.split(r"[,\s]+", value) if each)
    for each in found:
        if not re.fullmatch(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?", each):
            raise ConfigError(
                f"{name}: must be hosts such as nas.local or 192.168.1.5:8080, not {each!r}."
            )
    return found
