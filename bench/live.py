"""Live updates: many open pages at once, each told of every new image, while others are served."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from statistics import median
from typing import Any

from bench import documents, processes, servers
from bench.report import Bench, BenchError, Figure, at_least, at_most, clocked, percentile
from bench.servers import Server
from gallery.config import ROOT, STREAM_CAP
from gallery.serving.workers import WORKERS

_CLIENTS = 500
_PAUSE_S = 0.2
_PATIENCE_S = 10.0
_BEYOND = 100
"""Streams asked for above the cap."""


def run(bench: Bench) -> None:
    """A real server, its real change stream, and images that appear in its database."""
    with bench.about("live", f"{_CLIENTS} open pages on /api/events"):
        data = bench.folder / "data"
        with servers.gallery(data) as gallery, documents.client_of(data) as client:
            database = client.get_default_database()
            documents.fill(database, 50)
            _warm_up(gallery)
            before = processes.resident_bytes(gallery.pids())
            with _listening(gallery, _CLIENTS) as pages, _Visitor(gallery) as visitor:
                new_images = documents.endless(database)
                delays = [_told_after(pages, new_images) for _ in range(bench.rounds(30))]
                grown = processes.resident_bytes(gallery.pids()) - before
                _tell(bench, pages, delays, grown, visitor)
                _beyond_the_cap(bench, gallery, pages)


def _warm_up(gallery: Server) -> None:
    """Asks often enough that every worker has done each thing once."""
    with _listening(gallery, 20):
        for _ in range(20):
            servers.answers(gallery.port, "/api/images?limit=50")


class _Pages:
    """The process that holds the open pages, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._heard: list[dict[str, Any]] = []
        self._more = threading.Condition()
        threading.Thread(target=self._hear, daemon=True).start()
        opened = self.wait_for("open", _PATIENCE_S * 6)
        if opened is None:
            raise BenchError("the open pages do not say how they are")
        self.opened = opened

    def _hear(self) -> None:
        for line in self._process.stdout or ():
            with self._more:
                self._heard.append(json.loads(line))
                self._more.notify_all()

    def wait_for(
        self, name: str, within_s: float, value: str | None = None
    ) -> dict[str, Any] | None:
        """What it said of that name, with that value; ``None`` if it says nothing."""

        def found() -> dict[str, Any] | None:
            said = (each for each in self._heard if name in each)
            return next((each for each in said if value in (None, each[name])), None)

        with self._more:
            return self._more.wait_for(found, within_s)


@contextmanager
def _listening(gallery: Server, count: int) -> Iterator[_Pages]:
    command = [sys.executable, "-m", "bench.listeners", str(gallery.port), str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _Pages(process)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class _Delay:
    """Milliseconds from before the insert until the first page was told, and the last."""

    first: float
    last: float


def _told_after(pages: _Pages, new_images: Iterator[str]) -> _Delay | None:
    """How long it took; ``None`` when some page was never told."""
    time.sleep(_PAUSE_S)
    began = time.monotonic()
    told = pages.wait_for("id", _PATIENCE_S, next(new_images))
    if told is None:
        return None
    return _Delay((told["first"] - began) * 1000, (told["last"] - began) * 1000)


class _Visitor:
    """Somebody else, who asks for small things meanwhile and notes how long they take."""

    def __init__(self, gallery: Server) -> None:
        self._gallery = gallery
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._visit)
        self.took_ms: dict[str, list[float]] = {"/healthz": [], "/api/images?limit=50": []}

    def __enter__(self) -> _Visitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._left.wait(0.02):
            for path, took in self.took_ms.items():
                took.append(clocked(partial(self._get, path)))

    def _get(self, path: str) -> None:
        with closing(self._gallery.connect()) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise BenchError(f"{path} is answered with {answer.status}")


def _tell(
    bench: Bench, pages: _Pages, delays: list[_Delay | None], grown: int, visitor: _Visitor
) -> None:
    told = [delay for delay in delays if delay is not None]
    bench.tell("pages served", Figure(pages.opened["open"]), goal=at_least(_CLIENTS))
    bench.tell("memory for each page", Figure(grown / _CLIENTS / 1000, "kB"), goal=at_most(110))
    bench.tell(
        f"of {len(delays)} images, not told to all",
        Figure(len(delays) - len(told)),
        goal=at_most(0),
    )
    if told:
        first, last = (median(times) for times in zip(*map(astuple, told), strict=True))
        bench.tell("insert until the first page is told, median", Figure(first, "ms"))
        bench.tell(
            "insert until the last page is told, median", Figure(last, "ms"), goal=at_most(50)
        )
    health, listing = visitor.took_ms.values()
    bench.tell(
        "GET /healthz meanwhile, p95", Figure(percentile(health, 95), "ms"), goal=at_most(10)
    )
    bench.tell("a page of 50 images meanwhile, p95", Figure(percentile(listing, 95), "ms"))


def _beyond_the_cap(bench: Bench, gallery: Server, pages: _Pages) -> None:
    """More pages than there are places for: those refused are told when to come again."""
    cap = STREAM_CAP * WORKERS
    asked = cap - pages.opened["open"] + _BEYOND
    with _listening(gallery, asked) as more:
        took = [clocked(lambda: servers.answers(gallery.port, "/healthz")) for _ in range(100)]
    said = more.opened
    refused = f"{said['refusals']} refused: {'; '.join(said['refused'])}"
    bench.remark(f"{asked} more asked for, {said['open']} let in, {refused}")
    unclean = said["silent"] + sum(not each.startswith("503 again") for each in said["refused"])
    bench.tell("refused without a 503 that says when to retry", Figure(unclean), goal=at_most(0))
    bench.tell("GET /healthz at the cap, p95", Figure(percentile(took, 95), "ms"), goal=at_most(10))
