"""Between the API of Cloudflare Images and us: tries, time-outs, the two hosts that take requests.

https://developers.cloudflare.com/api/resources/images/
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import urlencode

import certifi
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from gallery.config import CloudflareAccount
from gallery.errors import StoreUnavailableError
from gallery.stores.base import StoreHealth
from gallery.stores.bodies import body_of
from gallery.stores.cloudflare.answers import asked_s, moment_of, no_answer, opened, reading
from gallery.stores.cloudflare.pace import BatchToken, Pace
from gallery.stores.guarded import Guard
from gallery.stores.patience import Deadline

CONNECTIONS = 16

AWAY_S = 300.0
"""How long calls are turned away beyond the limit, where no answer says it."""


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
            return opened(self._sent(call, deadline, seconds))

    def open(self, path: str) -> BinaryIO:
        """The file at ``path``, fetched while it is read."""
        deadline = Deadline(self._call_s)
        call = Call(method="GET", path=path)

        def attempt() -> BinaryIO:
            response = self._sent(call, deadline, self._call_s / 2, stream=True)
            if response.status != 200:
                try:
                    opened(response)
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
            told = opened(self._carry(call, deadline, self._call_s / 2, batch=None, stream=False))
            return str(told["token"]), moment_of(told["expiresAt"])
