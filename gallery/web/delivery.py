"""Delivery addresses under ``/cdn``: what is asked, and how it is answered.

What lies ready is answered by ``Gateway`` (``gateway.py``) without Flask; the rest comes by here,
and is answered the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from flask import Blueprint, Response, request
from werkzeug.datastructures import Headers

from gallery.config import Settings
from gallery.errors import GalleryError, NotFoundError
from gallery.imaging.formats import BY_NAME, HEAD_BYTES, accept_bucket, content_type_of
from gallery.services.delivered import Delivered, ElsewhereError
from gallery.services.delivery import Delivery
from gallery.services.meanings import Asked, Client
from gallery.transformation import address
from gallery.web import errors, media
from gallery.web.access import Access
from gallery.web.media import Answer, Media
from gallery.web.memory import Memory

PREFIX = "/cdn/"

_VARY = {"bucket": "Accept", "dpr": "Sec-CH-DPR, DPR", "width": "Sec-CH-Width, Width"}
_NUMBER = re.compile(r"\d{1,5}(\.\d{1,4})?")
_MAX_ERROR_CHARACTERS = 300


class Addressing:
    """Reads the delivery addresses of one cloud, and who asks for them."""

    def __init__(self, *, cloud_name: str, secret: str) -> None:
        self._begins = f"{PREFIX}{cloud_name}/"
        self._secret = secret

    def asked(self, environ: Mapping[str, Any]) -> Asked:
        """What a request asks for. Raises NotFoundError or BadSignatureError."""
        path = _decoded(environ["PATH_INFO"])
        if not path.startswith(self._begins):
            raise NotFoundError("Resource not found: there is no such cloud here.")
        found = address.read(path.removeprefix(self._begins))
        is_signed = found.signature is not None
        return Asked(
            address=found,
            readings=found.signed(self._secret) if is_signed else found.readings,
            signed=is_signed,
            client=client_of(environ),
        )


class Dressing:
    """Gives what is delivered its headers."""

    def __init__(self, *, always: Mapping[str, str], cross_origin: bool, public: bool) -> None:
        """``always`` are the headers that every answer of the gallery carries. Where other sites
        may not show its images, they may show what was uploaded for all if it is ``public``."""
        self._always = {**always, **media.INERT}
        self._cross_origin = cross_origin
        self._public = public

    def media(self, delivered: Delivered, head: bytes) -> Media:
        """What is delivered, of which ``head`` are the first bytes."""
        is_raw = delivered.name.resource_type == "raw"
        content_type = "application/octet-stream" if is_raw else content_type_of(head)
        headers = self._always | {"Cache-Control": _cache_control(delivered)}
        if delivered.varies:
            headers["Vary"] = _vary(delivered.varies)
        if self._may_be_shown_elsewhere(delivered):
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if name := _filename(delivered, content_type):
            headers["Content-Disposition"] = media.attachment(name)
        for line in delivered.name.headers:
            name, _, value = line.partition(":")
            headers[name] = value.strip()
        path = str(delivered.path)
        return Media(path, media.etag_of(path), content_type, list(headers.items()))

    def _may_be_shown_elsewhere(self, delivered: Delivered) -> bool:
        name = delivered.name
        if name.type != "upload":
            return False
        return self._cross_origin or (self._public and name.access_mode == "public")


class HandOver:
    """Lets a server in front read the files of the data folder itself."""

    def __init__(self, header: str, data: Path) -> None:
        """``header`` is ``x-accel-redirect`` (nginx) or ``x-sendfile`` (Apache, lighttpd)."""
        self._header = "X-Accel-Redirect" if header == "x-accel-redirect" else "X-Sendfile"
        self._data = f"{data.resolve()}/"

    def __call__(self, found: Media) -> Answer:
        path = found.path
        if self._header == "X-Accel-Redirect":
            path = "/vitrine-data/" + path.removeprefix(self._data)
        return found.handed_over(self._header, path)


class Deliveries:
    """Answers delivery addresses, and remembers what it answered."""

    def __init__(
        self,
        *,
        addressing: Addressing,
        delivery: Delivery,
        dressing: Dressing,
        hand_over: HandOver | None,
    ) -> None:
        self._addressing = addressing
        self._delivery = delivery
        self._dressing = dressing
        self.hand_over = hand_over
        self.memory = Memory(client_of)

    def answer(self, environ: Mapping[str, Any]) -> Answer:
        """The whole answer. Raises what ``Delivery.deliver`` raises."""
        return self._answered(environ, self._delivery.deliver(self._addressing.asked(environ)))

    def kept(self, environ: Mapping[str, Any]) -> Answer | None:
        """The same where no database is needed to know it; ``None`` where it is."""
        try:
            delivered = self._delivery.kept(self._addressing.asked(environ))
        except GalleryError:
            return None
        return self._answered(environ, delivered) if delivered else None

    def _answered(self, environ: Mapping[str, Any], delivered: Delivered) -> Answer:
        if delivered.content is None:
            return self._raw(environ, delivered)
        content = delivered.content
        found = self._dressing.media(delivered, content[:HEAD_BYTES])
        self.memory.learn(
            environ, found, len(content), varies=delivered.varies, lasting=delivered.is_lasting
        )
        if self.hand_over and delivered.path.exists() and not found.is_known_to(environ):
            return self.hand_over(found)
        return found.answer(environ, content)

    def _raw(self, environ: Mapping[str, Any], delivered: Delivered) -> Answer:
        found = self._dressing.media(delivered, b"")
        if self.hand_over and not found.is_known_to(environ):
            return self.hand_over(found)
        file = delivered.path.open("rb")
        answer = found.answer(environ, file)
        if not hasattr(answer[2], "close"):
            file.close()
        return answer


def deliveries_of(settings: Settings, delivery: Delivery, *, access: Access) -> Deliveries:
    """The delivery addresses of one gallery."""
    header = settings.cdn_sendfile
    return Deliveries(
        addressing=Addressing(cloud_name=settings.cdn_cloud_name, secret=settings.cdn_api_secret),
        delivery=delivery,
        dressing=Dressing(
            always=access.headers,
            cross_origin=access.sign_in_needed and not access.private,
            public=not access.private,
        ),
        hand_over=None if header == "off" else HandOver(header, settings.gallery_data),
    )


def blueprint(deliveries: Deliveries) -> Blueprint:
    """Every delivery address. Failures tell their reason in a header besides."""
    routes = Blueprint("delivery", __name__)

    @routes.get(f"{PREFIX}<path:_>")
    def deliver(_: str) -> Response:
        return response_of(deliveries.answer(request.environ))

    @routes.errorhandler(ElsewhereError)
    def send_on(elsewhere: ElsewhereError) -> Response:
        response = Response(status=302, mimetype="application/octet-stream")
        response.headers["Location"] = elsewhere.url
        varies = elsewhere.varies
        response.headers["Cache-Control"] = media.FOR_ONE if varies is None else media.FOR_A_MINUTE
        if varies:
            response.headers["Vary"] = _vary(varies)
        return response

    @routes.errorhandler(GalleryError)
    def refuse(error: GalleryError) -> Response:
        response = errors.answer_of(error)
        response.headers["X-Cld-Error"] = _in_one_line(error.detail)
        return response

    return routes


def response_of(answer: Answer) -> Response:
    """The answer as Flask sends it."""
    status, headers, body = answer
    response = Response(body, status=status, direct_passthrough=True)
    # Without a type of its own it would pass for a page; a 304 loses it on the way out.
    response.headers = Headers([("Content-Type", "application/octet-stream")])
    response.headers.update(headers)
    return response


def client_of(environ: Mapping[str, Any]) -> Client:
    """What the headers of a request tell of who asks."""
    width = _hint(environ, "WIDTH")
    return Client(
        bucket=accept_bucket(environ.get("HTTP_ACCEPT", "")),
        dpr=_hint(environ, "DPR"),
        width=round(width) if width else None,
    )


def _vary(varies: frozenset[str]) -> str:
    return ", ".join(_VARY[each] for each in _VARY if each in varies)


def _hint(environ: Mapping[str, Any], name: str) -> float | None:
    """A client hint, under its present name or its former one."""
    value = environ.get(f"HTTP_SEC_CH_{name}") or environ.get(f"HTTP_{name}") or ""
    return float(value) if _NUMBER.fullmatch(value) and float(value) > 0 else None


def _decoded(path: str) -> str:
    """A path as WSGI hands it down, percent-decoded once, as the text it is."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        _nothing_here()


def _nothing_here() -> NoReturn:
    raise NotFoundError("Resource not found: the address is not UTF-8.")


def _cache_control(delivered: Delivered) -> str:
    if delivered.name.type != "upload":
        return media.FOR_ONE
    return media.FOR_EVER if delivered.is_current else media.FOR_A_MINUTE


def _filename(delivered: Delivered, content_type: str) -> str | None:
    """The name that it is saved under, if it is to be saved."""
    name = delivered.name.public_id.rpartition("/")[2]
    if delivered.name.resource_type == "raw":
        return name
    asked = [flag for flag in delivered.wanted.flags if flag.partition(":")[0] == "attachment"]
    if not asked:
        return None
    extensions = [each.extension for each in BY_NAME.values() if each.content_type == content_type]
    return ".".join([asked[0].partition(":")[2] or name, *extensions])


def _in_one_line(detail: str) -> str:
    plain = detail.encode("ascii", "backslashreplace").decode()
    return re.sub(r"[^ -~]", " ", plain)[:_MAX_ERROR_CHARACTERS]
