"""Where the catalog is tested.

``catalog`` and ``keys`` run every test twice, on mongomock and on the real MongoDB. What mongomock
cannot do is tested with ``real_catalog`` and ``real_keys``: leases that run out (it neither adds to
dates nor knows ``$$NOW``), change streams, ``explain``, deadlines, and two who write at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from gallery.catalog.idempotency import IdempotencyKeys
from gallery.catalog.images import ImageCatalog
from tests.away import nobodys_database
from tests.conftest import Clock


@pytest.fixture(params=["mongomock", "mongod"])
def either_database(request: pytest.FixtureRequest) -> Database[dict[str, Any]]:
    """An empty database, once pretended and once real."""
    if request.param == "mongomock":
        pretended: Database[dict[str, Any]] = mongomock.MongoClient(tz_aware=True)["gallery"]
        return pretended
    real: Database[dict[str, Any]] = request.getfixturevalue("database")
    return real


@pytest.fixture
def catalog(either_database: Database[dict[str, Any]], clock: Clock) -> ImageCatalog:
    return _catalog_on(either_database, clock)


@pytest.fixture
def real_catalog(database: Database[dict[str, Any]], clock: Clock) -> ImageCatalog:
    return _catalog_on(database, clock)


@pytest.fixture
def keys(either_database: Database[dict[str, Any]]) -> IdempotencyKeys:
    return _keys_on(either_database)


@pytest.fixture
def real_keys(database: Database[dict[str, Any]]) -> IdempotencyKeys:
    return _keys_on(database)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database[dict[str, Any]]]:
    """A database at an address where nothing listens."""
    with nobodys_database(monkeypatch) as database:
        yield database


def _catalog_on(database: Database[dict[str, Any]], clock: Clock) -> ImageCatalog:
    catalog = ImageCatalog(database, now=clock)
    catalog.ensure_indexes()
    return catalog


def _keys_on(database: Database[dict[str, Any]]) -> IdempotencyKeys:
    keys = IdempotencyKeys(database)
    keys.ensure_indexes()
    return keys
