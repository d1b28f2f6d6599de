from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gallery.config import S3Bucket
from gallery.stores.s3.store import S3Store
from tests.s3_server import S3Server
from tests.stores.own_cdn import SECRET
from tests.stores.s3.helpers import Open


@pytest.fixture(scope="session")
def running() -> Iterator[S3Server]:
    with S3Server() as running:
        yield running


@pytest.fixture
def server(running: S3Server) -> Iterator[S3Server]:
    """S3 without a past."""
    running.seen.clear()
    yield running
    running.forgive()


@pytest.fixture
def bucket(server: S3Server) -> S3Bucket:
    return server.bucket()


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the store made between its tries, in seconds; nobody really waits."""
    return []


@pytest.fixture
def open_store(pauses: list[float]) -> Open:
    """Opens a store on a bucket."""

    def opened(bucket: S3Bucket, **limits: Any) -> S3Store:
        return S3Store(bucket, cloud_name="vitrine", secret=SECRET, sleep=pauses.append, **limits)

    return opened


@pytest.fixture
def store(bucket: S3Bucket, open_store: Open) -> S3Store:
    return open_store(bucket)
