"""thumbor, ipx and sharp, each with its own defaults, where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

from bench import cold, servers
from bench.report import BenchError
from gallery.config import ROOT

HOW_TO_INSTALL = "make bench-peers"
NAMES = ("thumbor", "ipx", "sharp")

_THUMBOR = ROOT / ".venv-bench" / "bin" / "thumbor"
_NODE = ROOT / "bench" / "node"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all of them are asked for: a format, and a width for pictures wider than high."""

    format: str
    """``jpeg``, ``webp`` or ``avif``."""
    width: int
    quality: int | None = None
    """thumbor's; without one each peer, and we, choose."""
    in_one_pass: bool = False
    """A JPEG that is not progressive, as ipx and sharp write them; thumbor's all are, as are our
    large ones."""

    @property
    def transformation(self) -> str:
        """In our language."""
        name = "jpg" if self.format == "jpeg" else self.format
        flag = "fl_progressive:none," if self.in_one_pass else ""
        return f"c_limit,f_{name},{flag}h_{self.width},w_{self.width}"

    def __str__(self) -> str:
        return f"{self.format} {self.width} px{' in one pass' if self.in_one_pass else ''}"


@dataclass(frozen=True, slots=True)
class Made:
    """A variant and the milliseconds that it took: of sharp its own, else over HTTP."""

    ms: float
    content: bytes


Maker = Callable[[Path, Wanted], Made]


@contextmanager
def started(folder: Path) -> Iterator[dict[str, Maker | None]]:
    """Who makes variants of the pictures in the folder, by name; ``None`` where one is missing."""
    with ExitStack() as stack:
        enter = stack.enter_context
        makers = [enter(start(folder)) for start in (_thumbor, _ipx, _sharp)]
        yield dict(zip(NAMES, makers, strict=True))


@contextmanager
def _thumbor(folder: Path) -> Iterator[Maker | None]:
    if not _THUMBOR.exists():
        yield None
        return
    configuration = folder / "thumbor.conf"
    configuration.write_text(
        f"LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = {str(folder)!r}\n"
        "STORAGE = 'thumbor.storages.no_storage'\n",
        encoding="utf-8",
    )
    port = servers.free_port()
    command = [str(_THUMBOR), "--ip", "127.0.0.1", "--port", str(port)]
    command += ["--conf", str(configuration), "--log-level", "error"]

    def path(file: Path, wanted: Wanted) -> str:
        box = f"fit-in/{wanted.width}x{wanted.width}"
        filters = f"format({wanted.format})"
        if wanted.quality is not None:
            filters += f":quality({wanted.quality})"
        return f"/unsafe/{box}/filters:{filters}/{file.name}"

    with _over_http(command, port, "/healthcheck", path) as maker:
        yield maker


@contextmanager
def _ipx(folder: Path) -> Iterator[Maker | None]:
    if not _has_node("ipx"):
        yield None
        return

    def path(file: Path, wanted: Wanted) -> str:
        return f"/w_{wanted.width},f_{wanted.format}/{file.name}"

    port = servers.free_port()
    command = ["node", str(_NODE / "ipx.mjs"), str(folder), str(port)]
    first = next(folder.glob("*.jpg"))
    with _over_http(command, port, f"/w_16/{first.name}", path) as maker:
        yield maker


@contextmanager
def _over_http(
    command: list[str], port: int, ready: str, path: Callable[[Path, Wanted], str]
) -> Iterator[Maker]:
    with servers.running(command, port, _surroundings()) as server:
        servers.wait_for(server, ready)
        with closing(server.connect()) as connection:
            yield _HttpMaker(connection, path)


@dataclass(frozen=True, slots=True)
class _HttpMaker:
    connection: HTTPConnection
    path: Callable[[Path, Wanted], str]

    def __call__(self, file: Path, wanted: Wanted) -> Made:
        path = self.path(file, wanted)
        began = time.perf_counter()
        content = cold.ask(self.connection, path)
        return Made((time.perf_counter() - began) * 1000, content)


@contextmanager
def _sharp(folder: Path) -> Iterator[Maker | None]:
    if not _has_node("sharp"):
        yield None
        return
    with subprocess.Popen(
        ["node", str(_NODE / "sharp.mjs")],
        env=_surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdin is not None  # noqa: S101 (both are pipes)
            assert process.stdout is not None  # noqa: S101 (both are pipes)
            yield _SharpMaker(process.stdin, process.stdout, folder / "sharp.out")
        finally:
            servers.stop(process)


@dataclass(frozen=True, slots=True)
class _SharpMaker:
    jobs: IO[str]
    answers: IO[str]
    out: Path

    def __call__(self, file: Path, wanted: Wanted) -> Made:
        job = {
            "file": str(file),
            "width": wanted.width,
            "format": wanted.format,
            "out": str(self.out),
        }
        self.jobs.write(json.dumps(job) + "\n")
        self.jobs.flush()
        ms = self.answers.readline()
        if not ms:
            raise BenchError("sharp has ended")
        return Made(float(ms), self.out.read_bytes())


def _has_node(package: str) -> bool:
    return shutil.which("node") is not None and (_NODE / "node_modules" / package).is_dir()


def _surroundings() -> dict[str, str]:
    """Without what ``bench`` tells its own libvips: each peer decides for itself."""
    return {name: value for name, value in os.environ.items() if name != "VIPS_CONCURRENCY"}
