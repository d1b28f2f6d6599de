"""The account of a provider behind a real HTTP server on loopback, with a script of faults and a
log."""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from tests.provider.wire import Answer, Exchange, Fault, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that arrived whole."""

    action: str
    """What it is about, in one word of its provider."""
    request: Request


class ProviderServer(ABC):
    """Use as a context manager."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        """The log, in the order of arrival: the truth to compare with."""
        self.stopping = threading.Event()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), partial(_Handler, self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @abstractmethod
    def action_of(self, request: Request) -> str:
        """What a request is about, in one word."""

    @abstractmethod
    def answer(self, request: Request, action: str) -> Answer:
        """What the provider answers when nothing goes wrong."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops answering for good, and frees the port. Raises what went wrong in the model."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        if self._http.broke:
            raise self._http.broke[0]

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._http.server_port}"

    def script(self, action: str, *faults: Fault) -> None:
        """Lets the next requests of that kind fail, one by one; those after them succeed.

        Takes the place of what was left of an earlier script.
        """
        self._faults[action] = deque(faults)

    def requests(self, action: str) -> list[Request]:
        """The requests of that kind which arrived."""
        return [seen.request for seen in self.seen if seen.action == action]

    def take(self, request: Request) -> tuple[Fault | None, Callable[[], Answer]]:
        """What shall go wrong with a request, and the way to carry it out."""
        action = self.action_of(request)
        with self._lock:
            self.seen.append(Seen(action=action, request=request))
            faults = self._faults[action]
            fault = faults.popleft() if faults else None
        return fault, partial(self._carry_out, request, action)

    def _carry_out(self, request: Request, action: str) -> Answer:
        with self._lock:
            return self.answer(request, action)


class _Http(ThreadingHTTPServer):
    """A thread for each connection; what goes wrong in the model is kept in ``broke``."""

    daemon_threads = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.broke: list[BaseException] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go as they like; anything else is a mistake of this model."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.broke.append(error)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request whole, and answers it as its server says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10
    """Seconds that an idle connection is kept."""

    def __init__(self, server: ProviderServer, *given: Any) -> None:
        self._server = server
        super().__init__(*given)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_OPTIONS(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=parts.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length", "0"))),
        )
        fault, carry_out = self._server.take(request)
        if fault is None:
            self._send(carry_out())
            return
        stopping = self._server.stopping
        fault.play(Exchange(handler=self, carry_out=carry_out, send=self._send, stopping=stopping))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """The server keeps its own log."""
