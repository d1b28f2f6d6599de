"""``POST …/upload``: a file, whole or in chunks, and all that may be asked of it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Request, Response, jsonify, request

from gallery.errors import GalleryError
from gallery.imaging import formats
from gallery.model import Image, Particulars, Received
from gallery.services.assets import Assets, Uploaded
from gallery.services.chunked import Chunk, ChunkedUpload
from gallery.services.chunks import Chunks
from gallery.services.eager import Making, Wish, read_eager
from gallery.transformation import Transformation, parse
from gallery.web.cloudinary_api import particulars
from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.extras import Extras
from gallery.web.cloudinary_api.failures import RefusedError, not_spoken
from gallery.web.cloudinary_api.files import Files
from gallery.web.cloudinary_api.gate import Gate
from gallery.web.cloudinary_api.names import (
    extension_of,
    filename_of,
    name_of,
    random_id,
    stem_of,
)
from gallery.web.cloudinary_api.parameters import Parameters
from gallery.web.cloudinary_api.presets import Presets
from gallery.web.cloudinary_api.ticketed import Ticketed

_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|-1|\*)")
_UPLOAD_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of one upload, read before anything is done."""

    params: Parameters
    resource_type: str
    """As in the address: ``auto`` leaves it to the bytes."""
    incoming: Transformation | None
    eager: tuple[Wish, ...]
    told: Particulars
    overwrite: bool


class Uploading:
    """The view of uploads."""

    def __init__(
        self,
        *,
        account: Account,
        gate: Gate,
        files: Files,
        chunks: Chunks,
        assets: Assets,
        making: Making,
        answers: Answers,
        extras: Extras,
        presets: Presets,
        ticketed: Ticketed,
    ) -> None:
        self._account = account
        self._gate = gate
        self._files = files
        self._chunks = chunks
        self._assets = assets
        self._making = making
        self._answers = answers
        self._extras = extras
        self._presets = presets
        self._ticketed = ticketed

    def upload(self, cloud_name: str, resource_type: str = "auto") -> Response:
        """Takes a file, or a chunk of one."""
        self._account.check_cloud(cloud_name)
        if resource_type == "video":
            raise not_spoken("The resource type video")
        with self._files.call(request, before_file=self._gate.before_file) as call:
            params = self._checked(call.params)
            if "ticket" in params:
                with self._file(call.file, "") as received:
                    return self._ticketed.take(params, _piece(request, received))
            asked = _read(params, resource_type)
            self._extras.check_urls(params)
            with self._file(call.file, call.text) as received:
                if "Content-Range" in request.headers:
                    is_named = "public_id" in call.params
                    return self._take_chunk(asked, received, is_named=is_named)
                answer, _ = self._take(asked, received)
        return jsonify(answer)

    def _checked(self, params: Parameters) -> Parameters:
        """The parameters with those of a preset, of a call that is signed or need not be."""
        signed = self._gate.check(params)
        return self._presets.applied(self._as_meant(params), signed=signed)

    def _as_meant(self, params: Parameters) -> Parameters:
        """Without the public id that an upload was given here: the SDKs send back with each chunk
        what they were told after the one before."""
        if "Content-Range" not in request.headers or "public_id" not in params:
            return params
        told = self._chunks.handed_out(
            self._account.cloud_name, request.headers.get("X-Unique-Upload-Id", "")
        )
        return params.without("public_id") if params.text("public_id") == told else params

    @contextmanager
    def _file(self, file: Received | None, text: str) -> Iterator[Received]:
        if file is None and not text:
            raise RefusedError(400, "Missing required parameter - file")
        with nullcontext(file) if file is not None else self._files.of_text(text) as received:
            if received.bytes == 0:
                raise RefusedError(400, "Empty file")
            yield received

    def _take_chunk(self, asked: Asked, received: Received, *, is_named: bool) -> Response:
        """Keeps a chunk, or finishes with it. ``is_named``: by the caller, not by a preset."""
        chunk, upload_id = _chunk(request, received)
        with self._chunks.opened(self._account.cloud_name, upload_id, chunk) as upload:
            if upload.image_id:
                return jsonify(self._answers.asset(self._assets.find_by_id(upload.image_id)))
            if not upload.public_id:
                named = asked.params.text("public_id")
                upload.name(named or random_id(), is_own=is_named)
            if not upload.is_whole:
                return jsonify(
                    {
                        "done": False,
                        "bytes": received.bytes,
                        "kind": "upload",
                        "resource_type": asked.resource_type,
                        "public_id": upload.public_id,
                    }
                )
            return jsonify(self._finish(asked, upload, received.filename))

    def _finish(self, asked: Asked, upload: ChunkedUpload, filename: str) -> dict[str, Any]:
        by_chance = "" if upload.is_own else upload.public_id
        try:
            with upload.received(filename) as received:
                answer, image = self._take(asked, received, by_chance=by_chance)
        except (GalleryError, RefusedError) as error:
            if getattr(error, "status", 500) < 500:
                upload.give_up()
            raise
        upload.finish(image.id)
        return answer

    def _take(
        self, asked: Asked, received: Received, *, by_chance: str = ""
    ) -> tuple[dict[str, Any], Image]:
        params = asked.params
        resource_type = _resource_type(asked, received)
        filename = filename_of(params, received)
        name = name_of(params, filename, resource_type=resource_type, by_chance=by_chance)
        _check_format(params, received, filename, resource_type)
        told = replace(
            asked.told,
            access_mode=asked.told.access_mode or _usual_access(name.type),
            extension=extension_of(filename) if resource_type == "raw" else None,
            display_name=_display_name(asked, filename),
        )
        with self._as_wanted(asked, replace(received, filename=filename)) as original:
            uploaded = self._assets.upload(original, name, told, overwrite=asked.overwrite)
            answer = self._told(asked, uploaded, Path(original.path))
        self._extras.notify_upload(params, answer)
        return answer, uploaded.image

    @contextmanager
    def _as_wanted(self, asked: Asked, received: Received) -> Iterator[Received]:
        """The file itself, or what an incoming transformation makes of it."""
        if asked.incoming is None or _resource_type(asked, received) == "raw":
            yield received
            return
        made = self._making.of_file(Path(received.path), asked.incoming)
        with self._files.copy_of(iter([made.bytes]), filename=received.filename) as original:
            yield original

    def _told(self, asked: Asked, uploaded: Uploaded, original: Path) -> dict[str, Any]:
        image, params = uploaded.image, asked.params
        if asked.eager and image.resource_type == "image" and not uploaded.existing:
            image, derived = self._extras.make(image, asked.eager)
        else:
            derived = []
        answer = self._answers.asset(image)
        if not params.flag("discard_original_filename"):
            answer["original_filename"] = stem_of(image.filename) or "file"
        if uploaded.existing:
            answer["existing"] = True
        if uploaded.overwritten:
            answer["overwritten"] = True
        if derived:
            answer["eager"] = derived
        if image.resource_type == "image" and not uploaded.existing:
            answer |= self._extras.faces(image, params)
            answer |= self._extras.details(original, params)
        if params.flag("return_delete_token"):
            answer["delete_token"] = self._extras.delete_token(image)
        return answer


def _read(params: Parameters, resource_type: str) -> Asked:
    transformation, format = params.text("transformation"), params.text("format")
    incoming = parse(transformation) if transformation else None
    if format:
        incoming = (incoming or Transformation()).with_format(format.lower())
    return Asked(
        params=params,
        resource_type=resource_type,
        incoming=incoming,
        eager=read_eager(params.text("eager")),
        told=particulars.told(params),
        overwrite=params.flag("overwrite", default=True),
    )


def _piece(request: Request, received: Received) -> Chunk:
    """The file, or the chunk of one, of an upload that is known by its ticket."""
    if "Content-Range" in request.headers:
        return _chunk(request, received)[0]
    return Chunk(received=received, first=0, last=received.bytes - 1, total=received.bytes)


def _chunk(request: Request, received: Received) -> tuple[Chunk, str]:
    match = _RANGE.fullmatch(request.headers["Content-Range"].strip())
    upload_id = request.headers.get("X-Unique-Upload-Id", "")
    if match is None:
        raise RefusedError(400, "Invalid Content-Range")
    if not _UPLOAD_ID.fullmatch(upload_id):
        raise RefusedError(400, "Missing or invalid X-Unique-Upload-Id")
    total = None if match[3] in ("-1", "*") else int(match[3])
    chunk = Chunk(received=received, first=int(match[1]), last=int(match[2]), total=total)
    return chunk, upload_id


def _resource_type(asked: Asked, received: Received) -> str:
    if asked.resource_type != "auto":
        return asked.resource_type
    return "raw" if _sniff(received) is None else "image"


def _sniff(received: Received) -> formats.Format | None:
    with Path(received.path).open("rb") as file:
        return formats.sniff(file.read(formats.HEAD_BYTES))


def _check_format(
    params: Parameters, received: Received, filename: str, resource_type: str
) -> None:
    allowed = {each.lower().lstrip(".") for each in params.list("allowed_formats")}
    if not allowed:
        return
    found = _sniff(received) if resource_type == "image" else None
    names = {found.name, found.extension} if found else {extension_of(filename)}
    if not names & allowed:
        shown = found.extension if found else extension_of(filename)
        raise RefusedError(400, f"Image file format {shown or 'unknown'} not allowed")


def _usual_access(type: str) -> str:
    return "public" if type == "upload" else "authenticated"


def _display_name(asked: Asked, filename: str) -> str | None:
    if asked.told.display_name or not asked.params.flag("use_filename_as_display_name"):
        return asked.told.display_name
    return stem_of(filename)[:255] or None
