"""Lets a client hear why it is refused while it still sends.

A connection that is closed with unread bytes on it is reset, and the reset takes the answer with
it: the sender of a large file would see a broken connection in place of the reason. So, as front
servers do before they close, what a refused client still sends is read on for a while, and dropped.
"""

from __future__ import annotations

import time

from flask import Flask, Response, request

LINGER_BYTES = 256 * 1024 * 1024
LINGER_S = 10.0
"""Whoever sends more, or for longer, is cut off."""

_CHUNK_BYTES = 64 * 1024


def register(app: Flask) -> None:
    """Reads on after every refusal of the app."""
    app.after_request(_read_on)


def _read_on(response: Response) -> Response:
    if response.status_code < 400 or not _is_sending():
        return response
    body, left = request.environ["wsgi.input"], LINGER_BYTES
    deadline = time.monotonic() + LINGER_S
    while left > 0 and time.monotonic() < deadline:
        chunk = body.read(_CHUNK_BYTES)
        if not chunk:
            break
        left -= len(chunk)
    return response


def _is_sending() -> bool:
    """Not who asked first whether to send, as the refusal is the answer to that; and not who will
    be cut off in any case."""
    if "Expect" in request.headers:
        return False
    length = request.content_length
    if length is None:
        return "Transfer-Encoding" in request.headers
    return 0 < length <= LINGER_BYTES
