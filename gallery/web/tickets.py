"""What is asked for, and told of, uploads in pieces: the models of ``/api/uploads``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from flask import request
from pydantic import Field, RootModel

from gallery.web import schemas
from gallery.web.schemas import ID_PATTERN, ImageOut, Problem, Strict, UploadIn
from gallery.web.spool import MAX_FILENAME

MAX_FILES = 100
"""Tickets in one call."""


class TicketIn(UploadIn):
    """A file that somebody wants to upload, and what is said of it."""

    filename: str = Field("", max_length=MAX_FILENAME)
    bytes: int = Field(ge=0, le=10**15)
    content_type: str = Field("", max_length=255)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    """Bytes that are here already need not be sent; others are checked when they are."""
    phash: str | None = Field(None, pattern=r"^[0-9a-f]{16}$")
    """Images that look alike are named."""
    keep_duplicate: bool = False
    replaces: str | None = Field(None, pattern=ID_PATTERN)
    """The image whose picture it shall be."""
    method: Literal["tus", "form"] | None = None
    """How it shall be sent; left out, by the best way there is."""
    reserve: bool = True
    """Without, it is only asked about: there is no ticket to be used or cancelled."""


class TicketsIn(Strict):
    """Several files, each with a ticket of its own."""

    files: Annotated[list[TicketIn], Field(min_length=1, max_length=MAX_FILES)]


class AskedIn(RootModel[TicketIn | TicketsIn]):
    """One file, or at most 100."""


class TicketOut(Strict):
    """Leave to send one file to ``url``, by the protocol that ``method`` names.

    ``form``: a multipart form with ``fields``, in their order, then the file as ``file_field``. The
    address may be another host's: the file goes straight to the store.
    """

    id: str = Field(pattern=ID_PATTERN)
    method: Literal["tus", "form"]
    url: str
    fields: dict[str, str]
    file_field: str | None
    expires_at: str
    max_bytes: int
    chunk_bytes: int | None
    """A larger file goes in several forms of so many bytes, each with ``Content-Range`` and the
    same ``X-Unique-Upload-Id``."""
    similar: list[ImageOut]
    """Images that look alike, at most three, the most alike first."""


class DuplicateOut(Strict):
    """The bytes are here already: nothing needs to be sent."""

    duplicate: Literal[True]
    image: ImageOut


class LookedOut(Strict):
    """What only an answer was wanted about: the images that look alike."""

    similar: list[ImageOut]


class FoundOut(RootModel[DuplicateOut | LookedOut]):
    """What is here of a file, where no ticket is given."""


class TicketsOut(Strict):
    """What each file was given, in their order."""

    uploads: list[TicketOut | DuplicateOut | LookedOut | Problem]


class GivenOut(RootModel[TicketOut | TicketsOut]):
    """A ticket, or what each of several files was given."""


class UploadStateOut(Strict):
    """How far an upload is. ``image`` is what it became, ``problem`` why it failed."""

    id: str = Field(pattern=ID_PATTERN)
    status: Literal["pending", "processing", "ready", "failed", "expired"]
    offset: int
    bytes: int
    duplicate: bool | None = None
    image: ImageOut | None = None
    problem: Problem | None = None


def asked() -> TicketIn | list[TicketIn]:
    """What the request asks for: a ticket, or several."""
    if "files" in _top(request.get_data()):
        return schemas.body(TicketsIn).files
    return schemas.body(TicketIn)


def _top(body: bytes) -> dict[str, Any]:
    """The names at the top of a JSON body; none of what is no object, which is refused later."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}
