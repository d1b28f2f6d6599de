from __future__ import annotations

from typing import Any

import pytest

from gallery.config import S3Bucket
from gallery.errors import ObjectMissingError, StoreUnavailableError
from gallery.stores.abilities import SupportsAdoption
from gallery.stores.s3.store import S3Store
from tests.s3_server import Fail, S3Server
from tests.s3_server.server import client_of
from tests.store_contract import KEY, Draw

THEIRS = {
    "2026/beach.jpg": b"beach",
    "2026/été & co/b+c.jpg": b"summer",
    "a.jpg": b"a",
    "original/z.jpg": b"z",
}


@pytest.fixture
def client(bucket: S3Bucket) -> Any:
    return client_of(bucket)


@pytest.fixture
def theirs(bucket: S3Bucket, store: S3Store, client: Any, draw: Draw) -> S3Store:
    """A bucket with files of others, and with some of ours."""
    store.put(KEY, draw())
    store.keep_variant(KEY, "thumb", b"small", "image/jpeg")
    for name, content in {**THEIRS, "arrivals/x": b"x", "empty/": b""}.items():
        client.put_object(Bucket=bucket.name, Key=name, Body=content)
    return store


def test_finds_the_files_of_others_and_none_of_ours(theirs: S3Store) -> None:
    assert isinstance(theirs, SupportsAdoption)

    found = list(theirs.foreign())

    assert {each.name: each.bytes for each in found} == {
        name: len(content) for name, content in THEIRS.items()
    }
    for each in found:
        with theirs.open_foreign(each.name) as file:
            assert file.read() == THEIRS[each.name]


def test_finds_those_whose_names_begin_so(theirs: S3Store) -> None:
    assert [each.name for each in theirs.foreign("2026/b")] == ["2026/beach.jpg"]
    assert list(theirs.foreign("originals/")) == []


@pytest.mark.parametrize(
    "name", ["", f"originals/{KEY}", "arrivals/x", f"derived/{KEY}/thumb", "nothing", "../a.jpg"]
)
def test_what_is_ours_or_not_there_is_not_opened(theirs: S3Store, name: str) -> None:
    with pytest.raises(ObjectMissingError):
        theirs.open_foreign(name)


def test_a_listing_that_breaks_off_is_not_the_end(theirs: S3Store, server: S3Server) -> None:
    server.script("List", *[Fail(status=500)] * 9)

    with pytest.raises(StoreUnavailableError):
        list(theirs.foreign())
