"""``/api/images``: upload, list, show, edit, delete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from gallery.errors import BadRequestError, GalleryError, InvalidInputError
from gallery.model import Image, Received, Status
from gallery.services.ingest import Ingest, Outcome
from gallery.services.library import Library, filter_of
from gallery.services.once import OncePerKey
from gallery.services.replacing import Replacing
from gallery.web import schemas
from gallery.web.access import Access
from gallery.web.openapi import describes
from gallery.web.presenter import Presenter
from gallery.web.receive import Receiver

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_CHUNK_BYTES = 256 * 1024


def blueprint(**parts: Any) -> Blueprint:
    """The routes under ``/api/images``, and ``/api/tags``. Takes the parts of ``ImageViews``."""
    views = ImageViews(**parts)
    routes = Blueprint("images", __name__, url_prefix="/api")
    routes.post("/images")(views.upload)
    routes.get("/images")(views.list_images)
    routes.get("/images/<image_id>")(views.show)
    routes.patch("/images/<image_id>")(views.edit)
    routes.delete("/images/<image_id>")(views.delete)
    routes.post("/images/<image_id>/restore")(views.restore)
    routes.get("/images/<image_id>/original")(views.original)
    routes.put("/images/<image_id>/original")(views.replace)
    routes.get("/tags")(views.tags)
    return routes


class ImageViews:
    """The views of images; each is one use case."""

    def __init__(
        self,
        *,
        access: Access,
        receiver: Receiver,
        ingest: Ingest,
        once: OncePerKey,
        replacing: Replacing,
        library: Library,
        presenter: Presenter,
    ) -> None:
        self._access = access
        self._receiver = receiver
        self._ingest = ingest
        self._once = once
        self._replacing = replacing
        self._library = library
        self._presenter = presenter

    @describes(
        "Upload an image",
        query=schemas.UploadQuery,
        headers=("Idempotency-Key",),
        form=schemas.UploadIn,
        file_field="image",
        answers={201: schemas.UploadOut, 200: schemas.UploadOut},
    )
    def upload(self) -> Response:
        self._access.require_writer()
        keep = schemas.query(schemas.UploadQuery).duplicates == "keep"
        key = _idempotency_key()
        with self._receiver.form(request.environ, file_field="image") as form:
            told = schemas.form_fields(schemas.UploadIn, form.fields).told()
            received = the_file(form.received)
            with naming(received):
                if key is None:
                    outcome = self._ingest.take(received, told, keep_duplicates=keep)
                else:
                    scope = self._access.principal()
                    outcome = self._once.take(
                        received, told, keep_duplicates=keep, scope=scope, key=key
                    )
        return self._answer_upload(outcome)

    def _answer_upload(self, outcome: Outcome) -> Response:
        shown = self._presenter.image(outcome.image)
        if outcome.duplicate:
            return jsonify(shown | {"duplicate": True})
        response = jsonify(shown)
        response.status_code = 201
        response.headers["Location"] = f"/api/images/{outcome.image.id}"
        return response

    @describes("List and search images", query=schemas.ListQuery, answers={200: schemas.ListOut})
    def list_images(self) -> dict[str, Any]:
        self._access.require_reader()
        asked = schemas.query(schemas.ListQuery)
        if asked.status is Status.TRASHED:
            self._access.require_writer()
        wanted = filter_of(q=asked.q, tags=asked.tag, album=asked.album, status=asked.status)
        page, cursor = self._library.page(
            wanted, asked.sort, cursor=asked.cursor, limit=asked.limit
        )
        images = self._presenter.listed(page.images)
        answer: dict[str, Any] = {"images": images, "next_cursor": cursor}
        if asked.counts:
            counts = self._library.counts(wanted, months_of(page.images))
            answer["counts"] = self._presenter.counts(counts)
        return answer

    @describes("Show an image", answers={200: schemas.ImageOut})
    def show(self, image_id: str) -> Response:
        self._access.require_reader()
        return self._shown(self._visible(image_id))

    def _visible(self, image_id: str) -> Image:
        """What is in the trash is there only for those who may take it out."""
        if self._access.may_write():
            return self._library.find(image_id)
        return self._library.find_ready(image_id)

    @describes(
        "Edit an image",
        headers=("If-Match",),
        body=schemas.EditIn,
        answers={200: schemas.ImageOut},
    )
    def edit(self, image_id: str) -> Response:
        self._access.require_writer()
        change = schemas.body(schemas.EditIn).change()
        return self._shown(self._library.edit(image_id, change, version=expected_version()))

    @describes(
        "Delete an image", query=schemas.DeleteQuery, headers=("If-Match",), answers={204: None}
    )
    def delete(self, image_id: str) -> Response:
        self._access.require_writer()
        if schemas.query(schemas.DeleteQuery).permanent:
            self._library.purge(image_id, version=expected_version())
        else:
            self._library.trash(image_id, version=expected_version())
        return Response(status=204)

    @describes("Take an image back from the trash", answers={200: schemas.ImageOut})
    def restore(self, image_id: str) -> Response:
        self._access.require_writer()
        return self._shown(self._library.restore(image_id))

    @describes("Download the bytes as uploaded", answers={200: "image/*"})
    def original(self, image_id: str) -> Response:
        self._access.require_writer()
        image = self._library.find(image_id)
        opened = ExitStack()
        file = opened.enter_context(self._library.original(image))
        response = Response(_chunks(file), mimetype=f"image/{image.format}")
        response.call_on_close(opened.close)  # Also when nobody reads the body: after a HEAD.
        response.headers["Content-Length"] = str(image.bytes)
        response.headers["Content-Disposition"] = attachment(image)
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    @describes(
        "Replace the picture; the image keeps its id, its page and what is said of it",
        headers=("If-Match",),
        form=schemas.ReplaceIn,
        file_field="image",
        answers={200: schemas.ImageOut},
    )
    def replace(self, image_id: str) -> Response:
        self._access.require_writer()
        version, image = expected_version(), self._library.find_ready(image_id)
        with self._receiver.form(request.environ, file_field="image") as form:
            schemas.form_fields(schemas.ReplaceIn, form.fields)
            received = the_file(form.received)
            with naming(received):
                replaced = self._replacing.replace(image, received, version=version)
        return self._shown(replaced)

    @describes("List the tags in use", answers={200: schemas.TagsOut})
    def tags(self) -> dict[str, Any]:
        self._access.require_reader()
        return {"tags": [{"tag": tag, "count": count} for tag, count in self._library.tags()]}

    def _shown(self, image: Image) -> Response:
        response = jsonify(self._presenter.image(image))
        response.set_etag(str(image.version))
        return response


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


@contextmanager
def naming(received: Received) -> Iterator[None]:
    """Puts the file's name in front of whatever is said of it."""
    try:
        yield
    except GalleryError as error:
        if received.filename and error.status < 500:
            error.detail = f"{received.filename}: {error.detail}"
            error.fields = error.fields or {"image": error.detail}
        raise


def months_of(images: tuple[Image, ...]) -> list[str]:
    """The months, ``2026-11``, in which the images arrived; each once, in their order."""
    return list(dict.fromkeys(image.created_at.strftime("%Y-%m") for image in images))


def expected_version() -> int | None:
    """The version that ``If-Match`` names; ``None`` without one, or for ``*``."""
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    digits = given.removeprefix('"').removesuffix('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise BadRequestError('If-Match must be the version in quotes, like "3".')
    return int(digits)


def attachment(image: Image) -> str:
    """A Content-Disposition with the image's own file name, in both spellings of RFC 6266."""
    name = image.filename or f"{image.id}.{image.format}"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def the_file(received: Received | None) -> Received:
    """The file of a form. Raises InvalidInputError when there is none, or nothing in it."""
    if received is None or (received.bytes == 0 and not received.filename):
        # The second is how a browser sends a form in which no file was chosen.
        raise InvalidInputError("image: choose a file.", fields={"image": "a file is needed"})
    if received.bytes == 0:
        raise InvalidInputError(
            f"{received.filename}: the file is empty.", fields={"image": "the file is empty"}
        )
    return received


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequestError("An Idempotency-Key is 1 to 255 visible ASCII characters.")
    return key
