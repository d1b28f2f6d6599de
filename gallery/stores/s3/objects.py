"""The objects of one bucket: each request is tried again within reason, and none is made while the
service is known to be away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from gallery.config import S3Bucket
from gallery.errors import GalleryError, ObjectMissingError, StoreError, StoreUnavailableError
from gallery.model import Received
from gallery.stores.base import StoreHealth
from gallery.stores.guarded import Guard
from gallery.stores.patience import Deadline
from gallery.stores.s3.wire import Client, Piece, body_of

PART_BYTES = 16 * 1024**2
"""What one request of a large upload carries: a lost one is all that is sent again. Amazon takes no
less than 5 MiB but for the last, and no more than 10,000 of them."""

LARGE_BYTES = 2 * PART_BYTES

PAGE = 1000
"""Objects on a page of a listing: the most there are."""

SLOWEST_BYTES_S = 256 * 1024
"""The slowest line that an upload is waited for on."""

CONTENT_TYPE = "application/octet-stream"
"""Of originals: nobody fetches them from the bucket to show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the bucket says of an object."""

    name: str
    bytes: int
    etag: str
    modified_at: datetime
    sha256: str | None = None
    """As we noted it; a listing does not tell."""


class Objects:
    """One bucket. ``call_s`` bounds a call: no try begins after it, and none waits longer than half
    of it for a sign of life. What carries a file gets as much more as the slowest line needs."""

    def __init__(
        self, bucket: S3Bucket, *, call_s: float = 20.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.bucket = bucket
        self.client = Client(bucket, request_s=call_s / 2)
        self._call_s = call_s
        self._guard = Guard("The bucket", sleep=sleep)

    def health(self) -> StoreHealth:
        """How requests have fared."""
        return self._guard.health()

    def ask(self, operation: str, *, within_s: float | None = None, **given: Any) -> dict[str, Any]:
        """The answer to an operation on the bucket, spelled as boto3 does."""
        deadline = Deadline(within_s or self._call_s)
        return self._guard.call(
            lambda: self.client.ask(operation, deadline, Bucket=self.bucket.name, **given),
            deadline=deadline,
        )

    def host(self) -> str:
        """Where forms are sent, as ``https://host``. Asks nobody, not even for keys."""
        client = self.client
        if not self.bucket.access_key_id:  # Then boto3 would look for some.
            nobodys = replace(self.bucket, access_key_id="nobody", secret_access_key="none")  # noqa: S106
            client = Client(nobodys, request_s=self._call_s)
        url = urlsplit(client.form(Bucket=self.bucket.name, Key="any")["url"])
        return f"{url.scheme}://{url.netloc}"

    def find(self, name: str) -> Found:
        """What lies under that name. Raises ObjectMissingError."""
        try:
            answer = self.ask("head_object", Key=name)
        except ObjectMissingError:
            # The answer has no words: it may be the bucket that is missing.
            self.look()
            raise
        return _found({"Key": name, "Size": answer.get("ContentLength"), **answer})

    def look(self) -> None:
        """Returns when the bucket is there."""
        try:
            self.ask("head_bucket")
        except ObjectMissingError as error:
            raise StoreError(
                "There is no such bucket: check S3_BUCKET, or run gallery prepare."
            ) from error

    def open(self, name: str, *, within_s: float | None = None) -> AbstractContextManager[BinaryIO]:
        """The bytes of an object, for reading. Raises ObjectMissingError."""
        answer = self.ask("get_object", Key=name, within_s=within_s)
        _check(answer, "ETag")
        return body_of(answer)

    def create(self, name: str, original: Received) -> None:
        """Sends a file. Raises KeyTakenError when something lies there, the same file included."""
        with Path(original.path).open("rb") as file:
            if original.bytes > LARGE_BYTES:
                self._create_in_parts(name, file, original)
            else:
                given = {"Key": name, **_kept_as(original.sha256), **_ONLY_NEW}
                self._send("put_object", file, 0, original.bytes, **given)

    def copy(self, source: str, name: str, *, etag: str, sha256: str) -> None:
        """Makes an object of another that still has that etag, within the bucket. Raises
        KeyTakenError unless it has, and when something lies under the new name."""
        self.ask(
            "copy_object",
            Key=name,
            CopySource={"Bucket": self.bucket.name, "Key": source},
            CopySourceIfMatch=f'"{etag}"',
            MetadataDirective="REPLACE",
            **_kept_as(sha256),
            **_ONLY_NEW,
        )

    def write(
        self, name: str, content: bytes, *, within_s: float | None = None, **described: Any
    ) -> None:
        """Keeps some bytes under a name, whatever lies there."""
        self.ask("put_object", Key=name, Body=content, within_s=within_s, **described)

    def delete(self, name: str) -> None:
        """Removes an object. Missing is success."""
        try:
            self.ask("delete_object", Key=name)
        except ObjectMissingError:
            return

    def list(self, prefix: str) -> Iterator[Found]:
        """Everything whose name begins so, in the order of the names, a page at a time."""
        token: dict[str, Any] = {}
        while True:
            page = self.ask("list_objects_v2", Prefix=prefix, MaxKeys=PAGE, **token)
            _check(page, "IsTruncated")
            yield from map(_found, page.get("Contents", ()))
            if not page["IsTruncated"]:
                return
            token = {"ContinuationToken": str(page["NextContinuationToken"])}

    def abandon(self, prefix: str, *, older_than: datetime) -> int:
        """How many uploads in pieces under such names were given up, begun before that moment."""
        given_up, markers = 0, dict[str, Any]()
        while True:
            page = self.ask("list_multipart_uploads", Prefix=prefix, **markers)
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] < older_than:
                    named = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
                    self.ask("abort_multipart_upload", **named)
                    given_up += 1
            if not page.get("IsTruncated"):
                return given_up
            markers = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _create_in_parts(self, name: str, file: BinaryIO, original: Received) -> None:
        kept_as = _kept_as(original.sha256)
        begun = self.ask("create_multipart_upload", Key=name, **kept_as)
        upload: dict[str, Any] = {"Key": name, "UploadId": str(begun["UploadId"])}
        try:
            parts = [
                {"PartNumber": number, "ETag": self._send_part(file, begin, original.bytes, part)}
                for number, begin in enumerate(range(0, original.bytes, PART_BYTES), start=1)
                for part in [{**upload, "PartNumber": number}]
            ]
            pieces = {"Parts": parts}
            self.ask("complete_multipart_upload", MultipartUpload=pieces, **_ONLY_NEW, **upload)
        except GalleryError:
            with suppress(GalleryError):  # Then it is left to tidying up.
                self.ask("abort_multipart_upload", **upload)
            raise

    def _send_part(self, file: BinaryIO, begin: int, end: int, part: dict[str, Any]) -> str:
        length = min(PART_BYTES, end - begin)
        return str(self._send("upload_part", file, begin, length, **part)["ETag"])

    def _send(
        self, operation: str, file: BinaryIO, begin: int, length: int, **given: Any
    ) -> dict[str, Any]:
        deadline = Deadline(self._call_s + length / SLOWEST_BYTES_S)

        def attempt() -> dict[str, Any]:
            body = Piece(file, begin=begin, length=length, deadline=deadline)
            return self.client.ask(operation, deadline, Bucket=self.bucket.name, Body=body, **given)

        return self._guard.call(attempt, deadline=deadline)


_ONLY_NEW: dict[str, Any] = {"IfNoneMatch": "*"}


def _kept_as(sha256: str) -> dict[str, Any]:
    return {"ContentType": CONTENT_TYPE, "Metadata": {"sha256": sha256}}


def _check(answer: dict[str, Any], name: str) -> None:
    """Raises StoreUnavailableError for a page of a proxy, say, that passes for an empty answer."""
    if name not in answer:
        raise StoreUnavailableError("The bucket's answer cannot be read.")


def _found(told: dict[str, Any]) -> Found:
    try:
        return Found(
            name=str(told["Key"]),
            bytes=int(told["Size"]),
            etag=str(told["ETag"]).strip('"'),
            # A listing may tell more than the seconds that an object's headers have.
            modified_at=told["LastModified"].astimezone(UTC).replace(microsecond=0),
            sha256=told.get("Metadata", {}).get("sha256"),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreUnavailableError("The bucket's answer cannot be read.") from error
