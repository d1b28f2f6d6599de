"""The trash: what its owner still sees of it, its end, and the forms of its page that need no
script."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from gallery.imaging.formats import HEAD_BYTES, content_type_of
from gallery.model import Image
from gallery.services.library import Library
from gallery.services.trash import KEPT, Trash
from gallery.web import schemas
from gallery.web.access import Access
from gallery.web.delivery import client_of
from gallery.web.media import INERT
from gallery.web.openapi import describes

ADDRESS = "/?status=trashed"


class EmptiedOut(schemas.Strict):
    """How many images were in the trash."""

    deleting: int


def blueprint(*, access: Access, library: Library, trash: Trash) -> Blueprint:
    """Every route of the trash that is not also one of an image."""
    views = TrashViews(access, library, trash)
    routes = Blueprint("trash", __name__)
    routes.delete("/api/trash")(views.empty)
    routes.get("/api/images/<image_id>/variants/<preset>/<int:width>")(views.variant)
    routes.post("/trash/empty")(views.empty_by_form)
    routes.post("/i/<image_id>/restore")(views.restore_by_form)
    routes.post("/i/<image_id>/purge")(views.purge_by_form)
    return routes


class TrashViews:
    """The views of the trash, which is its owner's alone."""

    def __init__(self, access: Access, library: Library, trash: Trash) -> None:
        self._access = access
        self._library = library
        self._trash = trash

    @describes(
        "Empty the trash: all in it is hidden for ever now, its bytes go in the background",
        answers={202: EmptiedOut},
    )
    def empty(self) -> tuple[dict[str, int], int]:
        self._access.require_writer()
        return {"deleting": self._trash.empty()}, 202

    @describes("Show an image that is in the trash", answers={200: "image/*"})
    def variant(self, image_id: str, preset: str, width: int) -> Response:
        self._access.require_writer()
        image = self._trash.find(image_id)
        wanted = self._trash.wanted(image, preset, width)
        client = client_of(request.environ)
        named = f"{image.store_version}\n{wanted}\n{client.bucket}"
        response = Response()
        response.set_etag(blake2b(named.encode(), digest_size=16).hexdigest())
        response.headers.update({**INERT, "Accept-Ranges": "none", "Vary": "Accept"})
        response.headers["Cache-Control"] = "private, no-cache"
        if request.if_none_match.contains(response.get_etag()[0] or ""):
            response.status_code = 304
            return response
        content = self._trash.variant(image, wanted, client)
        response.set_data(content)
        response.content_type = content_type_of(content[:HEAD_BYTES])
        return response

    def empty_by_form(self) -> Response:
        self._access.require_writer()
        self._trash.empty()
        flash("The trash is empty now.", "good")
        return redirect(ADDRESS, code=303)

    def restore_by_form(self, image_id: str) -> Response:
        self._access.require_writer()
        self._library.restore(image_id)
        flash("The photo is back in the gallery.", "good")
        return redirect(ADDRESS, code=303)

    def purge_by_form(self, image_id: str) -> Response:
        self._access.require_writer()
        self._library.purge(image_id)
        flash("The photo is deleted for ever.", "good")
        return redirect(ADDRESS, code=303)


def waits_of(images: Iterable[Image]) -> dict[str, str]:
    """By the id of each image in the trash, how long it still waits there, for people."""
    now = datetime.now(UTC)
    return {
        image.id: _wait((image.trashed_at + KEPT - now) / timedelta(days=1))
        for image in images
        if image.trashed_at
    }


def _wait(days: float) -> str:
    left = math.ceil(days)
    if left <= 0:
        return "today"
    return "in 1 day" if left == 1 else f"in {left} days"
