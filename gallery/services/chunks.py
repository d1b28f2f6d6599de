"""Uploads that come in chunks, in order, in Cloudinary's language: kept until they are whole.

They are uploads like any other (``uploads``): any process of any node may take the next chunk, one
at a time, and a chunk is flushed before it is answered. But nobody else finishes them: what shall
become of one is told with its last chunk. A chunk that is sent again is taken as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gallery.catalog.upload import Part, Upload, UploadStatus
from gallery.catalog.uploads import KEPT, UploadCatalog
from gallery.errors import (
    BadRequestError,
    ConflictError,
    GalleryError,
    InProgressError,
    LockedError,
    NotFoundError,
    TooLargeError,
    TooManyRequestsError,
)
from gallery.model import Received
from gallery.services.appending import MAX_PARTS
from gallery.services.finishing import Finishing
from gallery.services.holding import LEASE_S, Holding
from gallery.services.uploads import TURN_LASTS_S, Uploads, turns
from gallery.signing import new_id
from gallery.stores.base import Parts

MAX_OPEN = 64
"""Uploads that may be unfinished at a time."""

_WAIT_S = 30.0
_CHUNK_BYTES = 1024 * 1024
_ENDED = (UploadStatus.FAILED, UploadStatus.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a file, received, and where it belongs."""

    received: Received
    first: int
    last: int
    """The position of its last byte."""
    total: int | None
    """Bytes of the whole; ``None`` as long as the sender does not know."""


class Chunks:
    """The unfinished chunked uploads."""

    def __init__(
        self,
        *,
        catalog: UploadCatalog,
        uploads: Uploads,
        finishing: Finishing,
        parts: Parts,
        now: Callable[[], datetime],
    ) -> None:
        self._catalog = catalog
        self._uploads = uploads
        self._finishing = finishing
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
            self._finishing,
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


class ChunkedUpload:
    """One upload, held by whoever has it."""

    def __init__(
        self,
        catalog: UploadCatalog,
        uploads: Uploads,
        finishing: Finishing,
        parts: Parts,
        upload: Upload,
        holder: str,
    ) -> None:
        self._catalog = catalog
        self._uploads = uploads
        self._finishing = finishing
        self._parts = parts
        self._upload = upload
        self._holder = holder
        self._holding = Holding()

    @property
    def upload(self) -> Upload:
        """As it is now."""
        return self._upload

    @property
    def is_whole(self) -> bool:
        """Whether every byte is here."""
        return self._upload.is_whole

    @property
    def image_id(self) -> str:
        """What became of it; empty as long as it is unfinished."""
        return self._upload.image_id

    @property
    def public_id(self) -> str:
        """Told while the upload has no image: the caller's own, or one that we handed out."""
        return str(self._upload.notes["public_id"])

    @property
    def is_own(self) -> bool:
        """Whether the caller chose the public id."""
        return bool(self._upload.notes.get("is_own"))

    def name(self, public_id: str, *, is_own: bool) -> None:
        """Remembers the public id, for the chunks to come."""
        notes = {"public_id": public_id, "is_own": is_own}
        self._is_ours(self._catalog.note(self._upload.id, holder=self._holder, notes=notes))

    def add(self, chunk: Chunk) -> None:
        """Puts the chunk in its place; one that is there already is compared."""
        have, total = self._upload.offset, self._upload.bytes
        if chunk.total is not None and total not in (None, chunk.total):
            raise BadRequestError("Invalid Content-Range: the total has changed")
        if chunk.first > have:
            raise BadRequestError("Invalid Content-Range: the chunks before are not here")
        if chunk.total is not None and max(have, chunk.last + 1) > chunk.total:
            raise BadRequestError("Invalid Content-Range: there are more bytes already")
        if chunk.first < have:
            self._compare(chunk)
            if total is None and chunk.total is not None:
                told = {"bytes": chunk.total}
                self._is_ours(self._catalog.note(self._upload.id, holder=self._holder, **told))
        else:
            self._append(chunk)

    @contextmanager
    def received(self, filename: str) -> Iterator[Received]:
        """The whole file, for as long as it takes to make an image of it; gone afterwards."""

        def renew() -> None:
            self._catalog.renew(self._upload.id, holder=self._holder, lease_s=LEASE_S)

        renew()
        upload = replace(self._upload, filename=filename)
        with (
            self._holding.renewed(renew),
            self._finishing.assembled(upload, md5=True) as received,
        ):
            yield received

    def finish(self, image_id: str) -> None:
        """Remembers what became of it, for when its last chunk is sent again."""
        self._end(UploadStatus.READY, image_id=image_id)

    def give_up(self) -> None:
        """Forgets the upload: what it is can not be taken."""
        self._end(UploadStatus.EXPIRED)
        self._catalog.remove(self._upload.id)

    def _end(self, status: UploadStatus, **told: str) -> None:
        with suppress(ConflictError):  # Another has ended it.
            ended = self._catalog.end(self._upload.id, status, holder=self._holder, **told)
            self._uploads.drop_parts(ended)

    def _is_ours(self, changed: Upload | None) -> None:
        if changed is None:
            raise InProgressError("Another chunk of this upload is being taken")
        self._upload = changed

    def _append(self, chunk: Chunk) -> None:
        if len(self._upload.parts) >= MAX_PARTS:
            raise TooManyRequestsError(f"At most {MAX_PARTS} chunks are taken")
        name = f"{self._upload.id}.{new_id()}"
        writer = self._parts.create(name)
        try:
            with Path(chunk.received.path).open("rb") as source:
                while data := source.read(_CHUNK_BYTES):
                    writer.write(data)
            writer.keep()
        except BaseException:
            writer.discard()
            raise
        part = Part(offset=chunk.first, bytes=chunk.received.bytes, name=name)
        told = {} if chunk.total is None else {"bytes": chunk.total}
        self._is_ours(
            self._catalog.add(self._upload, part, holder=self._holder, release=False, **told)
        )

    def _compare(self, chunk: Chunk) -> None:
        if chunk.last >= self._upload.offset:
            raise BadRequestError("Invalid Content-Range: the chunk overlaps the one before")
        if self.image_id:
            return  # Its bytes have gone where they belong.
        here = hashlib.sha256()
        for part in self._upload.parts:
            first = max(chunk.first, part.offset)
            left = min(chunk.last + 1, part.offset + part.bytes) - first
            if left <= 0:
                continue
            with self._parts.open(part.name) as file:
                file.seek(first - part.offset)
                while left and (data := file.read(min(left, _CHUNK_BYTES))):
                    here.update(data)
                    left -= len(data)
        if here.hexdigest() != chunk.received.sha256:
            raise BadRequestError("Invalid Content-Range: other bytes came for that chunk before")


def _names(cloud_name: str, upload_id: str) -> tuple[str, str]:
    """The upload's own id, which says nothing of the sender's; and whose it is."""
    id = hashlib.sha256(f"{cloud_name}\0{upload_id}".encode()).hexdigest()[:32]
    return id, f"cdn {cloud_name}"
