"""A crowd: the memory of the whole gallery while a hundred large files arrive at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from http.client import HTTPResponse
from socket import create_connection, socket

from bench import processes, servers
from bench.report import Bench, BenchError, Figure, at_most
from bench.servers import Server

_MB = 1_000_000
_SIDE_PX = 1_800
_BOUNDARY = "----vitrine-bench"
_WITHIN_S = 300.0
_SETTLED = frozenset({200, 201, 409, 503})
"""Taken, or asked to come again: no more are decoded at a time than there are processors."""


def run(bench: Bench) -> None:
    """All of them but for their last bytes, then those: what both took beyond an idle gallery."""
    count = 50 if bench.quick else 100
    content = _picture()
    size_mb = len(content) / _MB
    with (
        bench.about("crowd", f"{count} uploads of {size_mb:.0f} MB at once"),
        servers.gallery(bench.folder / "data") as gallery,
    ):
        _Crowd(gallery, content, 4).finish()  # A warm-up: decoders are started by it.
        before = processes.resident_bytes(gallery.pids())
        crowd = _Crowd(gallery, content, count)
        waiting = processes.resident_bytes(gallery.pids()) - before
        processes.forget_peak(gallery.pids())
        statuses = crowd.finish()
        peak = processes.peak_bytes(gallery.pids()) - before
        bench.remark(
            "answered: " + ", ".join(f"{status} x {n}" for status, n in sorted(statuses.items()))
        )
        bench.tell(
            "memory for each upload on its way in",
            Figure(waiting / count / _MB, "MB"),
            peer="the file itself",
            theirs=Figure(size_mb, "MB"),
            goal=at_most(5),
        )
        bench.tell(
            "the most for each, until the last is answered",
            Figure(peak / count / _MB, "MB"),
            peer="the file itself",
            theirs=Figure(size_mb, "MB"),
            goal=at_most(5),
        )


def _picture() -> bytes:
    """A large file that takes little to decode."""
    import pyvips

    grey = pyvips.Image.gaussnoise(_SIDE_PX, _SIDE_PX, seed=7).cast("uchar")
    colors = grey.bandjoin([grey.rot180(), grey.fliphor()])
    return bytes(colors.pngsave_buffer(compression=0))


class _Crowd:
    """Senders whose files have arrived, but for the end of the form."""

    def __init__(self, gallery: Server, content: bytes, count: int) -> None:
        head = (
            f"--{_BOUNDARY}\r\n"
            'Content-Disposition: form-data; name="image"; filename="photo.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        self._end = f"\r\n--{_BOUNDARY}--\r\n".encode()
        length = len(head) + len(content) + len(self._end)
        request = (
            f"POST /api/images?duplicates=keep HTTP/1.1\r\nHost: 127.0.0.1:{gallery.port}\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        self._begun = request.encode() + head + content
        self._gallery = gallery
        self._connections: list[socket] = []
        self._failures: list[OSError] = []
        _in_threads([self._begin] * count)
        if self._failures:
            raise BenchError(f"an upload broke off: {self._failures[0]}")

    def finish(self) -> Counter[int]:
        """Sends the rest of all; how often each status was answered. Raises BenchError."""
        statuses: Counter[int] = Counter()

        def end(connection: socket) -> None:
            with connection:
                connection.sendall(self._end)
                answer = HTTPResponse(connection)
                answer.begin()
                statuses[answer.status] += 1

        _in_threads([partial(end, each) for each in self._connections])
        if not statuses.keys() <= _SETTLED or statuses.total() < len(self._connections):
            raise BenchError(f"not all were answered: {dict(statuses)}")
        return statuses

    def _begin(self) -> None:
        try:
            connection = create_connection(("127.0.0.1", self._gallery.port), timeout=_WITHIN_S)
            connection.sendall(self._begun)
            self._connections.append(connection)
        except OSError as error:
            self._failures.append(error)


def _in_threads(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
