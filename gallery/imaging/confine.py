"""What a decoding process takes from itself before it reads a stranger's file.

Limits of memory, files and processor time hold everywhere; on Linux it also gives up the file
system, the network and every privilege a program it starts could have, where the kernel can do
that.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_NO_NEW_PRIVS = 38
# One number on every architecture: include/uapi/asm-generic/unistd.h.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION_FLAG = 1
_OPEN_FILES = 32
_NICENESS = 10
"""Pages and lists go before pictures when all want the processor at once; pictures get some of it
all the same. During a flood of new variants on two cores the slowest twentieth of all lists took
13.5 ms, 1.5 times as long as at rest; 12 ms at 19 and 18 ms at 5. While lists take all of both
cores, a new variant, .06 s of work, takes 1.3 s at most, as at 5; 2.7 s at 19. On an idle machine
it makes no difference."""


class _Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr: what is denied unless a rule allows it, and we add no rule."""

    _fields_ = (
        ("file_system", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


def confine(*, address_space_bytes: int) -> None:
    """Takes effect at once and cannot be undone. Files and sockets that are open stay so."""
    os.nice(_NICENESS)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if sys.platform == "linux":
        # When memory runs out, the kernel shall take a decoder and not the gallery or its database.
        # A container may forbid saying so.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
        _limit(resource.RLIMIT_AS, address_space_bytes)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS) failed")
        _lock_out(libc)


def allow_processor_time(seconds: int) -> None:
    """Lets the process use that much processor time from now on; then the kernel kills it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(soft, hard), hard))


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = _at_most(most, hard)
    resource.setrlimit(kind, (most, most))


def _at_most(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _lock_out(libc: ctypes.CDLL) -> None:
    """Landlock, as far as this kernel knows it (5.13 on); a kernel without it is no error."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return
    ruleset = _ruleset(version)
    size = ctypes.sizeof(ruleset) if version >= 6 else 16 if version >= 4 else 8
    fd = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    if fd < 0 or libc.syscall(_LANDLOCK_RESTRICT_SELF, fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock failed")


def _ruleset(version: int) -> _Ruleset:
    """Everything that this version can deny (Documentation/userspace-api/landlock.rst)."""
    rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    return _Ruleset(
        file_system=2**rights - 1,
        network=0b11 if version >= 4 else 0,
        scopes=0b11 if version >= 6 else 0,
    )
