"""The few words we say to a starting mongod before anybody can sign in to it.

A driver's client would run threads, which must not be there when workers are forked, and sleeps
half a second at a time while the port is not open yet.
"""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Any, Self

import bson

_OP_MSG = 2013
_HEADER = struct.Struct("<iiii")
_MAX_REPLY_BYTES = 1_000_000


class Connection:
    """One connection that speaks MongoDB's OP_MSG. Every failure of it is an OSError."""

    def __init__(self, port: int, *, timeout_s: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def command(self, document: dict[str, Any]) -> dict[str, Any]:
        """The answer to a command on the database ``admin``, whether it succeeded or not."""
        section = b"\0" * 5 + bson.encode({**document, "$db": "admin"})
        self._socket.sendall(_HEADER.pack(_HEADER.size + len(section), 1, 0, _OP_MSG) + section)
        length, _, _, kind = _HEADER.unpack(self._read(_HEADER.size))
        if kind != _OP_MSG or not _HEADER.size + 5 < length < _MAX_REPLY_BYTES:
            raise ConnectionError("what answers on this port is not a mongod")
        return bson.decode(self._read(length - _HEADER.size)[5:])

    def _read(self, count: int) -> bytes:
        read = bytearray()
        while len(read) < count:
            part = self._socket.recv(count - len(read))
            if not part:
                raise ConnectionError("mongod closed the connection")
            read += part
        return bytes(read)
