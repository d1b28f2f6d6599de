"""Between the API of Cloudflare Images and us: tries, time-outs, its refusals in our words.

https://developers.cloudflare.com/api/resources/images/. Every answer is an envelope of ``success``,
``result`` and ``errors`` with codes; the codes that we know by name are below.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import urlencode

import certifi
import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.response import BaseHTTPResponse

from gallery.config import CloudflareAccount
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
from gallery.stores.base import StoreHealth
from gallery.stores.bodies import body_of
from gallery.stores.cloudflare.pace import BatchToken, Pace
from gallery.stores.guarded import Guard
from gallery.stores.patience import Deadline

CONNECTIONS = 16

AWAY_S = 300.0
"""How long calls are turned away beyond the limit, where no answer says it."""

_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_NO_SUCH_PLACE = frozenset({7000, 7003})
"""The account in the address is none."""

_EXISTS, _BAD_FORMAT = 5409, 5455


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the API of images."""

    method: str
    path: str
    """Behind ``/images``, percent-encoded."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Sequence[tuple[str, Any]] | None = None
    json: Mapping[str, Any] | None = None
    may_batch: bool = False
    """The batch host takes it too."""


class Client:
    """Asks for one account. ``call_s`` bounds a call with all its tries, one request gets half."""

    def __init__(
        self,
        account: CloudflareAccount,
        *,
        call_s: float,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account = account
        self._call_s = call_s
        self._guard = Guard("Cloudflare", sleep=sleep, now=now)
        self._pace = Pace(now)
        self._token = BatchToken(self._ask_for_token, clock=clock)
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where(), retries=False
        )

    def ask(self, call: Call) -> Any:
        """The ``result`` of the answer. Raises StoreError and its kin."""
        deadline = Deadline(self._call_s)
        return self.guarded(lambda: self.once(call, deadline), deadline)

    def guarded(self, attempt: Callable[[], Any], deadline: Deadline) -> Any:
        """What ``attempt`` returns, tried again within reason."""
        return self._guard.call(attempt, deadline=deadline)

    def once(self, call: Call, deadline: Deadline, *, request_s: float | None = None) -> Any:
        """The same, tried once: for attempts that are more than one request."""
        seconds = request_s or self._call_s / 2
        with reading():
            return _opened(self._sent(call, deadline, seconds))

    def open(self, path: str) -> BinaryIO:
        """The file at ``path``, fetched while it is read."""
        deadline = Deadline(self._call_s)
        call = Call(method="GET", path=path)

        def attempt() -> BinaryIO:
            response = self._sent(call, deadline, self._call_s / 2, stream=True)
            if response.status != 200:
                try:
                    _opened(response)
                finally:
                    response.close()
            return body_of(response, failed=no_answer)

        file: BinaryIO = self._guard.call(attempt, deadline=deadline)
        return file

    def refusal_of(self, url: str) -> tuple[int, str]:
        """Status and reason of an address of delivery that is not meant to exist."""
        deadline = Deadline(self._call_s)
        response = self._request("GET", url, deadline, self._call_s / 2)
        reason = response.headers.get("Cf-Resized", "") + response.data[:2000].decode(
            "utf-8", "replace"
        )
        return response.status, reason

    def health(self) -> StoreHealth:
        """How our requests have fared."""
        return self._guard.health()

    def _sent(
        self, call: Call, deadline: Deadline, seconds: float, *, stream: bool = False
    ) -> BaseHTTPResponse:
        if self._goes_by_batch(call):
            token = self._token.get(renew=self._pace.left_s() == 0)
            if token:
                response = self._carry(call, deadline, seconds, batch=token, stream=stream)
                if response.status not in (401, 403):
                    return response
                self._token.drop()
        if left_s := self._pace.left_s():
            raise StoreUnavailableError("Cloudflare is busy.", retry_after_s=math.ceil(left_s))
        self._pace.note()
        response = self._carry(call, deadline, seconds, batch=None, stream=stream)
        if response.status == 429:
            self._pace.turned_away(after_s=asked_s(response) or AWAY_S)
        return response

    def _goes_by_batch(self, call: Call) -> bool:
        return call.may_batch and self._account.batch_url is not None and self._pace.is_often()

    def _carry(
        self, call: Call, deadline: Deadline, seconds: float, *, batch: str | None, stream: bool
    ) -> BaseHTTPResponse:
        account = self._account
        base = account.batch_url if batch else f"{account.api_url}/accounts/{account.account_id}"
        query = f"?{urlencode(call.query)}" if call.query else ""
        body: dict[str, Any] = {}
        if call.form is not None:
            body["fields"] = call.form
        elif call.json is not None:
            body["json"] = call.json
        return self._request(
            call.method,
            f"{base}/images{call.path}{query}",
            deadline,
            seconds,
            headers={"Authorization": f"Bearer {batch or account.token}"},
            stream=stream,
            **body,
        )

    def _request(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        seconds: float,
        *,
        stream: bool = False,
        **given: Any,
    ) -> BaseHTTPResponse:
        seconds = max(0.001, min(seconds, deadline.left_s()))
        # urllib3 sends the body under the connect time-out.
        timeout = urllib3.Timeout(connect=seconds, read=seconds)
        try:
            return self._pool.request(
                method,
                url,
                timeout=timeout,
                redirect=False,
                preload_content=not stream,
                decode_content=not stream,
                **given,
            )
        except (HTTPError, OSError) as error:
            raise no_answer() from error

    def _ask_for_token(self) -> tuple[str, datetime]:
        self._pace.note()
        call = Call(method="GET", path="/v1/batch_token")
        deadline = Deadline(self._call_s / 2)
        with reading():
            told = _opened(self._carry(call, deadline, self._call_s / 2, batch=None, stream=False))
            return str(told["token"]), moment_of(told["expiresAt"])


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


def _opened(response: BaseHTTPResponse) -> Any:
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
