"""Processor time and memory of a process with all its descendants, from Linux's ``/proc``."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    name: str
    parent: int
    cpu_s: float


def tree(root: int, *, without: frozenset[str] = frozenset()) -> list[int]:
    """The process and its living descendants, but none of those names, nor what is below."""
    children: dict[int, list[_Stat]] = defaultdict(list)
    for entry in os.listdir("/proc"):  # noqa: PTH208 (thousands of names, often)
        if entry.isdigit() and (stat := _stat(int(entry))):
            children[stat.parent].append(stat)
    found, next_up = [], [root]
    while next_up:
        pid = next_up.pop()
        found.append(pid)
        next_up += [child.pid for child in children[pid] if child.name not in without]
    return found


def running(root: int, words: str) -> list[int]:
    """Those of the tree whose command line holds the words."""
    return [pid for pid in tree(root) if words.encode() in _command_line(pid)]


def cpu_s(pids: Iterable[int]) -> float:
    """Processor time that the processes have used, in seconds; user and system, to 10 ms."""
    return sum(stat.cpu_s for pid in pids if (stat := _stat(pid)))


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory that the processes have in use now; what they share counts in each."""
    return sum(_status_kb(pid, "VmRSS:") for pid in pids) * 1024


def peak_bytes(pids: Iterable[int]) -> int:
    """The most that they had in use since ``forget_peak``, were their peaks at one time."""
    return sum(_status_kb(pid, "VmHWM:") for pid in pids) * 1024


def forget_peak(pids: Iterable[int]) -> None:
    """Begins to watch for the peak anew."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    begin, end = text.index("("), text.rindex(")")  # The name may hold anything.
    fields = text[end + 2 :].split()
    ticks = int(fields[11]) + int(fields[12])
    return _Stat(pid, text[begin + 1 : end], int(fields[1]), ticks * _TICK_S)


def _status_kb(pid: int, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(name)), 0)
