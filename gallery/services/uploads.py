"""Uploads that come in pieces, from their first word until they are whole, or given up.

What is kept of one is in its document (``catalog/uploads``): whoever works on it, in whatever
process, first takes its lease. ``appending`` adds to it, ``finishing`` makes an image of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gallery.catalog.images import ImageCatalog
from gallery.catalog.upload import Upload, UploadStatus
from gallery.catalog.uploads import KEPT, UploadCatalog
from gallery.errors import (
    InvalidInputError,
    LockedError,
    StorageFullError,
    TooLargeError,
    TooManyRequestsError,
    UploadGoneError,
)
from gallery.model import Edit, Image, Status
from gallery.services.arrivals import FIRST_LOOK, Arrivals
from gallery.signing import new_id
from gallery.stores.base import Parts

MAX_OPEN = 1000
"""Uploads of one principal that may be unfinished at a time."""

MAX_RESERVED_BYTES = 256 * 1024**3
"""What all unfinished uploads of one principal may still bring."""

FREE_SPACE_FLOOR_BYTES = 256 * 1024 * 1024
"""Below this nothing is taken: the database on the same disk needs room to keep what it has."""

TURN_LASTS_S = 4.0
"""A holder that does not renew its lease for so long is taken to be dead."""

_WAIT_S, _LOOK_EVERY_S = 10.0, 0.05


class Uploads:
    """The unfinished uploads. ``free_bytes`` says how much room the disk has, ``max_bytes`` how
    large a file may be."""

    def __init__(
        self,
        *,
        catalog: UploadCatalog,
        images: ImageCatalog,
        parts: Parts,
        arrivals: Arrivals,
        free_bytes: Callable[[], int],
        max_bytes: Callable[[], int],
        now: Callable[[], datetime],
    ) -> None:
        self._catalog = catalog
        self._images = images
        self._parts = parts
        self._arrivals = arrivals
        self._free_bytes = free_bytes
        self._max_bytes = max_bytes
        self._now = now

    @property
    def max_bytes(self) -> int:
        """How large a file may be now."""
        return self._max_bytes()

    def create(self, wanted: Upload) -> Upload:
        """A new upload whose bytes come here, for whoever it names as its principal; its id is made
        here. Raises as ``admit`` does."""
        self.admit(wanted)
        upload = replace(wanted, id=new_id(), expires_at=self._now() + KEPT)
        self._catalog.record(upload)
        return upload

    def admit(self, wanted: Upload) -> None:
        """Returns when the upload may be begun.

        Raises TooLargeError, InvalidInputError for one of nothing, NotFoundError when the image
        that it replaces is not there, TooManyRequestsError, and StorageFullError when there is no
        room for it.
        """
        size = wanted.bytes or 0
        self.check_size(wanted.filename, size)
        if wanted.replaces:
            self._images.find(wanted.replaces)
        self.check_room(size)
        self._check_quota(wanted, size)

    def expect(self, upload: Upload) -> None:
        """Keeps an upload that its sender brings to a store, until nothing can arrive any more."""
        self._catalog.record(upload, due_at=self._now() + FIRST_LOOK)

    def here_already(self, wanted: Upload) -> Image | None:
        """The image that has the announced bytes, so that they need not be sent."""
        if wanted.replaces:
            image = self._images.find(wanted.replaces)
            return image if wanted.sha256 and image.sha256 == wanted.sha256 else None
        if not wanted.sha256 or wanted.keep_duplicates:
            return None
        here = self._images.find_by_content(wanted.sha256)
        return here if here is not None and here.status is Status.READY else None

    def similar(self, phash: str) -> Sequence[Image]:
        """Images that look alike, the most alike first."""
        return self._images.find_alike(phash)

    def find(self, id: str, principal: str) -> Upload:
        """The upload as it is. Raises NotFoundError for everybody else's."""
        return self._catalog.find(id, principal)

    def settled(self, id: str, principal: str) -> Upload:
        """The upload, its offset true until somebody adds to it: who does at the moment is asked to
        yield. Raises NotFoundError, UploadGoneError, and LockedError when nobody yields."""
        upload = self._catalog.find(id, principal)
        if upload.status is not UploadStatus.PENDING:
            return going_on(upload)
        for _ in turns(self._catalog, id):
            if self._catalog.fence(id):
                return going_on(self._catalog.find(id, principal))
        raise AssertionError  # The turns end by raising.

    def cancel(self, id: str, principal: str) -> None:
        """Forgets the upload and its bytes; the image that it became stays.

        Raises NotFoundError, and LockedError while it is being finished.
        """
        holder, upload = new_id(), self._catalog.find(id, principal)
        if upload.status is UploadStatus.PROCESSING:
            raise LockedError("This upload is being finished.", retry_after_s=1)
        if upload.status is UploadStatus.PENDING:
            upload = self.taken(id, principal, holder=holder)
            upload = self._catalog.end(id, UploadStatus.EXPIRED, holder=holder)
        self.drop_parts(upload)
        self._catalog.remove(id)

    def taken(self, id: str, principal: str, *, holder: str) -> Upload:
        """The upload, ``holder``'s to add to; who has it at the moment is asked to yield.

        Raises NotFoundError, UploadGoneError, and LockedError when nobody yields.
        """
        for _ in turns(self._catalog, id):
            upload = self._catalog.take(
                id, holder=holder, lease_s=TURN_LASTS_S, principal=principal
            )
            if upload is not None:
                return upload
            found = going_on(self._catalog.find(id, principal))
            if found.status is not UploadStatus.PENDING:
                raise LockedError("This upload is whole already.")
        raise AssertionError  # The turns end by raising.

    def drop_parts(self, upload: Upload) -> None:
        """Deletes what is kept of an upload that has ended, or arrived for it. May be repeated."""
        for part in upload.parts:
            self._parts.delete(part.name)
        if upload.store and (again := self._arrivals.clear(upload)):
            self._catalog.look_again(upload.id, due_at=again)
            return
        self._catalog.forget_parts(upload.id)

    def check_size(self, filename: str, size: int) -> None:
        """Returns when a file of that size may come. Raises TooLargeError, InvalidInputError."""
        named, most = f"{filename}: " if filename else "", self.max_bytes
        if size > most:
            limit = f"{most / 1024 / 1024:g} MiB"
            told = f"{named}The file is larger than {limit}, the most that is taken here."
            error = TooLargeError(f"{told} Make it smaller.", fields={"bytes": told})
            error.got_bytes, error.limit_bytes = size, most
            raise error
        if size == 0:
            raise InvalidInputError(
                f"{named}The file is empty.", fields={"bytes": "the file is empty"}
            )

    def check_room(self, size: int) -> None:
        """Returns when the disk has room for so many bytes more. Raises StorageFullError."""
        if self._free_bytes() < FREE_SPACE_FLOOR_BYTES + size:
            raise StorageFullError(
                "The disk of the gallery is full. Make room on it, then try again."
            )

    def _check_quota(self, wanted: Upload, size: int) -> None:
        count, reserved = self._catalog.reserved(wanted.principal)
        if count >= MAX_OPEN:
            raise TooManyRequestsError(
                f"At most {MAX_OPEN:,} uploads may be unfinished at a time. Finish or cancel some.",
                retry_after_s=60,
            )
        if reserved + size > MAX_RESERVED_BYTES:
            raise TooManyRequestsError(
                "The unfinished uploads are too large together. Finish or cancel some.",
                retry_after_s=60,
            )
        if wanted.store:
            return
        # Each needs its size once more while it is put together.
        self.check_room(self._catalog.reserved()[1] + 2 * size)


def new_upload(
    principal: str,
    *,
    filename: str,
    bytes: int,
    told: Edit,
    sha256: str = "",
    keep_duplicates: bool = False,
    replaces: str = "",
    metadata: str = "",
) -> Upload:
    """What somebody wants to upload, to be created."""
    return Upload(
        id="",
        principal=principal,
        filename=filename,
        bytes=bytes,
        description=told.description or "",
        alt=told.alt or "",
        tags=told.tags or (),
        albums=told.albums or (),
        sha256=sha256,
        keep_duplicates=keep_duplicates,
        replaces=replaces,
        metadata=metadata,
        expires_at=datetime.max.replace(tzinfo=UTC),
    )


def turns(catalog: UploadCatalog, id: str, *, wait_s: float | None = None) -> Iterator[None]:
    """Goes round until the caller breaks off, having asked whoever has the lease to yield.

    Raises LockedError when that takes too long.
    """
    ends_at = time.monotonic() + (_WAIT_S if wait_s is None else wait_s)
    yield
    catalog.ask_to_yield(id)
    while time.monotonic() < ends_at:
        time.sleep(_LOOK_EVERY_S)
        yield
    raise LockedError("Another request works on this upload.", retry_after_s=1)


def going_on(upload: Upload) -> Upload:
    """The upload, unless it has come to nothing. Raises UploadGoneError."""
    if upload.status is UploadStatus.EXPIRED:
        raise UploadGoneError("This upload was given up. Begin it anew.")
    if upload.status is UploadStatus.FAILED:
        why = (upload.problem or {}).get("detail", "")
        raise UploadGoneError(f"This upload has failed. {why}")
    return upload
