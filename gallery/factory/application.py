"""The gallery as one WSGI application, and what works beside its requests."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Protocol

from gallery.factory.building import Gallery
from gallery.web.gateway import WSGI, StartResponse
from gallery.web.metrics import PASSED_ON_EVERY_S, Metrics

DRAIN_POLL_S = 0.5

SETTLE_S = 15.0
"""How long what works beside requests may take to come to an end, while those that run finish."""


class Closeable(Protocol):
    """What must be closed in the end."""

    def close(self) -> None: ...


class Application:
    """The gallery as one WSGI application, and what works beside its requests once started."""

    def __init__(
        self,
        wsgi: WSGI,
        gallery: Gallery,
        client: Closeable,
        metrics: Metrics,
        draining: threading.Event,
    ) -> None:
        self._wsgi = wsgi
        self._gallery = gallery
        self._client = client
        self._metrics = metrics
        self._draining = draining
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._wsgi(environ, start_response)

    def start(self) -> Application:
        """Itself, following changes and looking after what is due from now on."""
        gallery = self._gallery
        for work in (
            *(gallery.feed.run, gallery.notify.run),
            *(self._end_streams_when_draining, self._count),
        ):
            thread = threading.Thread(target=work, name=work.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)
        gallery.upkeep.start()
        return self

    def settle(self) -> None:
        """Begins nothing more beside requests, and gives back what does not end soon."""
        self._gallery.upkeep.close(within_s=SETTLE_S)

    def close(self) -> None:
        """Ends everything: streams, threads, decoding processes, connections to the database."""
        self._ended.set()
        self._gallery.feed.close()
        self._gallery.notify.close()
        self._gallery.upkeep.close()
        for thread in self._threads:
            thread.join()
        self._gallery.engine.close()
        self._client.close()

    def _end_streams_when_draining(self) -> None:
        while not self._ended.is_set():
            if self._draining.wait(timeout=DRAIN_POLL_S):
                self._gallery.feed.close()
                return

    def _count(self) -> None:
        while not self._ended.wait(PASSED_ON_EVERY_S):
            self._metrics.pass_on()
