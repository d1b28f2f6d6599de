"""``Upload-Metadata``: what a tus client says of its file. Shown, never believed."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

import orjson

from gallery.errors import BadRequestError, InvalidInputError, TooLargeError
from gallery.model import Edit
from gallery.web.schemas import UploadIn
from gallery.web.spool import clean_filename

MAX_METADATA_BYTES = 4096

_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_TOLD = ("description", "alt", "album", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What we take of it."""

    filename: str
    told: Edit


def parse(text: str) -> Metadata:
    """The names we know; others are let be. Raises BadRequestError for what is no metadata,
    TooLargeError, and what is wrong with a value."""
    if len(text) > MAX_METADATA_BYTES:
        raise TooLargeError(f"Upload-Metadata: at most {MAX_METADATA_BYTES} bytes are taken.")
    values = _pairs(text)
    fields: dict[str, Any] = {name: _text(name, values[name]) for name in _TOLD if name in values}
    if "tags" in fields:
        fields["tags"] = _tags(fields["tags"])
    if not fields.get("album"):
        fields.pop("album", None)
    filename = clean_filename(_text("filename", values.get("filename", b"")))
    return Metadata(filename=filename, told=UploadIn.model_validate(fields).told())


def _pairs(text: str) -> dict[str, bytes]:
    pairs: dict[str, bytes] = {}
    for pair in text.split(",") if text.strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if not _KEY.fullmatch(key):
            raise BadRequestError("Upload-Metadata: a key is visible ASCII without commas.")
        if key in pairs:
            raise BadRequestError("Upload-Metadata: a key came twice.")
        try:
            pairs[key] = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise BadRequestError("Upload-Metadata: a value is not in base64.") from None
    return pairs


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{name}: is not UTF-8.", fields={name: "is not UTF-8"}) from error


def _tags(text: str) -> Any:
    try:
        return orjson.loads(text) if text else []
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(
            "tags: a JSON array is needed.", fields={"tags": "a JSON array is needed"}
        ) from error
