"""Durability: what majority, journal and flushes cost each upload."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

from bench import pictures, servers
from bench.report import Bench, Figure, clocked, in_turns, medians, ratio_at_most
from bench.servers import Server
from bench.uploads import send_form

_AT_ONCE = 8
_KEEP = "/api/images?duplicates=keep"


def run(bench: Bench) -> None:
    """Two galleries side by side, one of which would lose what it acknowledged in a power cut."""
    files = pictures.draw(bench.folder, 2, 12)
    with (
        bench.about("durability", "POST /api/images, acknowledged when no crash can lose it"),
        servers.gallery(bench.folder / "careful") as careful,
        servers.gallery(bench.folder / "careless", module="bench.careless") as careless,
    ):
        for megapixels, file in files.items():
            _one_at_a_time(bench, careful, careless, megapixels, file.read_bytes())
        _at_once(bench, careful, careless, files[2].read_bytes())


def _one_at_a_time(
    bench: Bench, careful: Server, careless: Server, megapixels: int, content: bytes
) -> None:
    sends = [partial(send_form, each, _KEEP, content) for each in (careful, careless)]
    for warm_up in sends:
        warm_up()
    durable, bare, write = medians(
        bench.rounds(15),
        *(partial(clocked, send) for send in sends),
        lambda: clocked(lambda: _write_and_flush(bench.folder / "bare", content)),
    )
    what = f"one of {megapixels} MP ({len(content) / 1e6:.1f} MB)"
    bench.tell(
        what,
        Figure(durable, "ms"),
        peer="the same, nothing flushed, w: 1",
        theirs=Figure(bare, "ms"),
        goal=ratio_at_most(1.5),
    )
    bench.tell(
        f"{what}: what the care costs",
        Figure(durable - bare, "ms"),
        peer="bare write + fsync of the file and its folder",
        theirs=Figure(write, "ms"),
    )


def _at_once(bench: Bench, careful: Server, careless: Server, content: bytes) -> None:
    durable, bare = in_turns(
        bench.rounds(5), *(partial(_sent_ms, each, content) for each in (careful, careless))
    )
    bench.tell(
        f"{_AT_ONCE} at once, until the last is acknowledged",
        Figure(min(durable), "ms"),
        peer="the same, nothing flushed, w: 1",
        theirs=Figure(min(bare), "ms"),
        goal=ratio_at_most(1.5),
    )


def _sent_ms(server: Server, content: bytes) -> float:
    threads = [
        threading.Thread(target=send_form, args=(server, _KEEP, content)) for _ in range(_AT_ONCE)
    ]

    def send() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return clocked(send)


def _write_and_flush(file: Path, content: bytes) -> None:
    with file.open("wb", buffering=0) as out:
        out.write(content)
        os.fsync(out.fileno())
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    file.unlink()
