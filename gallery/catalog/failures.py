"""A deadline for every call to MongoDB, and our names for its failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import pymongo
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from gallery.errors import DatabaseUnavailableError

DEADLINE_S = 5.0
"""For one call of the catalog with its retries. The server is told what is left (``maxTimeMS``)."""

RETRY_AFTER_S = 2

_DISK_FULL = 14031
"""https://github.com/mongodb/mongo/blob/v6.0/src/mongo/base/error_codes.yml"""

_P = ParamSpec("_P")
_R = TypeVar("_R")


def is_passing(error: PyMongoError) -> bool:
    """Whether the call may succeed later: nobody answered, not in time, or no room was left."""
    if isinstance(error, ConnectionFailure) or error.timeout:
        return True
    # Where a file of its own cannot be made, MongoDB has no code but the system's words.
    return isinstance(error, OperationFailure) and (
        error.code == _DISK_FULL or "No space left on device" in str(error)
    )


@contextmanager
def answering(*, within_s: float | None = DEADLINE_S) -> Iterator[None]:
    """Bounds the calls inside; raises DatabaseUnavailableError when MongoDB does not answer them.

    The outcome of a write is unknown then. ``None`` is for work that may take minutes.
    """
    try:
        with pymongo.timeout(within_s):
            yield
    except PyMongoError as error:
        if not is_passing(error):
            raise
        raise DatabaseUnavailableError(
            "The database does not answer at the moment. Please try again shortly.",
            retry_after_s=RETRY_AFTER_S,
        ) from error


def database_failures(call: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same function, ``answering`` within the usual deadline."""

    @wraps(call)
    def bounded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with answering():
            return call(*args, **kwargs)

    return bounded
