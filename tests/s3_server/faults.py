"""What can go wrong on the way to a bucket and back: one value for each request that fails.

``kept`` says whether the service did what was asked before it went wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, whole."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    """The connection breaks behind the body, which is not whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request that waits for its answer."""

    carry_out: Callable[[], Answer]
    stopping: threading.Event


class Fault(Protocol):
    """Answers a request in its own way."""

    def play(self, exchange: Exchange) -> Answer | None:
        """The answer; ``None``: the connection is closed without one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Nothing goes wrong: for scripts whose later requests fail."""

    def play(self, exchange: Exchange) -> Answer:
        return exchange.carry_out()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An error answer with S3's XML."""

    status: int = 500
    code: str = "InternalError"
    headers: dict[str, str] = field(default_factory=dict)

    def play(self, exchange: Exchange) -> Answer:
        body = f"<Error><Code>{self.code}</Code><Message>So it is.</Message></Error>"
        headers = {"Content-Type": "application/xml", **self.headers}
        return Answer(status=self.status, headers=headers, body=body.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """No answer, for as long as the server lives."""

    kept: bool = False

    def play(self, exchange: Exchange) -> None:
        if self.kept:
            exchange.carry_out()
        exchange.stopping.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The connection is closed without an answer."""

    kept: bool = False

    def play(self, exchange: Exchange) -> None:
        if self.kept:
            exchange.carry_out()


@dataclass(frozen=True, slots=True, kw_only=True)
class Garble:
    """An answer that is not S3's, as a proxy on the way would give."""

    status: int = 200
    kept: bool = False

    def play(self, exchange: Exchange) -> Answer:
        if self.kept:
            exchange.carry_out()
        body = b"<html><h1>It works!</h1></html>"
        return Answer(status=self.status, headers={"Content-Type": "text/html"}, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """The right answer, of whose body only the first half arrives."""

    def play(self, exchange: Exchange) -> Answer:
        answer = exchange.carry_out()
        return replace(answer, body=answer.body[: len(answer.body) // 2], cut=True)
