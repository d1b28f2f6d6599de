"""Every failure under ``/cdn/v1_1`` in Cloudinary's shape: ``{"error": {"message": …}}``.

Its SDKs read nothing but JSON, and know few statuses: another one they report as an error without a
class, or not at all.
"""

from __future__ import annotations

import logging
import secrets

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from gallery.errors import (
    BrokenImageError,
    DecoderFailedError,
    GalleryError,
    TooLargeError,
    UnsupportedFormatError,
)

log = logging.getLogger(__name__)

KNOWN = frozenset({400, 401, 403, 404, 409, 420, 429, 500, 501, 503})
"""The statuses that SDKs have a class for, and the one that says what is not spoken here."""

_TOLD_AS = {
    405: 404,  # Another method of a known address is another call, which there is not.
    410: 404,
    412: 409,
    421: 403,
    502: 500,
    507: 500,
}
"""What our other statuses are told as; the rest of the 4xx are bad requests."""

_NO_PICTURE = (UnsupportedFormatError, BrokenImageError, DecoderFailedError)


class RefusedError(Exception):
    """A refusal with its status, in words that clients of Cloudinary know."""

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


def not_spoken(what: str) -> RefusedError:
    """The refusal of what Cloudinary has and the embedded CDN has not."""
    return RefusedError(501, f"{what} is not spoken by this gallery")


def register(routes: Blueprint) -> None:
    """Renders every failure of these routes, and gives each of their answers its id."""
    routes.register_error_handler(RefusedError, _refused)
    routes.register_error_handler(GalleryError, _gallery_error)
    routes.register_error_handler(HTTPException, http_error)
    routes.register_error_handler(Exception, _unexpected)
    routes.after_request(_finish)


def answer(status: int, message: str) -> Response:
    """A failure, ready for the wire."""
    response = jsonify({"error": {"message": message}})
    response.status_code = status
    return response


def status_of(status: int) -> int:
    """The status that an SDK knows for one of ours."""
    if status in KNOWN:
        return status
    return _TOLD_AS.get(status, 400 if status < 500 else 500)


def message_of(error: GalleryError) -> str:
    """What a client is told of one of our failures, in Cloudinary's words where it has some."""
    if isinstance(error, _NO_PICTURE):
        return "Invalid image file"
    if isinstance(error, TooLargeError) and error.limit_bytes is not None:
        return (
            f"File size too large. Got {error.got_bytes}. Maximum is {error.limit_bytes}. "
            "Set MAX_UPLOAD_BYTES to take larger ones."
        )
    return error.detail


def _refused(error: RefusedError) -> Response:
    return _perhaps_later(answer(error.status, str(error)), error.retry_after_s)


def _gallery_error(error: GalleryError) -> Response:
    if error.status >= 500:
        log.error(error.code, exc_info=error)
    return _perhaps_later(answer(status_of(error.status), message_of(error)), error.retry_after_s)


def _perhaps_later(response: Response, retry_after_s: int | None) -> Response:
    if retry_after_s:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def http_error(error: HTTPException) -> Response:
    """What the framework refuses, in the same shape."""
    return answer(status_of(error.code or 500), error.description or error.name)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected failure", exc_info=error, extra={"path": request.path})
    return answer(500, "The gallery met an error of its own; it is in its log.")


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = secrets.token_hex(16)
    return response
