"""The body of an answer, fetched while it is read, its failures in our words."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from gallery.errors import StoreError


def body_of(response: BaseHTTPResponse, *, failed: Callable[[], StoreError]) -> BinaryIO:
    """The body, for reading. One that ends too early raises what ``failed`` makes."""
    return cast(BinaryIO, io.BufferedReader(_Body(response, failed), 64 * 1024))


class _Body(io.RawIOBase):
    def __init__(self, response: BaseHTTPResponse, failed: Callable[[], StoreError]) -> None:
        self._response = response
        self._failed = failed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._response.read(len(buffer))
        except HTTPError as error:
            raise self._failed() from error
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._response.close()
        super().close()
