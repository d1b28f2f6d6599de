"""Open pages, many in one process: ``python -m bench.listeners PORT COUNT``.

Each holds one stream of ``/api/events``. It says on its standard output, a JSON object a line:
first how many streams were let in, how many refused and how; then for each image that all of them
were told of, when the first and the last of them was, on the clock that all processes share.
"""

from __future__ import annotations

import json
import re
import resource
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

_OPENED = b"retry:"
_EVENT = re.compile(rb'event: image\.created\ndata: \{"id":"([A-Za-z0-9_-]{22})".*?\n\n', re.DOTALL)
_WITHIN_S = 60.0


@dataclass(slots=True)
class _Told:
    """When the listeners were told of one image."""

    first: float
    last: float = 0.0
    times: int = 0


@dataclass(slots=True)
class _Page:
    """One stream."""

    socket: socket.socket
    heard: bytes = b""
    is_open: bool = False


@dataclass(slots=True)
class _Pages:
    """All of them."""

    port: int
    count: int
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    told: dict[bytes, _Told] = field(default_factory=dict)
    open: int = 0
    refused: list[str] = field(default_factory=list)
    lost: int = 0

    def connect(self) -> None:
        """Opens the streams, and tells what became of them."""
        question = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
        for _ in range(self.count):
            connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
            connection.sendall(question)
            self.selector.register(connection, selectors.EVENT_READ, _Page(connection))
        deadline = time.monotonic() + _WITHIN_S
        while self.open + len(self.refused) < self.count and time.monotonic() < deadline:
            self.listen()
        answered = self.open + len(self.refused)
        silent = self.count - answered
        say(
            open=self.open,
            refused=sorted(set(self.refused)),
            refusals=len(self.refused),
            silent=silent,
        )

    def listen(self) -> None:
        """Takes what has arrived."""
        for key, _ in self.selector.select(timeout=1.0):
            page: _Page = key.data
            chunk = page.socket.recv(65536)
            page.heard += chunk
            if not page.is_open:
                self._open(page)
            if page.is_open:
                self._tell(page)
            if not chunk:
                self.lost += page.is_open
                self.selector.unregister(page.socket)

    def _open(self, page: _Page) -> None:
        head, whole, _ = page.heard.partition(b"\r\n\r\n")
        if _OPENED in page.heard:
            page.is_open, page.heard = True, page.heard.partition(_OPENED)[2]
            self.open += 1
        elif whole and not head.startswith(b"HTTP/1.1 200"):
            retry = re.search(rb"(?i)retry-after: *(\d+)", head)
            again = f"again after {retry[1].decode()} s" if retry else "for ever"
            self.refused.append(f"{head[9:12].decode()} {again}")
            page.heard = b""

    def _tell(self, page: _Page) -> None:
        now, end = time.monotonic(), 0
        for found in _EVENT.finditer(page.heard):
            end = found.end()
            told = self.told.setdefault(found[1], _Told(first=now))
            told.last, told.times = now, told.times + 1
            if told.times == self.open:
                say(id=found[1].decode(), first=told.first, last=told.last)
        page.heard = page.heard[end:]


def say(**facts: Any) -> None:
    """One line to whoever started us."""
    print(json.dumps(facts), flush=True)


def main(port: int, count: int) -> None:
    """Listens until it is ended."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    pages = _Pages(port, count)
    pages.connect()
    while True:
        pages.listen()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
