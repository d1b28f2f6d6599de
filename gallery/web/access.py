"""Who may do what, and the headers that keep other sites out.

Without a password whoever reaches the loopback address is the owner. With one, people look by the
gallery's visibility and sign in before they change anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from gallery.config import Settings
from gallery.errors import CrossSiteError, SignInRequiredError, WrongHostError
from gallery.web.sessions import Sessions

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_WITH_OWN_CREDENTIALS = "/cdn/v1_1/"
"""Below it each request brings its own signature, never a cookie: a foreign page may send one."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HEADERS_BEHIND_TLS = {"Strict-Transport-Security": "max-age=31536000"}


class Access:
    """The rules of one gallery, from its settings."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._accounts = bool(settings.owner_password)
        self.private = self._accounts and settings.gallery_visibility == "private"
        self._sessions = sessions
        self.hosts = hosts_of(settings.public_url)
        secure = (settings.public_url or "").startswith("https://")
        self.headers = _HEADERS | (_HEADERS_BEHIND_TLS if secure else {})

    @property
    def sign_in_needed(self) -> bool:
        """Whether people sign in here at all."""
        return self._accounts

    def signed_in(self) -> bool:
        """Whether this request is the owner's."""
        if not self._accounts:
            return True
        if "signed_in" not in g:
            g.signed_in = self._sessions.signed_in()
        return bool(g.signed_in)

    def principal(self) -> str:
        """Who asks, as a scope for what belongs to them."""
        return "owner" if self.signed_in() else "anonymous"

    def require_reader(self) -> None:
        """Returns when the caller may look. Raises SignInRequiredError."""
        if self.private and not self.signed_in():
            raise SignInRequiredError("This gallery is private: sign in to look at it.")

    def may_write(self) -> bool:
        """Whether the caller may change things."""
        return self.signed_in()

    def require_writer(self) -> None:
        """Returns when the caller may change things. Raises SignInRequiredError."""
        if not self.may_write():
            raise SignInRequiredError("Sign in to change anything here.")

    def check_request(self) -> None:
        """Refuses hosts that are not ours, and what other sites' pages send. Runs before every
        request."""
        host = request.environ.get("HTTP_HOST", "")
        if not host_is_ours(host, self.hosts):
            raise WrongHostError(
                "This gallery is not served under that name. See PUBLIC_URL in its README."
            )
        site = request.headers.get("Sec-Fetch-Site")
        if request.path.startswith(_WITH_OWN_CREDENTIALS):
            return
        if request.method not in _SAFE_METHODS:
            self._check_write(site, host)
        elif site == "cross-site" and request.path.startswith("/api/") and self._is_embedding():
            raise CrossSiteError("Another site's page may not read this.")

    def _check_write(self, site: str | None, host: str) -> None:
        origin = request.headers.get("Origin")
        if site is not None:
            allowed = site in ("same-origin", "none")
        elif origin is not None:
            allowed = urlsplit(origin).netloc == host
        else:
            allowed = True  # No browser: a browser sends one of the two with every write.
        if not allowed:
            raise CrossSiteError("Another site's page may not change anything here.")

    def _is_embedding(self) -> bool:
        return request.headers.get("Sec-Fetch-Dest", "document") != "document"

    def finish_response(self, response: Response) -> Response:
        """Adds the headers that every answer carries."""
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def hosts_of(public_url: str | None) -> frozenset[str]:
    """The host names that are answered: the public one, and loopback where that is where we are."""
    name = urlsplit(public_url).hostname if public_url else None
    return LOOPBACK_HOSTS if name is None or name in LOOPBACK_HOSTS else LOOPBACK_HOSTS | {name}


def host_is_ours(host: str, hosts: frozenset[str]) -> bool:
    """Whether a Host header names us; the port may differ, as it does behind a published container
    port."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name = host
    return name.lower() in hosts


def content_security_policy(
    nonce: str, *, image_hosts: Iterable[str], upload_hosts: Iterable[str]
) -> str:
    """The policy of every page: our own files, images also from the stores, files also to the one
    that takes them, nothing inline."""
    images = " ".join(("'self'", "blob:", "data:", *image_hosts))
    uploads = " ".join(("'self'", *upload_hosts))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}' 'strict-dynamic'",
            "style-src 'self'",
            f"img-src {images}",
            f"connect-src {uploads}",
            "form-action 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types vitrine-worker",
        )
    )


def new_nonce() -> str:
    """A fresh nonce for one answer."""
    return secrets.token_urlsafe(16)


def register(app: Flask, access: Access) -> None:
    """Puts the rules around every request of the app."""
    app.before_request(access.check_request)
    app.after_request(access.finish_response)
