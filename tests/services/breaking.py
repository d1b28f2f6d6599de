"""Calls that break: the process dies there, or what the database answered does not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


class DiedError(BaseException):
    """The process was killed here: nothing cleans up after it."""


@contextmanager
def breaking(
    owner: object, call: str, error: BaseException | None = None, *, after: bool = False
) -> Iterator[None]:
    """Meanwhile whoever calls that dies, or gets the error: before it has worked, or after."""
    works = getattr(owner, call)

    def breaks(*given: Any, **named: Any) -> None:
        if after:
            works(*given, **named)
        raise error or DiedError()

    with patch.object(owner, call, breaks):
        yield
