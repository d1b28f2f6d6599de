"""``/api/uploads``: tickets for uploads, here or straight to a store, and what became of them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, jsonify

from gallery.catalog.upload import Upload, UploadStatus
from gallery.errors import (
    ConflictError,
    GalleryError,
    NotArrivedError,
    NotFoundError,
    UnsupportedFormatError,
)
from gallery.imaging import formats
from gallery.services.finishing import Finishing
from gallery.services.library import Library
from gallery.services.tickets import Issued, Method, Tickets
from gallery.services.uploads import Uploads, new_upload
from gallery.web import tus
from gallery.web.access import Access
from gallery.web.errors import problem_of
from gallery.web.openapi import describes
from gallery.web.presenter import Presenter, moment
from gallery.web.spool import clean_filename
from gallery.web.tickets import AskedIn, FoundOut, GivenOut, TicketIn, UploadStateOut, asked

_CONTENT_TYPES = {each.content_type for each in formats.FORMATS} | {
    "", "application/octet-stream", "image/heif", "image/jpg", "image/pjpeg"
}  # fmt: skip
"""Browsers know some of them by other names, or none."""
_NO_PICTURES = re.compile(
    r"\.(svgz?|pdf|eps|ps|ai|psd|html?|txt|csv|docx?|xlsx?|zip|rar|7z|mp[34]|m4[av]|mov|avi|mkv|webm"
    r"|wav|flac|ogg|cr[23]|nef|arw|dng|exe|bmp|jxl|jp2)",
    re.IGNORECASE,
)


def blueprint(**parts: Any) -> Blueprint:
    """The routes under ``/api/uploads``. Takes the parts of ``UploadViews``."""
    views = UploadViews(**parts)
    routes = Blueprint("uploads", __name__, url_prefix="/api/uploads")
    routes.post("")(views.ask)
    routes.get("/<upload_id>")(views.show)
    routes.delete("/<upload_id>")(views.cancel)
    routes.post("/<upload_id>/complete")(views.complete)
    return routes


class UploadViews:
    """The views of uploads; each is one use case."""

    def __init__(
        self,
        *,
        access: Access,
        uploads: Uploads,
        finishing: Finishing,
        tickets: Tickets,
        library: Library,
        presenter: Presenter,
    ) -> None:
        self._access = access
        self._uploads = uploads
        self._finishing = finishing
        self._tickets = tickets
        self._library = library
        self._presenter = presenter

    @describes(
        "Ask for a ticket to upload a file, or for several",
        body=AskedIn,
        answers={201: GivenOut, 200: FoundOut},
    )
    def ask(self) -> Response:
        self._access.require_writer()
        wanted = asked()
        if isinstance(wanted, TicketIn):
            given, status = self._given(wanted)
            response = jsonify(given)
            response.status_code = status
            return response
        response = jsonify({"uploads": [self._given_or_problem(each) for each in wanted]})
        response.status_code = 201
        return response

    def _given_or_problem(self, wanted: TicketIn) -> dict[str, Any]:
        try:
            return self._given(wanted)[0]
        except GalleryError as error:
            return problem_of(error)

    def _given(self, wanted: TicketIn) -> tuple[dict[str, Any], int]:
        """A ticket, or the image that is here already, and how that is answered."""
        upload = new_upload(
            self._access.principal(),
            filename=clean_filename(wanted.filename),
            bytes=wanted.bytes,
            told=wanted.told(),
            sha256=wanted.sha256 or "",
            keep_duplicates=wanted.keep_duplicate,
            replaces=wanted.replaces or "",
        )
        self._uploads.check_size(upload.filename, wanted.bytes)
        _check_type(upload.filename, wanted.content_type)
        if here := self._uploads.here_already(upload):
            return {"duplicate": True, "image": self._presenter.image(here)}, 200
        alike = self._uploads.similar(wanted.phash) if wanted.phash else []
        similar = [self._presenter.image(each) for each in alike]
        if not wanted.reserve:
            return {"similar": similar}, 200
        issued = self._tickets.issue(
            upload,
            content_type=_kind(wanted.content_type),
            method=Method(wanted.method) if wanted.method else None,
        )
        return _presented(issued) | {"similar": similar}, 201

    @describes("Show how far an upload is", answers={200: UploadStateOut})
    def show(self, upload_id: str) -> dict[str, Any]:
        return self._state(self._uploads.find(upload_id, self._writer()))

    @describes(
        "Finish an upload whose bytes are all here; again is success",
        answers={200: UploadStateOut},
    )
    def complete(self, upload_id: str) -> dict[str, Any]:
        upload = self._uploads.find(upload_id, self._writer())
        if upload.status is UploadStatus.PENDING and not upload.may_be_finished:
            raise ConflictError(f"Only {upload.offset} of {upload.bytes} bytes are here.")
        with suppress(GalleryError):  # What was wrong is in its state.
            self._finishing.finish(upload)
        upload = self._uploads.find(upload_id, upload.principal)
        if upload.status is UploadStatus.PENDING:
            raise NotArrivedError("Nothing has arrived at the store yet. Send the file first.")
        return self._state(upload)

    @describes("Cancel an upload", answers={204: None})
    def cancel(self, upload_id: str) -> Response:
        self._uploads.cancel(upload_id, self._writer())
        return Response(status=204)

    def _writer(self) -> str:
        self._access.require_writer()
        return self._access.principal()

    def _state(self, upload: Upload) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": upload.id,
            "status": upload.status.value,
            "offset": upload.offset,
            "bytes": upload.bytes,
        }
        if upload.status is UploadStatus.FAILED and upload.problem:
            told["problem"] = upload.problem
        if upload.status is UploadStatus.READY:
            told["duplicate"] = upload.duplicate
            with suppress(NotFoundError):  # Purged since.
                told["image"] = self._presenter.image(self._library.find(upload.image_id))
        return told


def _presented(issued: Issued) -> dict[str, Any]:
    """What a sender is told, in the fields of ``TicketOut``."""
    upload, ticket = issued.upload, issued.ticket
    if ticket is None:
        return {
            "id": upload.id,
            "method": Method.TUS.value,
            "url": f"{tus.PREFIX}/{upload.id}",
            "fields": {},
            "file_field": None,
            "expires_at": moment(upload.expires_at),
            "max_bytes": upload.bytes,
            "chunk_bytes": None,
        }
    return {
        "id": upload.id,
        "method": Method.FORM.value,
        "url": ticket.url,
        "fields": dict(ticket.fields),
        "file_field": ticket.file_field,
        "expires_at": moment(ticket.expires_at),
        "max_bytes": ticket.max_bytes,
        "chunk_bytes": ticket.chunk_bytes,
    }


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _check_type(filename: str, content_type: str) -> None:
    """Returns unless the name says already that this is nothing we show: bytes that will be refused
    need not be sent. Raises UnsupportedFormatError."""
    _, dot, extension = filename.rpartition(".")
    if _kind(content_type) not in _CONTENT_TYPES or _NO_PICTURES.fullmatch(dot + extension):
        named = f"{filename}: " if filename else ""
        raise UnsupportedFormatError(
            f"{named}Send a JPEG, PNG, GIF, WebP, AVIF, HEIC or TIFF.",
            fields={"content_type": "not a picture we can show"},
        )
