"""The file of an upload, however it came: as a part of the form, as a data URI, or as a URL."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from flask import Request

from gallery.errors import StorageFullError, TooLargeError
from gallery.model import Received
from gallery.outgoing import Outgoing
from gallery.services.incoming import scratch_file
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters, of_request, parse_pairs
from gallery.web.receive import Receiver
from gallery.web.spool import Caps, clean_filename, too_large

CAPS = Caps(parts=100, text_bytes=256 * 1024, file_as_text=True, md5=True)

_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 1024
_MAX_URL = 4096
_DATA_URI = re.compile(rb"data:[\w!#$&^.+-]*(/[\w!#$&^.+-]+)?(;[\w-]+=[\w.-]+)*;base64,")
_BLANKS = b" \t\r\n"
_REMOTE = re.compile(r"(?:https?|ftp|s3|gs):", re.IGNORECASE)


class Call:
    """An upload as it came: its parameters, and its file or whatever stands for it."""

    def __init__(self, params: Parameters, file: Received | None, text: str = "") -> None:
        self.params = params
        self.file = file
        """On our disk; its filename is as the sender called it."""
        self.text = text
        """What stood in place of a file."""


class Files:
    """Receives uploads. ``outgoing`` fetches remote ones; ``None`` leaves them out."""

    def __init__(self, incoming: Path, *, max_file_bytes: int, outgoing: Outgoing | None) -> None:
        self._incoming = incoming
        self._max_file_bytes = max_file_bytes
        self._outgoing = outgoing
        self._receiver = Receiver(incoming, max_file_bytes=max_file_bytes, caps=CAPS)

    @contextmanager
    def call(
        self, request: Request, *, before_file: Callable[[Parameters], None]
    ) -> Iterator[Call]:
        """The call in a request. Its file is gone again when the block ends; ``before_file`` gets
        the parameters that came before it, and may refuse it."""
        if request.mimetype != "multipart/form-data":
            params = of_request(request)
            yield Call(params, None, params.text("file"))
            return
        query = parse_pairs(request.query_string.decode("latin-1"))
        with self._receiver.form(
            request.environ,
            file_field="file",
            before_file=lambda fields: before_file(Parameters([*query, *fields])),
        ) as form:
            params = Parameters([*query, *form.fields])
            if form.received is None or not form.file_is_text:
                yield Call(params, form.received)
                return
            with Path(form.received.path).open("rb") as file:
                head = file.read(_HEAD_BYTES)
                if not _DATA_URI.match(head):
                    text = (head + file.read(_MAX_URL)).decode("utf-8", "replace")
                    yield Call(params, None, text)
                    return
            with self._decoded(Path(form.received.path)) as received:
                yield Call(params, received)

    @contextmanager
    def of_text(self, text: str) -> Iterator[Received]:
        """The file that a text means: the bytes of a data URI, or what lies at a URL."""
        if _DATA_URI.match(text.encode("utf-8", "replace")[:_HEAD_BYTES]):
            with scratch_file(self._incoming) as path:
                path.write_bytes(text.encode())
                with self._decoded(path) as received:
                    yield received
            return
        if not _REMOTE.match(text):
            raise RefusedError(400, "Unsupported source URL: " + text[:100])
        if self._outgoing is None:
            raise RefusedError(
                400, "Uploads from a URL are switched off: set CDN_REMOTE_UPLOADS=true"
            )
        with scratch_file(self._incoming) as path:
            path.unlink()
            try:
                found = self._outgoing.download(text, to=path, max_bytes=self._max_file_bytes)
            except TooLargeError as error:
                got_bytes = self._max_file_bytes + 1  # Or more: nobody fetched the rest.
                raise too_large(self._max_file_bytes, got_bytes=got_bytes) from error
            yield Received(
                path=str(found.path),
                filename=clean_filename(found.filename),
                bytes=found.bytes,
                sha256=found.sha256,
                md5=found.md5,
            )

    @contextmanager
    def copy_of(self, chunks: Iterator[bytes], *, filename: str) -> Iterator[Received]:
        """Bytes as a file that arrived; gone again when the block ends."""
        with scratch_file(self._incoming) as path, path.open("wb") as file:
            received = _kept(chunks, file, path, filename, self._max_file_bytes)
            yield received

    @contextmanager
    def _decoded(self, path: Path) -> Iterator[Received]:
        """The bytes of the data URI in a file."""
        with path.open("rb") as source:
            match = _DATA_URI.match(source.read(_HEAD_BYTES))
            source.seek(match.end() if match else 0)
            with self.copy_of(_base64(source), filename="") as received:
                yield received


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


def _kept(
    chunks: Iterator[bytes], file: _Writable, path: Path, filename: str, limit_bytes: int
) -> Received:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit_bytes:
            raise too_large(limit_bytes, got_bytes=size)
        try:
            file.write(chunk)
        except OSError as error:
            raise StorageFullError("The disk of the gallery is full.") from error
        sha256.update(chunk)
        md5.update(chunk)
    file.flush()
    return Received(
        path=str(path),
        filename=filename,
        bytes=size,
        sha256=sha256.hexdigest(),
        md5=md5.hexdigest(),
    )


def _base64(source: BinaryIO) -> Iterator[bytes]:
    """The bytes that the rest of the file spells; blanks and line ends are passed over."""
    left = b""
    while chunk := source.read(_CHUNK_BYTES):
        text = left + chunk.translate(None, _BLANKS)
        whole = len(text) // 4 * 4
        yield _decoded(text[:whole])
        left = text[whole:]
    if left:
        yield _decoded(left + b"=" * (-len(left) % 4))


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(400, "Invalid file parameter: the data URI is no base64") from error
