"""Keys that nobody had to give: made once and kept on disk, or derived from ``SECRET_KEY``."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from gallery.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What signs sessions, and the account of the embedded CDN."""

    secret_key: str
    cdn_api_key: str
    cdn_api_secret: str


def derived(secret_key: str) -> Keys:
    """The same keys on every node that has the same ``SECRET_KEY``; nothing is kept on disk."""

    def derive(purpose: str) -> str:
        return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    return Keys(
        secret_key=secret_key,
        cdn_api_key=str(int(derive("cdn_api_key")[:12], 16) % 10**15).zfill(15),
        cdn_api_secret=derive("cdn_api_secret")[:40],
    )


def kept(folder: Path) -> Keys:
    """The keys of ``folder/keys.json``, made when there are none, for the owner's eyes alone."""
    path = folder / "keys.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        found = json.loads(path.read_text(encoding="utf-8"))
        return Keys(**{name: str(found[name.upper()]) for name in Keys.__dataclass_fields__})
    except OSError as error:
        raise ConfigError(
            f"GALLERY_DATA: {error.filename or folder} cannot be used ({error.strerror})."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"GALLERY_DATA: {path} is damaged; put it back from a backup, or remove it."
        ) from error


def _make(path: Path) -> None:
    """Writes fresh keys, whole or not at all. Of two programs at once, the first one's stay."""
    fresh = derived(secrets.token_hex(32))
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({name.upper(): value for name, value in asdict(fresh).items()}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
