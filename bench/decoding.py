"""The processes that decode: work is shared, done once, and takes little memory."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from bench import cold, pictures, processes, servers
from bench.cold import Cold
from bench.report import (
    Bench,
    BenchError,
    Figure,
    at_most,
    medians,
    ratio_at_least,
    ratio_at_most,
)
from bench.servers import Server
from gallery.imaging.sandbox import Engine, Limits
from gallery.transformation import parse

_AT_ONCE = 100
_THUMB = "c_limit,f_webp,h_400,w_400"
_MIXED = (
    _THUMB,
    "c_limit,f_jpg,h_1600,w_1600",
    "c_limit,f_avif,h_400,w_400",
    "c_fill,f_webp,h_800,w_800",
)
_MB = 1_000_000
_DECODER = "gallery.imaging.child"
"""What the command line of such a process holds."""


def run(bench: Bench) -> None:
    """Without HTTP first, then over it."""
    sizes = (2, 12) if bench.quick else tuple(pictures.MEGAPIXELS)
    with bench.about("decoding", "the processes that decode, and all memory"):
        files = pictures.draw(bench.folder, *sizes)
        _two_children(bench, files[12])
        _memory(bench, list(files.values()))
        data = bench.folder / "data"
        with servers.gallery(data) as gallery:
            _single_flight(bench, gallery, cold.upload(gallery, data, files[12], copy=False))
            _flat(bench, gallery, cold.upload(gallery, data, files[2], copy=False))


@contextmanager
def _engine(children: int) -> Iterator[Engine]:
    limits = Limits(max_bytes=64 * 1024**2, max_pixels=100_000_000)
    with closing(Engine(limits, children=children)) as engine:
        yield engine


def _derive(engine: Engine, files: list[Path], wanted: list[str], *, clients: int) -> float:
    """Derives each of the variants of each file; variants per second."""
    jobs = [(file, parse(text)) for file, text in itertools.product(files, wanted)]
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(lambda job: engine.derive(*job, bucket="base"), jobs))
    return len(jobs) / (time.perf_counter() - began)


def _two_children(bench: Bench, file: Path) -> None:
    with _engine(2) as pair, _engine(1) as single:
        per_second = partial(_derive, files=[file], wanted=[_THUMB] * 16, clients=2)
        runs = [partial(per_second, each) for each in (pair, single)]
        medians(1, *runs)
        two, one = medians(bench.rounds(5), *runs)
    bench.tell(
        "two decoding processes, 400 px from 12 MP",
        Figure(two, "image/s"),
        peer="one decoding process",
        theirs=Figure(one, "image/s"),
        goal=ratio_at_least(1.8),
    )


def _memory(bench: Bench, files: list[Path]) -> None:
    """All sizes and formats through two processes, by as many clients and by four times as many."""
    peaks = []
    for clients in (2, 8):
        with _engine(2) as engine:
            work = partial(_derive, engine, files, list(_MIXED), clients=clients)
            work()
            decoders = processes.running(os.getpid(), _DECODER)
            processes.forget_peak(decoders)
            for _ in range(bench.rounds(6)):
                work()
            peaks.append(processes.peak_bytes(decoders) / _MB)
    two, eight = peaks
    what = "peak memory of two decoding processes, mixed"
    bench.tell(what, Figure(two, "MB"), goal=at_most(270))
    bench.tell(
        f"{what}, 8 clients",
        Figure(eight, "MB"),
        peer="2 clients",
        theirs=Figure(two, "MB"),
        goal=ratio_at_most(1.2),
    )


def _single_flight(bench: Bench, gallery: Server, image: Cold) -> None:
    request = (
        f"GET {image.path(_THUMB)} HTTP/1.1\r\nHost: 127.0.0.1:{gallery.port}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()

    def decoding_ms(count: int) -> float:
        image.forget()
        decoders = processes.running(gallery.process.pid, _DECODER)
        before = processes.cpu_s(decoders)
        _ask_at_once(gallery, request, count)
        return (processes.cpu_s(decoders) - before) * 1000

    for _ in range(8):  # Whichever process answers, its decoder runs.
        image.forget()
        _ask_at_once(gallery, request, 8)
    one, many = medians(bench.rounds(9), partial(decoding_ms, 1), partial(decoding_ms, _AT_ONCE))
    bench.tell(
        f"decoders' CPU of {_AT_ONCE} identical requests at once",
        Figure(many, "ms"),
        peer="one such request",
        theirs=Figure(one, "ms"),
        goal=ratio_at_most(1.5),
    )


def _ask_at_once(gallery: Server, request: bytes, count: int) -> None:
    connections = [socket.create_connection(("127.0.0.1", gallery.port)) for _ in range(count)]
    for connection in connections:
        connection.sendall(request)
    for connection in connections:
        with connection:
            answer = b"".join(iter(partial(connection.recv, 65536), b""))
        if not answer.startswith(b"HTTP/1.1 200"):
            raise BenchError(f"one of {count} at once is answered with {answer[:300]!r}")


def _flat(bench: Bench, gallery: Server, image: Cold) -> None:
    """Different variants of one image, each asked for once."""
    count = 1_000 if bench.quick else 10_000
    sizes = itertools.product(range(50, 150), repeat=2)
    formats = itertools.cycle(("webp", "jpg", "avif"))
    wanted = [
        f"c_fill,f_{format},h_{height},w_{width}"
        for format, (width, height) in zip(formats, itertools.islice(sizes, count), strict=False)
    ]
    _ask_each(gallery, image, wanted[: count // 10])
    early = processes.resident_bytes(gallery.pids())
    _ask_each(gallery, image, wanted[count // 10 :])
    late = processes.resident_bytes(gallery.pids())
    bench.tell(
        f"memory of all processes after {count:,} variants",
        Figure(late / _MB, "MB"),
        peer=f"after {count // 10:,}",
        theirs=Figure(early / _MB, "MB"),
        goal=ratio_at_most(1.1),
    )


def _ask_each(gallery: Server, image: Cold, wanted: list[str]) -> None:
    def ask(share: list[str]) -> None:
        with closing(gallery.connect()) as connection:
            for text in share:
                cold.ask(connection, image.path(text))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, (wanted[number::4] for number in range(4))))
