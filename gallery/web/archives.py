"""``/api/archives``: many originals as one zip."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

from flask import Blueprint, Response
from pydantic import Field

from gallery.services.archiving import Archiving
from gallery.web import schemas
from gallery.web.access import Access
from gallery.web.openapi import describes
from gallery.web.presenter import moment

MAX_FILES = 1000


class ArchiveIn(schemas.Strict):
    """The ids of the images, in the order that they shall have in the zip."""

    ids: Annotated[
        list[Annotated[str, Field(pattern=schemas.ID_PATTERN)]],
        Field(min_length=1, max_length=MAX_FILES),
    ]


class ArchiveOut(schemas.Strict):
    """Where the zip is fetched until it expires, by whoever ordered it; each time anew."""

    id: str
    url: str
    files: int
    bytes: int
    expires_at: str


def blueprint(*, access: Access, archiving: Archiving, title: str) -> Blueprint:
    """The routes. Zips are called after the gallery, whose title is ``title``."""
    routes = Blueprint("archives", __name__, url_prefix="/api")

    @routes.post("/archives")
    @describes(
        "Order a zip of originals; fetch it at the url in the answer",
        body=ArchiveIn,
        answers={201: ArchiveOut},
    )
    def order() -> tuple[dict[str, Any], int, dict[str, str]]:
        access.require_writer()
        asked = schemas.body(ArchiveIn)
        order = archiving.order(asked.ids, principal=access.principal())
        url = f"/api/archives/{order.id}"
        answer = {
            "id": order.id,
            "url": url,
            "files": order.files,
            "bytes": order.bytes,
            "expires_at": moment(order.expires_at),
        }
        return answer, 201, {"Location": url}

    @routes.get("/archives/<archive_id>")
    @describes(
        "Fetch a zip: originals as uploaded, stored without compression. One that ends before its "
        "Content-Length is not whole",
        answers={200: "application/zip"},
    )
    def fetch(archive_id: str) -> Response:
        access.require_writer()
        archive = archiving.open(archive_id, principal=access.principal())
        response = Response(archive.chunks(), mimetype="application/zip")
        response.call_on_close(archive.close)  # Also when nobody reads the body: after a HEAD.
        response.headers["Content-Length"] = str(archive.bytes)
        response.headers["Content-Disposition"] = _attachment(title, archive.files)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return routes


def _attachment(title: str, files: int) -> str:
    name = f"{title}, {files} photo{'' if files == 1 else 's'}.zip"
    plain = re.sub(r"[^A-Za-z0-9._, -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
