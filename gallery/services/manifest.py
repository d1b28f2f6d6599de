"""The manifest beside exported originals: a line of JSON for each, with what is known of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gallery.errors import InvalidInputError
from gallery.model import Edit, Image

NAME = "manifest.jsonl"

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_TEXT, _MAX_NAMES, _MAX_NAME = 2000, 20, 64
_MAX_LINE = 200_000
_FIELDS = (
    *("description", "alt", "tags", "albums", "filename", "bytes", "sha256", "format"),
    *("width", "height", "version", "public_id"),
)
_MOMENTS = ("created_at", "updated_at", "taken_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line says of a file beside it."""

    file: str
    """Its path below the folder of the manifest, with slashes."""
    told: Edit
    id: str | None = None
    filename: str = ""
    sha256: str = ""
    created_at: datetime | None = None
    twin_of: str = ""
    """The id of another image with the very same bytes, if both are to be there."""


def line_of(image: Image, file: str, *, twin_of: str = "") -> str:
    """The line of an image whose original lies at ``file``."""
    moments = {name: getattr(image, name) for name in _MOMENTS}
    line: dict[str, Any] = {
        "file": file,
        "id": image.id,
        **{name: getattr(image, name) for name in _FIELDS},
        **{name: _spoken(moment) for name, moment in moments.items() if moment is not None},
    }
    if twin_of:
        line["twin_of"] = twin_of
    return json.dumps(line, ensure_ascii=False) + "\n"


def lines_in(folder: Path) -> Iterator[Line | str]:
    """The lines of the folder's manifest, in their order; a text is what is wrong with one."""
    path = folder / NAME
    if not path.is_file():
        return
    with path.open("rb") as manifest:
        number = 0
        while text := manifest.readline(_MAX_LINE):
            number += 1
            try:
                yield _line(text)
            except (ValueError, LookupError, TypeError, InvalidInputError) as error:
                yield f"line {number} cannot be used: {error}"


def _line(text: bytes) -> Line:
    said = json.loads(text)
    if not isinstance(said, dict):
        raise InvalidInputError("is no object")
    moment = said.get("created_at")
    return Line(
        file=_file(said["file"]),
        told=Edit(
            description=_text(said, "description", _MAX_TEXT),
            alt=_text(said, "alt", _MAX_TEXT),
            tags=_names(said, "tags"),
            albums=_names(said, "albums"),
        ),
        id=said["id"] if _ID.fullmatch(said.get("id", "")) else None,
        filename=_text(said, "filename", 255),
        sha256=said["sha256"] if _SHA256.fullmatch(said.get("sha256", "")) else "",
        created_at=_moment(moment) if moment is not None else None,
        twin_of=said["twin_of"] if _ID.fullmatch(said.get("twin_of", "")) else "",
    )


def _file(path: str) -> str:
    """The path, if it leads nowhere but below the folder."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise InvalidInputError("file leads out of the folder")
    return path


def _text(said: dict[str, Any], name: str, most: int) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise InvalidInputError(f"{name} is no text of at most {most} characters")
    value.encode()  # Half of a character is not to be kept.
    return value


def _names(said: dict[str, Any], name: str) -> tuple[str, ...]:
    values = said.get(name, [])
    if not isinstance(values, list) or len(values) > _MAX_NAMES:
        raise InvalidInputError(f"{name} is no list of at most {_MAX_NAMES}")
    checked = (_text({name: value}, name, _MAX_NAME) for value in values)
    return tuple(dict.fromkeys(value for value in checked if value))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise InvalidInputError("created_at has no offset")
    return moment.astimezone(UTC)


def _spoken(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
