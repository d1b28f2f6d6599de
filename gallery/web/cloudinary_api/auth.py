"""Who may call ``/cdn/v1_1``: whoever has the secret of the embedded CDN's account.

A call is signed, or carries key and secret in its ``Authorization``. Signatures are of version 2
only: version 1 left ``&`` as it was, so that one value could be read as two parameters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

SIGNED_FOR_S = 3600
"""How long a signature holds."""

CLOCKS_DIFFER_BY_S = 300
"""A timestamp may lie so far in the future."""

_SHOWN = 2000
"""Characters of a string to sign that are shown to whoever signed another one."""

_ALGORITHMS = {40: "sha1", 64: "sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The one account of the embedded CDN."""

    cloud_name: str
    api_key: str
    api_secret: str = field(repr=False)
    now: Callable[[], datetime]
    algorithm: str = "sha1"
    """Of the signatures that we write: ``sha1`` or ``sha256``."""

    def check_cloud(self, cloud_name: str) -> None:
        """Returns when that is our cloud. Refuses others."""
        if cloud_name != self.cloud_name:
            raise RefusedError(401, f"Invalid cloud_name {cloud_name[:64]}")

    def check(
        self, params: Parameters, authorization: str | None, *, unsigned: Collection[str] = ()
    ) -> None:
        """Returns when the call is signed, or its ``Authorization`` is ours."""
        if authorization:
            self.check_basic(authorization)
        else:
            self.check_signed(params, unsigned=unsigned)

    def check_signed(self, params: Parameters, *, unsigned: Collection[str] = ()) -> None:
        """Returns when the parameters are signed with our secret, within the last hour.

        ``unsigned`` names those that a signature may leave out.
        """
        self.check_key(params.required("api_key"))
        given = params.required("signature")
        to_sign = params.string_to_sign()
        if not self._matches(to_sign, given):
            without = params.string_to_sign(without=unsigned)
            if without == to_sign or not self._matches(without, given):
                raise RefusedError(
                    401,
                    f"Invalid Signature {given[:128]}. String to sign - '{to_sign[:_SHOWN]}'.",
                )
        self._check_age(params)

    def check_basic(self, authorization: str | None) -> None:
        """Returns when an ``Authorization`` is ours: ``Basic`` with key and secret, or ``Bearer``
        with the secret."""
        scheme, _, credentials = (authorization or "").partition(" ")
        match scheme.lower():
            case "basic":
                key, _, secret = _decoded(credentials).partition(":")
                self.check_key(key)
            case "bearer":
                secret = credentials.strip()
            case _:
                raise RefusedError(401, "Must supply api_key and api_secret, or a signature")
        if not _equal(secret, self.api_secret):
            raise RefusedError(401, "api_secret mismatch")

    def signature_of(self, answer: Mapping[str, object]) -> str:
        """The signature of an answer, by which clients know that it is ours; of version 1."""
        text = "&".join(f"{name}={answer[name]}" for name in sorted(answer))
        return _digest(self.algorithm, text + self.api_secret)

    def check_key(self, api_key: str) -> None:
        """Returns when that is our key."""
        if not _equal(api_key, self.api_key):
            raise RefusedError(401, "unknown api_key")

    def _matches(self, to_sign: str, signature: str) -> bool:
        algorithm = _ALGORITHMS.get(len(signature))
        return algorithm is not None and _equal(
            signature, _digest(algorithm, to_sign + self.api_secret)
        )

    def _check_age(self, params: Parameters) -> None:
        now = self.now().timestamp()
        signed_at = _moment(params, "timestamp")
        if signed_at - now > CLOCKS_DIFFER_BY_S:
            raise RefusedError(401, f"Invalid timestamp - {_shown(signed_at)} is yet to come")
        if "expires_at" in params:
            if _moment(params, "expires_at") <= now:
                raise RefusedError(401, "Stale request - expires_at is over")
        elif now - signed_at > SIGNED_FOR_S:
            raise RefusedError(
                401,
                f"Stale request - reported time is {_shown(signed_at)} "
                "which is more than 1 hour ago",
            )


def _moment(params: Parameters, name: str) -> int:
    text = params.required(name)
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise RefusedError(400, f"Invalid value {text[:40]!r} for parameter {name}")
    return int(text)


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _digest(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise RefusedError(401, "Invalid credentials") from error
