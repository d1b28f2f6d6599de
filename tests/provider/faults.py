"""What can go wrong on the way to a provider and back: one value for each request that fails.

``kept`` says whether the provider did what was asked before it went wrong. How it refuses is its
own.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass, replace

from tests.provider.wire import Answer, Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Nothing goes wrong: for scripts whose later requests fail."""

    def play(self, exchange: Exchange) -> None:
        exchange.send(exchange.carry_out())


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
