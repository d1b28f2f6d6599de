"""What can go wrong on the way to Cloudinary and back: one value for each request that fails.

``kept`` says whether Cloudinary did what was asked before it went wrong.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from typing import Protocol

from tests.cloudinary_server.account import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request that was read and waits for its answer."""

    handler: BaseHTTPRequestHandler
    carry_out: Callable[[], Answer]
    send: Callable[[Answer], None]
    stopping: threading.Event


class Fault(Protocol):
    """Answers a request in its own way."""

    def play(self, exchange: Exchange) -> None:
        """Answers, or does not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Nothing goes wrong: for scripts whose later requests fail."""

    def play(self, exchange: Exchange) -> None:
        exchange.send(exchange.carry_out())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An error answer with Cloudinary's JSON."""

    status: int = 500
    message: str = "General Error"
    headers: dict[str, str] = field(default_factory=dict)

    def play(self, exchange: Exchange) -> None:
        body = b'{"error": {"message": "%s"}}' % self.message.encode()
        exchange.send(Answer(status=self.status, headers=self.headers, body=body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """No answer, for as long as the server lives."""

    kept: bool = False

    def play(self, exchange: Exchange) -> None:
        if self.kept:
            exchange.carry_out()
        exchange.stopping.wait()
        exchange.handler.close_connection = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The connection is reset (RST, not closed in order)."""

    kept: bool = False

    def play(self, exchange: Exchange) -> None:
        if self.kept:
            exchange.carry_out()
        connection = exchange.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
        exchange.handler.close_connection = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Garble:
    """An answer that is not JSON, as a proxy on the way would give."""

    status: int = 200
    body: bytes = b"<html><h1>It works!</h1></html>"
    kept: bool = False

    def play(self, exchange: Exchange) -> None:
        if self.kept:
            exchange.carry_out()
        headers = {"Content-Type": "text/html"}
        exchange.send(Answer(status=self.status, headers=headers, body=self.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """The right answer, of which only the first half arrives.

    ``announced`` promises the whole length first, as when a connection breaks; else the half is
    passed off as the whole.
    """

    announced: bool = False

    def play(self, exchange: Exchange) -> None:
        answer = exchange.carry_out()
        whole = len(answer.body)
        headers = {"Content-Length": str(whole)} if self.announced else {}
        exchange.send(
            replace(answer, headers=answer.headers | headers, body=answer.body[: whole // 2])
        )
        exchange.handler.close_connection = True
