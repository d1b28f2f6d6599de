"""Leave to upload: by which road a file comes, and what its sender needs for it.

A store that takes files from browsers itself is given the bytes without us; the upload's document
names it, and ``finishing`` fetches what arrived. Every other file comes here: in pieces by tus, or
by a form in the embedded CDN's language.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gallery.catalog.upload import Upload
from gallery.errors import BusyError, StoreUnavailableError
from gallery.services.arrivals import LATE
from gallery.services.uploads import Uploads
from gallery.signing import new_id
from gallery.stores.abilities import Announced, SupportsTickets, Ticket
from gallery.stores.registry import Stores

log = logging.getLogger(__name__)


class Method(StrEnum):
    """How a file is sent."""

    TUS = "tus"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An upload that may begin. Without a ticket its bytes come here by tus."""

    upload: Upload
    ticket: Ticket | None = None


class Tickets:
    """Gives tickets. ``origin`` is where stores reach us, if they can; ``own_form`` makes a ticket
    of the embedded CDN."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        stores: Stores,
        own_form: Callable[[Upload, datetime], Ticket],
        origin: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._uploads = uploads
        self._stores = stores
        self._own_form = own_form
        self._origin = origin
        self._now = now

    def issue(self, wanted: Upload, *, content_type: str, method: Method | None) -> Issued:
        """An upload by that method, or by the best there is, and the ticket for it.

        Raises as ``Uploads.admit`` does, and TooLargeError or UnsupportedFormatError for what the
        store would refuse.
        """
        store = self._stores.for_upload()
        if method is not Method.TUS and isinstance(store, SupportsTickets):
            try:
                return self._to_store(store.name, store, wanted, content_type)
            except (StoreUnavailableError, BusyError):
                log.warning("no ticket of the store", extra={"store": store.name}, exc_info=True)
        upload = self._uploads.create(wanted)
        if method is Method.FORM:
            return Issued(upload=upload, ticket=self._own_form(upload, self._now()))
        return Issued(upload=upload)

    def _to_store(
        self, name: str, store: SupportsTickets, wanted: Upload, content_type: str
    ) -> Issued:
        id = new_id()
        upload = replace(wanted, id=id, store=name, key=id)
        self._uploads.admit(upload)
        announced = Announced(
            bytes=wanted.bytes or 0, content_type=content_type, sha256=wanted.sha256
        )
        # Nobody has the ticket before the upload is recorded: a crash in between loses nothing.
        notify = f"{self._origin}/api/hooks/{name}" if self._origin else None
        ticket = store.ticket(id, announced, notify=notify)
        upload = replace(upload, expires_at=ticket.expires_at + LATE)
        self._uploads.expect(upload)
        return Issued(upload=upload, ticket=ticket)
