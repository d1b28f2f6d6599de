"""Who may send a file: whoever has the secret, always; others so often a minute.

Both SDKs send the parameters before the file. So whoever proves by them to be ours is let in at
once, and of all others those who come too often are refused before their file is received. What
comes behind the file is still read: only then it is decided whether a call is signed.
"""

from __future__ import annotations

from flask import request

from gallery.catalog.attempts import Attempts
from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

UNPROVEN, WITHIN_S = 60, 60
"""Uploads from one address that are unsigned, or signed by somebody else."""


class Gate:
    """Lets the uploads of one account in."""

    def __init__(self, account: Account, attempts: Attempts) -> None:
        self._account = account
        self._attempts = attempts

    def before_file(self, params: Parameters) -> None:
        """Returns when the file of an upload may come behind these parameters."""
        if self._is_proven(params):
            return
        count, ends_in_s = self._attempts.seen(_who(), window_s=WITHIN_S)
        if count >= UNPROVEN:
            raise _too_many(ends_in_s)

    def before_no_file(self, params: Parameters) -> None:
        """Refuses the file of a call that needs none, unless it is ours."""
        if not self._is_proven(params):
            raise RefusedError(400, "A file belongs in an upload alone")

    def check(self, params: Parameters) -> bool:
        """Whether an upload is signed rather than unsigned. Refuses what is signed wrongly, and who
        comes too often with anything else than our signature."""
        authorization = request.headers.get("Authorization")
        if authorization or "signature" in params:
            try:
                self._account.check(params, authorization)
            except RefusedError:
                self._count()
                raise
            return True
        self._count()
        return False

    def _is_proven(self, params: Parameters) -> bool:
        authorization = request.headers.get("Authorization")
        if authorization:
            self._account.check_basic(authorization)
            return True
        if "api_key" in params:
            self._account.check_key(params.text("api_key"))
        if "signature" not in params:
            return False
        try:
            self._account.check_signed(params)
        except RefusedError:  # More may come that it covers.
            return False
        return True

    def _count(self) -> None:
        count, ends_in_s = self._attempts.count(_who(), window_s=WITHIN_S)
        if count > UNPROVEN:
            raise _too_many(ends_in_s)


def _who() -> str:
    return f"upload {request.remote_addr}"


def _too_many(ends_in_s: int) -> RefusedError:
    return RefusedError(
        420,
        f"Rate Limit Exceeded. Limit of {UNPROVEN} uploads a minute without a valid signature. "
        f"Try again in {ends_in_s} s.",
        retry_after_s=ends_in_s,
    )
