"""The parameters of a call in Cloudinary's language, however they came: query, form or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Request

from gallery.web.cloudinary_api.failures import RefusedError

MAX_PARAMETERS = 100

MAX_BODY_BYTES = 1024 * 1024
"""Of a body that is no multipart form."""

LISTS = frozenset({"allowed_formats", "asset_ids", "public_ids", "tag", "tags", "urls"})
"""Parameters that may come more than once by their plain name; any may as ``name[]``."""

UNSIGNED = frozenset({"file", "cloud_name", "resource_type", "api_key", "signature"})
"""Parameters that a signature never covers."""

_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_ARRAY = re.compile(r"\[[0-9]*\]$")
_TRUE, _FALSE = ("1", "true"), ("0", "false")


class Parameters:
    """What a call was given. Empty values count as not given, as in the SDKs.

    A value that came in parts is read as its signature covers it: joined by commas.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], *, most: int = MAX_PARAMETERS) -> None:
        self._values: dict[str, list[str]] = {}
        self._arrays: set[str] = set()
        seen = self._seen = set[str]()
        for number, (given, value) in enumerate(pairs):
            name = _ARRAY.sub("", given)
            if number >= most:
                raise RefusedError(400, f"At most {most} parameters are taken")
            if _UNSTORABLE.search(given + value):
                raise RefusedError(400, f"Invalid characters in parameter {name[:40]!r}")
            if given == name and name in seen and name not in LISTS:
                raise RefusedError(400, f"Duplicate parameter {name[:40]}")
            seen.add(name)
            if given != name:
                self._arrays.add(name)
            if value:
                self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def names(self) -> frozenset[str]:
        """The names of all that was given."""
        return frozenset(self._values)

    def is_emptied(self, name: str) -> bool:
        """Whether it was given with an empty value: what it stands for shall go."""
        return name in self._seen and name not in self._values

    def text(self, name: str, default: str = "") -> str:
        """The value, or ``default``."""
        return ",".join(self._values[name]) if name in self._values else default

    def required(self, name: str) -> str:
        """The value. Refuses a call without it."""
        if name not in self._values:
            raise RefusedError(400, f"Missing required parameter - {name}")
        return self.text(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Whether it is said: ``1``, ``0``, ``true`` or ``false``."""
        value = self.text(name).lower()
        if value and value not in (*_TRUE, *_FALSE):
            raise RefusedError(400, f"Invalid value {value[:40]!r} for parameter {name}")
        return value in _TRUE if value else default

    def number(self, name: str, default: int, *, low: int = 0, high: int = 2**53) -> int:
        """The whole number, within bounds."""
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,16}", value) or not low <= int(value) <= high:
            raise RefusedError(400, f"Invalid value {value[:40]!r} for parameter {name}")
        return int(value)

    def list(self, name: str) -> tuple[str, ...]:
        """The values: each of ``name[]``, or those between the commas of ``name``."""
        values = self._values.get(name, [])
        if name in self._arrays:
            return tuple(values)
        return tuple(part for value in values for part in split(value))

    def tags(self, name: str) -> tuple[str, ...]:
        """The values, which never hold a comma themselves; each once, in their order."""
        return tuple(dict.fromkeys(split(self.text(name))))

    def without(self, name: str) -> Parameters:
        """The same, but for one of them."""
        others = Parameters([])
        others._values = {each: found for each, found in self._values.items() if each != name}
        others._arrays = self._arrays
        return others

    def completed(self, others: Mapping[str, str]) -> Parameters:
        """The same, and of the others those that it lacks."""
        more = Parameters([])
        missing = {name: [value] for name, value in others.items() if value}
        more._values = missing | self._values
        more._arrays = self._arrays
        return more

    def string_to_sign(self, *, without: Collection[str] = ()) -> str:
        """What a signature of version 2 is made of, but for the secret."""
        left_out = UNSIGNED | set(without)
        return "&".join(
            sorted(
                f"{name}={self.text(name)}".replace("&", "%26")
                for name in self._values
                if name not in left_out
            )
        )


def split(text: str) -> list[str]:
    """What stands between the commas, without the blanks around it; nothing empty."""
    return [part for each in text.split(",") if (part := each.strip())]


def of_request(request: Request, *, most: int = MAX_PARAMETERS) -> Parameters:
    """The parameters in the query, and in a body of ``key=value`` pairs or JSON."""
    query = parse_pairs(request.query_string.decode("latin-1"), most=most)
    return Parameters([*query, *_of_body(request, most)], most=most)


def parse_pairs(text: str, *, most: int = MAX_PARAMETERS) -> list[tuple[str, str]]:
    """The pairs of a query or an urlencoded body."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=most)
    except UnicodeDecodeError as error:
        raise RefusedError(400, "Parameters must be UTF-8") from error
    except ValueError as error:
        raise RefusedError(400, f"At most {most} parameters are taken") from error


def _of_body(request: Request, most: int) -> list[tuple[str, str]]:
    if request.mimetype not in ("application/json", "application/x-www-form-urlencoded"):
        return []
    request.max_content_length = MAX_BODY_BYTES
    body = request.get_data(cache=False)
    if request.mimetype != "application/json":
        return parse_pairs(body.decode("latin-1"), most=most)
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "The body is no JSON") from error
    if not isinstance(value, dict):
        raise RefusedError(400, "The body is no JSON object")
    return [pair for name, each in value.items() for pair in _pairs_of(name, each)]


def _pairs_of(name: str, value: Any) -> list[tuple[str, str]]:
    """A member of a JSON object as the form that says the same."""
    if isinstance(value, list):
        return [(f"{name.removesuffix('[]')}[]", _spelled(each)) for each in value]
    return [(name, _spelled(value))]


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value)
