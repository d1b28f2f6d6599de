"""Requests and answers of a provider's stand-in, and what may happen between the two."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came off the wire."""

    method: str
    path: str
    """Percent-encoded still, without the query."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, ready for the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


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
