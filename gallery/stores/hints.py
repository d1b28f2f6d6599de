"""What providers tell us of files that came to them, each in its own language.

It is a hint and no more: whoever can send one can make us look at what we are waiting for, and
nothing else. What is true is asked of the store.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote_plus

from gallery.errors import BadRequestError, HookRefusedError
from gallery.stores.base import KEY

ARRIVALS = "arrivals/"
"""Below it lies what came by tickets, where a store keeps that apart by its name."""

AGE_S = 300
"""By so much may the time of a notification differ from ours."""

MOST = 1000
"""Names that are read of one notification."""

_HASHES = {40: hashlib.sha1, 64: hashlib.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification as it came."""

    headers: Mapping[str, str]
    """Names in lower case."""
    token: str
    """As the address had it."""
    body: bytes


class Reader(Protocol):
    """Reads the notifications of one provider."""

    def __call__(self, notice: Notice) -> tuple[str, ...]:
        """The keys under which something may have arrived.

        Raises HookRefusedError for what is not the provider's, BadRequestError for what cannot be
        read.
        """
        ...


class CloudinaryHints:
    """Signed with the account's secret: a digest of body, time and secret.

    https://cloudinary.com/documentation/notification_signatures. Whoever has heard one could send
    it again: it is not believed for longer than a few minutes.
    """

    def __init__(self, api_secret: str, *, now: Callable[[], datetime]) -> None:
        self._api_secret = api_secret
        self._now = now

    def __call__(self, notice: Notice) -> tuple[str, ...]:
        timestamp = notice.headers.get("x-cld-timestamp", "")
        signature = notice.headers.get("x-cld-signature", "")
        hashed = _HASHES.get(len(signature))
        if hashed is None or not re.fullmatch(r"[0-9]{1,11}", timestamp):
            raise _refused()
        wanted = hashed(notice.body + timestamp.encode() + self._api_secret.encode()).hexdigest()
        if not _equal(signature, wanted):
            raise _refused()
        if abs(self._now().timestamp() - int(timestamp)) > AGE_S:
            raise HookRefusedError("This notification is too old, or one of our clocks is wrong.")
        told = _read(notice.body)
        if not isinstance(told, dict) or told.get("notification_type") != "upload":
            return ()
        return _keys(iter([str(told.get("public_id", ""))]))


class CloudflareHints:
    """Carries the secret that was given for the webhook.

    https://developers.cloudflare.com/notifications/get-started/configure-webhooks/. What its
    ``data`` holds is not documented: every name in it that could be a key is looked at.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, notice: Notice) -> tuple[str, ...]:
        if not self._secret or not _equal(notice.headers.get("cf-webhook-auth", ""), self._secret):
            raise _refused()
        told = _read(notice.body)
        return _keys(_texts(told.get("data") if isinstance(told, dict) else None))


class S3Hints:
    """Carries our own token: in its address, or as ``Authorization: Bearer``.

    Events as S3, MinIO and Ceph send them, and as EventBridge does.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, notice: Notice) -> tuple[str, ...]:
        scheme, _, bearer = notice.headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else notice.token
        if not _equal(given, self._token):
            raise _refused()
        return _keys(_s3_names(_read(notice.body)))


def _s3_names(told: Any) -> Iterator[str]:
    if not isinstance(told, dict):
        return
    records = told.get("Records")
    for each in records if isinstance(records, list) else []:
        yield unquote_plus(_within(each, "s3", "object", "key"))
    yield _within(told, "detail", "object", "key")


def _within(value: Any, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _keys(names: Iterator[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        key = name.removeprefix(ARRIVALS)
        if KEY.fullmatch(key) and len(found) < MOST:
            found[key] = None
    return tuple(found)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("The notification is no JSON.") from error


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _refused() -> HookRefusedError:
    return HookRefusedError("This notification does not come from our store.")
