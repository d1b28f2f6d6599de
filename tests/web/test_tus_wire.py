"""Resumable uploads against a program that runs: cut off, killed, silent, two at once."""

from __future__ import annotations

import hashlib
import re
import signal
import socket
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pyvips
from pymongo.database import Database

from gallery.embedded import Embedded
from tests.client import Client
from tests.programs import Program, eventually, free_port

MB = 1024 * 1024
LIMIT = 160 * MB
WITHIN_S = 60.0
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})")


@cache
def noise() -> bytes:
    """A PNG of 11 MB, which is kept in more than one part."""
    grey = pyvips.Image.gaussnoise(2300, 1600, seed=7).cast("uchar")
    content: bytes = grey.bandjoin([grey.rot180(), grey.fliphor()]).pngsave_buffer(compression=0)
    return content


class Wire:
    """Speaks tus to one address, by hand where it must be."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.client = Client(f"http://127.0.0.1:{port}")

    def created(self, length: int) -> str:
        answer = self.client.request(
            "POST", "/api/tus", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(length)}
        )
        assert answer.status == 201, answer.data
        return str(answer.headers["Location"])

    def offset(self, path: str) -> int:
        answer = self.client.request("HEAD", path, headers={"Tus-Resumable": "1.0.0"})
        assert answer.status == 200, answer.headers
        return int(answer.headers["Upload-Offset"])

    def kept(self, path: str) -> int:
        """The offset as it stands, without asking anybody to yield."""
        return int(self.state(path)["offset"])

    def state(self, path: str) -> dict:
        return self.client.request("GET", path.replace("/tus/", "/uploads/")).json()

    def append(self, path: str, data: bytes, offset: int) -> int:
        answer = self.client.request(
            "PATCH",
            path,
            body=data,
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
            },
        )
        return int(answer.status)

    def complete(self, path: str, content: bytes) -> None:
        """Goes on from wherever it is, as clients do, until all is sent."""
        statuses = []
        while 204 not in statuses:
            assert len(statuses) < 5, statuses
            offset = self.offset(path)
            statuses.append(self.append(path, content[offset:], offset))

    def opened(self, path: str, offset: int, framing: str) -> socket.socket:
        """A connection on which the head of a PATCH was sent."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN_S)
        line.sendall(
            f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nTus-Resumable: 1.0.0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\n"
            f"{framing}\r\n\r\n".encode()
        )
        return line


def status_of(line: socket.socket) -> int:
    match = _STATUS.match(line.recv(4096))
    assert match
    return int(match[1])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("gallery")
    with started(folder) as program:
        yield program


@pytest.fixture
def wire(shared: Program) -> Wire:
    return Wire(shared.port)


def started(folder: Path, **settings: str) -> Program:
    """The gallery as people run it, on its embedded database if no other is named."""
    folder.mkdir(exist_ok=True)
    return Program(
        folder / "data",
        port=free_port(),
        module="app",
        log=folder / "log",
        MAX_UPLOAD_BYTES=str(LIMIT),
        **settings,
    ).until_it_answers()


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("how", ["end", "reset"])
def test_what_arrived_before_the_line_broke_is_kept(wire: Wire, share: float, how: str) -> None:
    content = noise()
    path, sent = wire.created(len(content)), int(len(content) * share)

    with wire.opened(path, 0, f"Content-Length: {len(content)}") as line:
        line.sendall(content[:sent])
        if how == "end":
            line.shutdown(socket.SHUT_WR)
            assert status_of(line) == 204
            assert wire.offset(path) == sent
        else:  # What the kernel had not handed over yet is lost with the connection.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    wire.complete(path, content)
    image = wire.state(path)["image"]
    assert wire.client.original(image) == content
    wire.client.purge_all()


def test_a_silent_sender_is_asked_to_yield(wire: Wire) -> None:
    content = noise()
    path = wire.created(len(content))
    with wire.opened(path, 0, f"Content-Length: {len(content)}") as line:
        line.sendall(content[:500_000])
        eventually(lambda: wire.kept(path) > 0, WITHIN_S)

        offset = wire.offset(path)

        assert 0 < offset <= 500_000
        assert wire.append(path, content[offset:], offset) == 204
        assert wire.state(path)["status"] == "ready"
        line.sendall(content[500_000:600_000])
        line.shutdown(socket.SHUT_WR)
        assert status_of(line) == 423
    assert wire.client.original(wire.state(path)["image"]) == content
    wire.client.purge_all()


def test_of_two_who_send_at_once_one_goes_on(wire: Wire) -> None:
    path = wire.created(1000)
    with (
        wire.opened(path, 0, "Content-Length: 1000") as first,
        wire.opened(path, 0, "Content-Length: 1000") as second,
    ):
        for line in (first, second):
            line.sendall(bytes(1000))
        statuses = sorted(status_of(line) for line in (first, second))

    # The one is whole, and no picture; the other comes too late, or was asked to yield.
    assert statuses[0] in (409, 410, 415)
    assert 415 in statuses
    assert wire.state(path)["status"] == "failed"


def test_a_body_in_chunks_is_taken_too(wire: Wire) -> None:
    path = wire.created(1000)
    with wire.opened(path, 0, "Transfer-Encoding: chunked") as line:
        line.sendall(b"258\r\n" + bytes(600) + b"\r\n0\r\n\r\n")
        assert status_of(line) == 204
    assert wire.offset(path) == 600
    with wire.opened(path, 600, "Transfer-Encoding: chunked") as line:
        line.sendall(b"191\r\n" + bytes(401) + b"\r\n0\r\n\r\n")
        assert status_of(line) == 413
    assert wire.offset(path) == 600


def test_memory_does_not_grow_with_the_file(wire: Wire, shared: Program) -> None:
    workers = [pid for pid in shared.children() if shared.mongod() != pid]
    small = wire.created(MB)
    wire.append(small, bytes(MB), 0)
    before = sum(map(peak_bytes, workers))
    path = wire.created(128 * MB)

    with wire.opened(path, 0, f"Content-Length: {128 * MB}") as line:
        for _ in range(128):
            line.sendall(bytes(MB))
        assert status_of(line) == 415

    assert sum(map(peak_bytes, workers)) - before < 40 * MB
    assert wire.state(path)["offset"] == 128 * MB


def peak_bytes(pid: int) -> int:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+([0-9]+) kB", status)[1]) * 1024


def test_a_program_that_was_killed_goes_on_where_it_kept(tmp_path: Path) -> None:
    content = noise()
    with started(tmp_path) as program:
        wire = Wire(program.port)
        path = wire.created(len(content))
        with wire.opened(path, 0, f"Content-Length: {len(content)}") as line:
            sent = 10 * MB
            line.sendall(content[:sent])
            eventually(lambda: wire.kept(path) >= 8 * MB, WITHIN_S)
            told = wire.kept(path)
            program.send(signal.SIGKILL)
            program.process.wait()

    with started(tmp_path) as program:
        wire = Wire(program.port)
        offset = wire.offset(path)
        assert told <= offset <= sent
        assert wire.append(path, content[offset:], offset) == 204
        image = wire.state(path)["image"]
        kept = wire.client.original(image)
        assert hashlib.sha256(kept).digest() == hashlib.sha256(content).digest()
        # Of the part that was being written, too.
        uploads = tmp_path / "data" / "uploads"
        eventually(lambda: list(uploads.iterdir()) == [], WITHIN_S)


def test_another_node_goes_on_with_what_one_kept(
    tmp_path: Path, mongod: Embedded, database: Database[dict[str, Any]]
) -> None:
    content = noise()
    shared = {
        "MONGO_URI": mongod.uri.replace("/vitrine?", f"/{database.name}?"),
        "SECRET_KEY": "k" * 32,
    }
    with started(tmp_path / "one", **shared) as one, started(tmp_path / "two", **shared) as two:
        here, there = Wire(one.port), Wire(two.port)
        path = here.created(len(content))
        with here.opened(path, 0, f"Content-Length: {len(content)}") as line:
            line.sendall(content[: 9 * MB])
            eventually(lambda: there.kept(path) >= 8 * MB, WITHIN_S)
            one.send(signal.SIGKILL)
            one.process.wait()

        there.complete(path, content)

        assert there.client.original(there.state(path)["image"]) == content
    assert database["parts.blobs"].count_documents({}) == 0
