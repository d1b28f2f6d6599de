"""How media is answered: every header, conditional requests, parts of files, hand-over.

The first answer, those from memory and those without a body come from here alike.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, Iterable[bytes]]

INERT = {"Content-Security-Policy": "default-src 'none'; sandbox", "Accept-Ranges": "bytes"}
"""No media answer runs anything, whatever its bytes are."""

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"
FOR_ONE = "private, no-store"

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Media:
    """What lies at one path, and every header that goes with it, its length aside."""

    path: str
    etag: str
    content_type: str
    headers: Headers
    """Of every answer about it."""

    def answer(self, environ: Mapping[str, Any], body: bytes | BinaryIO) -> Answer:
        """Status, headers and body, of the whole or of what was asked for."""
        if self.is_known_to(environ):
            return self.unchanged()
        size = len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size
        if environ["REQUEST_METHOD"] == "GET" and "HTTP_RANGE" in environ:
            answer = self._part(environ, body, size)
            if answer is not None:
                return answer
        return "200 OK", self.whole(size), _content(environ, body, 0, size)

    def is_known_to(self, environ: Mapping[str, Any]) -> bool:
        """Whether the client has it already."""
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known is None or known == self.etag:
            return known is not None
        tags = (each.strip().removeprefix("W/") for each in known.split(","))
        return known.strip() == "*" or self.etag in tags

    def unchanged(self) -> Answer:
        """For a client that has it."""
        return "304 Not Modified", [("ETag", self.etag), *self.headers], []

    def handed_over(self, name: str, value: str) -> Answer:
        """For the server in front, which reads the file itself."""
        described = [("Content-Type", self.content_type), ("ETag", self.etag)]
        empty = ("Content-Length", "0")
        headers = [
            each for each in self.headers if each[0] != "Accept-Ranges"
        ]  # It says so itself.
        return "200 OK", [*described, empty, *headers, (name, value)], []

    def whole(self, size: int) -> Headers:
        """The headers of an answer with so many bytes of it."""
        return [
            ("Content-Type", self.content_type),
            ("Content-Length", str(size)),
            ("ETag", self.etag),
            *self.headers,
        ]

    def _part(self, environ: Mapping[str, Any], body: bytes | BinaryIO, size: int) -> Answer | None:
        """One range of it; several, or what is no range, are the whole (RFC 9110, 14.2)."""
        if environ.get("HTTP_IF_RANGE", self.etag) != self.etag:
            return None
        found = _RANGE.fullmatch(environ["HTTP_RANGE"].strip())
        if found is None or not (found[1] or found[2]):
            return None
        if found[1]:
            start, end = int(found[1]), min(int(found[2] or size), size - 1)
            if found[2] and int(found[2]) < start:
                return None
        else:
            start, end = max(0, size - int(found[2])), size - 1
        if start > end:
            nothing = [("Content-Type", self.content_type), ("Content-Length", "0")]
            nothing.append(("Content-Range", f"bytes */{size}"))
            return "416 Range Not Satisfiable", [*nothing, *_uncached(self.headers)], []
        length = end - start + 1
        part = [("Content-Range", f"bytes {start}-{end}/{size}")]
        return (
            "206 Partial Content",
            [*part, *self.whole(length)],
            _content(environ, body, start, length),
        )


def etag_of(path: str | Path) -> str:
    """A strong validator: what lies at such a path never changes."""
    return f'"{blake2b(str(path).encode(), digest_size=12).hexdigest()}"'


def attachment(filename: str) -> str:
    """A Content-Disposition that saves the file under that name, in both spellings of RFC 6266."""
    plain = re.sub(r'[^ -~]|["\\%/]', "_", filename)[:255]
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename[:255], safe='')}"


def _content(
    environ: Mapping[str, Any], body: bytes | BinaryIO, start: int, length: int
) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    if isinstance(body, bytes):
        return [body if length == len(body) else body[start : start + length]]
    return _Pieces(body, start, length)


class _Pieces:
    """A piece of a file, as a server reads it and closes it."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self._length
        while left > 0 and (chunk := self._file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


def _uncached(headers: Headers) -> Headers:
    return [
        (name, "no-store" if name == "Cache-Control" else value)
        for name, value in headers
        if name != "Content-Disposition"
    ]
