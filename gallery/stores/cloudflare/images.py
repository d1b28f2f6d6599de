"""What lies in an account: which image of it is which object of ours.

The metadata of an image tell: ``key``, and ``sha256`` and ``bytes`` once it is an object; what came
by a ticket has only its key until it is settled. Where several images have one key, as after two
uploads at once, the first is the object.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from gallery.errors import KeyTakenError, ObjectMissingError, TooLargeError, UnsupportedFormatError
from gallery.model import Received, StoredObject
from gallery.stores.base import KEY
from gallery.stores.cloudflare.answers import moment_of, reading
from gallery.stores.cloudflare.wire import Call, Client
from gallery.stores.patience import Deadline

CREATOR = "vitrine"
"""What every image of ours is marked with: others may have theirs in the same account."""

PAGE = 1_000
MAX_BYTES = 10 * 1024**2

_SIGNED = "signed:"
_HEAD_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An image of the account."""

    id: str
    uploaded_at: datetime
    meta: Mapping[str, Any]
    filename: str
    signed: bool
    """Its addresses must be."""

    @property
    def key(self) -> str | None:
        """Under which it is an object of ours, or was sent."""
        key = self.meta.get("key")
        return key if isinstance(key, str) and KEY.fullmatch(key) else None

    @property
    def is_settled(self) -> bool:
        """Whether it is an object of ours."""
        return self.key is not None and isinstance(self.meta.get("sha256"), str)

    @property
    def etag(self) -> str:
        """Its id, and whether its addresses are signed: all that an address needs."""
        return f"{_SIGNED}{self.id}" if self.signed else self.id

    def described(self) -> StoredObject:
        """As an object of ours."""
        with reading():
            return self.as_object(bytes=int(self.meta["bytes"]), sha256=str(self.meta["sha256"]))

    def as_object(self, *, bytes: int, sha256: str | None) -> StoredObject:
        """The same, with what is known of its bytes."""
        return StoredObject(
            key=self.key or "",
            bytes=bytes,
            etag=self.etag,
            created_at=self.uploaded_at,
            modified_at=self.uploaded_at,
            sha256=sha256,
        )


def read_etag(etag: str) -> tuple[str, bool]:
    """An image's id, and whether its addresses are signed."""
    return etag.removeprefix(_SIGNED), etag.startswith(_SIGNED)


class Images:
    """The images of one account. ``private``: new ones are delivered by signed addresses alone."""

    def __init__(self, client: Client, *, private: bool) -> None:
        self._client = client
        self._private = private

    def settled(self, key: str, deadline: Deadline | None = None) -> Held:
        """The object under ``key``. Raises ObjectMissingError."""
        return _first(self.under(key, deadline), settled=True)

    def arrival(self, key: str) -> Held:
        """What was sent for ``key`` and not settled. Raises ObjectMissingError."""
        return _first(self.under(key), settled=False)

    def under(self, key: str, deadline: Deadline | None = None) -> list[Held]:
        """All that have that key; one try within the deadline, if there is one."""
        query = {"meta.key[eq:string]": key, "per_page": "100"}
        call = Call(method="GET", path="/v2", query=query, may_batch=True)
        told = self._client.once(call, deadline) if deadline else self._client.ask(call)
        with reading():
            return [held for held in map(_held, told["images"]) if held.key == key]

    def first_of(self, key: str, sent: Held) -> Held:
        """The object under ``key`` now that ``sent`` is there, which goes if another was first:
        ids that we choose are taken only once, Cloudflare's are not."""
        if sent.id == key:
            return sent
        first = _first([sent, *self.under(key)], settled=True)
        if first.id != sent.id:
            self.delete(sent.id)
        return first

    def all(self, *, ours: bool) -> Iterator[Held]:
        """Every image, page by page, in the order of arrival; or those alone that are marked as
        ours."""
        query = {"per_page": str(PAGE), "sort_order": "asc"}
        if ours:
            query["creator"] = CREATOR
        while True:
            told = self._client.ask(Call(method="GET", path="/v2", query=query, may_batch=True))
            with reading():
                found, token = (
                    [_held(each) for each in told["images"]],
                    told.get("continuation_token"),
                )
            yield from found
            if not token:
                return
            query["continuation_token"] = str(token)

    def find(self, name: str) -> Held:
        """The image with that id. Raises ObjectMissingError, also for one that is not filled."""
        call = Call(method="GET", path=f"/v1/{_quoted(name)}", may_batch=True)
        told = self._client.ask(call)
        with reading():
            if told.get("draft") is True:
                raise ObjectMissingError("Nothing has arrived in Cloudflare.")
            return _held(told)

    def create(
        self,
        key: str,
        original: Received,
        content_type: str,
        deadline: Deadline,
        *,
        request_s: float,
    ) -> Held:
        """Uploads the file once, unless it is there. Raises KeyTakenError for another one."""
        try:
            return self.settled(key, deadline)
        except ObjectMissingError:
            pass
        form: list[tuple[str, Any]] = [
            ("metadata", metadata(key, original)),
            ("creator", CREATOR),
            ("requireSignedURLs", "true" if self._private else "false"),
        ]
        if not self._private:
            # The one thing that can be created only once. Private images cannot have it.
            form.append(("id", key))
        form.append(("file", (key, Path(original.path).read_bytes(), content_type)))
        call = Call(method="POST", path="/v1", form=form, may_batch=True)
        try:
            told = self._client.once(call, deadline, request_s=request_s)
        except KeyTakenError:
            # Sent a moment ago, and not in the list yet; or somebody else's.
            held = self.find(key)
            if not held.is_settled:
                raise
            return held
        with reading():
            return _held(told)

    def mark(self, name: str, key: str, original: Received) -> Held:
        """Makes what arrived an object of ours."""
        body = {"metadata": json.loads(metadata(key, original)), "creator": CREATOR}
        call = Call(method="PATCH", path=f"/v1/{_quoted(name)}", json=body, may_batch=True)
        told = self._client.ask(call)
        with reading():
            return _held(told)

    def reserve(self, key: str, *, until: datetime) -> str:
        """An address that takes one file for ``key``, once."""
        form = [
            ("metadata", json.dumps({"key": key})),
            ("creator", CREATOR),
            ("requireSignedURLs", "true" if self._private else "false"),
            ("expiry", until.strftime("%Y-%m-%dT%H:%M:%SZ")),
        ]
        call = Call(method="POST", path="/v2/direct_upload", form=form, may_batch=True)
        told = self._client.ask(call)
        with reading():
            return str(told["uploadURL"])

    def delete(self, name: str) -> None:
        """Removes the image and its copies. Missing is success."""
        try:
            self._client.ask(Call(method="DELETE", path=f"/v1/{_quoted(name)}", may_batch=True))
        except ObjectMissingError:
            return

    def open(self, name: str) -> BinaryIO:
        """The file. Raises ObjectMissingError."""
        return self._client.open(f"/v1/{_quoted(name)}/blob")

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Bytes and SHA-256 of the file as Cloudflare has it."""
        length, sha256 = 0, hashlib.sha256()
        with self.open(name) as file:
            while chunk := file.read(256 * 1024):
                length += len(chunk)
                sha256.update(chunk)
        return length, sha256.hexdigest()


def metadata(key: str, original: Received) -> str:
    """What is written beside an object: well below the 1,024 bytes that are allowed."""
    return json.dumps({"key": key, "sha256": original.sha256, "bytes": original.bytes})


def sniffed(path: Path) -> str:
    """The content type of a file that Cloudflare takes, from its first bytes."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for content_type, starts in _STARTS.items():
        if any(head.startswith(start) for start in starts):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "image/heic"
    raise unsupported()


def unsupported() -> UnsupportedFormatError:
    """For what Cloudflare takes from nobody, or from some plans alone."""
    return UnsupportedFormatError("Cloudflare takes JPEG, PNG, GIF, WebP and HEIC.")


def check_size(bytes: int) -> None:
    """Raises TooLargeError for a file beyond the limit."""
    if bytes > MAX_BYTES:
        raise TooLargeError(
            f"This file has {bytes / 1024**2:.1f} MiB; Cloudflare takes "
            f"{MAX_BYTES / 1024**2:.0f} MiB at most."
        )


TAKEN = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif")

_STARTS = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def _first(found: list[Held], *, settled: bool) -> Held:
    fitting = [held for held in found if held.is_settled is settled]
    if not fitting:
        raise ObjectMissingError("There is no such photo in Cloudflare.")
    return min(fitting, key=lambda held: (held.uploaded_at, held.id))


def _held(told: Mapping[str, Any]) -> Held:
    # The documentation says metadata in places where the API says meta.
    meta = told.get("meta") or told.get("metadata") or {}
    return Held(
        id=str(told["id"]),
        uploaded_at=moment_of(told["uploaded"]),
        meta=meta if isinstance(meta, dict) else {},
        filename=str(told.get("filename") or ""),
        signed=told.get("requireSignedURLs") is True,
    )


def _quoted(name: str) -> str:
    """An id in an address of the API. Dots alone would be read as folders."""
    if name.strip(".") == "":
        raise ObjectMissingError("There is no such photo in Cloudflare.")
    return quote(name, safe="")
