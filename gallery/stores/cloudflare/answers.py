"""What Cloudflare's API answers: results, and its refusals in our words.

https://developers.cloudflare.com/api/resources/images/. Every answer is an envelope of ``success``,
``result`` and ``errors`` with codes; the codes that we know by name are below.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.response import BaseHTTPResponse

from gallery.errors import (
    GalleryError,
    ImageTooLargeError,
    KeyTakenError,
    ObjectMissingError,
    StorageFullError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)

_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_NO_SUCH_PLACE = frozenset({7000, 7003})
"""The account in the address is none."""

_EXISTS, _BAD_FORMAT = 5409, 5455


@contextmanager
def reading() -> Iterator[None]:
    """For answers that lack what they must have: cut off, or not Cloudflare's at all."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreUnavailableError("Cloudflare's answer cannot be read.") from error


def moment_of(text: str) -> datetime:
    """A time as Cloudflare writes it, to the nanosecond at most."""
    return datetime.fromisoformat(text).astimezone(UTC)


def asked_s(response: BaseHTTPResponse) -> int | None:
    """Seconds after which we are asked to come back, if we are."""
    asked = response.headers.get("Retry-After")
    try:
        return math.ceil(urllib3.Retry().parse_retry_after(asked)) if asked else None
    except InvalidHeader:
        return None


def no_answer() -> StoreError:
    """Nothing came back: what was asked for may have been done."""
    return StoreUnavailableError("Cloudflare does not answer at the moment.")


def opened(response: BaseHTTPResponse) -> Any:
    """The ``result`` in an answer. Raises what it says is wrong."""
    told = _envelope(response)
    if response.status < 300:
        if told is None or told.get("success") is not True:
            raise StoreUnavailableError("Cloudflare's answer cannot be read.")
        return told["result"]
    if response.status in _TEMPORARY:
        after_s = asked_s(response)
        raise StoreUnavailableError("Cloudflare is busy.", retry_after_s=after_s)
    if told is None:
        raise _foreign(response.status)
    raise _refused(response.status, told.get("errors"))


def _envelope(response: BaseHTTPResponse) -> dict[str, Any] | None:
    try:
        told = json.loads(response.data)
    except (HTTPError, ValueError):
        return None
    return told if isinstance(told, dict) and "success" in told else None


def _foreign(status: int) -> StoreError:
    if status in (401, 403):
        return _token_refused()
    if status == 413:
        return StoreError("What answers for Cloudflare takes no request of that size.")
    return StoreError(
        f"What answers for Cloudflare speaks another language (status {status}): "
        "check CLOUDFLARE_API_URL."
    )


def _token_refused() -> StoreError:
    return StoreError(
        "Cloudflare does not take our token: check CLOUDFLARE_IMAGES_TOKEN, which must be allowed "
        "to edit Cloudflare Images, and CLOUDFLARE_ACCOUNT_ID."
    )


def _refused(status: int, errors: object) -> GalleryError:
    each = (
        [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    )
    codes = {error.get("code") for error in each}
    words = " ".join(str(error.get("message", "")) for error in each).lower()
    if codes & _NO_SUCH_PLACE:
        return _token_refused()
    if status == 409 or _EXISTS in codes:
        return KeyTakenError("Another photo has that name in Cloudflare.")
    if status == 404:
        return ObjectMissingError("There is no such photo in Cloudflare.")
    return _picture_refused(status, codes, words) or _request_refused(status)


def _request_refused(status: int) -> StoreError:
    return (
        _token_refused() if status in (401, 403) else StoreError("Cloudflare refused the request.")
    )


def _picture_refused(status: int, codes: set[Any], words: str) -> GalleryError | None:
    if status == 415 or _BAD_FORMAT in codes:
        return UnsupportedFormatError("Cloudflare cannot read this photo.")
    if any(word in words for word in ("dimension", "megapixel", "image area")):
        return ImageTooLargeError(
            "Cloudflare takes 100 megapixels and 12,000 pixels a side at most: "
            "make the photo smaller."
        )
    if status == 413 or "file size" in words or "too large" in words:
        return TooLargeError("Cloudflare takes files of 10 MB at most.")
    if "storage" in words and ("limit" in words or "quota" in words):
        return StorageFullError("Our Cloudflare plan has no room for more photos.")
    return None
