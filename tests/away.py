"""A database where nobody is, for tests of what is said then."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.database import Database

WAITS_S = 0.1


@contextmanager
def nobodys_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database[dict[str, Any]]]:
    """At an address where nothing listens; what waits for it gives up sooner than in earnest."""
    bounded = pymongo.timeout
    monkeypatch.setattr(pymongo, "timeout", lambda seconds: bounded(seconds and WAITS_S))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"mongodb://127.0.0.1:{taken.getsockname()[1]}"
        with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=100) as client:
            yield client["gallery"]
