"""Many requests at once over connections that stay open: by ``wrk``, else by a client of our own.

Ours is slower than the servers it asks, so that its requests per second say little; what a request
costs the server is right with either.
"""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.report import BenchError

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """What was done in the time."""

    requests: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def by_wrk() -> bool:
    """Whether ``wrk`` is here."""
    return shutil.which("wrk") is not None


def put_on(
    url: str, *, seconds: float, status: int = 200, headers: Mapping[str, str] | None = None
) -> Load:
    """Asks for the URL as often as it can. Raises BenchError when it meets failures."""
    if by_wrk():
        return _wrk(url, seconds, headers or {})
    return _own(url, seconds, status, headers or {})


def _wrk(url: str, seconds: float, headers: Mapping[str, str]) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=False)
    return read_wrk(done.stdout)


def read_wrk(text: str) -> Load:
    """What ``wrk`` said. Raises BenchError when it met failures, or said nothing of use."""
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", text)
    failed = re.search(r"(Non-2xx or 3xx responses|Socket errors): .+", text)
    if found is None or failed is not None:
        raise BenchError(f"the load failed: {failed[0] if failed else text.strip()[-300:]}")
    unit_s = {"ms": 0.001, "s": 1.0, "m": 60.0}[found[3]]
    return Load(int(found[1]), float(found[2]) * unit_s)


def _own(url: str, seconds: float, status: int, headers: Mapping[str, str]) -> Load:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    question = "\r\n".join([*lines, "", ""]).encode()
    began = time.perf_counter()
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        callers = [
            _Caller(stack, parts.hostname or "", parts.port or 80, question)
            for _ in range(CONNECTIONS)
        ]
        for caller in callers:
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            caller.ask()
        while time.perf_counter() - began < seconds:
            for key, _ in selector.select(timeout=1.0):
                key.data.take(expected=status)
    return Load(sum(caller.answers for caller in callers), time.perf_counter() - began)


class _Caller:
    """One connection, one request on it at a time."""

    def __init__(self, stack: ExitStack, host: str, port: int, question: bytes) -> None:
        self.socket = stack.enter_context(socket.create_connection((host, port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = 0
        self._question = question
        self._head = b""
        self._left = -1
        """Bytes of the body to come; below zero while the head is being read."""

    def ask(self) -> None:
        self._head, self._left = b"", -1
        self.socket.sendall(self._question)

    def take(self, *, expected: int) -> None:
        chunk = self.socket.recv(256 * 1024)
        if not chunk:
            raise BenchError("the load failed: the server hung up")
        if self._left < 0:
            self._head += chunk
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._left = self._length(head, expected) - len(body)
        else:
            self._left -= len(chunk)
        if self._left == 0:
            self.answers += 1
            self.ask()

    def _length(self, head: bytes, expected: int) -> int:
        if int(head[9:12]) != expected:
            raise BenchError(f"the load failed: {head.splitlines()[0].decode()}")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        return int(length[1]) if length and expected != 304 else 0
