"""Whole uploads become images, each once, whatever stops midway.

An image has the id of its upload. So whoever goes on after a crash asks the catalog first: an image
of that id is the one that was being made. Uploads that nobody continues are given up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from typing import Any

from gallery.catalog.images import ImageCatalog
from gallery.catalog.upload import Upload, UploadStatus
from gallery.catalog.uploads import KEPT, UploadCatalog
from gallery.errors import (
    ConflictError,
    GalleryError,
    InProgressError,
    NotArrivedError,
    NotFoundError,
)
from gallery.model import Edit, Image, Received, Status
from gallery.services.arrivals import Arrivals
from gallery.services.assembling import Assembling
from gallery.services.holding import LEASE_S, Holding
from gallery.services.ingest import Ingest, Outcome
from gallery.services.mending import is_unsettled
from gallery.services.replacing import Replacing
from gallery.services.setbacks import may_pass, pause_s, problem_of, tried_until
from gallery.services.uploads import TURN_LASTS_S, Uploads
from gallery.signing import new_id
from gallery.stores.base import Parts

BATCH = 100
TIDY_EVERY = timedelta(hours=1)

log = logging.getLogger(__name__)


class Finishing:
    """Finishes uploads. ``alone_since``: as of the sweep."""

    def __init__(
        self,
        *,
        catalog: UploadCatalog,
        uploads: Uploads,
        arrivals: Arrivals,
        assembling: Assembling,
        parts: Parts,
        images: ImageCatalog,
        ingest: Ingest,
        replacing: Replacing,
        alone_since: datetime | None,
        works_here: bool = True,
        at_once: int = 1,
        now: Callable[[], datetime],
    ) -> None:
        """Without ``works_here`` it is only said that there is something to do: others do it.
        ``at_once`` bounds how many a ``run`` finishes at a time."""
        self._catalog = catalog
        self._uploads = uploads
        self._arrivals = arrivals
        self._assembling = assembling
        self._parts = parts
        self._images = images
        self._ingest = ingest
        self._replacing = replacing
        self._alone_since = alone_since
        self._works_here = works_here
        self._at_once = at_once
        self._now = now
        self._tidied_at: datetime | None = None
        self._stopped = threading.Event()
        self._held: set[tuple[str, str]] = set()
        self._holding = Holding()

    def finish(self, upload: Upload) -> Upload:
        """The upload, ended where it could be; as it is where somebody else is at it, or workers
        shall be.

        Raises what is wrong with the file: then the upload has failed, and its bytes are gone. What
        may pass is raised by nobody: the upload is finished later (``run``).
        """
        if not self._works_here:
            self._catalog.leave(upload.id)
        elif ended := self._finish(upload):
            return ended
        if upload.store:  # Whoever is at it may have asked the store too early.
            self._catalog.hurry(upload.store, [upload.key])
        return self._catalog.find(upload.id, upload.principal)

    def _finish(self, upload: Upload, *, if_due: bool = False) -> Upload | None:
        """``None`` where somebody else is at it."""
        holder = new_id()
        begun = self._catalog.begin_processing(
            upload.id, holder=holder, lease_s=LEASE_S, if_due=if_due
        )
        if begun is None:
            return None
        self._held.add((begun.id, holder))
        try:
            return self._finished(begun, holder)
        finally:
            self._held.discard((begun.id, holder))

    def _finished(self, begun: Upload, holder: str) -> Upload:

        def renew() -> None:
            self._catalog.renew(begun.id, holder=holder, lease_s=LEASE_S)

        try:
            with self._holding.renewed(renew):
                outcome = self._taken(begun)
        except NotArrivedError:
            return self._not_arrived(begun, holder)
        except GalleryError as error:
            if may_pass(error) and self._now() < tried_until(begun):
                return self._put_off(begun, holder, error)
            self._fail(begun, holder, error)
            raise
        told = {"image_id": outcome.image.id, "duplicate": outcome.duplicate}
        return self._end(begun, UploadStatus.READY, holder, offset=begun.bytes, **told)

    def run(self) -> None:
        """Finishes what is whole, gives up what nobody continues, deletes what has ended."""
        if self._alone_since is not None:
            self._catalog.end_leases(begun_before=self._alone_since)
        met: set[str] = set()
        while due := [each for each in self._catalog.due(limit=BATCH) if each.id not in met]:
            met |= {each.id for each in due}
            with ThreadPoolExecutor(self._at_once, thread_name_prefix="finishing") as threads:
                for _ in threads.map(self._try_to_mend, due):
                    pass
            if self._stopped.is_set():
                return
        self._tidy()
        self._alone_since = None  # As of the sweep, once it has met all that was left by then.

    def stop(self) -> None:
        """Ends a run under way before its next upload, and those that follow."""
        self._stopped.set()

    def release(self) -> None:
        """Gives back what is being finished: this process ends before it is done."""
        for id, holder in tuple(self._held):
            with suppress(GalleryError):  # It runs out by itself.
                self._catalog.give_back(id, holder=holder)

    def _try_to_mend(self, upload: Upload) -> None:
        if self._stopped.is_set():
            return
        try:
            self._mend(upload)
        except GalleryError as error:
            told = {"upload": upload.id, "failure": error.code}
            log.info("upload ended otherwise than well", extra=told)

    def _mend(self, upload: Upload) -> None:
        if upload.status is UploadStatus.PENDING and not upload.may_be_finished:
            self._expire(upload)
        elif upload.status in (UploadStatus.PENDING, UploadStatus.PROCESSING):
            self._finish(upload, if_due=True)
        else:
            self._uploads.drop_parts(upload)

    def _expire(self, upload: Upload) -> None:
        holder = new_id()
        taken = self._catalog.take(upload.id, holder=holder, lease_s=TURN_LASTS_S)
        if taken is None:
            return
        if taken.expires_at > self._now():  # Somebody went on just now.
            self._catalog.release(upload.id, holder=holder)
            return
        self._uploads.drop_parts(self._catalog.end(upload.id, UploadStatus.EXPIRED, holder=holder))

    def _taken(self, upload: Upload) -> Outcome:
        if upload.replaces:
            return self._replaced(upload)
        if here := self._made_before(upload):
            return Outcome(image=here, duplicate=False)
        told = Edit(
            description=upload.description, alt=upload.alt, tags=upload.tags, albums=upload.albums
        )
        with self._file_of(upload) as received:
            return self._ingest.take(
                received, told, id=upload.id, keep_duplicates=upload.keep_duplicates
            )

    def _made_before(self, upload: Upload) -> Image | None:
        """The image that was made of the upload, although nobody noted it."""
        try:
            image = self._images.find(upload.id, among=tuple(Status))
        except NotFoundError:
            return None
        if image.status is Status.PENDING:
            return None  # Ingest goes on with it, unless somebody is at it.
        if is_unsettled(image):  # It is being undone.
            raise InProgressError("This photo is being added right now.", retry_after_s=1)
        return image

    def _replaced(self, upload: Upload) -> Outcome:
        image = self._images.find(upload.replaces)
        with self._file_of(upload) as received:
            if image.sha256 == received.sha256:  # Done before, although nobody noted it.
                return Outcome(image=image, duplicate=False)
            replaced = self._replacing.replace(image, received)
            return Outcome(image=replaced, duplicate=False)

    def _file_of(self, upload: Upload) -> AbstractContextManager[Received]:
        return (
            self._arrivals.received(upload) if upload.store else self._assembling.received(upload)
        )

    def _not_arrived(self, upload: Upload, holder: str) -> Upload:
        if self._now() >= upload.expires_at:
            return self._end(upload, UploadStatus.EXPIRED, holder)
        due_at = self._arrivals.next_look(upload)
        self._catalog.await_arrival(upload.id, holder=holder, due_at=due_at)
        return self._catalog.find(upload.id, upload.principal)

    def _put_off(self, upload: Upload, holder: str, error: GalleryError) -> Upload:
        log.warning("upload is finished later", extra={"upload": upload.id}, exc_info=error)
        tries = int((upload.problem or {}).get("tries", 0))
        problem = problem_of(error) | {"tries": tries + 1}
        with suppress(GalleryError):  # Its lease runs out.
            self._catalog.put_off(upload.id, holder=holder, pause_s=pause_s(tries), problem=problem)
        return self._catalog.find(upload.id, upload.principal)

    def _fail(self, upload: Upload, holder: str, error: GalleryError) -> None:
        if upload.filename:
            error.detail = f"{upload.filename}: {error.detail}"
        self._end(upload, UploadStatus.FAILED, holder, problem=problem_of(error))

    def _end(self, upload: Upload, status: UploadStatus, holder: str, **told: Any) -> Upload:
        """The upload, ended, and its parts deleted; as it is when another has ended it."""
        try:
            ended = self._catalog.end(upload.id, status, holder=holder, **told)
        except ConflictError:
            return self._catalog.find(upload.id, upload.principal)
        self._uploads.drop_parts(ended)
        return ended

    def _tidy(self) -> None:
        """Deletes parts that no upload names: of writers that were killed, or woke too late."""
        now = self._now()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_EVERY:
            return
        self._tidied_at = now
        horizon = max(self._alone_since or now - KEPT, now - KEPT)
        for name in self._parts.stale(older_than=horizon):
            if not self._catalog.names_part(name.partition(".")[0], name):
                self._parts.delete(name)
