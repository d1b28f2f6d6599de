"""A variant that lies ready, over HTTP: against nginx, and Flask's own ``send_file``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench import load, pictures, processes, servers
from bench.report import Bench, BenchError, Figure, at_most, in_turns, ratio_at_least, ratio_at_most
from bench.servers import Server
from bench.uploads import send_form

_WEBP = {"Accept": "image/webp"}
_SECONDS = 2.0


def run(bench: Bench) -> None:
    """All servers stand ready and take turns."""
    with bench.about("cached", "a variant that lies ready, over HTTP"), ExitStack() as stack:
        gallery = stack.enter_context(servers.gallery(bench.folder / "data"))
        path, etag = _prepare(bench, gallery)
        environment = {"BENCH_FILE": str(bench.folder / "variant")}
        granian = stack.enter_context(servers.granian("send_file", environment=environment))
        gthread = stack.enter_context(servers.gthread("send_file", environment=environment))
        nginx = stack.enter_context(servers.nginx(bench.folder))
        found = partial(_Runner, gallery, path, _WEBP)
        runners = [
            found(),
            _Runner(gallery, path, {**_WEBP, "If-None-Match": etag}, status=304),
            _Runner(nginx, "/variant"),
            _Runner(granian, "/"),
            _Runner(gthread, "/"),
        ]
        _tell(bench, *_measured(bench, runners))


def _prepare(bench: Bench, gallery: Server) -> tuple[str, str]:
    """Uploads a photograph and has its variant derived; its path and validator."""
    photograph = pictures.draw(bench.folder, 12)[12].read_bytes()
    image = json.loads(send_form(gallery, "/api/images", photograph))
    path = image["variants"]["thumb"]["url"].removeprefix(gallery.url)
    connection = gallery.connect()
    connection.request("GET", path, headers=_WEBP)
    answer = connection.getresponse()
    content, etag = answer.read(), answer.headers["ETag"]
    connection.request("GET", path, headers={**_WEBP, "If-None-Match": etag})
    again = connection.getresponse()
    if answer.status != 200 or again.status != 304:
        raise BenchError(f"a variant is answered with {answer.status}, and again {again.status}")
    (bench.folder / "variant").write_bytes(content)
    client = "wrk" if load.by_wrk() else "a client of our own (no wrk): req/s are its own limit"
    bench.remark(
        f"{len(content) / 1000:.0f} kB of WebP, {load.CONNECTIONS} connections, by {client}"
    )
    return path, etag


@dataclass(frozen=True, slots=True)
class _Cost:
    """What one server makes of the load, in the median."""

    cpu_us: Figure
    per_second: Figure


@dataclass(frozen=True, slots=True)
class _Runner:
    """Puts the load on one server; nothing when it is not there."""

    server: Server | None
    path: str
    headers: Mapping[str, str] | None = None
    status: int = 200

    def __call__(self) -> tuple[float, float] | None:
        """Microseconds of processor time for each request, and requests per second."""
        if self.server is None:
            return None
        pids = self.server.pids()
        before = processes.cpu_s(pids)
        done = load.put_on(
            self.server.url + self.path, seconds=_SECONDS, status=self.status, headers=self.headers
        )
        used = processes.cpu_s(pids) - before
        return used / done.requests * 1_000_000, done.per_second


def _measured(bench: Bench, runners: list[_Runner]) -> list[_Cost | None]:
    results = in_turns(bench.rounds(4), *runners)
    return [_cost(each) for each in results]


def _cost(taken: list[tuple[float, float] | None]) -> _Cost | None:
    known = [each for each in taken if each is not None]
    if not known:
        return None
    cpu, speed = (median(values) for values in zip(*known, strict=True))
    return _Cost(Figure(cpu, "µs"), Figure(speed, "req/s"))


def _tell(
    bench: Bench,
    ours: _Cost | None,
    unchanged: _Cost | None,
    nginx: _Cost | None,
    granian: _Cost | None,
    gthread: _Cost | None,
) -> None:
    if ours is None or unchanged is None:
        raise BenchError("the gallery was not measured")
    bench.tell("server CPU for each request", ours.cpu_us, goal=at_most(60))
    bench.tell(
        "requests per second",
        ours.per_second,
        peer="nginx, static file",
        theirs=nginx.per_second if nginx else None,
        goal=ratio_at_least(0.35),
    )
    bench.tell(
        "server CPU for each request",
        ours.cpu_us,
        peer="nginx, static file",
        theirs=nginx.cpu_us if nginx else None,
    )
    bench.tell(
        "server CPU for each request",
        ours.cpu_us,
        peer="Flask send_file, gunicorn gthread",
        theirs=gthread.cpu_us if gthread else None,
        goal=ratio_at_most(0.1),
    )
    bench.tell(
        "server CPU for each request",
        ours.cpu_us,
        peer="Flask send_file, granian",
        theirs=granian.cpu_us if granian else None,
    )
    bench.tell(
        "server CPU for each 304",
        unchanged.cpu_us,
        peer="our own 200",
        theirs=ours.cpu_us,
        goal=ratio_at_most(1.0),
    )
