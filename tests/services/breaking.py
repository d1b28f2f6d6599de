"""Calls that go wrong: the process dies there, an answer is lost, something else comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest


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


def before(
    monkeypatch: pytest.MonkeyPatch, owner: object, call: str, happens: Callable[[], object]
) -> None:
    """Something happens when that is called next, before it does its work."""
    works = getattr(owner, call)

    def later(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(owner, call, works)
        happens()
        return works(*given, **named)

    monkeypatch.setattr(owner, call, later)
