"""The gallery and the servers it is compared with, as real processes on loopback ports."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

from bench import processes
from bench.report import BenchError
from gallery.config import ROOT, Settings

_STARTS_WITHIN_S = 60.0
_STOPS_WITHIN_S = 20.0
_NOT_OURS = frozenset({"mongod"})

CDN_SECRET = "the bench signs any address with this"  # noqa: S105 (guards drawn pictures)
"""The gallery's ``CDN_API_SECRET``."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    port: int
    log: IO[bytes]

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        """Its processes, the database left out."""
        return processes.tree(self.process.pid, without=_NOT_OURS)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


@contextmanager
def gallery(data: Path, *, ready: str = "/readyz", module: str = "app") -> Iterator[Server]:
    """``python -m app`` on the data folder, from the first good answer at ``ready`` on."""
    port = free_port()
    command = [sys.executable, "-m", module]
    with running(command, port, gallery_environment(data, port)) as server:
        wait_for(server, ready)
        yield server


def gallery_environment(data: Path, port: int) -> dict[str, str]:
    """Every setting at its default, whatever the environment or ``.env`` of the project says, but
    for what the bench must know."""
    names = [each.name.upper() for each in fields(Settings)]
    names += [f"CLOUDINARY_{each}" for each in ("URL", "CLOUD_NAME", "API_KEY", "API_SECRET")]
    empty = {name: "" for each in names for name in (each, f"{each}_FILE")}
    given = {"GALLERY_DATA": str(data), "PORT": str(port), "CDN_API_SECRET": CDN_SECRET}
    return {**os.environ, **empty, **given}


@contextmanager
def granian(
    app: str, *, workers: int = 2, threads: int = 16, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """An application of ``bench.peers`` under the server that the gallery uses."""
    port = free_port()
    sizes = f"--workers {workers} --blocking-threads {threads} --port {port}"
    options = f"--interface wsgi --factory --no-ws --no-log --http 1 {sizes}"
    command = [sys.executable, "-m", "granian", *options.split(), f"bench.peers:{app}"]
    with running(command, port, {**os.environ, **(environment or {})}) as server:
        wait_for(server, "/")
        yield server


@contextmanager
def gthread(
    app: str, *, workers: int = 2, threads: int = 8, environment: Mapping[str, str] | None = None
) -> Iterator[Server | None]:
    """An application of ``bench.peers`` under gunicorn's threads; ``None`` if missing."""
    port = free_port()
    sizes = f"-w {workers} --threads {threads} -b 127.0.0.1:{port}"
    options = f"-k gthread {sizes} --keep-alive 60 --log-level critical --no-control-socket"
    command = [sys.executable, "-m", "gunicorn", *options.split(), f"bench.peers:{app}()"]
    if not has_module("gunicorn"):
        yield None
        return
    with running(command, port, {**os.environ, **(environment or {})}) as server:
        wait_for(server, "/")
        yield server


@contextmanager
def nginx(folder: Path) -> Iterator[Server | None]:
    """nginx serving the files of a folder; ``None`` where it is missing."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    port, own = free_port(), folder / "nginx"
    own.mkdir(exist_ok=True)
    configuration = own / "nginx.conf"
    configuration.write_text(_nginx_configuration(own, folder, port), encoding="utf-8")
    command = [program, "-p", str(own), "-c", str(configuration), "-e", str(own / "error.log")]
    with running(command, port, dict(os.environ)) as server:
        wait_for(server, "/variant")
        yield server


def _nginx_configuration(own: Path, root: Path, port: int) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {own / kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
        daemon off; worker_processes 1; pid {own / "pid"}; {user}
        events {{ worker_connections 1024; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; {temporary}
            default_type image/webp;
            server {{ listen 127.0.0.1:{port}; root {root}; }}
        }}
    """


@contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator[Server]:
    """The program, until the block ends; then it is told to stop, and made to when it does not."""
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield Server(process, port, log)
        finally:
            stop(process)


def stop(process: subprocess.Popen[Any]) -> None:
    """Tells the program to stop, and waits."""
    process.terminate()
    try:
        process.wait(_STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(server: Server, path: str) -> None:
    """Returns at the first answer that is none of 404 and above. Raises BenchError."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise BenchError(f"{_name(server)} has ended")
        if answers(server.port, path):
            return
        time.sleep(0.002)
    raise BenchError(f"{_name(server)} does not answer {path}")


def _name(server: Server) -> str:
    """How it was called, and what it said last."""
    server.log.seek(0)
    said = server.log.read().decode(errors="replace")
    return f"{said[-2000:]}\n{server.process.args!r}"


def answers(port: int, path: str) -> bool:
    """Whether there is a good answer now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def has_module(name: str) -> bool:
    """Whether this interpreter can import it."""
    return any((Path(folder) / name).is_dir() for folder in sys.path)
