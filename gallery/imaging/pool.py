"""The decoding processes: started by one thread that stays, lent to one request at a time."""

from __future__ import annotations

import math
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gallery.errors import BusyError
from gallery.imaging import answers, wire
from gallery.imaging.limits import Limits

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 30.0
"""Importing libvips takes a tenth of a second; a small machine under load may take long."""

_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_WARNING": "0",
    # Never a temporary file: it may not write any.
    "VIPS_DISC_THRESHOLD": "64g",
    # One picture, one core: pictures are what is done in parallel. Two arenas kept peak memory a
    # third lower than the default, at the same speed.
    "VIPS_CONCURRENCY": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""All that a decoding process is told of its surroundings: it needs no secrets."""


class Child:
    """One decoding process, as its parent sees it."""

    def __init__(self, limits: Limits) -> None:
        self.images = 0
        self.idle_since = 0.0
        self._ready = False
        self._limits = limits
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                [
                    sys.executable,
                    "-m",
                    "gallery.imaging.child",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                cwd=_ROOT,
                env=_ENVIRONMENT,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Ctrl-C in a terminal is for the gallery, which lets running requests finish.
                process_group=0,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def get_ready(self) -> None:
        """Returns once the process has imported libvips and confined itself. Raises ConfigError."""
        if not self._ready:
            wire.send(self._channel, asdict(self._limits))
            hello = wire.receive(self._channel, deadline=time.monotonic() + _START_S)
            answers.raise_failure(hello)
            self._ready = True

    def ask(self, request: dict[str, Any], fds: Sequence[int]) -> wire.Frame:
        """What the process answers about the open files. Raises ConnectionLostError."""
        self.get_ready()
        self.images += 1
        self._channel.settimeout(self._limits.wall_s)
        wire.send(self._channel, request, fds=fds)
        return wire.receive(self._channel, deadline=time.monotonic() + self._limits.wall_s)

    def kill(self) -> None:
        """Stops the process at once, whatever it does."""
        self._process.kill()

    def end(self) -> None:
        """Stops the process at once and leaves nothing of it."""
        self._process.kill()
        self._process.wait()
        self._channel.close()


class Pool:
    """At most ``size`` decoding processes, started when first needed and ended when idle.

    Safe between threads. The kernel kills a process when the *thread* that started it ends, so one
    thread starts them all and stays. Make a pool after forking, not before.
    """

    def __init__(self, limits: Limits, *, size: int) -> None:
        self._limits = limits
        self._places = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._closed = False
        self._orders: queue.SimpleQueue[Future[Child] | None] = queue.SimpleQueue()
        self._keeper: threading.Thread | None = None

    @contextmanager
    def child(self) -> Iterator[Child]:
        """A process for the caller alone; it is ended if anything fails. Raises BusyError."""
        if not self._places.acquire(timeout=self._limits.wait_s):
            raise BusyError(
                "Too many pictures are being worked on. Try again soon.", retry_after_s=2
            )
        try:
            child = self._idle_child() or self._new_child()
            try:
                yield child
            except BaseException:
                self._end(child)
                raise
            self._take_back(child)
        finally:
            self._places.release()

    def close(self) -> None:
        """Ends every process, also those at work, and the thread that started them."""
        with self._lock:
            self._closed = True
            children, keeper = list(self._all), self._keeper
        for child in children:
            child.kill()  # Whoever has borrowed it sees it die, and ends it.
        self._end_idle(before=math.inf)
        if keeper is not None:
            self._orders.put(None)
            keeper.join()

    def _idle_child(self) -> Child | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                child = self._idle.pop()
            if child.alive:
                return child
            self._end(child)

    def _new_child(self) -> Child:
        order: Future[Child] = Future()
        with self._lock:
            if self._closed:
                raise BusyError("The gallery is stopping.", retry_after_s=5)
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="decoders", daemon=True)
                self._keeper.start()
        self._orders.put(order)
        return order.result()

    def _take_back(self, child: Child) -> None:
        child.idle_since = time.monotonic()
        with self._lock:
            keep = not self._closed and child.images < self._limits.images_per_child
            if keep:
                self._idle.append(child)
        if not keep:
            self._end(child)

    def _end(self, child: Child) -> None:
        with self._lock:
            self._all.discard(child)
        child.end()

    def _keep(self) -> None:
        """The life of the thread: starts processes, and ends those that were idle for long."""
        while True:
            try:
                order = self._orders.get(timeout=self._limits.idle_s if self._all else None)
            except queue.Empty:
                self._end_idle(before=time.monotonic() - self._limits.idle_s)
                continue
            if order is None:
                return
            self._fill(order)

    def _fill(self, order: Future[Child]) -> None:
        try:
            child = Child(self._limits)
        except Exception as error:  # noqa: BLE001 (raised again where the process was asked for)
            order.set_exception(error)
            return
        with self._lock:
            self._all.add(child)
        order.set_result(child)

    def _end_idle(self, *, before: float) -> None:
        with self._lock:
            old = [child for child in self._idle if child.idle_since <= before]
            self._idle = [child for child in self._idle if child.idle_since > before]
        for child in old:
            self._end(child)
