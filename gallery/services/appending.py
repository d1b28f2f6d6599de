"""Adds to an upload what a request brings: kept as it comes, so that little is lost with it.

Whoever sends nothing holds nobody up: the lease is renewed, and handed over to whoever wants it,
while the next bytes are awaited.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass

from gallery.catalog.upload import Part, Upload
from gallery.catalog.upload_leases import Hold
from gallery.catalog.uploads import UploadCatalog
from gallery.errors import (
    BadRequestError,
    ChecksumMismatchError,
    ConflictError,
    GalleryError,
    IncompleteBodyError,
    LockedError,
    OffsetMismatchError,
    TooLargeError,
    TooManyRequestsError,
)
from gallery.services.body import Body, Pump
from gallery.services.uploads import TURN_LASTS_S, Uploads
from gallery.signing import new_id
from gallery.stores.base import Parts, PartWriter

PART_BYTES = 8 * 1024 * 1024
PART_S = 2.0
"""After so many bytes, or so much time, what came is kept."""

MAX_PARTS = 10_000

SILENT_S = 30.0
"""Who sends nothing for so long has gone."""

ALGORITHMS = ("sha1", "sha256", "md5")

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What a body must be, or else none of it counts."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """As ``Upload-Checksum`` spells it. Raises BadRequestError."""
        algorithm, _, encoded = text.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise BadRequestError(f"Upload-Checksum: use one of {', '.join(ALGORITHMS)}.")
        try:
            digest = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise BadRequestError("Upload-Checksum: the checksum is not in base64.") from None
        return cls(algorithm=algorithm, digest=digest)


class Appending:
    """Takes pieces of uploads, from any process, in order."""

    def __init__(self, *, catalog: UploadCatalog, uploads: Uploads, parts: Parts) -> None:
        self._catalog = catalog
        self._uploads = uploads
        self._parts = parts

    def append(
        self,
        id: str,
        principal: str,
        body: Body,
        *,
        offset: int,
        checksum: Checksum | None = None,
    ) -> Upload:
        """The upload with as much of the body as came; its offset says how much that is.

        Raises OffsetMismatchError when the body does not begin at the offset, TooLargeError when it
        goes beyond the end, ChecksumMismatchError: then nothing has changed. Raises LockedError
        when somebody else wants to go on, IncompleteBodyError when nothing comes any more, and
        StorageFullError; then what came before is kept.
        """
        holder = new_id()
        upload = self._uploads.taken(id, principal, holder=holder)
        try:
            self._check(upload, body, offset)
            piece = _Piece(self._catalog, self._parts, upload, holder, checksum)
            return piece.taken_from(body)
        except GalleryError:
            with suppress(GalleryError):  # It runs out by itself.
                self._catalog.release(id, holder=holder)
            raise

    def _check(self, upload: Upload, body: Body, offset: int) -> None:
        if upload.store:
            raise ConflictError(
                "This file goes straight to its store. Ask for another ticket to send it here."
            )
        check_offset(upload, offset)
        left = _left(upload)
        if body.length is not None and body.length > left:
            raise beyond_the_end(upload)
        if len(upload.parts) >= MAX_PARTS:
            raise TooManyRequestsError(
                f"This upload came in {MAX_PARTS:,} pieces already. Begin it anew, in larger ones."
            )
        self._uploads.check_room(left if body.length is None else body.length)


class _Piece:
    """What one request adds: one part, or several after one another."""

    def __init__(
        self,
        catalog: UploadCatalog,
        parts: Parts,
        upload: Upload,
        holder: str,
        checksum: Checksum | None,
    ) -> None:
        self._catalog = catalog
        self._parts = parts
        self._upload = upload
        self._holder = holder
        self._checksum = checksum
        self._digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._writer: PartWriter | None = None
        self._name = ""
        self._bytes = 0
        self._kept_at = self._looked_at = self._heard_at = time.monotonic()
        # A piece of many pieces loses more with a crash, but of an upload that has more.
        self._part_s = PART_S * (1 + len(upload.parts) / 200)

    def taken_from(self, body: Body) -> Upload:
        """The upload with this piece. Raises what ends it early."""
        left, failure = _left(self._upload), None
        with Pump(body, limit_bytes=left + 1) as pump:
            try:
                for chunk in pump.chunks(wait_s=_LOOK_EVERY_S):
                    self._write(chunk, left)
                    left -= len(chunk)
                    if failure := self._reason_to_stop(heard=bool(chunk)):
                        break
                self._verify(whole=failure is None)
                self._keep(release=True)
            except BaseException:
                self._drop()
                raise
        if failure is not None:
            raise failure
        return self._upload

    def _write(self, chunk: bytes, left: int) -> None:
        if len(chunk) > left:
            raise beyond_the_end(self._upload)
        if not chunk:
            return
        if self._writer is None:
            self._name = f"{self._upload.id}.{new_id()}"
            self._writer = self._parts.create(self._name)
        self._writer.write(chunk)
        self._bytes += len(chunk)
        if self._digest is not None:
            self._digest.update(chunk)

    def _reason_to_stop(self, *, heard: bool) -> GalleryError | None:
        now = time.monotonic()
        if heard:
            self._heard_at = now
        elif now - self._heard_at > SILENT_S:
            return IncompleteBodyError(
                "Nothing came for a while. What arrived is kept; go on from there."
            )
        if now - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = now
            hold = self._catalog.renew(self._upload.id, holder=self._holder, lease_s=TURN_LASTS_S)
            if hold is Hold.LOST:
                raise _taken_over()
            if hold is Hold.WANTED:
                return _taken_over()
        if self._checksum is None and (
            self._bytes >= PART_BYTES or now - self._kept_at >= self._part_s
        ):
            self._keep(release=False)
        return None

    def _keep(self, *, release: bool) -> None:
        """What came so far is part of the upload. Raises LockedError when it is not ours to add
        to."""
        self._kept_at = time.monotonic()
        if self._writer is None:
            if release:
                self._catalog.release(self._upload.id, holder=self._holder)
            return
        self._writer.keep()
        part = Part(offset=self._upload.offset, bytes=self._bytes, name=self._name)
        # From here on the part may count, whatever we hear: only a clear no lets it go.
        self._writer, self._bytes = None, 0
        longer = self._catalog.add(self._upload, part, holder=self._holder, release=release)
        if longer is None:
            self._parts.delete(part.name)
            raise _taken_over()
        self._upload = longer

    def _verify(self, *, whole: bool) -> None:
        if self._checksum is None or self._digest is None:
            return
        if not whole or self._digest.digest() != self._checksum.digest:
            raise ChecksumMismatchError(
                "What arrived is not what its checksum says. Please send that piece again."
            )

    def _drop(self) -> None:
        if self._writer is not None:
            with suppress(GalleryError):  # Found by its age.
                self._writer.discard()


def _left(upload: Upload) -> int:
    return (upload.bytes or 0) - upload.offset


def check_offset(upload: Upload, offset: int) -> None:
    """Returns when what comes begins where the upload ends. Raises OffsetMismatchError."""
    if offset != upload.offset:
        raise OffsetMismatchError(
            f"The upload has {upload.offset} bytes; what comes must begin there."
        )


def beyond_the_end(upload: Upload) -> TooLargeError:
    """The refusal of more bytes than were announced."""
    return TooLargeError(f"The upload has {upload.bytes} bytes in all; this goes beyond its end.")


def _taken_over() -> LockedError:
    return LockedError("Another request goes on with this upload.", retry_after_s=1)
