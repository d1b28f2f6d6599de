"""What our own ``/cdn`` asks of an address before it looks for the image."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gallery.signing import delivery_signature_matches

SECRET = "a-secret-of-the-tests"


def answer(url: str) -> tuple[int, bytes]:
    """Status and body of an address of ``/cdn``."""
    found = re.fullmatch(
        r"/cdn/vitrine/image/upload/s--([\w-]{32})--/([^/]+)/v[0-9]+/(.+)", urlsplit(url).path
    )
    if not found:
        return 404, b""
    signed = delivery_signature_matches(SECRET, f"{found[2]}/{found[3]}", found[1])
    return (200, b"a variant") if signed else (401, b"")
