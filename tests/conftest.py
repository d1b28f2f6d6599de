"""What many tests share: a real MongoDB, a clock to move by hand, no way out of the machine."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from gallery import embedded

NO_BROWSER = "browser tests left out: CHROMIUM names no browser; `make test` brings one"
_LEFT_OUT = pytest.StashKey[bool]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves browser tests out, unread, where nobody named a browser; the summary says so. Those
    that need Ceph are for `make test-s3` alone."""
    if collection_path.name == "ceph" and not os.environ.get("CEPH"):
        return True
    if collection_path.name == "browser" and not os.environ.get("CHROMIUM"):
        config.stash[_LEFT_OUT] = True
        return True
    return None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.stash.get(_LEFT_OUT, False):
        terminalreporter.write_line(NO_BROWSER, yellow=True)


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Embedded]:
    """The embedded MongoDB, started once for the whole run."""
    running = embedded.start(tmp_path_factory.mktemp("gallery"))
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def mongo_client(mongod: embedded.Embedded) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client that writes and reads as the gallery does."""
    with MongoClient[dict[str, Any]](
        mongod.uri,
        tz_aware=True,
        w="majority",
        journal=True,
        readConcernLevel="majority",
        timeoutMS=8_000,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def _database(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """A database whose indexes a module shares: making them takes as long as a test."""
    name = f"test_{secrets.token_hex(6)}"
    yield mongo_client[name]
    mongo_client.drop_database(name)


@pytest.fixture
def database(_database: Database[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """A database with nothing in it, on the real MongoDB."""
    yield _database
    for name in _database.list_collection_names():
        _database[name].delete_many({})


class OutsideNetworkError(AssertionError):
    """A test tried to reach another machine."""


def _refuse_outside(host: object) -> None:
    """Lets loopback addresses and ``localhost`` pass, and paths of Unix sockets."""
    if host in (None, "", b"", "localhost", b"localhost") or str(host).startswith("/"):
        return
    try:
        inside = ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise OutsideNetworkError(f"a test tried to reach {host!r}")


@pytest.fixture(scope="session", autouse=True)
def _no_outside_network() -> Iterator[None]:
    connect, connect_ex, resolve = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def host_of(address: Any) -> object:
        return address[0] if isinstance(address, tuple) else None

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(host_of(address))
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_outside(host_of(address))
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *rest: Any, **options: Any) -> Any:
        _refuse_outside(host)
        return resolve(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield
