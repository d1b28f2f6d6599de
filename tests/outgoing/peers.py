"""Machines at the other end: one that must never be reached, and one that answers as it is told."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

CERTIFICATE = Path(__file__).parent / "photos.test.pem"
"""Of ``photos.test``, signed by itself, with its key; good until 2126 and for nothing else."""

Talk = Callable[[socket.socket, bytes], None]


class Peer:
    """A listener on loopback that counts who comes. ``talk`` gets the connection and the
    request."""

    def __init__(self, talk: Talk, *, tls: bool = False, family: int = socket.AF_INET) -> None:
        self._talk = talk
        self._context = _context(self) if tls else None
        self._listener = socket.socket(family)
        self._listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        self.asked_for: list[str | None] = []
        """The names that clients asked for while TLS was agreed on."""
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A thread in accept() is woken by a shutdown, not by a close.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)
            assert not thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            with suppress(OSError):
                if self._context is None:
                    self._answer(connection)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while not _is_whole(request) and (more := connection.recv(65536)):
            request += more
        self.requests.append(request)
        self._talk(connection, request)


def _is_whole(request: bytes) -> bool:
    head, ended, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: ([0-9]+)", head)
    return bool(ended) and len(body) >= int(length[1] if length else 0)


def _context(peer: Peer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def note(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        del connection
        peer.asked_for.append(name)

    context.sni_callback = note
    return context


def silent(connection: socket.socket, request: bytes) -> None:
    """Says nothing and hangs up."""
    del connection, request


def saying(*parts: bytes) -> Talk:
    """Answers with these bytes as they are."""

    def talk(connection: socket.socket, request: bytes) -> None:
        del request
        for part in parts:
            connection.sendall(part)

    return talk


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A plain HTTP answer with its length."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def redirect(to: str) -> bytes:
    return answer(b"", status="302 Found", headers=f"Location: {to}\r\n")
