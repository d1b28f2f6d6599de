"""HMACs and signatures: delivery URLs and forms in Cloudinary's own scheme, and sealed values such
as cursors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

DELIVERY_SIGNATURE_LENGTH = 32
"""Characters we write. Eight are accepted too, as Cloudinary's SDKs write them by default."""

_SEAL_BYTES = 12


def new_id() -> str:
    """A fresh public id: 16 random bytes as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def new_asset_id() -> str:
    """A fresh asset id: 16 random bytes in hexadecimal, as Cloudinary spells them."""
    return secrets.token_hex(16)


def sign_delivery(secret: str, to_sign: str) -> str:
    """The 32 characters that sign ``transformation/public_id[.ext]``, percent-encoded as sent.

    Cloudinary's ``long_url_signature``: base64url of SHA-256 over the text followed by the secret.
    """
    return _digest(secret, to_sign, "sha256")[:DELIVERY_SIGNATURE_LENGTH]


def delivery_signature_matches(secret: str, to_sign: str, signature: str) -> bool:
    """Whether a signature is right: 32 or 8 characters of SHA-256, or 8 of SHA-1."""
    if len(signature) == DELIVERY_SIGNATURE_LENGTH:
        wanted = [sign_delivery(secret, to_sign)]
    elif len(signature) == 8:
        wanted = [_digest(secret, to_sign, name)[:8] for name in ("sha1", "sha256")]
    else:
        return False
    given = signature.encode()
    return any(hmac.compare_digest(given, each.encode()) for each in wanted)


def token_for(secret: str, purpose: str) -> str:
    """A token of 40 characters that only who has the secret can make, the same every time."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:40]


def sign_form(secret: str, fields: Mapping[str, str]) -> str:
    """The 64 characters that sign a form in Cloudinary's language: SHA-256 over its fields, sorted,
    and the secret (signature version 2)."""
    text = "&".join(sorted(f"{name}={value}".replace("&", "%26") for name, value in fields.items()))
    return hashlib.sha256((text + secret).encode()).hexdigest()


def _digest(secret: str, text: str, algorithm: str) -> str:
    raw = hashlib.new(algorithm, (text + secret).encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def seal(secret: str, purpose: str, value: dict[str, Any]) -> str:
    """``value`` as URL-safe text that only we can have made; ``purpose`` keeps one use from
    serving another."""
    payload = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_mac(secret, purpose, payload) + payload).decode().rstrip("=")


def unseal(secret: str, purpose: str, text: str) -> dict[str, Any] | None:
    """The sealed value, or ``None`` when the text is not ours, not whole, or made for another
    purpose."""
    try:
        raw = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (ValueError, UnicodeEncodeError):
        return None
    mac, payload = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == text
    if not canonical or not hmac.compare_digest(mac, _mac(secret, purpose, payload)):
        return None
    value: dict[str, Any] = json.loads(payload)
    return value


def _mac(secret: str, purpose: str, payload: bytes) -> bytes:
    message = purpose.encode() + b"\0" + payload
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()[:_SEAL_BYTES]
