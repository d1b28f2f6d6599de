"""What happens here in figures, for Prometheus.

Each server process of a machine counts in files of its own below one folder; whoever is asked adds
them up, so that a scrape tells of all processes, whichever answers. Cached variants are counted
without a lock, in memory, and passed on every few seconds.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gallery.errors import SignInRequiredError
from gallery.web.access import Access

log = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own name for where processes count."""

PASSED_ON_EVERY_S = 5.0

_LABELS = {"images": "state", "store_away": "store"}
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_KEPT_S = 30.0
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded")

Facts = Callable[[], Mapping[str, Mapping[str, float]]]
"""Asks for figures that nobody counts: name → label → value."""


class Metrics:
    """The counters of this process."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` is shared by all processes of the program; without one this is the only."""
        self._folder = folder
        self._registry = CollectorRegistry()
        self._counts_as = _CountsAs()
        if folder is not None:
            _share(folder, self._counts_as)
        told: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter(
            "vitrine_requests", "Requests by route", ["route", "method", "status"], **told
        )
        self._seconds = Histogram(
            "vitrine_request_seconds",
            "Time until an answer begins, by route",
            ["route"],
            buckets=_BUCKETS_S,
            **told,
        )
        self._seconds.labels("none")  # Its file must be there from the beginning.
        self._cached = Counter(
            "vitrine_cached_variants", "Variants answered from the cache, before Flask", **told
        )
        self._streams = Gauge(
            "vitrine_event_streams", "Open event streams", multiprocess_mode="livesum", **told
        )
        self._happened = {
            what: Counter(f"vitrine_{what}", words, ["outcome"], **told)
            for what, words in (
                ("uploads", "Files taken in, by what became of them"),
                ("derivations", "Variants made"),
                ("swept", "What sweeps mended"),
            )
        }
        self._cached_here: Callable[[], int] = int
        self._streams_here: Callable[[], int] = int
        self._passed_on = 0
        self._passing = threading.Lock()

    def watch(self, *, cached: Callable[[], int], streams: Callable[[], int]) -> None:
        """Says where to look for what is counted elsewhere: cached variants since the process
        began, and streams that are open."""
        self._cached_here, self._streams_here = cached, streams

    def happened(self, what: str, outcome: str, by: int) -> None:
        """Counts what the tally tells."""
        self._happened[what].labels(outcome).inc(by)

    def register(self, app: Flask) -> None:
        """Counts every request of the app."""
        app.before_request(self._begin)
        app.after_request(self._end)

    def pass_on(self) -> None:
        """Takes in what is counted elsewhere."""
        with self._passing:
            cached = self._cached_here()
            self._cached.inc(max(0, cached - self._passed_on))
            self._passed_on = max(cached, self._passed_on)
            self._streams.set(self._streams_here())
            if self._folder is not None:
                self._keep(self._folder)

    def _keep(self, folder: Path) -> None:
        """Says that somebody counts here (see ``config.counting``), and counts anew when the files
        of this process were thrown away."""
        if (folder / f"counter_{self._counts_as()}.db").exists():
            with suppress(OSError):
                os.utime(folder)
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            log.warning("nowhere to count", exc_info=True)
        else:
            self._counts_as.begin_anew()
            self._cached.inc(0)  # So that its files are there at once.

    def text(self, facts: Collector) -> bytes:
        """All figures of all processes, as Prometheus reads them."""
        self.pass_on()
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        both = CollectorRegistry()
        both.register(_Both(registry, facts))
        return generate_latest(both)

    def _begin(self) -> None:
        g.began = time.perf_counter()

    def _end(self, response: Response) -> Response:
        rule = request.url_rule
        route = rule.rule if rule is not None else "none"
        self._requests.labels(route, request.method, str(response.status_code)).inc()
        self._seconds.labels(route).observe(time.perf_counter() - g.began)
        return response


class Asked(Collector):
    """Figures that are asked for when somebody wants them, and believed for a while."""

    def __init__(self, facts: Facts, *, now: Callable[[], float] = time.monotonic) -> None:
        self._facts = facts
        self._now = now
        self._lock = threading.Lock()
        self._until = 0.0
        self._known: Mapping[str, Mapping[str, float]] = {}

    def collect(self) -> Iterator[Metric]:
        """Each as a gauge."""
        with self._lock:
            if self._now() >= self._until:
                self._known = self._facts()
                self._until = self._now() + _KEPT_S
            known = self._known
        for name, by_label in known.items():
            label = [_LABELS[name]] if name in _LABELS else None
            family = GaugeMetricFamily(f"vitrine_{name}", name.replace("_", " "), labels=label)
            for kind, value in by_label.items():
                family.add_metric([kind] if label else [], value)
            yield family


class _Both(Collector):
    def __init__(self, *collectors: Any) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        for each in self._collectors:
            yield from each.collect()


def blueprint(*, metrics: Metrics, facts: Facts, access: Access) -> Blueprint:
    """The route that Prometheus asks."""
    routes = Blueprint("metrics", __name__)
    asked = Asked(facts)

    @routes.get("/metrics")
    def tell() -> Response:
        if not (access.signed_in() or _asks_directly()):
            raise SignInRequiredError("Sign in to see the figures, or ask from this machine.")
        return Response(metrics.text(asked), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


def _asks_directly() -> bool:
    """Whether a program of this machine asks, with no server in between."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    with suppress(ValueError):
        return ip_address(request.remote_addr or "").is_loopback
    return False


class _CountsAs:
    """What the files of this process are called by: its id, and after a loss a number besides."""

    def __init__(self) -> None:
        self._losses = 0

    def __call__(self) -> str:
        return f"{os.getpid()}-{self._losses}" if self._losses else str(os.getpid())

    def begin_anew(self) -> None:
        """Lets the library open new files at its next count."""
        self._losses += 1


def _share(folder: Path, counts_as: Callable[[], str]) -> None:
    """Lets the library count in files of this process below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(counts_as)  # type: ignore[no-untyped-call]
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2].partition("-")[0]
        if not Path("/proc", pid).exists():
            path.unlink(missing_ok=True)  # Its process was killed.
