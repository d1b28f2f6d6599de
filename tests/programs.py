"""Runs the gallery as a program of its own, for tests of how it starts and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import urlopen

from gallery.config import ROOT

STARTS_WITHIN_S = 20.0


class Program:
    """One gallery, in a process group of its own."""

    def __init__(
        self,
        data: Path,
        *,
        port: int,
        module: str = "tests.small_gallery",
        log: Path | None = None,
        **more: str,
    ) -> None:
        """``log`` takes all it says: one that runs for long must not wait for somebody to read."""
        self.data = data
        self.port = port
        settings = {"GALLERY_DATA": str(data), "PORT": str(port), **more}
        with log.open("w") if log else nullcontext(subprocess.PIPE) as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], **settings},
                stdout=output,
                stderr=output,
                text=True,
                # As a terminal's: what else we run, a browser above all, shares no processor time
                # with its decoders, which go behind all else of their session.
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def until_it_answers(self) -> Self:
        eventually(lambda: self._answers() or self.process.poll() is not None, STARTS_WITHIN_S)
        assert self.process.poll() is None, self.process.communicate()
        return self

    def get(self, path: str = "/") -> str:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    def children(self) -> list[int]:
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in task.read_text().split()]

    def mongod(self) -> int:
        return next(pid for pid in self.children() if is_mongod(pid))

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, *, within_s: float = 10.0) -> tuple[int, str, str]:
        """Exit code, standard output and standard error, once it has ended."""
        out, err = self.process.communicate(timeout=within_s)
        return self.process.returncode, out, err

    def _answers(self) -> bool:
        try:
            return bool(self.get())
        except OSError:
            return False


def eventually(holds: Callable[[], bool], within_s: float) -> None:
    """Returns as soon as it holds; fails when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.01)


def command_of(pid: int) -> str:
    """The name of a program that runs; empty when there is none of that process id."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_mongod(pid: int) -> bool:
    """Whether that process is a database."""
    return command_of(pid).startswith("mongod")


def is_gone(pid: int) -> bool:
    """Whether no process of that id is at work; one that waits to be collected is not."""
    try:
        return state_of(pid) == "Z"
    except OSError:
        return True


def state_of(pid: int) -> str:
    """The kernel's letter for what a process does: T stopped, Z ended and not collected."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
