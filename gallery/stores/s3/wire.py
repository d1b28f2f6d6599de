"""Between boto3 and us: one try for each request, time-outs, its failures in our words.

boto3 would repeat some requests by itself; trying again is up to ``patience``. What it would take
from the environment, and is decided by our settings, is said to it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar, cast

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ResponseStreamingError,
    SSLError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from gallery.config import S3Bucket
from gallery.errors import (
    GalleryError,
    KeyTakenError,
    ObjectMissingError,
    StorageFullError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.stores.patience import Deadline

CONNECTIONS = 16
"""Idle connections that a process keeps for later."""

_NO_ANSWER = (
    BotoConnectionError,
    HTTPClientError,
    HTTPError,
    IncompleteReadError,
    ResponseStreamingError,
)
_PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_PASSING = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
    }
)
_FULL = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"})
_WRONG_KEYS = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
    }
)

T = TypeVar("T")


class Client:
    """A client of boto3, for any thread. It is made when it is first used: without keys in the
    settings boto3 asks the machine for them, over the network too."""

    def __init__(self, bucket: S3Bucket, *, request_s: float, anonymous: bool = False) -> None:
        """``request_s`` bounds how long one request waits for each piece of its answer."""
        self._bucket = bucket
        self._request_s = request_s
        self._anonymous = anonymous
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        self._made: Any = None

    def ask(self, operation: str, deadline: Deadline, **given: Any) -> dict[str, Any]:
        """The answer to ``operation``, spelled as boto3 does. Raises StoreError and its kin."""
        self._of_thread.read_s = max(0.001, min(self._request_s, deadline.left_s()))
        with in_our_words():
            return cast(dict[str, Any], getattr(self._boto(), operation)(**given))

    def form(self, **given: Any) -> dict[str, Any]:
        """A signed form (``generate_presigned_post``). Asks nobody but for keys."""
        with in_our_words():
            return cast(dict[str, Any], self._boto().generate_presigned_post(**given))

    def _boto(self) -> Any:
        with self._lock:
            if self._made is None:
                made = _boto_client(self._bucket, self._request_s, anonymous=self._anonymous)
                made.meta.events.register("before-call.s3", self._bound)
                self._made = made
            return self._made

    def _bound(self, context: dict[str, Any], **_: Any) -> None:
        # botocore's own place for the time-out of one request.
        context["read_timeout"] = self._of_thread.read_s


def _boto_client(bucket: S3Bucket, request_s: float, *, anonymous: bool) -> Any:
    config = Config(
        signature_version=UNSIGNED if anonymous else "s3v4",
        connect_timeout=request_s / 2,
        read_timeout=request_s,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        # Its newer checksums are refused by many who speak S3. What we send is covered by its
        # SHA-256, which every one of them compares.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
        use_dualstack_endpoint=False,
        use_fips_endpoint=False,
        s3={
            "addressing_style": "path" if bucket.path_style else "virtual",
            "payload_signing_enabled": True,
            "us_east_1_regional_endpoint": "regional",
            "use_accelerate_endpoint": False,
        },
    )
    session = boto3.session.Session(
        aws_access_key_id=bucket.access_key_id or None,
        aws_secret_access_key=bucket.secret_access_key or None,
        aws_session_token=bucket.session_token or None,
    )
    if not anonymous and session.get_credentials() is None:
        raise NoCredentialsError  # What is made without them would never look again.
    try:
        return session.client(
            "s3", region_name=bucket.region, endpoint_url=bucket.endpoint_url, config=config
        )
    except ValueError as error:
        raise StoreError(f"boto3 cannot speak for the bucket: {error}") from error


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turns what boto3 raises into our errors."""
    try:
        yield
    except ClientError as error:
        raise _refused(error) from error
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise StoreError(
            "There are no keys for the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from error
    except SSLError as error:
        raise StoreError("The certificate of S3_ENDPOINT_URL is not trusted here.") from error
    except ResponseParserError as error:
        raise StoreUnavailableError("The bucket's answer cannot be read.") from error
    except _NO_ANSWER as error:
        raise StoreUnavailableError("The bucket does not answer at the moment.") from error
    except BotoCoreError as error:
        raise StoreError(f"boto3 cannot speak for the bucket: {error}") from error


def code_of(error: StoreError) -> str:
    """What the service called it; empty for what it never said."""
    cause = error.__cause__
    return str(cause.response["Error"].get("Code", "")) if isinstance(cause, ClientError) else ""


def body_of(answer: dict[str, Any]) -> BinaryIO:
    """The body of ``get_object``'s answer, fetched while it is read. It fails in our words, also
    when it ends too early."""
    return cast(BinaryIO, io.BufferedReader(_Body(answer["Body"]), 64 * 1024))


class _Body(io.RawIOBase):
    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with in_our_words():
            chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._body.close()
        super().close()


class Piece(io.RawIOBase):
    """A piece of a file, to be sent before a deadline: a line too slow for that ends in time."""

    def __init__(self, file: BinaryIO, *, begin: int, length: int, deadline: Deadline) -> None:
        self._file = file
        self._begin = begin
        self._length = length
        self._deadline = deadline
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._deadline.left_s() <= 0:
            raise StoreUnavailableError("The line to the bucket is too slow.")
        self._file.seek(self._begin + self._at)
        wanted = min(len(buffer), max(0, self._length - self._at))
        chunk = self._file.read(wanted)
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)


def _refused(error: ClientError) -> GalleryError:
    """What an answer means that is no success."""
    told = error.response.get("ResponseMetadata", {})
    status, code = int(told.get("HTTPStatusCode", 0)), str(error.response["Error"].get("Code", ""))
    if status in _PASSING_STATUS or code in _PASSING:
        asked = str(told.get("HTTPHeaders", {}).get("retry-after", ""))
        return StoreUnavailableError(
            "The bucket is busy.", retry_after_s=int(asked) if asked.isdecimal() else None
        )
    for codes, failure in _BY_CODE:
        if code in codes:
            return failure()
    return _by_status(status, code)


def _by_status(status: int, code: str) -> GalleryError:
    if status == 404:
        return ObjectMissingError("There is no such file in the bucket.")
    if status == 412:
        return KeyTakenError("Another photo has that name in the bucket.")
    if status in (401, 403):
        return StoreError("Our keys may not do this in the bucket: see docs/stores/s3.md.")
    if status == 507:
        return _full()
    if 300 <= status < 400:
        return StoreError("The bucket is elsewhere: check AWS_DEFAULT_REGION and S3_ENDPOINT_URL.")
    return StoreError(f"The bucket refused the request ({code or status}).")


def _full() -> StorageFullError:
    return StorageFullError("The bucket is full. Nothing was kept.")


_BY_CODE: tuple[tuple[frozenset[str], Callable[[], GalleryError]], ...] = (
    (
        frozenset({"NoSuchBucket"}),
        lambda: StoreError("There is no such bucket: check S3_BUCKET, or run gallery prepare."),
    ),
    (_FULL, _full),
    (
        _WRONG_KEYS,
        lambda: StoreError(
            "The bucket does not take our keys: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
            "AWS_DEFAULT_REGION."
        ),
    ),
    (
        frozenset({"RequestTimeTooSkewed"}),
        lambda: StoreError("The bucket finds our clock wrong by more than a quarter of an hour."),
    ),
    (
        frozenset({"EntityTooLarge"}),
        lambda: TooLargeError("The bucket takes no file of that size."),
    ),
    (
        frozenset({"NotImplemented"}),
        lambda: StoreError("The service does not know what we need of it: see docs/stores/s3.md."),
    ),
)
