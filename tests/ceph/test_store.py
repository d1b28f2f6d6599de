from __future__ import annotations

import io
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import urllib3

from gallery.config import S3Bucket
from gallery.errors import KeyTakenError, StoreError, StoreUnavailableError
from gallery.stores.base import MediaStore
from gallery.stores.patience import Deadline
from gallery.stores.s3.store import S3Store
from gallery.stores.s3.wire import Client
from tests.store_contract import KEY, Draw, Fetch, StoreContract, content_of, keys_of, receive_bytes
from tests.stores import own_cdn
from tests.stores.own_cdn import SECRET


class TestS3Store(StoreContract):
    down_error = StoreUnavailableError

    @pytest.fixture
    def store(self, store: S3Store) -> MediaStore:
        return store

    @pytest.fixture
    def down(self, bucket: S3Bucket) -> MediaStore:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        nowhere = replace(bucket, endpoint_url=url)
        return S3Store(nowhere, cloud_name="vitrine", secret=SECRET, sleep=lambda _: None)

    @pytest.fixture
    def fetch(self) -> Fetch:
        return own_cdn.answer

    @pytest.fixture
    def outside(self, bucket: S3Bucket, client: Any) -> Callable[[], object]:
        return lambda: client.list_objects_v2(Bucket=bucket.name).get("Contents")


def test_of_many_who_put_other_bytes_at_once_one_succeeds(store: S3Store, draw: Draw) -> None:
    originals = [draw(seed=seed) for seed in range(8)]

    def put(which: int) -> bool:
        try:
            store.put(KEY, originals[which])
        except KeyTakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(put, range(8)))

    assert won.count(True) == 1
    assert content_of(store, KEY) == Path(originals[won.index(True)].path).read_bytes()


def test_large_files_go_up_in_pieces(store: S3Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * (33 * 4096)
    original = receive_bytes(tmp_path, content)

    stored = store.put(KEY, original)

    assert stored.etag.endswith("-3")
    assert content_of(store, KEY) == content
    assert store.put(KEY, original) == stored
    with pytest.raises(KeyTakenError):
        store.put(KEY, receive_bytes(tmp_path, content[::-1]))


def test_bytes_that_changed_on_the_way_are_refused(store: S3Store, bucket: S3Bucket) -> None:
    class Changing(io.BytesIO):
        """Reads otherwise once it was read to its end: for its SHA-256."""

        def read(self, *given: int | None) -> bytes:
            found = super().read(*given)
            if not found:
                self.getbuffer()[0] = 0
            return found

    with pytest.raises(StoreError, match="XAmzContentSHA256Mismatch"):
        Client(bucket, request_s=10.0).ask(
            "put_object",
            Deadline(20.0),
            Bucket=bucket.name,
            Key=f"originals/{KEY}",
            Body=Changing(b"a photograph"),
        )

    assert keys_of(store) == []


def test_nobody_gets_anything_without_our_keys(
    store: S3Store, bucket: S3Bucket, draw: Draw
) -> None:
    store.put(KEY, draw())

    with urllib3.PoolManager(retries=False) as pool:
        for path in ("", "?list-type=2", f"/originals/{KEY}"):
            answer = pool.request("GET", f"{bucket.endpoint_url}/{bucket.name}{path}")
            assert answer.status == 403


@pytest.mark.parametrize("wrong", ["access_key_id", "secret_access_key"])
def test_wrong_keys_are_named(bucket: S3Bucket, wrong: str) -> None:
    store = S3Store(replace(bucket, **{wrong: "another"}), cloud_name="vitrine", secret=SECRET)

    for call in (lambda: next(store.list(), None), lambda: store.open(KEY)):
        with pytest.raises(StoreError, match="does not take our keys: check AWS_ACCESS_KEY_ID"):
            call()


def test_a_missing_bucket_is_never_a_missing_file(bucket: S3Bucket, draw: Draw) -> None:
    store = S3Store(replace(bucket, name="no-such-bucket"), cloud_name="vitrine", secret=SECRET)
    original = draw()

    for call in (
        store.probe,
        lambda: store.stat(KEY),
        lambda: store.open(KEY),
        lambda: store.put(KEY, original),
        lambda: store.delete(KEY),
        lambda: next(store.list(), None),
    ):
        with pytest.raises(StoreError, match="no such bucket"):
            call()
