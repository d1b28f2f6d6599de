"""How the gallery and a decoding process speak: frames of a JSON header and bytes, over a socket
pair.

A frame is two lengths, the header, the body. Nothing is pickled, and every length has a bound: a
decoding process has read a stranger's file, and may be the stranger's by now.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 128 * 1024 * 1024
"""More than any variant has: 4096 by 4096 pixels with alpha, uncompressed, are half of it."""
MAX_FILES = 8
"""That many open files go with one frame."""

_LENGTHS = struct.Struct(">II")


class ConnectionLostError(Exception):
    """The other side is gone, took too long, or said what cannot be."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    header: dict[str, Any]
    body: bytes = b""
    fds: tuple[int, ...] = ()
    """Open files that came with it, in the order they were sent; they belong to the receiver."""

    def close_files(self) -> None:
        """Closes the files that came with it."""
        _close(self.fds)


def send(
    channel: socket.socket, header: dict[str, Any], body: bytes = b"", *, fds: Sequence[int] = ()
) -> None:
    """Sends one frame with open files, ``MAX_FILES`` at most. Raises ConnectionLostError."""
    if len(fds) > MAX_FILES:
        raise ValueError(f"more than {MAX_FILES} files")
    text = json.dumps(header).encode()
    lengths = _LENGTHS.pack(len(text), len(body))
    try:
        if fds:
            socket.send_fds(channel, [lengths], fds)
        else:
            channel.sendall(lengths)
        channel.sendall(text)
        channel.sendall(body)
    except OSError as error:
        raise ConnectionLostError("cannot send") from error


def receive(channel: socket.socket, *, deadline: float) -> Frame:
    """The next frame, whole before ``deadline`` on ``time.monotonic``.

    Raises ConnectionLostError.
    """
    try:
        return _rest(channel, bytes(_exactly(channel, _LENGTHS.size, deadline)), (), deadline)
    except (OSError, ValueError, RecursionError) as error:
        raise ConnectionLostError("nothing that can be read") from error


def receive_with_files(channel: socket.socket) -> Frame | None:
    """The next frame and the files that came with it, whenever it comes; ``None`` at the end."""
    lengths, fds, _, _ = socket.recv_fds(channel, _LENGTHS.size, MAX_FILES)
    try:
        if len(lengths) == _LENGTHS.size:
            return _rest(channel, lengths, tuple(fds), None)
    except BaseException:
        _close(fds)
        raise
    _close(fds)
    return None


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)


def _rest(
    channel: socket.socket, lengths: bytes, fds: tuple[int, ...], deadline: float | None
) -> Frame:
    header_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
        raise ConnectionLostError("a frame that is too large")
    header = json.loads(_exactly(channel, header_bytes, deadline))
    if not isinstance(header, dict):
        raise ConnectionLostError("a header that is no object")
    return Frame(header, bytes(_exactly(channel, body_bytes, deadline)), fds)


def _exactly(channel: socket.socket, count: int, deadline: float | None) -> bytearray:
    buffer = bytearray(count)
    view, got = memoryview(buffer), 0
    while got < count:
        channel.settimeout(_left(deadline))
        received = channel.recv_into(view[got:])
        if received == 0:
            raise ConnectionLostError("the other side is gone")
        got += received
    return buffer


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
