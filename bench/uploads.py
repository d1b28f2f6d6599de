"""Uploads: what receiving a form costs beside a bare body that goes straight to the disk."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import pictures, processes, servers
from bench.report import (
    Bench,
    BenchError,
    Figure,
    at_most,
    clocked,
    in_turns,
    medians,
    ratio_at_least,
    ratio_at_most,
)
from bench.servers import Server

_MB = 1_000_000
_LARGE_BYTES = 50 * _MB
_AT_ONCE = 8
_BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
"""As a browser makes them: how long it is matters to a search for it."""


def run(bench: Bench) -> None:
    """The receiver alone with large files, then the whole way of a photograph."""
    headline = f"a form of {_LARGE_BYTES // _MB} MB through receiver and store, durable"
    with bench.about("uploads", headline), ExitStack() as stack:
        for name in ("raw", "form"):
            (bench.folder / name).mkdir()
        start = partial(_start, stack, bench.folder)
        form, raw = start("receive", "form"), start("raw_put", "raw")
        _large(bench, form, raw)
        _memory(bench, form)
        _photograph(bench, raw)


def _start(stack: ExitStack, folder: Path, app: str, name: str) -> Server:
    environment = {"BENCH_FOLDER": str(folder / name)}
    return stack.enter_context(servers.granian(app, workers=1, environment=environment))


@dataclass(frozen=True, slots=True)
class _Upload:
    """What one upload took."""

    wall_ms: float
    cpu_ms: float


def _large(bench: Bench, form: Server, raw: Server) -> None:
    content = os.urandom(_LARGE_BYTES)
    send, put = partial(send_form, form, "/", content), partial(_put, raw, content)
    for warm_up in (send, put):
        warm_up()
    hashing, bare = medians(
        bench.rounds(6),
        lambda: _hashing_ms(content),
        lambda: clocked(lambda: _write(bench.folder / "bare", content)),
    )
    ours, theirs = in_turns(
        bench.rounds(9), partial(_upload, form, send), partial(_upload, raw, put)
    )
    ours_cpu, theirs_cpu = _cpu_per_mb(ours), _cpu_per_mb(theirs)
    hash_per_mb = hashing / (_LARGE_BYTES / _MB)
    bench.remark(f"SHA-256 takes {hash_per_mb:.2f} ms/MB here")
    bench.tell(
        "server CPU, the hash left out",
        Figure(ours_cpu - hash_per_mb, "ms/MB"),
        peer="raw PUT + fsync, granian",
        theirs=Figure(theirs_cpu, "ms/MB"),
        goal=ratio_at_most(1.5),
    )
    bench.tell(
        "server CPU, all of it",
        Figure(ours_cpu, "ms/MB"),
        peer="raw PUT + fsync, granian",
        theirs=Figure(theirs_cpu, "ms/MB"),
    )
    ours_speed, theirs_speed = _mb_per_s(ours), _mb_per_s(theirs)
    bench.tell(
        "throughput, one at a time",
        Figure(ours_speed, "MB/s"),
        peer="raw PUT + fsync, granian",
        theirs=Figure(theirs_speed, "MB/s"),
    )
    bench.tell(
        "throughput, one at a time",
        Figure(ours_speed, "MB/s"),
        peer="bare write + fsync, no HTTP",
        theirs=Figure(_LARGE_BYTES / _MB / bare * 1000, "MB/s"),
        goal=ratio_at_least(0.3),
    )


def _cpu_per_mb(uploads: list[_Upload]) -> float:
    """The mean, since the kernel counts in steps of 10 ms."""
    return statistics.mean(each.cpu_ms for each in uploads) / (_LARGE_BYTES / _MB)


def _mb_per_s(uploads: list[_Upload]) -> float:
    return _LARGE_BYTES / _MB / statistics.median(each.wall_ms for each in uploads) * 1000


def _upload(server: Server, send: Callable[[], object]) -> _Upload:
    pids = server.pids()
    before = processes.cpu_s(pids)
    wall_ms = clocked(send)
    return _Upload(wall_ms, (processes.cpu_s(pids) - before) * 1000)


def _put(server: Server, content: bytes) -> bytes:
    return _ask(server, "PUT / HTTP/1.1", [content])


def send_form(server: Server, target: str, content: bytes) -> bytes:
    """Posts a form with the content as ``image``; what is answered. Raises BenchError."""
    head = (
        f"--{_BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    parts = [head.encode(), content, f"\r\n--{_BOUNDARY}--\r\n".encode()]
    kind = f"Content-Type: multipart/form-data; boundary={_BOUNDARY}"
    return _ask(server, f"POST {target} HTTP/1.1\r\n{kind}", parts)


def _ask(server: Server, request: str, parts: list[bytes]) -> bytes:
    length = sum(map(len, parts))
    head = f"{request}\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {length}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        for part in parts:
            connection.sendall(part)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status = answer[9:12]
    if not status.startswith(b"2"):
        raise BenchError(f"the upload was refused: {answer[:600]!r}")
    return answer.partition(b"\r\n\r\n")[2]


def _hashing_ms(content: bytes) -> float:
    began = time.thread_time()
    hashlib.sha256(content).digest()
    return (time.thread_time() - began) * 1000


def _write(file: Path, content: bytes) -> None:
    with file.open("wb", buffering=0) as out:
        out.write(content)
        os.fsync(out.fileno())
    file.unlink()


def _memory(bench: Bench, form: Server) -> None:
    content = os.urandom(_LARGE_BYTES)
    _at_once(form, content)
    pids = form.pids()
    growths = []
    for _ in range(bench.rounds(3)):
        processes.forget_peak(pids)
        before = processes.resident_bytes(pids)
        _at_once(form, content)
        growths.append((processes.peak_bytes(pids) - before) / _AT_ONCE)
    bench.tell(
        f"memory for each of {_AT_ONCE} uploads at once",
        Figure(max(growths) / _MB, "MB"),
        goal=at_most(5),
    )


def _at_once(form: Server, content: bytes) -> None:
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(send_form(form, "/", content)))
        for _ in range(_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest = hashlib.sha256(content).hexdigest()
    if [json.loads(answer)["sha256"] for answer in answers] != [digest] * _AT_ONCE:
        raise BenchError("an upload arrived changed, or not at all")


def _photograph(bench: Bench, raw: Server) -> None:
    """All of ``POST /api/images``: a strict decode too, and durable writes to the database."""
    file = pictures.draw(bench.folder, 12)[12]
    content = file.read_bytes()
    with servers.gallery(bench.folder / "data") as gallery:
        send: Callable[[], bytes] = partial(
            send_form, gallery, "/api/images?duplicates=keep", content
        )
        send()
        whole, put, decode = medians(
            bench.rounds(9),
            lambda: clocked(send),
            lambda: clocked(lambda: _put(raw, content)),
            lambda: clocked(lambda: _decode(file)),
        )
    bench.tell(
        f"POST /api/images of a 12 MP JPEG ({len(content) / _MB:.1f} MB)",
        Figure(whole, "ms"),
        peer="raw PUT + fsync, then a bare decode",
        theirs=Figure(put + decode, "ms"),
    )


def _decode(file: Path) -> None:
    import pyvips

    pixels = pyvips.Image.new_from_file(str(file), access="sequential", fail_on="warning")
    pixels.shrink(16, 16).avg()
