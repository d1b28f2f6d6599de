"""What a trusted proxy says of the client: believed from the addresses in ``TRUSTED_PROXIES``,
from nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from gallery.config.values import Network
from gallery.web.gateway import WSGI, StartResponse


class TrustedProxies:
    """Puts the client's own address, scheme and host in place of the proxy's."""

    def __init__(self, app: WSGI, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = tuple(networks)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            self._believe(environ)
        return self._app(environ, start_response)

    def _trusts(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)

    def _believe(self, environ: dict[str, Any]) -> None:
        if scheme := _last(environ.get("HTTP_X_FORWARDED_PROTO")):
            environ["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
        if host := _last(environ.get("HTTP_X_FORWARDED_HOST")):
            environ["HTTP_HOST"] = host
        hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        while hops and self._trusts(hops[-1]):
            hops.pop()
        if hops and hops[-1]:
            environ["REMOTE_ADDR"] = hops[-1]


def _last(values: str | None) -> str:
    """The value that the nearest proxy added; earlier ones are the client's own."""
    return (values or "").rsplit(",", 1)[-1].strip()
