"""Uploads in pieces on the use cases of the tests, and senders that behave as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gallery.catalog.blobs import Blobs
from gallery.catalog.upload import Upload
from gallery.catalog.uploads import UploadCatalog
from gallery.model import Edit
from gallery.services.appending import Appending, Checksum
from gallery.services.arrivals import Arrivals
from gallery.services.assembling import Assembling
from gallery.services.body import Body
from gallery.services.chunks import Chunks
from gallery.services.finishing import Finishing
from gallery.services.own_form import OwnForms
from gallery.services.tickets import Issued, Method, Tickets
from gallery.services.uploads import Uploads, new_upload
from gallery.stores.base import Parts as KeepsParts
from gallery.stores.parts import DiskParts
from tests.services.conftest import SECRET, Parts

ME, YOU = "me", "you"


@dataclass(kw_only=True)
class Uploading:
    """Uploads in pieces, from the first to the image; more than one are as many processes."""

    catalog: UploadCatalog
    parts: KeepsParts
    uploads: Uploads
    tickets: Tickets
    appending: Appending
    finishing: Finishing
    chunks: Chunks

    def create(self, content: bytes, *, principal: str = ME, **told: Any) -> Upload:
        wanted = new_upload(
            principal, filename="beach.jpg", bytes=len(content), told=Edit(**told.pop("told", {}))
        )
        return self.uploads.create(replace(wanted, **told))

    def issue(self, content: bytes, *, method: Method | None = None, **told: Any) -> Issued:
        """Leave to send a file by a ticket."""
        wanted = new_upload(
            ME, filename="beach.jpg", bytes=len(content), told=Edit(**told.pop("told", {}))
        )
        return self.tickets.issue(replace(wanted, **told), content_type="image/jpeg", method=method)

    def append(
        self, upload: Upload, data: bytes | Body, offset: int = 0, *, checksum: str | None = None
    ) -> Upload:
        body = data if isinstance(data, Body) else whole(data)
        parsed = Checksum.parse(checksum) if checksum else None
        return self.appending.append(upload.id, ME, body, offset=offset, checksum=parsed)

    def sent(self, content: bytes, **told: Any) -> Upload:
        """An upload, whole and not finished yet."""
        return self.append(self.create(content, **told), content)

    def kept(self) -> list[str]:
        """The names of all parts there are."""
        if isinstance(self.parts, DiskParts):
            return sorted(path.name for path in self.parts._root.glob("*"))
        assert isinstance(self.parts, Blobs)
        return [each.key for each in self.parts.list()]


def uploading_on(parts: Parts, *, where: str, works_here: bool = True) -> Uploading:
    catalog = UploadCatalog(parts.database, now=parts.clock)
    catalog.ensure_indexes()
    blobs = Blobs(parts.database, "parts")
    blobs.ensure_indexes()
    kept: KeepsParts = DiskParts(parts.folder / "uploads") if where == "disk" else blobs
    arrivals = Arrivals(stores=parts.stores, incoming=parts.folder / "incoming", now=parts.clock)
    uploads = Uploads(
        catalog=catalog,
        images=parts.catalog,
        parts=kept,
        arrivals=arrivals,
        free_bytes=lambda: 10**12,
        max_bytes=lambda: 1024 * 1024,
        now=parts.clock,
    )
    assembling = Assembling(parts=kept, incoming=parts.folder / "incoming")
    finishing = Finishing(
        catalog=catalog,
        uploads=uploads,
        arrivals=arrivals,
        assembling=assembling,
        parts=kept,
        images=parts.catalog,
        ingest=parts.ingest,
        replacing=parts.replacing,
        alone_since=None,
        works_here=works_here,
        at_once=2,
        now=parts.clock,
    )
    appending = Appending(catalog=catalog, uploads=uploads, parts=kept)
    chunks = Chunks(
        catalog=catalog, uploads=uploads, assembling=assembling, parts=kept, now=parts.clock
    )
    own_forms = OwnForms(
        cloud_name="vitrine", api_key="1", api_secret=SECRET, chunks=chunks, finishing=finishing
    )
    tickets = Tickets(
        uploads=uploads,
        stores=parts.stores,
        own_form=own_forms.ticket,
        origin="https://photos.example",
        now=parts.clock,
    )
    return Uploading(
        catalog=catalog,
        parts=kept,
        uploads=uploads,
        tickets=tickets,
        appending=appending,
        finishing=finishing,
        chunks=chunks,
    )


def whole(data: bytes) -> Body:
    """A body that is there at once."""
    pieces = iter([data])
    return Body(read=lambda _: next(pieces, b""), length=len(data))


def end_leases(parts: Parts) -> None:
    """Time passes for all that is leased."""
    parts.database["uploads"].update_many(
        {"lease": {"$exists": True}}, {"$set": {"lease.lasts_s": 0}}
    )
    parts.database["uploads"].update_many(
        {"due_at": {"$exists": True}}, {"$set": {"due_at": parts.clock()}}
    )
    parts.database["images"].update_many(
        {"lease": {"$exists": True}}, {"$set": {"lease.lasts_s": 0}}
    )
    parts.database["images"].update_many(
        {"replacing": {"$exists": True}}, {"$set": {"replacing.lease.lasts_s": 0}}
    )


class Sender:
    """A body of which the second half comes when it is told to, or never."""

    def __init__(self, first: bytes, *, length: int) -> None:
        self._pieces = self._run(first)
        self._goes_on = threading.Event()
        self._rest = b""
        self.body = Body(read=lambda _: next(self._pieces, b""), length=length)

    def _run(self, first: bytes) -> Iterator[bytes]:
        yield first
        self._goes_on.wait(timeout=60)
        yield self._rest

    def goes_on(self, rest: bytes = b"") -> None:
        """Sends the rest and ends."""
        self._rest = rest
        self._goes_on.set()
