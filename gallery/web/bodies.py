"""Requests that bring a body: so many at once, and who is refused hears why.

Each keeps a thread while its sender sends, and a sender may be silent for minutes. So only so many
are read at once: whoever comes to look is served whatever the others do.

A connection that is closed with unread bytes on it is reset, and the reset takes the answer with
it: the sender of a large file would see a broken connection in place of the reason. So, as front
servers do before they close, what a refused client still sends is read on for a while, and dropped.
"""

from __future__ import annotations

import threading
import time

from flask import Flask, Response, g, request

from gallery.config import BODY_CAP
from gallery.errors import BusyError

LINGER_BYTES = 256 * 1024 * 1024
LINGER_S = 10.0
"""Whoever sends more, or for longer, is cut off."""

_CHUNK_BYTES = 64 * 1024


def register(app: Flask, *, at_most: int = BODY_CAP) -> None:
    """Bounds the requests with a body of the whole app; reads on after every refusal of one."""
    places = threading.BoundedSemaphore(at_most)

    def take_a_place() -> None:
        if not _has_body():
            return
        if not places.acquire(blocking=False):
            raise BusyError(
                "Many others are sending at the moment. Try again soon.", retry_after_s=5
            )
        g.is_read = True

    def give_it_back(_: BaseException | None) -> None:
        if g.pop("is_read", False):
            places.release()

    app.before_request(take_a_place)
    app.after_request(_read_on)
    app.teardown_request(give_it_back)


def _read_on(response: Response) -> Response:
    if response.status_code < 400 or not g.get("is_read", False) or not _is_sending():
        return response
    body, left = request.environ["wsgi.input"], LINGER_BYTES
    deadline = time.monotonic() + LINGER_S
    while left > 0 and time.monotonic() < deadline:
        chunk = body.read(_CHUNK_BYTES)
        if not chunk:
            break
        left -= len(chunk)
    return response


def _has_body() -> bool:
    return "Transfer-Encoding" in request.headers or bool(request.content_length)


def _is_sending() -> bool:
    """Not who asked first whether to send, as the refusal is the answer to that; and not who will
    be cut off in any case."""
    return "Expect" not in request.headers and (request.content_length or 0) <= LINGER_BYTES
