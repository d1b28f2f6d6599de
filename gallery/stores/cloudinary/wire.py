"""Between Cloudinary's SDK and us: one try for each request, time-outs, its failures in our words.

The SDK speaks through urllib3 pools that it makes when it is imported. They would repeat some
requests by themselves and hide the status of a failure; ``OneTry``, urllib3's own place for such
a policy, makes them try once and say what came back. Trying again is up to ``patience``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn, TypeVar

import certifi
import urllib3
from cloudinary import exceptions, uploader, utils
from cloudinary.api_client import call_api
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError
from urllib3.response import BaseHTTPResponse

from gallery.errors import (
    GalleryError,
    ImageTooLargeError,
    KeyTakenError,
    ObjectMissingError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.stores.bodies import body_of
from gallery.stores.patience import Deadline

CONNECTIONS = 16
"""Idle connections that each pool of a process keeps for later."""

_TEMPORARY = frozenset({408, 420, 423, 425, 429, 500, 502, 503, 504})
"""420 is Cloudinary's rate limit, 423 a file that it is still working on."""

CALL_DEFAULTS: dict[str, Any] = {
    "oauth_token": None,
    "signature_algorithm": utils.SIGNATURE_SHA1,
    "signature_version": 2,
    "upload_preset": "",
    "dpr": None,
    "responsive_width": False,
}
"""Said with every call, lest the SDK take them from its global configuration: the environment's."""

URL_DEFAULTS: dict[str, Any] = {
    "auth_token": False,
    "cdn_subdomain": False,
    "secure_cdn_subdomain": False,
    "force_version": False,
    "shorten": False,
    "use_root_path": False,
    "use_fetch_format": False,
    "dpr": None,
    "responsive_width": False,
}
"""The same for every delivery URL."""

T = TypeVar("T")


def tame_sdk() -> None:
    """Makes the SDK's pools try once and keep enough connections. May be repeated."""
    for module in (uploader, call_api):
        module._http.connection_pool_kw.update(retries=OneTry(0), maxsize=CONNECTIONS)


def ask(call: Callable[[], T]) -> T:
    """What the SDK answers to ``call``; its failures become ours, with it as the cause."""
    try:
        return call()
    except exceptions.Error as error:
        raise _in_our_words(error) from error
    except Exception as error:
        # The Admin API raises bare Exception for a status that it has no class for.
        if type(error) is not Exception:
            raise
        raise _in_our_words(error) from error


class Within(urllib3.Timeout):
    """Time-outs of requests that share a deadline; urllib3 clones it at the start of each.

    No request gets more than ``request_s``. urllib3 sends the whole body under the *connect*
    time-out, so that one must be long enough for the slowest line that we want to serve.
    """

    def __init__(self, deadline: Deadline, *, request_s: float) -> None:
        super().__init__(connect=request_s, read=request_s)
        self._deadline = deadline
        self._request_s = request_s

    def clone(self) -> urllib3.Timeout:
        """The time-outs of a request that begins now."""
        seconds = max(0.001, min(self._request_s, self._deadline.left_s()))
        return urllib3.Timeout(connect=seconds, read=seconds)


class AnswerError(HTTPError):
    """An answer of which the SDK would hide the status: one to come back after, or a redirect."""

    def __init__(self, status: int, *, retry_after_s: int | None) -> None:
        super().__init__(f"answered with status {status}")
        self.status = status
        self.retry_after_s = retry_after_s


class OneTry(urllib3.Retry):
    """Tries once; raises what went wrong on the way, and ``AnswerError`` for answers to retry."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether ``increment`` shall see the answer."""
        return status_code in _TEMPORARY

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        *_: Any,
        **__: Any,
    ) -> NoReturn:
        """There is no second try."""
        if response is not None:
            raise AnswerError(response.status, retry_after_s=_asked_s(response))
        raise error or HTTPError("no answer")


_ONLY_REDIRECTS = urllib3.Retry(
    connect=0, read=0, status=0, other=0, redirect=3, respect_retry_after_header=False
)


class Downloads:
    """Opens addresses for reading. They are signed: whoever reads one in a log has the file."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
        )

    def open(self, url: str, timeout: urllib3.Timeout) -> BinaryIO:
        """The body of the answer, fetched while it is read. Raises StoreError and its kin."""
        try:
            response = self._pool.request(
                "GET",
                url,
                headers={"Accept-Encoding": "identity"},
                preload_content=False,
                decode_content=False,
                timeout=timeout,
                retries=_ONLY_REDIRECTS,
            )
        except MaxRetryError as error:  # Its own words hold the address, its reason's do not.
            raise _no_answer() from error.reason
        except HTTPError as error:
            raise _no_answer() from error
        if response.status != 200:
            response.close()
            raise _turned_away(response.status, retry_after_s=_asked_s(response))
        return body_of(response, failed=_no_answer)

    def status(self, url: str, timeout: urllib3.Timeout) -> int:
        """What an address answers a GET with. Raises StoreUnavailableError."""
        return self._plain("GET", url, timeout).status

    def lets_in(self, url: str, origin: str, asked: str, timeout: urllib3.Timeout) -> bool:
        """Whether pages of that origin may POST there with the headers that are ``asked`` for."""
        preflight = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": asked,
        }
        answer = self._plain("OPTIONS", url, timeout, preflight)
        origins = answer.headers.get("Access-Control-Allow-Origin", "")
        allowed = answer.headers.get("Access-Control-Allow-Headers", "").lower()
        names = {name.strip() for name in allowed.split(",")}
        wanted = {name.strip() for name in asked.split(",")}
        is_open = answer.status < 300 and origins in ("*", origin)
        return is_open and (names >= wanted or "*" in names)

    def _plain(
        self, method: str, url: str, timeout: urllib3.Timeout, headers: dict[str, str] | None = None
    ) -> BaseHTTPResponse:
        """One answer, read whole; a redirect is not followed."""
        try:
            return self._pool.request(method, url, headers=headers, timeout=timeout, retries=False)
        except HTTPError as error:
            raise _no_answer() from error


def _asked_s(response: BaseHTTPResponse) -> int | None:
    """Seconds after which we are asked to come back, if we are."""
    asked = response.headers.get("Retry-After")
    if asked is None and response.status in (420, 429):
        asked = response.headers.get("X-FeatureRateLimit-Reset")
    try:
        return math.ceil(urllib3.Retry().parse_retry_after(asked)) if asked else None
    except InvalidHeader:
        return None


def _in_our_words(error: Exception) -> GalleryError:
    # Looked at first: for these the context is whatever the caller happened to be handling.
    if type(error) in _REFUSALS:
        return _REFUSALS[type(error)](str(error))
    cause = error.__context__
    if isinstance(cause, AnswerError):
        return _turned_away(cause.status, retry_after_s=cause.retry_after_s)
    if isinstance(cause, HTTPError | OSError):
        return _no_answer()
    status = re.search(r"parsing server response \((\d{3})\)", str(error))
    if status:
        return _turned_away(int(status[1]), retry_after_s=None)
    return StoreError("Cloudinary refused the request.")


def _no_answer() -> StoreError:
    return StoreUnavailableError("Cloudinary does not answer at the moment.")


def _turned_away(status: int, *, retry_after_s: int | None) -> StoreError:
    """An answer whose status is all that can be read of it."""
    if status in _TEMPORARY:
        return StoreUnavailableError("Cloudinary is busy.", retry_after_s=retry_after_s)
    if status < 300:  # Cut off on the way: what was asked for may have been done.
        return StoreUnavailableError("Cloudinary's answer cannot be read.")
    if status == 404:
        return ObjectMissingError("There is no such photo in Cloudinary.")
    if status in (401, 403):
        return _keys_refused("")
    return StoreError(
        f"What answers for Cloudinary speaks another language (status {status}): "
        "check upload_prefix in CLOUDINARY_URL."
    )


def _keys_refused(message: str) -> StoreError:
    if "Stale request" in message:
        return StoreError("Cloudinary finds our clock wrong by more than an hour.")
    return StoreError("Cloudinary does not take our keys: check CLOUDINARY_URL.")


def _bad_request(message: str) -> GalleryError:
    if size := re.search(r"File size too large\. Got (\d+)\. Maximum is (\d+)", message):
        got, limit = (f"{int(each) / 1024**2:.1f} MiB" for each in size.groups())
        return TooLargeError(f"This file has {got}; our Cloudinary account takes {limit} at most.")
    if pixels := re.search(r"size is ([\d.]+) Megapixels", message, re.IGNORECASE):
        return ImageTooLargeError(
            f"Our Cloudinary account takes {pixels[1]} megapixels at most: make the photo smaller."
        )
    if "Invalid image file" in message:
        return UnsupportedFormatError("Cloudinary cannot read this photo.")
    return StoreError("Cloudinary refused the request.")


_REFUSALS: dict[type[Exception], Callable[[str], GalleryError]] = {
    exceptions.AuthorizationRequired: _keys_refused,
    exceptions.NotAllowed: lambda _: StoreError("Our Cloudinary account may not do this."),
    exceptions.NotFound: lambda _: ObjectMissingError("There is no such photo in Cloudinary."),
    exceptions.AlreadyExists: lambda _: KeyTakenError("Another photo has that name in Cloudinary."),
    exceptions.BadRequest: _bad_request,
}
