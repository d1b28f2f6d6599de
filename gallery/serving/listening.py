"""The sockets that workers listen on.

They are made here, not by granian, for three things. A sender that is gone without a word (a phone
out of reach, a laptop without power) is found out by the kernel's probes; granian waits for a body
without end, and would keep its thread. Answers leave at once: else the second half of a small one
may wait 40 ms until the first is acknowledged. And the main process holds the sockets too: who
waits in the queue of a worker that was killed is served by the next one.
"""

from __future__ import annotations

import errno
import socket
import sys
import time

from gallery.config import Settings
from gallery.errors import ConfigError

SILENT_S, PROBE_EVERY_S, PROBES = 30, 10, 3
"""A peer that was silent for so long is probed; one that answers no probe is gone."""

_PORT_FREE_WITHIN_S = 1.0


def listen(host: str, port: int, *, workers: int, backlog: int) -> list[socket.socket]:
    """A socket for each worker; what they accept is probed.

    They share the port, and the kernel deals out who comes. Only Linux does that: elsewhere it is
    one socket, the same for all.
    """
    if sys.platform == "linux":
        return [_listening(host, port, backlog) for _ in range(workers)]
    return [_listening(host, port, backlog)] * workers


def _listening(host: str, port: int, backlog: int) -> socket.socket:
    listening = socket.socket(_family(host))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, value in _probing():
        listening.setsockopt(socket.IPPROTO_TCP, option, value)
    listening.bind((host, port))
    listening.listen(backlog)
    listening.setblocking(False)
    return listening


def refuse_taken_port(settings: Settings) -> None:
    """Raises ConfigError unless workers can listen.

    They share their port by SO_REUSEPORT, with which they would share another gallery's port too.
    Workers of a program that was killed may take a moment to follow it.
    """
    deadline = time.monotonic() + _PORT_FREE_WITHIN_S
    while (error := _bind_error(settings)) is not None:
        if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise ConfigError(_why_not_bound(settings, error)) from error
        time.sleep(0.02)


def _bind_error(settings: Settings) -> OSError | None:
    with socket.socket(_family(settings.host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return error
    return None


def _why_not_bound(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST: {settings.host} is no address of this machine; use 127.0.0.1."
    if error.errno == errno.EACCES:
        return f"PORT: {settings.port} is for the system's own programs; use one above 1023."
    return f"PORT: something else answers on {settings.port}; stop it, or set another PORT."


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _probing() -> list[tuple[int, int]]:
    """The options of TCP, by the names that this system has for them."""
    idle = getattr(socket, "TCP_KEEPIDLE", None) or getattr(socket, "TCP_KEEPALIVE", None)
    named = (
        (idle, SILENT_S),
        (getattr(socket, "TCP_KEEPINTVL", None), PROBE_EVERY_S),
        (getattr(socket, "TCP_KEEPCNT", None), PROBES),
    )
    return [(option, value) for option, value in named if option is not None]
