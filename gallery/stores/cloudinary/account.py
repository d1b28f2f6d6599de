"""One Cloudinary account: how it is asked, and the addresses in it.

Two accounts may live side by side: every call names its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from cloudinary import uploader, utils

from gallery.config import CloudinaryAccount
from gallery.errors import StoreError
from gallery.stores.cloudinary import wire
from gallery.stores.guarded import Guard
from gallery.stores.patience import Deadline

_UPLOAD_API = (uploader.destroy, uploader.explicit, uploader.rename, uploader.upload)
"""Calls that nobody counts."""

PRIVATE = {"resource_type": "image", "type": "private"}
"""What all of ours is: nobody gets the original of such an image without a signature."""


class Account:
    """Asks for one account, with patience, and never while it is known to be away."""

    def __init__(
        self,
        account: CloudinaryAccount,
        *,
        call_s: float,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``call_s`` bounds a call with all its tries; one request gets half of it."""
        wire.tame_sdk()
        self.call_s = call_s
        self.downloads = wire.Downloads()
        self.guard = Guard("Cloudinary", sleep=sleep)
        # Its calls are counted: when it turns us away, that says nothing of uploads.
        self._admin_guard = Guard("Cloudinary", sleep=sleep)
        self._now = now
        self.answered_at: float | None = None
        """When a call of the SDK was last answered."""
        self.keys: dict[str, Any] = {
            "cloud_name": account.cloud_name,
            "api_key": account.api_key,
            "api_secret": account.api_secret,
            "upload_prefix": account.upload_prefix,
            **wire.CALL_DEFAULTS,
        }
        """What names the account in each call of the SDK."""
        self._delivery = {
            "cloud_name": account.cloud_name,
            "api_secret": account.api_secret,
            "secure": account.secure,
            "cname": account.cname,
            "secure_distribution": account.secure_distribution,
            "private_cdn": account.private_cdn,
            **wire.URL_DEFAULTS,
        }

    def call(self, function: Callable[..., Any], *given: Any, **options: Any) -> dict[str, Any]:
        """What a function of the SDK answers for this account. Raises StoreError and its kin."""
        deadline = Deadline(self.call_s)
        named = {**self.keys, **PRIVATE, **options, "timeout": self.within(deadline)}
        guard = self.guard if function in _UPLOAD_API else self._admin_guard
        answer = guard.call(lambda: wire.ask(lambda: function(*given, **named)), deadline=deadline)
        self.answered_at = self._now()
        return cast(dict[str, Any], answer)

    def open(self, public_id: str, *, kind: str = PRIVATE["type"]) -> BinaryIO:
        """The bytes of an original as they arrive, by a signed address that nobody else sees."""
        deadline, named = Deadline(self.call_s), {**PRIVATE, **self.keys, "type": kind}

        def attempt() -> BinaryIO:
            url = utils.private_download_url(public_id, "", **named)
            return self.downloads.open(url, self.within(deadline))

        return self.guard.call(attempt, deadline=deadline)

    def destroy(self, public_id: str) -> None:
        """Removes an image, all derived from it, and the copies that the CDN keeps of those."""
        answer = self.call(uploader.destroy, public_id, invalidate=True)
        if answer.get("result") not in ("ok", "not found"):
            raise StoreError("Cloudinary did not delete the photo.")

    def status(self, url: str) -> int:
        """What an address answers a GET with."""
        return self.downloads.status(url, self.within(Deadline(self.call_s)))

    def lets_in(self, origin: str, headers: str) -> bool:
        """Whether pages of that origin may send uploads with these headers."""
        url = utils.cloudinary_api_url(**PRIVATE, **self.keys)
        within = self.within(Deadline(self.call_s))
        return self.downloads.lets_in(url, origin, headers, within)

    def within(self, deadline: Deadline) -> wire.Within:
        """The time-outs of the requests of one call."""
        return wire.Within(deadline, request_s=self.call_s / 2)

    def url(
        self, public_id: str, transformation: str, *, version: str | None, signed: bool = True
    ) -> str:
        """A delivery address; its signature covers the transformation."""
        url, _ = utils.cloudinary_url(
            public_id,
            raw_transformation=transformation,
            version=version,
            sign_url=signed,
            long_url_signature=True,
            **PRIVATE,
            **self._delivery,
        )
        return str(url)
