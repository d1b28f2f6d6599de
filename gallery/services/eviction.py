"""Keeps the derived variants within their room on the disk: what was not used for longest goes.

A walk over all files costs seconds where there are a million. So each file kept adds a line to a
list beside the folders, and a walk is due only when the list says that there may be too much.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gallery.services.derived import LOCKS, WRITTEN

KEPT_SHARE = 0.9
"""How full the cache is afterwards: the next walk is not due at once."""

STALE_TEMPORARY_S = 3600.0

_TOTAL = "total"
"""What the last walk left, in bytes."""

_MINUTE_S = 60

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    bytes: int
    minute: int
    """When it was last used."""


class Eviction:
    """Bounds what lies under ``root`` to ``max_bytes``. Any number of processes may run it."""

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self._root = root
        self._locks = root / LOCKS
        self._max_bytes = max_bytes

    def run(self) -> int:
        """Removes what there is no room for, if a look is due; how many bytes that was."""
        if not self._locks.is_dir():
            return 0
        with self._alone() as alone:
            if not alone or not self._is_due():
                return 0
            return self._evict()

    def _is_due(self) -> bool:
        known, written = self._number_in(_TOTAL), self._take_written()
        if known is None:
            return True
        self._write_total(known + written)
        return known + written > self._max_bytes

    def _take_written(self) -> int:
        """What was kept since the last look. Counted twice after a crash, it costs a walk."""
        taken = self._locks / f"{WRITTEN}.taken"
        with suppress(FileNotFoundError):
            (self._locks / WRITTEN).rename(taken)
        with suppress(FileNotFoundError):
            lines = taken.read_text().split()
            taken.unlink()
            return sum(int(line) for line in lines if line.isdigit())
        return 0

    def _number_in(self, name: str) -> int | None:
        try:
            return int((self._locks / name).read_text())
        except (FileNotFoundError, ValueError):  # There was none, or a crash cut it off.
            return None

    def _write_total(self, total: int) -> None:
        (self._locks / _TOTAL).write_text(str(total))

    def _evict(self) -> int:
        by_minute: dict[int, int] = defaultdict(int)
        for file in self._files():
            by_minute[file.minute] += file.bytes
        total = sum(by_minute.values())
        removed = 0
        if total > self._max_bytes:
            removed = self._remove(by_minute, total - int(self._max_bytes * KEPT_SHARE))
            log.info("derived variants evicted", extra={"bytes": removed})
        self._write_total(total - removed)
        return removed

    def _remove(self, by_minute: dict[int, int], excess: int) -> int:
        """Whole minutes, the oldest first, and of the last one no more than is needed.

        By minutes, because a list of all files would grow with the cache.
        """
        left, last = excess, min(by_minute)
        for minute in sorted(by_minute):
            last = minute
            if by_minute[minute] >= left:
                break
            left -= by_minute[minute]
        removed = 0
        for file in self._files():
            if file.minute < last or (file.minute == last and left > 0):
                with suppress(FileNotFoundError):
                    Path(file.path).unlink()
                removed += file.bytes
                if file.minute == last:
                    left -= file.bytes
        return removed

    def _files(self) -> Iterator[_File]:
        """Every variant; clears away on its way what crashes and evictions left."""
        horizon = time.time() - STALE_TEMPORARY_S
        for shelf in _folders(self._root):
            if len(shelf.name) != 2:
                continue
            for image in _folders(shelf):
                for name in _folders(image):
                    yield from _variants(name, horizon)
                    _remove_if_empty(name)
                yield from _variants(image, horizon)
                _remove_if_empty(image)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process is at it."""
        with (self._locks / "evicting").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


def _folders(folder: os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):  # Forgotten since.
        return []


def _variants(folder: os.DirEntry[str], horizon: float) -> Iterator[_File]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_file(follow_symlinks=False):
                continue
            found = entry.stat(follow_symlinks=False)
            if not entry.name.startswith("."):
                yield _File(entry.path, found.st_size, int(found.st_mtime) // _MINUTE_S)
            elif found.st_mtime < horizon:
                Path(entry.path).unlink()


def _remove_if_empty(folder: os.DirEntry[str]) -> None:
    with suppress(OSError):
        Path(folder).rmdir()
