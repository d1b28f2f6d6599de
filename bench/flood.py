"""Lists while variants are being made that nobody asked for before, as fast as they can be."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

from bench import cold, documents, pictures, servers
from bench.cold import Cold
from bench.report import (
    Bench,
    BenchError,
    Figure,
    Goal,
    at_most,
    in_turns,
    percentile,
    ratio_at_most,
)
from bench.servers import Server

_ASKING = 16
_IMAGES = 1_000
_LIST = "/api/images?limit=50"
_LOOKS = 50
_PAUSE_S = 0.02
"""Between two looks: a visitor, not another flood."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """Milliseconds of lists, and of refusals."""

    lists: list[float]
    refusals: list[float]


def run(bench: Bench) -> None:
    """At rest and during a flood, in turns."""
    headline = f"a list while {_ASKING} clients ask for variants from 12 MP, not made yet"
    with bench.about("flood", headline):
        file = pictures.draw(bench.folder, 12)[12]
        data = bench.folder / "data"
        documents.lay(data, _IMAGES)
        with servers.gallery(data) as gallery, closing(gallery.connect()) as connection:
            image = cold.upload(gallery, data, file, copy=False)
            sizes = itertools.product(range(300, 600), repeat=2)

            def flooded() -> _Looks:
                with _flood(gallery, image, sizes):
                    return _look(connection, image)

            _look(connection, image)
            calm, flood = in_turns(bench.rounds(6), lambda: _look(connection, image), flooded)
        goal = ratio_at_most(2.0)
        _tell(bench, "a list of 50 images", _lists(flood), _lists(calm), goal)
        refused, at_rest = _refusals(flood), _refusals(calm)
        _tell(bench, "an unsigned address refused", refused, at_rest, at_most(20))


def _lists(looks: list[_Looks]) -> list[float]:
    return [ms for each in looks for ms in each.lists]


def _refusals(looks: list[_Looks]) -> list[float]:
    return [ms for each in looks for ms in each.refusals]


def _tell(bench: Bench, what: str, flooded: list[float], at_rest: list[float], goal: Goal) -> None:
    for name, percent in (("median", 50), ("p95", 95)):
        bench.tell(
            f"{what}, {name}",
            Figure(percentile(flooded, percent), "ms"),
            peer="at rest",
            theirs=Figure(percentile(at_rest, percent), "ms"),
            goal=goal if percent == 95 else None,
        )


def _look(connection: HTTPConnection, image: Cold) -> _Looks:
    looks = _Looks([], [])
    for number in range(_LOOKS):
        time.sleep(_PAUSE_S)
        looks.lists.append(_ms(connection, _LIST, 200))
        unsigned = f"c_limit,h_{number + 10},w_400/v{image.version}/{image.id}"
        looks.refusals.append(_ms(connection, f"/cdn/vitrine/image/upload/{unsigned}", 401))
    return looks


def _ms(connection: HTTPConnection, path: str, status: int) -> float:
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != status:
        raise BenchError(f"{path} is answered with {answer.status}")
    return (time.perf_counter() - began) * 1000


@contextmanager
def _flood(gallery: Server, image: Cold, sizes: Iterator[tuple[int, ...]]) -> Iterator[None]:
    """Other variants all the time, until the block ends."""
    over = threading.Event()

    def ask() -> None:
        with closing(gallery.connect()) as connection:
            while not over.is_set():
                width, height = next(sizes)
                cold.ask(connection, image.path(f"c_fill,f_webp,h_{height},w_{width}"))

    with ThreadPoolExecutor(_ASKING) as threads:
        asking = [threads.submit(ask) for _ in range(_ASKING)]
        try:
            time.sleep(1.0)  # Every client waits for its first by now.
            yield
        finally:
            over.set()
    for each in asking:
        each.result()
