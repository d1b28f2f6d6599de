"""Ends connections on which nothing came or went for minutes.

Who opens one and says nothing more holds a place, and a thread if a body was begun: granian waits
for bodies, and for the next request, without end. The kernel knows when anything last passed, in
either direction: an event stream has its heartbeat, and front servers give an answer a minute.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import threading
from contextlib import suppress

QUIET_S = 300.0
"""No request takes so long to answer anything, unless a store carries a few hundred KiB a second;
what it was for is done all the same, and told to whoever asks again under its key."""

_LOOK_EVERY_S = 15.0

_LAST_PASSED = struct.Struct("=44xI4xI")
"""In ``struct tcp_info`` of Linux: milliseconds since data was last sent, and last received."""


def end_quiet_ones(port: int, *, until: threading.Event) -> None:
    """Looks after the connections of this process, until told to stop: for a thread of its own."""
    if sys.platform != "linux":
        return
    while not until.wait(_LOOK_EVERY_S):
        end_quiet(port, quiet_s=QUIET_S)


def end_quiet(port: int, *, quiet_s: float) -> int:
    """Ends what has been quiet for so long; how many connections."""
    ended = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 (numbers, not files)
        with suppress(OSError):  # It was closed just now, or is not connected.
            ended += _end_if_quiet(int(name), port, quiet_s)
    return ended


def _end_if_quiet(fd: int, port: int, quiet_s: float) -> bool:
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        return False
    # A duplicate: the number may be another's a moment later.
    with socket.socket(fileno=os.dup(fd)) as connection:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        if connection.getsockname()[1] != port or _quiet_for_s(connection) < quiet_s:
            return False
        connection.getpeername()  # Raises OSError for the socket that is listened on.
        connection.shutdown(socket.SHUT_RDWR)
        return True


def _quiet_for_s(connection: socket.socket) -> float:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_PASSED.size)
    sent_ms, received_ms = _LAST_PASSED.unpack(info)
    quiet_ms: int = min(sent_ms, received_ms)
    return quiet_ms / 1000
