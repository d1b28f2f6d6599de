"""A client that uploads, and writes down what it was told."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.chaos.history import Entry, History, Told, Upload

PATIENCE_S = 60.0
_PIECE = 64 * 1024
_BUSY = {409, 429, 503, 507}


@dataclass(frozen=True, slots=True)
class Form:
    """An upload as it goes over the wire."""

    head: bytes
    body: bytes

    def chunked(self) -> Form:
        """The same without a length."""
        head = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", self.head)
        pieces = [self.body[at : at + _PIECE] for at in range(0, len(self.body), _PIECE)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        return Form(head, body + b"0\r\n\r\n")


class Sender:
    """Uploads to one gallery. Safe between threads: each request has a connection of its own."""

    def __init__(self, port: int, history: History) -> None:
        self.port = port
        self._history = history

    def send(self, upload: Upload, *, chunked: bool = False) -> Entry:
        """One request, to its end or ours; ``chunked`` it does not say how long it will be."""
        self._history.begin(upload)
        began = time.time()
        form = self.form(upload)
        if chunked:
            form = form.chunked()
        status, told_id, refused = None, None, False
        try:
            with self.connect() as connection:
                connection.sendall(form.head + form.body)
                status, body = _answer(connection)
            if status in (200, 201):
                told_id = json.loads(body)["id"]
        except ConnectionRefusedError:
            refused = True
        except (OSError, http.client.HTTPException, ValueError):
            status = None
        return self._history.note(
            upload, _told(status), began=began, status=status, id=told_id, refused=refused
        )

    def send_at_once(self, uploads: list[Upload]) -> list[Entry]:
        """All of them at the same time."""
        with ThreadPoolExecutor(len(uploads)) as sending:
            return list(sending.map(self.send, uploads))

    def settle(self, upload: Upload, *, within_s: float = PATIENCE_S) -> Entry:
        """The same request again and again until it is answered for good."""
        deadline = time.monotonic() + within_s
        while True:
            entry = self.send(upload)
            if entry.told in (Told.OK, Told.REFUSED):
                return entry
            assert time.monotonic() < deadline, f"not settled within {within_s} s: {entry}"
            time.sleep(0.1)  # What a client does that was asked to come again.

    def put(self, path: str, upload: Upload) -> int | None:
        """The status of the answer to the file under another address; ``None`` without one."""
        form = self.form(upload, f"PUT {path}")
        try:
            with self.connect() as connection:
                connection.sendall(form.head + form.body)
                return _answer(connection)[0]
        except (OSError, http.client.HTTPException):
            return None

    def form(self, upload: Upload, request: str = "") -> Form:
        boundary = secrets.token_hex(16)
        body = b"".join(
            (
                f"--{boundary}\r\n".encode(),
                b'Content-Disposition: form-data; name="image"; filename="photo.jpg"\r\n',
                b"Content-Type: image/jpeg\r\n\r\n",
                upload.content,
                f"\r\n--{boundary}--\r\n".encode(),
            )
        )
        head = (
            f"{request or f'POST {upload.path}'} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\n"
            f"Content-Length: {len(body)}\r\nIdempotency-Key: {upload.key}\r\n"
            "Connection: close\r\n\r\n"
        )
        return Form(head.encode(), body)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def vanish(self, upload: Upload, *, percent: int, reset: bool) -> None:
        """Sends that much of the body, then goes away without a word: by RST, or in order."""
        with self.begin(upload, percent=percent) as connection:
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def begin(self, upload: Upload, *, percent: int) -> socket.socket:
        """A connection on which that much of the body was sent. Nothing is known of the outcome."""
        self._history.begin(upload)
        form = self.form(upload)
        connection = self.connect()
        connection.sendall(form.head + form.body[: len(form.body) * percent // 100])
        self._history.note(upload, Told.UNKNOWN, began=time.time(), status=None, id=None)
        return connection

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body of any other request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, path: str) -> dict[str, Any]:
        status, body = self.ask("GET", path)
        assert status == 200, (path, status, body)
        told: dict[str, Any] = json.loads(body)
        return told


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def _told(status: int | None) -> Told:
    if status is None:
        return Told.UNKNOWN
    if status in _BUSY:
        return Told.BUSY
    if status >= 500:
        return Told.UNKNOWN
    return Told.OK if status < 300 else Told.REFUSED
