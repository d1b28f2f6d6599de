"""What must be so in an account of Cloudflare Images, and how it comes about: ``gallery prepare``.

Each size of a preset is a named variant, without metadata. Variants are of the whole account, so
those of others are looked at too: one that keeps metadata tells where a photo was taken, one that
never needs a signature shows private photos to everybody.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from gallery.config import CloudflareAccount
from gallery.errors import KeyTakenError, StorageFullError
from gallery.stores.abilities import Preparation
from gallery.stores.cloudflare.answers import reading
from gallery.stores.cloudflare.sizes import MOST_VARIANTS, Size, named
from gallery.stores.cloudflare.wire import Call, Client
from gallery.transformation import Preset

_NOBODYS = "vitrine-is-this-on"
"""An id that no image has."""

_OFF = "9429"
"""Why an address is refused where flexible variants are off: errors.mdx of Cloudflare's docs."""


class Setup:
    """Looks what is there and what is missing in one account."""

    def __init__(self, client: Client, account: CloudflareAccount, *, private: bool) -> None:
        self._client = client
        self._account = account
        self._private = private
        self._lock = threading.Lock()
        self._is_ready = False

    def ensure(self, presets: Mapping[str, Preset]) -> None:
        """Makes the variants that are missing; looked at once in the life of a process."""
        with self._lock:
            if self._is_ready:
                return
            there = self._variants()
            for name, size in named(presets).items():
                if name not in there:
                    self._create(name, size)
            self._is_ready = True

    def preparations(self, presets: Mapping[str, Preset]) -> Iterator[Preparation]:
        """Everything that must be so. Some of it only a person can bring about."""
        there = self._variants()
        wanted = named(presets)
        for name, size in wanted.items():
            yield self._variant(name, size, there.get(name))
        for name, found in there.items():
            if name not in wanted:
                yield from self._foreign(name, found)
        yield self._flexible()

    def _variants(self) -> dict[str, Mapping[str, Any]]:
        told = self._client.ask(Call(method="GET", path="/v1/variants"))
        with reading():
            return {str(name): dict(found) for name, found in told["variants"].items()}

    def _variant(self, name: str, size: Size, found: Mapping[str, Any] | None) -> Preparation:
        what = f"variant {name}"
        if found is None:
            return Preparation(what=what, is_done=False, do=partial(self._create, name, size))
        options = found.get("options") or {}
        is_done = all(options.get(name) == value for name, value in size.options.items())
        is_done = is_done and found.get("neverRequireSignedURLs") is not True
        do = None if is_done else partial(self._change, name, size)
        return Preparation(what=what, is_done=is_done, do=do)

    def _foreign(self, name: str, found: Mapping[str, Any]) -> Iterator[Preparation]:
        options = found.get("options") or {}
        if options.get("metadata") == "keep":
            what = f"variant {name} tells where photos were taken: let it keep no metadata"
            yield Preparation(what=what, is_done=False, do=None)
        if self._private and found.get("neverRequireSignedURLs") is True:
            what = f"variant {name} shows private photos to everybody: let it need signed addresses"
            yield Preparation(what=what, is_done=False, do=None)

    def _flexible(self) -> Preparation:
        is_on = self._has_flexible()
        if self._account.flexible:
            return Preparation(what="flexible variants", is_done=is_on, do=self._switch_on)
        # They may be needed by other apps of the account.
        what = "no flexible variants"
        if is_on:
            what += (
                ": by them anybody reads where a photo was taken; switch them off under Delivery"
            )
        return Preparation(what=what, is_done=not is_on, do=None)

    def _has_flexible(self) -> bool:
        account = self._account
        url = f"{account.delivery_url}/{account.hash}/{_NOBODYS}/width=1"
        _, reason = self._client.refusal_of(url)
        return _OFF not in reason

    def _switch_on(self) -> None:
        call = Call(method="PATCH", path="/v1/config", json={"flexible_variants": True})
        self._client.ask(call)

    def _create(self, name: str, size: Size) -> None:
        body = {"id": name, "options": size.options, "neverRequireSignedURLs": False}
        try:
            self._client.ask(Call(method="POST", path="/v1/variants", json=body))
        except KeyTakenError:
            return  # Another process was first.
        except StorageFullError as error:
            raise StorageFullError(
                f"Our Cloudflare account has {MOST_VARIANTS} variants already: remove some."
            ) from error

    def _change(self, name: str, size: Size) -> None:
        body = {"options": size.options, "neverRequireSignedURLs": False}
        self._client.ask(Call(method="PATCH", path=f"/v1/variants/{name}", json=body))
