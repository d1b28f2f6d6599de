"""One program at a time on one data folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DYING_S = 10.0
"""How long the children of a killed program may take to follow it."""


def take(data: Path) -> int | None:
    """A descriptor that holds the lock of ``data``, or ``None`` while a living program has it.

    Children that inherit the descriptor hold the lock too. So after a kill of the program it is
    free only when its mongod is gone, which is waited for.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _DYING_S
    while not _locked(lock):
        if _holder_lives(lock) or time.monotonic() > deadline:
            os.close(lock)
            return None
        time.sleep(0.02)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def taken_at(data: Path) -> float:
    """When the lock was taken, in seconds since the epoch: its holder wrote its process id then."""
    return (data / "lock").stat().st_mtime


@contextmanager
def visiting(data: Path) -> Iterator[None]:
    """Holds back ``wait_for_visitors``, in whichever process, for as long as it is open."""
    with (data / "visitors").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def wait_for_visitors(data: Path) -> None:
    """Returns when none is left."""
    with (data / "visitors").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder_lives(lock: int) -> bool:
    """Whether the program that wrote its process id into the file is still there."""
    holder = os.pread(lock, 20, 0)
    if not holder.isdigit():
        return False
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
