"""When MongoDB does not answer."""

from __future__ import annotations

from typing import Any

import pymongo
import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from gallery.catalog.failures import answering
from gallery.catalog.health import check_writable
from gallery.catalog.images import ImageCatalog
from gallery.errors import DatabaseUnavailableError
from tests.conftest import Clock


def test_a_database_that_is_not_there_is_unavailable(
    nobody: Database[dict[str, Any]], clock: Clock
) -> None:
    catalog = ImageCatalog(nobody, now=clock)
    with pytest.raises(DatabaseUnavailableError) as failure, pymongo.timeout(0.2):
        catalog.find("x" * 22)
    assert failure.value.retry_after_s
    assert isinstance(failure.value.__cause__, PyMongoError)
    assert "27017" not in failure.value.detail
    assert "127.0.0.1" not in failure.value.detail
    with pytest.raises(DatabaseUnavailableError):
        catalog.ensure_indexes()
    with pytest.raises(DatabaseUnavailableError), pymongo.timeout(0.2):
        check_writable(nobody)


def test_a_query_that_takes_too_long_is_ended(database: Database[dict[str, Any]]) -> None:
    database["slow"].insert_one({})
    with pytest.raises(DatabaseUnavailableError), answering(within_s=0.2):
        database["slow"].find_one({"$where": "sleep(60000) || true"})


def test_a_mistake_of_ours_keeps_its_name(database: Database[dict[str, Any]]) -> None:
    with pytest.raises(OperationFailure), answering():
        database["images"].find_one({"$nonsense": 1})


@pytest.mark.parametrize(
    ("code", "message"),
    [(14031, "OutOfDiskSpace"), (8, "28: No space left on device")],
    ids=["known to MongoDB", "told by the system"],
)
def test_a_database_without_room_may_find_some(code: int, message: str) -> None:
    with pytest.raises(DatabaseUnavailableError), answering():
        raise OperationFailure(message, code)


def test_a_database_that_takes_writes_is_well(either_database: Database[dict[str, Any]]) -> None:
    for _ in range(2):
        check_writable(either_database)
