"""Child processes that never outlive the process that started them, not even when it is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Ties the calling process to its parent, whose process id it was told before it was started.

    On Linux the kernel then kills it at once when the *thread* that started it ends, so start
    children from a thread that stays. Elsewhere only a parent that is gone already is noticed.
    """
    if sys.platform == "linux" and _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        # It died before the kernel was asked, so no signal will come.
        os.kill(os.getpid(), signal.SIGKILL)
