"""Uploads that come in chunks, in order, in Cloudinary's language: kept until they are whole.

They are uploads like any other (``uploads``): any process of any node may take the next chunk, one
at a time, and a chunk is flushed before it is answered. But nobody else finishes them: what shall
become of one is told with its last chunk. A chunk that is sent again is taken as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from gallery.catalog.upload import Upload, UploadStatus
from gallery.catalog.uploads import KEPT, UploadCatalog
from gallery.errors import (
    BadRequestError,
    GalleryError,
    InProgressError,
    LockedError,
    NotFoundError,
    TooLargeError,
    TooManyRequestsError,
)
from gallery.services.assembling import Assembling
from gallery.services.chunked import Chunk, ChunkedUpload
from gallery.services.uploads import TURN_LASTS_S, Uploads, turns
from gallery.signing import new_id
from gallery.stores.base import Parts

MAX_OPEN = 64
"""Uploads that may be unfinished at a time."""

_WAIT_S = 30.0
_ENDED = (UploadStatus.FAILED, UploadStatus.EXPIRED)


class Chunks:
    """The unfinished chunked uploads."""

    def __init__(
        self,
        *,
        catalog: UploadCatalog,
        uploads: Uploads,
        assembling: Assembling,
        parts: Parts,
        now: Callable[[], datetime],
    ) -> None:
        self._catalog = catalog
        self._uploads = uploads
        self._assembling = assembling
        self._parts = parts
        self._now = now

    @contextmanager
    def opened(self, cloud_name: str, upload_id: str, chunk: Chunk) -> Iterator[ChunkedUpload]:
        """The upload, with that chunk in its place; nobody else has it until the block ends.

        Raises BadRequestError for a chunk that leaves a gap, overlaps, or says another total;
        TooLargeError, TooManyRequestsError, and InProgressError when another chunk takes too long.
        """
        self._check(chunk)
        id, principal = _names(cloud_name, upload_id)
        self._make(id, principal, chunk)
        with self._held(id, principal, chunk) as upload:
            yield upload

    @contextmanager
    def of_ticket(self, id: str, chunk: Chunk) -> Iterator[ChunkedUpload]:
        """As ``opened``, for an upload that was begun by a ticket. Raises NotFoundError where
        none was, or it leads elsewhere."""
        self._check(chunk)
        with self._held(id, self._catalog.whose(id), chunk) as upload:
            yield upload

    @contextmanager
    def _held(self, id: str, principal: str, chunk: Chunk) -> Iterator[ChunkedUpload]:
        holder = new_id()
        upload = ChunkedUpload(
            self._catalog,
            self._uploads,
            self._assembling,
            self._parts,
            self._turn(id, principal, holder),
            holder,
        )
        try:
            upload.add(chunk)
            yield upload
        finally:
            with suppress(GalleryError):  # It runs out by itself.
                self._catalog.release(id, holder=holder)

    def handed_out(self, cloud_name: str, upload_id: str) -> str:
        """The public id that the first chunk was answered with; empty where that was the caller's
        own, or nothing came."""
        try:
            notes = self._catalog.find(*_names(cloud_name, upload_id)).notes
        except NotFoundError:
            return ""
        return "" if notes.get("is_own") else str(notes.get("public_id", ""))

    def _check(self, chunk: Chunk) -> None:
        if chunk.last - chunk.first + 1 != chunk.received.bytes:
            raise BadRequestError("Invalid Content-Range: the chunk has another size")
        if chunk.total is not None and chunk.last >= chunk.total:
            raise BadRequestError("Invalid Content-Range: the chunk ends behind the total")
        size = max(chunk.last + 1, chunk.total or 0)
        if size > self._uploads.max_bytes:
            error = TooLargeError("The file is too large.")
            error.got_bytes, error.limit_bytes = size, self._uploads.max_bytes
            raise error
        self._uploads.check_room(chunk.received.bytes)

    def _make(self, id: str, principal: str, chunk: Chunk) -> None:
        """Returns when the upload is there: begun now, or before."""
        with suppress(NotFoundError):
            found = self._catalog.find(id, principal)
            if found.status not in _ENDED:
                return
            self._uploads.cancel(id, principal)  # Given up, and begun anew.
        if chunk.first != 0:
            raise BadRequestError("Invalid Content-Range: the chunks before are not here")
        if self._catalog.reserved(principal)[0] >= MAX_OPEN:
            raise TooManyRequestsError(
                f"At most {MAX_OPEN} chunked uploads may be unfinished", retry_after_s=60
            )
        expires_at = self._now() + KEPT
        self._catalog.record(
            Upload(id=id, principal=principal, expires_at=expires_at, notes={"public_id": ""})
        )

    def _turn(self, id: str, principal: str, holder: str) -> Upload:
        """The upload when it is ours, or has become an image."""
        try:
            for _ in turns(self._catalog, id, wait_s=_WAIT_S):
                if taken := self._catalog.take(id, holder=holder, lease_s=TURN_LASTS_S):
                    return taken
                found = self._catalog.find(id, principal)
                if found.status is UploadStatus.READY:
                    return found
                if found.status in _ENDED:
                    break
        except LockedError as error:
            raise InProgressError("Another chunk of this upload is being taken") from error
        except NotFoundError:
            pass  # Given up while we waited.
        raise BadRequestError("This chunked upload has ended; begin it anew")


def _names(cloud_name: str, upload_id: str) -> tuple[str, str]:
    """The upload's own id, which says nothing of the sender's; and whose it is."""
    id = hashlib.sha256(f"{cloud_name}\0{upload_id}".encode()).hexdigest()[:32]
    return id, f"cdn {cloud_name}"
