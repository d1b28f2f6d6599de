"""Receives a multipart body: the file goes to disk as it comes, hashed; memory stays flat.

The body is read once and never copied. A body that ends before its closing boundary, or before the
length it announced, is refused: the server in front shows a vanished client as a clean end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser
from werkzeug.http import parse_options_header

from gallery.errors import (
    BadRequestError,
    IncompleteBodyError,
    InvalidInputError,
    LengthRequiredError,
    StorageFullError,
    TooLargeError,
)
from gallery.model import Received
from gallery.services.incoming import free_bytes
from gallery.web.spool import Caps, Spool, in_base64, too_large

FREE_SPACE_FLOOR_BYTES = 256 * 1024 * 1024
"""Below this nothing is taken: the database on the same disk needs room to keep what it has."""

_CHUNK_BYTES = 256 * 1024

BeforeFile = Callable[[list[tuple[str, str]]], None]


class Form:
    """What a multipart body held: the file, if any, and the text fields in order."""

    def __init__(
        self,
        received: Received | None,
        fields: list[tuple[str, str]],
        *,
        file_is_text: bool = False,
    ) -> None:
        self.received = received
        self.fields = fields
        self.file_is_text = file_is_text
        """The file came as a text field: its bytes are that text."""


class Receiver:
    """Receives forms into ``incoming``, a folder on the same disk as the originals."""

    def __init__(self, incoming: Path, *, max_file_bytes: int, caps: Caps | None = None) -> None:
        self._incoming = incoming
        self._max_file_bytes = max_file_bytes
        self._caps = caps or Caps()

    @contextmanager
    def form(
        self, environ: dict[str, Any], *, file_field: str, before_file: BeforeFile | None = None
    ) -> Iterator[Form]:
        """The body of the request. Its file is gone again when the block ends.

        ``before_file`` gets the fields that came before the file, and may refuse to receive it.
        Raises what is wrong with the body: TooLargeError, IncompleteBodyError, BadRequestError …
        """
        length, boundary = self._check_head(environ)
        spool = Spool(self._incoming, self._max_file_bytes, length, self._caps)
        try:
            sinks = _Sinks(
                file_field, spool, _Texts(self._caps.text_bytes), before_file or _welcome
            )
            yield self._parse(environ["wsgi.input"], length, boundary, sinks)
        finally:
            spool.discard()

    def _check_head(self, environ: dict[str, Any]) -> tuple[int | None, str]:
        kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise BadRequestError("Send the photo as multipart/form-data with a boundary.")
        length = content_length(environ)
        caps = self._caps
        file_bytes = self._max_file_bytes
        if caps.file_as_text:
            file_bytes = in_base64(file_bytes)
        most = file_bytes + caps.text_bytes + caps.parts * 4096
        if length is not None and length > most:
            raise too_large(self._max_file_bytes, got_bytes=length)
        if free_bytes(self._incoming) < FREE_SPACE_FLOOR_BYTES + (length or 0):
            raise StorageFullError(
                "The disk of the gallery is full. Make room on it, then try again."
            )
        return length, options["boundary"]

    def _parse(self, body: IO[bytes], length: int | None, boundary: str, sinks: _Sinks) -> Form:
        try:
            parser = PushMultipartParser(boundary, max_segment_count=self._caps.parts, strict=True)
            with parser:
                sink: Spool | _Texts = sinks.texts
                for event in _events(parser, body, length):
                    if isinstance(event, MultipartSegment):
                        sink = sinks.of(event)
                        sink.begin(event)
                    elif event:
                        sink.write(event)
        except ParserLimitReached as error:
            raise TooLargeError(f"A form has at most {self._caps.parts} parts.") from error
        except MultipartError as error:
            raise IncompleteBodyError(
                "The form ended early or is malformed. Please send it again."
            ) from error
        spool = sinks.spool
        return Form(spool.received(), sinks.texts.fields(), file_is_text=spool.is_text)


def _welcome(fields: list[tuple[str, str]]) -> None:
    """Every file may come."""


def content_length(environ: dict[str, Any]) -> int | None:
    """The length of the body, or ``None`` where it comes in chunks. Raises LengthRequiredError."""
    text = environ.get("CONTENT_LENGTH") or ""
    if text:
        if not text.isascii() or not text.isdigit():
            raise BadRequestError("Content-Length is not a number.")
        return int(text)
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return None
    raise LengthRequiredError("Send a Content-Length.")


def _events(parser: PushMultipartParser, body: IO[bytes], length: int | None) -> Iterator[Any]:
    read = 0
    while not parser.closed:
        chunk = body.read(_CHUNK_BYTES)
        if not chunk:
            break
        read += len(chunk)
        yield from parser.parse(chunk)
    if length is not None and read < length and not parser.closed:
        raise IncompleteBodyError(f"Only {read} of {length} bytes arrived. Please send it again.")


class _Sinks:
    """Where the parts of one form go."""

    def __init__(
        self, file_field: str, spool: Spool, texts: _Texts, before_file: BeforeFile
    ) -> None:
        self._file_field = file_field
        self.spool = spool
        self.texts = texts
        self._before_file = before_file

    def of(self, segment: MultipartSegment) -> Spool | _Texts:
        if segment.filename is None and segment.name != self._file_field:
            return self.texts
        if segment.name != self._file_field:
            name = segment.name[:40]
            raise InvalidInputError(
                f"{name}: a file belongs in the field {self._file_field}.",
                fields={name: "no file belongs here"},
            )
        self._before_file(self.texts.fields())
        return self.spool


class _Texts:
    """The text fields, bounded together."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._parts: list[tuple[str, bytearray]] = []
        self._bytes = 0

    def begin(self, segment: MultipartSegment) -> None:
        self._parts.append((segment.name, bytearray()))

    def write(self, chunk: bytes | bytearray) -> None:
        self._bytes += len(chunk)
        if self._bytes > self._limit:
            raise TooLargeError(
                f"The text fields together are larger than {self._limit // 1024} KiB."
            )
        self._parts[-1][1].extend(chunk)

    def fields(self) -> list[tuple[str, str]]:
        return [(name, _decoded(name, value)) for name, value in self._parts]


def _decoded(name: str, value: bytearray) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        name = name[:40]
        raise InvalidInputError(f"{name}: is not UTF-8.", fields={name: "is not UTF-8"}) from error
