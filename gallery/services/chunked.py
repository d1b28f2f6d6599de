"""One upload that comes in chunks, while whoever brings the next of them has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gallery.catalog.upload import Part, Upload, UploadStatus
from gallery.catalog.uploads import UploadCatalog
from gallery.errors import BadRequestError, ConflictError, InProgressError, TooManyRequestsError
from gallery.model import Received
from gallery.services.appending import MAX_PARTS
from gallery.services.assembling import Assembling
from gallery.services.holding import LEASE_S, Holding
from gallery.services.uploads import Uploads
from gallery.signing import new_id
from gallery.stores.base import Parts

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a file, received, and where it belongs."""

    received: Received
    first: int
    last: int
    """The position of its last byte."""
    total: int | None
    """Bytes of the whole; ``None`` as long as the sender does not know."""


class ChunkedUpload:
    """One upload, held by whoever has it."""

    def __init__(
        self,
        catalog: UploadCatalog,
        uploads: Uploads,
        assembling: Assembling,
        parts: Parts,
        upload: Upload,
        holder: str,
    ) -> None:
        self._catalog = catalog
        self._uploads = uploads
        self._assembling = assembling
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
            self._assembling.received(upload, md5=True) as received,
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
