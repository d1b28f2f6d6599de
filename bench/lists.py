"""Lists and searches: a page at 1,000 and at 100,000 images, near and deep, and its cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from statistics import median
from typing import Any

from pymongo import MongoClient, monitoring

from bench import documents, load, processes, servers
from bench.documents import COMMONEST
from bench.report import (
    Bench,
    BenchError,
    Figure,
    at_most,
    clocked,
    in_turns,
    medians,
    ratio_at_most,
)
from bench.servers import Server
from gallery import embedded
from gallery.catalog.images import ImageCatalog
from gallery.model import Filter, Place, Sort

_FEW = 1_000
_DEPTH = 10_000
_PAGE = "/api/images?limit=50"
_BROWSER = {"Accept-Encoding": "gzip, br"}
_LOAD_S = 2.0


def run(bench: Bench) -> None:
    """Two galleries, a small and a large one, side by side."""
    many = 20_000 if bench.quick else 100_000
    with (
        bench.about("lists", f"pages of 50, at {_FEW:,} and at {many:,} images"),
        ExitStack() as stack,
    ):
        small, large = (
            stack.enter_context(_filled(bench, name, count))
            for name, count in (("small", _FEW), ("large", many))
        )
        deep = _deep_cursor(large)
        _over_http(bench, small, large, deep)
        _in_the_database(bench)
        _cost(bench, small)


@contextmanager
def _filled(bench: Bench, name: str, count: int) -> Iterator[Server]:
    documents.lay(bench.folder / name, count)
    with servers.gallery(bench.folder / name) as server:
        yield server


@dataclass(frozen=True, slots=True)
class _Getter:
    """Asks for one address over a connection that stays open."""

    connection: HTTPConnection
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self) -> bytes:
        self.connection.request("GET", self.path, headers=self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise BenchError(f"{self.path} is answered with {answer.status}: {content[:300]!r}")
        return content


def _deep_cursor(large: Server) -> str:
    """The cursor of a deep page, walked to as a client would."""
    with closing(large.connect()) as connection:
        cursor = ""
        for _ in range(_DEPTH // 100):
            path = f"/api/images?limit=100{f'&cursor={cursor}' if cursor else ''}"
            cursor = json.loads(_Getter(connection, path)())["next_cursor"]
    return cursor


def _over_http(bench: Bench, small: Server, large: Server, deep: str) -> None:
    paths = {
        "page 1": _PAGE,
        "a deep page": f"{_PAGE}&sort=newest&cursor={deep}",
        "the commonest word, page 1": f"{_PAGE}&q={COMMONEST}",
        "a tag, page 1": f"{_PAGE}&tag=tag0",
    }
    with closing(small.connect()) as few, closing(large.connect()) as many:
        getters = [_Getter(few, _PAGE), *(_Getter(many, path) for path in paths.values())]
        pages = [_Getter(each, "/", _BROWSER) for each in (few, many)]
        runs: list[Callable[[], float]] = [partial(clocked, each) for each in (*getters, *pages)]
        in_turns(3, *runs)
        at_few, first, far, word, tag, page_few, page_many = medians(bench.rounds(45), *runs)
        html = len(pages[1]())
    tell = partial(_tell, bench)
    tell("page 1", first, f"the same at {_FEW:,}", at_few, 1.2)
    tell(f"a page {_DEPTH:,} images deep", far, "page 1", first, 1.3)
    tell("the commonest word, newest first", word, "page 1", first, 3.0)
    tell("a tag, newest first", tag, "page 1", first, 3.0)
    tell("the gallery page, as HTML", page_many, f"the same at {_FEW:,}", page_few, 1.2)
    bench.tell("the gallery page, on the line", Figure(html / 1000, "kB"), goal=at_most(60))


def _tell(bench: Bench, what: str, ours: float, peer: str, theirs: float, most: float) -> None:
    bench.tell(
        what,
        Figure(ours, "ms"),
        peer=peer,
        theirs=Figure(theirs, "ms"),
        goal=ratio_at_most(most),
    )


class _Stopwatch(monitoring.CommandListener):
    """Adds up how long commands took, as the driver sees it."""

    def __init__(self) -> None:
        self.ms = 0.0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Nothing to note yet."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Notes the time."""
        self.ms += event.duration_micros / 1000

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing: the caller gets the exception."""

    def time(self, work: Callable[[], object]) -> float:
        """Milliseconds that the commands of the work took."""
        self.ms = 0.0
        work()
        return self.ms


def _in_the_database(bench: Bench) -> None:
    """The catalog's own queries, on the large collection."""
    stopwatch = _Stopwatch()
    uri = embedded.uri_of(bench.folder / "large")
    with MongoClient[dict[str, Any]](uri, event_listeners=[stopwatch]) as client:
        database = client.get_default_database()
        catalog = ImageCatalog(database, now=lambda: datetime.now(UTC))
        ages_ago = catalog.page(Filter(), Sort.OLDEST, after=None, limit=60).next
        asked: list[tuple[Filter, Place | None]] = [
            (Filter(), None),
            (Filter(), ages_ago),
            (Filter(words=(COMMONEST,)), None),
            (Filter(tags=("tag0",)), None),
        ]
        works: list[Callable[[], object]] = [partial(database.command, "ping")]
        works += [
            partial(catalog.page, wanted, Sort.NEWEST, after=after, limit=50)
            for wanted, after in asked
        ]
        runs = [partial(stopwatch.time, work) for work in works]
        in_turns(3, *runs)
        ping, first, last, word, tag = medians(bench.rounds(60), *runs)
    tell = partial(_tell, bench)
    tell("in the database: page 1", first, "a ping", ping, 3.0)
    tell("in the database: the last page", last, "page 1", first, 1.3)
    tell("in the database: the commonest word", word, "page 1", first, 3.0)
    tell("in the database: a tag", tag, "page 1", first, 3.0)


def _cost(bench: Bench, small: Server) -> None:
    """Ours against the tutorial's, which finds the very same answers in its documents."""
    with closing(small.connect()) as connection:
        answers = json.loads(_Getter(connection, "/api/images?limit=100")())["images"]
    with documents.client_of(bench.folder / "small") as client:
        client.get_default_database()["bench_answers"].insert_many(answers)
    environment = {"BENCH_MONGO_URI": embedded.uri_of(bench.folder / "small")}
    with servers.gthread("listing", environment=environment) as peer:
        ours, theirs = in_turns(
            bench.rounds(3), partial(_cpu_ms, small, _PAGE), partial(_cpu_ms, peer, "/")
        )
    theirs_ms = Figure(median(filter(None, theirs)), "ms") if peer else None
    ours_ms = Figure(median(filter(None, ours)), "ms")
    bench.tell(
        "server CPU for each page",
        ours_ms,
        peer="find + jsonify, gunicorn gthread",
        theirs=theirs_ms,
        goal=ratio_at_most(0.55),
    )
    bench.tell("server CPU for each page", ours_ms, goal=at_most(1.1))


def _cpu_ms(server: Server | None, path: str) -> float | None:
    if server is None:
        return None
    pids = server.pids()
    before = processes.cpu_s(pids)
    done = load.put_on(server.url + path, seconds=_LOAD_S)
    return (processes.cpu_s(pids) - before) / done.requests * 1000
