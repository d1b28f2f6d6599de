from __future__ import annotations

import time
from pathlib import Path

import pytest

from gallery.config import S3Bucket
from gallery.errors import (
    GalleryError,
    KeyTakenError,
    StorageFullError,
    StoreAwayError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.stores.guarded import ENOUGH
from gallery.stores.s3.store import S3Store
from tests.s3_server import Drop, Fail, Garble, Pass, S3Server, Stall, Truncate
from tests.s3_server.faults import Fault
from tests.s3_server.server import client_of
from tests.store_contract import KEY, Draw, content_of, keys_of, receive_bytes
from tests.stores.s3.helpers import CALLS_BY_REQUEST, Open

SHORT_S = 0.4
"""What one call may take where it is the time-out that is tested."""

PASSING: tuple[Fault, ...] = (
    Fail(status=408, code="RequestTimeout"),
    Fail(status=400, code="RequestTimeout"),
    Fail(status=409, code="ConditionalRequestConflict"),
    Fail(status=429, code="TooManyRequests"),
    Fail(status=500),
    Fail(status=502),
    Fail(status=503, code="SlowDown"),
    Fail(status=504),
    Drop(),
    Garble(status=502),
)
"""What goes by when it is tried again."""


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (operation, fault)
        for operation in CALLS_BY_REQUEST
        for fault in PASSING
        # An answer without a body does not say what it means.
        if not (operation.startswith("Head") and getattr(fault, "status", 0) in (400, 409))
    ],
    ids=str,
)
def test_what_goes_by_is_tried_again(
    store: S3Store, server: S3Server, draw: Draw, operation: str, fault: Fault
) -> None:
    original = draw()
    store.put(KEY, original)
    server.seen.clear()
    server.script(operation, fault, fault)

    CALLS_BY_REQUEST[operation](store, KEY, original)

    assert len(server.requests(operation)) >= 3


@pytest.mark.parametrize("operation", CALLS_BY_REQUEST)
def test_gives_up_after_four_tries_with_growing_random_pauses(
    store: S3Store, server: S3Server, draw: Draw, pauses: list[float], operation: str
) -> None:
    server.script(operation, *[Fail(status=500)] * 9)

    with pytest.raises(StoreUnavailableError):
        CALLS_BY_REQUEST[operation](store, KEY, draw())

    assert len(server.requests(operation)) == 4
    assert all(
        0 <= pause <= longest for pause, longest in zip(pauses, (0.1, 0.2, 0.4), strict=True)
    )


@pytest.mark.parametrize("operation", CALLS_BY_REQUEST)
def test_nothing_waits_for_ever(
    bucket: S3Bucket, open_store: Open, server: S3Server, draw: Draw, operation: str
) -> None:
    hasty = open_store(bucket, call_s=SHORT_S)
    original = draw()
    hasty.probe()
    server.script(operation, *[Stall()] * 9)
    began = time.monotonic()

    with pytest.raises(StoreUnavailableError):
        CALLS_BY_REQUEST[operation](hasty, KEY, original)

    assert SHORT_S / 2 <= time.monotonic() - began <= SHORT_S + 5
    assert 1 <= len(server.requests(operation)) <= 4


def test_comes_back_when_it_is_told_to(
    store: S3Store, server: S3Server, draw: Draw, pauses: list[float]
) -> None:
    server.script("PutObject", Fail(status=503, code="SlowDown", headers={"Retry-After": "3"}))

    store.put(KEY, draw())

    assert pauses == [3.0]


@pytest.mark.parametrize(
    "fault", [Drop(kept=True), Garble(status=502, kept=True), Stall(kept=True)], ids=repr
)
def test_what_was_kept_and_badly_answered_is_found_by_the_next_try(
    bucket: S3Bucket, open_store: Open, server: S3Server, draw: Draw, fault: Fault
) -> None:
    store = open_store(bucket, call_s=4.0)  # Half of it passes in silence.
    server.script("PutObject", fault)

    stored = store.put(KEY, draw())

    assert len(server.requests("PutObject")) == 2
    assert stored == store.stat(KEY)
    assert keys_of(store) == [KEY]


def test_an_answer_that_breaks_off_is_no_whole_file(
    store: S3Store, server: S3Server, draw: Draw
) -> None:
    store.put(KEY, draw())
    server.script("GetObject", Truncate())

    with pytest.raises(StoreUnavailableError), store.open(KEY) as file:
        file.read()


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "List"])
def test_an_answer_that_is_none_of_the_bucket_is_not_believed(
    store: S3Store, server: S3Server, draw: Draw, operation: str
) -> None:
    server.script(operation, *[Garble()] * 9)

    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        CALLS_BY_REQUEST[operation](store, KEY, draw())


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fail(status=403, code="SignatureDoesNotMatch"), StoreError, "does not take our keys"),
        (Fail(status=403, code="InvalidAccessKeyId"), StoreError, "check AWS_ACCESS_KEY_ID"),
        (Fail(status=400, code="ExpiredToken"), StoreError, "does not take our keys"),
        (Fail(status=403, code="AccessDenied"), StoreError, "may not do this"),
        (Fail(status=403, code="RequestTimeTooSkewed"), StoreError, "our clock wrong"),
        (Fail(status=404, code="NoSuchBucket"), StoreError, "no such bucket"),
        (Fail(status=501, code="NotImplemented"), StoreError, "does not know what we need"),
        (Fail(status=400, code="InvalidArgument"), StoreError, r"\(InvalidArgument\)"),
        (Fail(status=400, code="EntityTooLarge"), TooLargeError, "no file of that size"),
        (Fail(status=507, code="InsufficientStorage"), StorageFullError, "is full"),
        (Fail(status=403, code="QuotaExceeded"), StorageFullError, "is full"),
    ],
    ids=str,
)
def test_a_refusal_is_final_and_says_what_to_do(
    store: S3Store,
    server: S3Server,
    draw: Draw,
    fault: Fault,
    kind: type[GalleryError],
    words: str,
) -> None:
    server.script("PutObject", fault)

    with pytest.raises(kind, match=words) as failure:
        store.put(KEY, draw())

    assert type(failure.value) is kind
    assert len(server.requests("PutObject")) == 1


def test_a_service_that_fails_is_left_alone(store: S3Store, server: S3Server, draw: Draw) -> None:
    server.script("HeadBucket", *[Fail(status=500)] * ENOUGH)
    for _ in range(ENOUGH // 4):
        with pytest.raises(StoreUnavailableError):
            store.probe()
    server.seen.clear()

    with pytest.raises(StoreAwayError):
        store.put(KEY, draw())

    assert (server.seen, store.health().is_away) == ([], True)


def test_without_keys_it_says_which_settings_are_missing(
    server: S3Server, open_store: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    store = open_store(S3Bucket(name="photos", endpoint_url=server.url))

    with pytest.raises(StoreError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        store.probe()


class TestLargeFiles:
    """Sent in pieces."""

    @pytest.fixture(autouse=True)
    def _small_pieces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gallery.stores.s3.objects.PART_BYTES", 5 * 1024**2)
        for module in ("store", "objects"):
            monkeypatch.setattr(f"gallery.stores.s3.{module}.LARGE_BYTES", 6 * 1024**2)

    def test_every_byte_arrives(self, store: S3Store, server: S3Server, tmp_path: Path) -> None:
        content = bytes(range(256)) * (12 * 4096) + b"end"
        original = receive_bytes(tmp_path, content)

        stored = store.put(KEY, original)

        assert [len(each.body) for each in server.requests("UploadPart")] == [
            5 * 1024**2,
            5 * 1024**2,
            2 * 1024**2 + 3,
        ]
        assert (stored.bytes, stored.sha256) == (original.bytes, original.sha256)
        assert content_of(store, KEY) == content

    def test_a_lost_piece_alone_is_sent_again(
        self, store: S3Store, server: S3Server, tmp_path: Path
    ) -> None:
        original = receive_bytes(tmp_path, b"0" * (7 * 1024**2))
        server.script("UploadPart", Pass(), Drop())

        store.put(KEY, original)

        numbers = [each.query["partNumber"] for each in server.requests("UploadPart")]
        assert numbers == [["1"], ["2"], ["2"]]

    @pytest.mark.parametrize("fault", [Drop(kept=True), Garble(status=502, kept=True)], ids=repr)
    def test_an_end_that_was_not_answered_is_found(
        self, store: S3Store, server: S3Server, tmp_path: Path, fault: Fault
    ) -> None:
        original = receive_bytes(tmp_path, b"0" * (7 * 1024**2))
        server.script("CompleteMultipartUpload", fault)

        assert store.put(KEY, original) == store.stat(KEY)

    def test_other_bytes_are_not_even_sent(
        self, store: S3Store, server: S3Server, tmp_path: Path
    ) -> None:
        store.put(KEY, receive_bytes(tmp_path, b"0" * (7 * 1024**2)))
        server.seen.clear()

        with pytest.raises(KeyTakenError):
            store.put(KEY, receive_bytes(tmp_path, b"1" * (7 * 1024**2)))

        assert server.requests("UploadPart") == []

    def test_what_fails_leaves_no_pieces(
        self, store: S3Store, server: S3Server, bucket: S3Bucket, tmp_path: Path
    ) -> None:
        server.script("UploadPart", Pass(), Fail(status=403, code="AccessDenied"))

        with pytest.raises(StoreError):
            store.put(KEY, receive_bytes(tmp_path, b"0" * (7 * 1024**2)))

        assert "Uploads" not in client_of(bucket).list_multipart_uploads(Bucket=bucket.name)


def test_tidying_gives_up_what_a_crash_left_in_pieces(store: S3Store, bucket: S3Bucket) -> None:
    client = client_of(bucket)
    for name in (f"originals/{KEY}", "holiday.jpg"):
        client.create_multipart_upload(Bucket=bucket.name, Key=name)
    began = client.list_multipart_uploads(Bucket=bucket.name)["Uploads"][0]["Initiated"]

    assert store.tidy(older_than=began) == 0
    assert store.tidy(older_than=began.replace(year=began.year + 1)) == 1

    [left] = client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
    assert left["Key"] == "holiday.jpg"
