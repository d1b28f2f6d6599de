"""Where the server processes of one machine count what happens."""

from __future__ import annotations

import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path

STALE_S = 24 * 3600.0
"""Who counts says so every few seconds: a folder that nobody touched for a day is of a machine, or
a container, that is gone."""


def folder(data: Path) -> Path:
    """The folder of this machine: nodes that share their data would count in each other's files."""
    return data / "metrics" / socket.gethostname()


def begin_anew(data: Path) -> None:
    """Removes what was counted before this start, and what machines that are gone have left."""
    shutil.rmtree(folder(data), ignore_errors=True)
    for other in (data / "metrics").glob("*"):
        with suppress(OSError):
            if other.stat().st_mtime < time.time() - STALE_S:
                shutil.rmtree(other, ignore_errors=True)
