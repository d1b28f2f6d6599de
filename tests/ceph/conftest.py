from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gallery.config import S3Bucket
from gallery.stores.s3.store import S3Store
from tests.ceph.running import ceph
from tests.s3_server.server import client_of
from tests.store_contract import draw
from tests.stores.own_cdn import SECRET

__all__ = ["draw"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def account() -> Iterator[S3Bucket]:
    with tempfile.TemporaryDirectory(prefix="ceph") as folder, ceph(Path(folder)) as account:
        yield account


@pytest.fixture(scope="session")
def client(account: S3Bucket) -> Any:
    """boto3's own, to look behind what is tested."""
    return client_of(account)


@pytest.fixture
def bucket(account: S3Bucket, client: Any) -> S3Bucket:
    """A new bucket, empty."""
    made = replace(account, name=f"bucket-{next(_numbers)}")
    client.create_bucket(Bucket=made.name)
    return made


@pytest.fixture
def store(bucket: S3Bucket) -> S3Store:
    return S3Store(bucket, cloud_name="vitrine", secret=SECRET)
