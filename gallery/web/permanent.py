"""``/i/{id}/{preset}``: the address of a size that stays, wherever the image moves to.

It leads there by a redirect, or, where visitors should reach no other host than ours, the bytes
pass through us.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Blueprint, request
from werkzeug.wrappers import Response

from gallery.errors import NotFoundError, StoreUnavailableError
from gallery.imaging.formats import HEAD_BYTES, content_type_of
from gallery.services.delivered import ElsewhereError
from gallery.services.permanent import Permanent
from gallery.web import media
from gallery.web.access import Access
from gallery.web.delivery import Deliveries, client_of, response_of
from gallery.web.media import Headers, Media

ADDRESS = "/i/<image_id>/<preset>"


_DECIDED_HERE = frozenset({"Cache-Control", "Cross-Origin-Resource-Policy"})
"""Of the headers of an address that names a version; this one stays when the picture changes."""


def blueprint(**parts: Any) -> Blueprint:
    """The one route. Takes the parts of ``PermanentAddresses``."""
    views = PermanentAddresses(**parts)
    routes = Blueprint("permanent", __name__)
    routes.get(ADDRESS)(views.lead)
    return routes


class PermanentAddresses:
    """Answers permanent addresses. ``proxied``: the bytes pass through us."""

    def __init__(
        self, *, access: Access, permanent: Permanent, deliveries: Deliveries, proxied: bool
    ) -> None:
        self._access = access
        self._permanent = permanent
        self._deliveries = deliveries
        self._proxied = proxied
        # What it leads to changes with a replacement and with a move.
        self._kept = media.FOR_ONE if access.private else media.FOR_A_MINUTE
        self._cross_origin = access.sign_in_needed and not access.private

    def lead(self, image_id: str, preset: str) -> Response:
        """The way to the picture, or the picture."""
        self._access.require_reader()
        url = self._permanent.url(image_id, preset)
        if not self._proxied:
            return response_of(("302 Found", [("Location", url), *self._headers()], []))
        try:
            return self._passed_on(url)
        except (NotFoundError, StoreUnavailableError):
            # It may have moved since we looked where it is.
            before, url = url, self._permanent.url(image_id, preset)
            if url == before:
                raise
            return self._passed_on(url)

    def _passed_on(self, url: str) -> Response:
        if not url.startswith("/"):
            return self._fetched(url)
        # An address of our own, as WSGI hands paths down.
        path = unquote_to_bytes(url).decode("latin-1")
        try:
            answer = self._deliveries.answer({**request.environ, "PATH_INFO": path})
        except ElsewhereError as elsewhere:
            return self._fetched(elsewhere.url)
        status, headers, body = answer
        ours = dict(self._headers()) | {
            name: value for name, value in headers if name not in _DECIDED_HERE
        }
        return response_of((status, list(ours.items()), body))

    def _fetched(self, url: str) -> Response:
        bucket = client_of(request.environ).bucket
        etag = media.etag_of(f"{url} {bucket}")  # What lies at such a URL never changes.
        known = Media(url, etag, "", self._headers())
        if known.is_known_to(request.environ):
            return response_of(known.unchanged())
        file = self._permanent.fetched(url, bucket)
        content_type = content_type_of(file.read(HEAD_BYTES))
        found = Media(url, etag, content_type, [*media.INERT.items(), *self._headers()])
        answer = found.answer(request.environ, file)
        if not hasattr(answer[2], "close"):  # Nothing of the file is sent.
            file.close()
        return response_of(answer)

    def _headers(self) -> Headers:
        headers = [("Cache-Control", self._kept), ("Vary", "Accept")]
        if self._cross_origin:
            headers.append(("Cross-Origin-Resource-Policy", "cross-origin"))
        return headers
