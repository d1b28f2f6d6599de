"""The body of a request, read by a thread of its own: nobody else waits for who sends nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

_LEAST_READ_BYTES, _MOST_READ_BYTES = 4 * 1024, 256 * 1024
_SLOW_S = 0.1
_PUT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request brings: ``read`` waits until it has so many bytes, or all there are."""

    read: Callable[[int], bytes]
    length: int | None
    """As announced; a body may end before."""


class Pump:
    """Reads a body ahead, in a thread of its own."""

    def __init__(self, body: Body, *, limit_bytes: int) -> None:
        self._read = body.read
        self._left = limit_bytes if body.length is None else min(body.length, limit_bytes)
        self._queue: Queue[bytes | Exception] = Queue(maxsize=8)
        self._stopped = False
        self._thread = Thread(target=self._run, name="body", daemon=True)

    def __enter__(self) -> Pump:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        """Reads no further. Waits for the read that is under way, at worst until the sender hangs
        up: granian stands still, the whole process, when a request ends before it."""
        self._stopped = True
        self._thread.join()

    def chunks(self, *, wait_s: float) -> Iterator[bytes]:
        """The body, and an empty piece whenever nothing came for so long."""
        while True:
            try:
                chunk = self._queue.get(timeout=wait_s)
            except Empty:
                yield b""
                continue
            if isinstance(chunk, Exception) or not chunk:
                return  # A sender that vanished, or the end.
            yield chunk

    def _run(self) -> None:
        size = 64 * 1024
        while not self._stopped:
            began_at = time.monotonic()
            try:
                chunk = self._read(min(size, self._left)) if self._left else b""
            except Exception as error:  # noqa: BLE001 - the server's own, of a broken connection
                self._put(error)
                return
            # A read waits until it has all it asked for: of a slow sender, ask for less.
            slow = time.monotonic() - began_at > _SLOW_S
            size = max(_LEAST_READ_BYTES, size // 4) if slow else min(_MOST_READ_BYTES, size * 2)
            self._left -= len(chunk)
            self._put(chunk)
            if not chunk:
                return

    def _put(self, chunk: bytes | Exception) -> None:
        while not self._stopped:
            with suppress(Full):
                self._queue.put(chunk, timeout=_PUT_S)
                return
