"""Starting: what the imports take, and how soon after its database the gallery answers."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from bench import servers
from bench.report import Bench, BenchError, Figure, at_most, clocked, medians, ratio_at_most
from gallery.config import ROOT
from gallery.embedded import mongod

_PORT_POLL_S = 0.002
_WITHIN_S = 60.0
_ONLY_WHEN_CONFIGURED = {"cloudinary", "boto3"}
_EVERYTHING = "import gallery.serving, gallery.serving.workers, gallery.factory"


def run(bench: Bench) -> None:
    """Imports in fresh interpreters, then whole starts: on an empty folder, and again on it."""
    with bench.about("start", "imports, and python app.py with a database of its own"):
        _imports(bench)
        _starts(bench)


def _imports(bench: Bench) -> None:
    bare, whole = medians(
        bench.rounds(15), partial(_interpreter_ms, "pass"), partial(_interpreter_ms, _EVERYTHING)
    )
    bench.tell("imports, over bare Python", Figure(whole - bare, "ms"), goal=at_most(400))
    probe = f"{_EVERYTHING}; import sys; print(*sys.modules)"
    asked = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True, capture_output=True)
    loaded = len(_ONLY_WHEN_CONFIGURED & set(asked.stdout.decode().split()))
    bench.tell("providers' SDKs imported though none is set up", Figure(loaded), goal=at_most(0))


def _interpreter_ms(statement: str) -> float:
    command = [sys.executable, "-c", statement]
    return clocked(lambda: subprocess.run(command, cwd=ROOT, check=True))


def _starts(bench: Bench) -> None:
    fresh, first, existing, second, page = [], [], [], [], []
    for number in range(bench.rounds(6)):
        data = bench.folder / str(number)
        fresh.append(_mongod_ms(bench.folder / "alone", fresh=True))
        first.append(_gallery_ms(data)[0])
        existing.append(_mongod_ms(data))
        answered, shown = _gallery_ms(data)
        second.append(answered)
        page.append(shown)
        shutil.rmtree(data)
    for what, ours, theirs in (
        ("first start, until it answers", first, fresh),
        ("second start, until it answers", second, existing),
    ):
        bench.tell(
            what,
            Figure(statistics.median(ours), "ms"),
            peer="bare mongod, port open",
            theirs=Figure(statistics.median(theirs), "ms"),
            goal=ratio_at_most(1.15),
        )
    bench.tell(
        "second start, until the page is there",
        Figure(statistics.median(page), "ms"),
        goal=at_most(3000),
    )


def _gallery_ms(data: Path) -> tuple[float, float]:
    """Milliseconds until ``/readyz`` says that the database answers, and until ``/`` is there."""
    began = time.perf_counter()
    with servers.gallery(data) as server:
        answered = time.perf_counter() - began
        servers.wait_for(server, "/")
        shown = time.perf_counter() - began
    return answered * 1000, shown * 1000


def _mongod_ms(folder: Path, *, fresh: bool = False) -> float:
    """Milliseconds until a mongod alone, called as the gallery calls it, opens its port."""
    home = folder / "mongodb"
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
        (home / "db").mkdir(parents=True)
        (home / "keyfile").write_text(secrets.token_hex(48))
        (home / "keyfile").chmod(0o600)
    lock, port = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), servers.free_port()
    began = time.perf_counter()
    process = mongod.spawn(mongod.find(), home, port=port, keep=lock)
    try:
        _wait_for_port(port)
        return (time.perf_counter() - began) * 1000
    finally:
        servers.stop(process)
        os.close(lock)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_PORT_POLL_S)
    raise BenchError("mongod does not open its port")
