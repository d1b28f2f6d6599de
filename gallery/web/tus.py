"""``/api/tus``: resumable uploads, by the protocol that many clients speak.

https://tus.io/protocols/resumable-upload: 1.0.0 with creation, creation-with-upload, expiration,
checksum and termination.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.http import http_date

from gallery.catalog.upload import Upload, UploadStatus
from gallery.errors import (
    BadRequestError,
    ContentTypeError,
    GalleryError,
    ProtocolVersionError,
)
from gallery.services.appending import (
    ALGORITHMS,
    Appending,
    Checksum,
    beyond_the_end,
    check_offset,
)
from gallery.services.body import Body
from gallery.services.finishing import Finishing
from gallery.services.uploads import Uploads, new_upload
from gallery.web.access import Access
from gallery.web.metadata import parse
from gallery.web.openapi import describes
from gallery.web.receive import content_length

PREFIX = "/api/tus"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
CONTENT_TYPE = "application/offset+octet-stream"

_NUMBER = re.compile(r"[0-9]{1,15}")
_OVERRIDE = "HTTP_X_HTTP_METHOD_OVERRIDE"
_METHODS = frozenset({"HEAD", "PATCH", "POST", "DELETE", "OPTIONS"})

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def blueprint(
    *, access: Access, uploads: Uploads, appending: Appending, finishing: Finishing
) -> Blueprint:
    """The routes under ``/api/tus``."""
    views = TusViews(access, uploads, appending, finishing)
    routes = Blueprint("tus", __name__, url_prefix=PREFIX)
    for rule in ("", "/<upload_id>"):
        routes.add_url_rule(
            rule, "options", views.options, methods=["OPTIONS"], provide_automatic_options=False
        )
    for rule, method, view in (
        ("", "POST", views.create),
        ("/<upload_id>", "HEAD", views.tell),
        ("/<upload_id>", "PATCH", views.append),
        ("/<upload_id>", "DELETE", views.cancel),
    ):
        routes.add_url_rule(rule, view_func=view, methods=[method], provide_automatic_options=False)
    routes.after_app_request(_with_version)
    return routes


class MethodOverride:
    """In front of the app: the method that ``X-HTTP-Method-Override`` names is the method, for
    every check too."""

    def __init__(self, app: WSGI) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if _OVERRIDE in environ and environ["PATH_INFO"].startswith(PREFIX):
            method = environ[_OVERRIDE].strip().upper()
            environ["REQUEST_METHOD"] = method if method in _METHODS else "TRACE"
        return self._app(environ, start_response)


class TusViews:
    """The views of the protocol; what they do is done by the services."""

    def __init__(
        self, access: Access, uploads: Uploads, appending: Appending, finishing: Finishing
    ) -> None:
        self._access = access
        self._uploads = uploads
        self._appending = appending
        self._finishing = finishing

    def options(self, upload_id: str = "") -> Response:
        del upload_id
        return _answer(
            204,
            {
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(self._uploads.max_bytes),
                "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            },
        )

    @describes(
        "Begin a resumable upload (tus 1.0.0)",
        headers=("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Checksum"),
        answers={201: None},
    )
    def create(self) -> Response:
        principal = self._begin()
        size, metadata = _size(), request.headers.get("Upload-Metadata", "")
        told = parse(metadata)
        wanted = new_upload(
            principal, filename=told.filename, bytes=size, told=told.told, metadata=metadata
        )
        body = _body()
        checksum = _checksum()
        if body.length != 0:
            _check_content_type()
        self._uploads.check_size(wanted.filename, size)
        if body.length is not None and body.length > size:
            raise beyond_the_end(wanted)
        upload = self._uploads.create(wanted)
        if body.length != 0:
            upload = self._begun(upload, body, checksum)
        headers = _progress(upload) | {"Location": f"{PREFIX}/{upload.id}"}
        return _answer(201, headers)

    def _begun(self, upload: Upload, body: Body, checksum: Checksum | None) -> Upload:
        try:
            return self._appended(upload.id, upload.principal, body, 0, checksum)
        except GalleryError:
            # Nobody will ask for it: its address was not told.
            if self._uploads.find(upload.id, upload.principal).status is UploadStatus.PENDING:
                self._uploads.cancel(upload.id, upload.principal)
            raise

    def tell(self, upload_id: str) -> Response:
        principal = self._begin()
        upload = self._uploads.settled(upload_id, principal)
        headers = _progress(upload) | {"Upload-Length": str(upload.bytes)}
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        return _answer(200, headers)

    @describes(
        "Continue a resumable upload (tus 1.0.0)",
        headers=("Tus-Resumable", "Upload-Offset", "Upload-Checksum"),
        body=CONTENT_TYPE,
        answers={204: None},
    )
    def append(self, upload_id: str) -> Response:
        principal = self._begin()
        _check_content_type()
        offset, body, checksum = _number("Upload-Offset"), _body(), _checksum()
        upload = self._uploads.find(upload_id, principal)
        if upload.status in (UploadStatus.READY, UploadStatus.PROCESSING):
            check_offset(upload, offset)
            if body.length != 0:
                raise beyond_the_end(upload)
        else:
            upload = self._appended(upload_id, principal, body, offset, checksum)
        return _answer(204, _progress(upload))

    def _appended(
        self, id: str, principal: str, body: Body, offset: int, checksum: Checksum | None
    ) -> Upload:
        upload = self._appending.append(id, principal, body, offset=offset, checksum=checksum)
        return self._finishing.finish(upload) if upload.is_whole else upload

    @describes(
        "Cancel a resumable upload (tus 1.0.0)",
        headers=("Tus-Resumable",),
        answers={204: None},
    )
    def cancel(self, upload_id: str) -> Response:
        principal = self._begin()
        self._uploads.cancel(upload_id, principal)
        return _answer(204, {})

    def _begin(self) -> str:
        """Who asks, in the version that we speak."""
        if request.headers.get("Tus-Resumable") != VERSION:
            raise ProtocolVersionError(f"Tus-Resumable: {VERSION} is spoken here.")
        self._access.require_writer()
        return self._access.principal()


def _with_version(response: Response) -> Response:
    if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
        response.headers["Tus-Resumable"] = VERSION
        if response.status_code == ProtocolVersionError.status:
            response.headers["Tus-Version"] = VERSION
    return response


def _answer(status: int, headers: dict[str, str]) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    response.headers.update(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _progress(upload: Upload) -> dict[str, str]:
    told = {"Upload-Offset": str(upload.offset)}
    if upload.status is UploadStatus.PENDING:
        told["Upload-Expires"] = http_date(upload.expires_at)
    return told


def _size() -> int:
    """The length of the whole file, told at its beginning."""
    for name in ("Upload-Defer-Length", "Upload-Concat"):
        if name in request.headers:
            raise BadRequestError(
                f"{name} is not spoken here: send Upload-Length, and the file in order."
            )
    return _number("Upload-Length")


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise BadRequestError(f"{name}: must be there, and a whole number.")
    return int(text)


def _checksum() -> Checksum | None:
    text = request.headers.get("Upload-Checksum")
    return None if text is None else Checksum.parse(text)


def _check_content_type() -> None:
    if request.mimetype != CONTENT_TYPE:
        raise ContentTypeError(f"Send the bytes as {CONTENT_TYPE}.")


def _body() -> Body:
    """The body; without a length there is none."""
    environ = request.environ
    chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    if not chunked and not environ.get("CONTENT_LENGTH"):
        return Body(read=lambda _: b"", length=0)
    return Body(read=environ["wsgi.input"].read, length=content_length(environ))
