from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gallery.config import S3Bucket
from gallery.errors import KeyTakenError, StoreError, StoreUnavailableError
from gallery.stores.base import MediaStore, SupportsLocalPath
from gallery.stores.s3.store import S3Store
from tests.s3_server import S3Server
from tests.s3_server.server import client_of
from tests.store_contract import KEY, OTHER_KEY, Draw, Fetch, StoreContract, content_of, keys_of
from tests.stores import own_cdn
from tests.stores.s3.helpers import Open


class TestS3Store(StoreContract):
    down_error = StoreUnavailableError

    @pytest.fixture
    def store(self, store: S3Store) -> MediaStore:
        return store

    @pytest.fixture
    def down(self, open_store: Open) -> MediaStore:
        with S3Server() as stopped:
            return open_store(stopped.described("nowhere"))

    @pytest.fixture
    def fetch(self) -> Fetch:
        return own_cdn.answer

    @pytest.fixture
    def outside(self, server: S3Server) -> Callable[[], object]:
        return lambda: len(server.seen)


def test_creates_only_and_says_what_the_bytes_are(
    store: S3Store, server: S3Server, bucket: S3Bucket, draw: Draw
) -> None:
    original = draw()

    store.put(KEY, original)

    [request] = server.requests("PutObject")
    assert request.path == f"/{bucket.name}/originals/{KEY}"
    assert request.headers["HTTP_IF_NONE_MATCH"] == "*"
    assert request.headers["HTTP_X_AMZ_META_SHA256"] == original.sha256
    assert request.headers["HTTP_X_AMZ_CONTENT_SHA256"] == original.sha256
    assert request.body == Path(original.path).read_bytes()


def test_an_object_of_somebody_else_is_not_ours(
    store: S3Store, bucket: S3Bucket, draw: Draw
) -> None:
    original = draw()
    content = Path(original.path).read_bytes()
    client_of(bucket).put_object(Bucket=bucket.name, Key=f"originals/{KEY}", Body=content)

    with pytest.raises(KeyTakenError):
        store.put(KEY, original)


def test_lists_nothing_of_what_others_keep_in_the_bucket(
    store: S3Store, bucket: S3Bucket, draw: Draw
) -> None:
    store.put(KEY, draw())
    for name in ("holiday.jpg", f"originals/{KEY}/2", "originals/short", f"derived/{OTHER_KEY}/x"):
        client_of(bucket).put_object(Bucket=bucket.name, Key=name, Body=b"0")

    assert keys_of(store) == [KEY]


def test_lists_more_than_a_page(
    store: S3Store, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.stores.s3.objects.PAGE", 2)
    keys = [KEY, f"{KEY}.1", f"{KEY}.2", KEY.lower(), OTHER_KEY]
    for key in keys:
        store.put(key, draw())

    assert keys_of(store) == sorted(keys)


def test_a_missing_bucket_is_never_a_missing_file(
    server: S3Server, open_store: Open, draw: Draw
) -> None:
    store = open_store(server.described("no-such-bucket"))
    original = draw()

    for call in (
        store.probe,
        lambda: store.stat(KEY),
        lambda: store.open(KEY),
        lambda: store.put(KEY, original),
        lambda: store.delete(KEY),
        lambda: keys_of(store),
    ):
        with pytest.raises(StoreError, match="no such bucket: check S3_BUCKET") as failure:
            call()
        assert type(failure.value) is StoreError


def test_two_buckets_live_side_by_side(
    store: S3Store, server: S3Server, open_store: Open, draw: Draw
) -> None:
    second = open_store(server.bucket())
    store.put(KEY, draw(seed=1))
    second.put(KEY, draw(seed=2))

    assert content_of(store, KEY) != content_of(second, KEY)
    store.delete(KEY)
    assert keys_of(second) == [KEY]


def test_the_environment_of_the_sdk_changes_nothing(
    bucket: S3Bucket, open_store: Open, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "another",
        "AWS_SECRET_ACCESS_KEY": "another",
        "AWS_SESSION_TOKEN": "another",
        "AWS_REGION": "another",
        "AWS_DEFAULT_REGION": "another",
        "AWS_MAX_ATTEMPTS": "9",
        "AWS_RETRY_MODE": "adaptive",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
    }.items():
        monkeypatch.setenv(name, value)
    store = open_store(bucket)

    store.put(KEY, draw())

    assert keys_of(store) == [KEY]


def test_says_that_its_originals_are_no_files_here(store: S3Store) -> None:
    assert not isinstance(store, SupportsLocalPath)
