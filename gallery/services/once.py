"""The same upload sent twice is done once: ``Idempotency-Key`` in front of ingest."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress

from gallery.catalog.idempotency import Answer, Begun, IdempotencyKeys
from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    ConflictError,
    DatabaseUnavailableError,
    GalleryError,
    InProgressError,
    NotFoundError,
    StoreUnavailableError,
)
from gallery.model import Edit, Received, Status
from gallery.services.holding import LEASE_S, Holding
from gallery.services.ingest import Ingest, Outcome
from gallery.services.mending import is_unsettled
from gallery.signing import new_id

_PERHAPS_MADE = (
    ConflictError, DatabaseUnavailableError, InProgressError, StoreUnavailableError
)  # fmt: skip
"""After these the image may be there, or come to be there by the sweep: under the id chosen."""


class OncePerKey:
    """Takes files in under a key that the sender chose. A key is the sender's own: ``scope`` says
    whose."""

    def __init__(self, *, keys: IdempotencyKeys, catalog: ImageCatalog, ingest: Ingest) -> None:
        self._keys = keys
        self._catalog = catalog
        self._ingest = ingest
        self._holding = Holding()

    def take(
        self, received: Received, told: Edit, *, keep_duplicates: bool, scope: str, key: str
    ) -> Outcome:
        """What became of the file the first time it came with this key.

        Raises KeyReusedError when the key came with something else, InProgressError while it is
        being done.
        """
        fingerprint = _fingerprint(received, told, keep_duplicates=keep_duplicates)
        holder = new_id()
        begun = self._keys.begin(
            scope, key, fingerprint, makes=new_id(), holder=holder, lease_s=LEASE_S
        )
        if begun.answer is not None:
            known = begun.answer.body
            image = self._catalog.find(known["id"], among=tuple(Status))
            return Outcome(image=image, duplicate=known["duplicate"])

        def renew() -> None:
            self._keys.renew(scope, key, holder, lease_s=LEASE_S)

        try:
            with self._holding.renewed(renew):
                outcome = self._made_before(begun) or self._ingest.take(
                    received, told, keep_duplicates=keep_duplicates, id=begun.makes
                )
        except _PERHAPS_MADE:
            with suppress(DatabaseUnavailableError):  # Its lease runs out, too.
                self._keys.give_back(scope, key, holder)
            raise
        except GalleryError:
            self._keys.abandon(scope, key, holder)
            raise
        answer = Answer(
            status=200 if outcome.duplicate else 201,
            body={"id": outcome.image.id, "duplicate": outcome.duplicate},
        )
        self._keys.finish(scope, key, holder, answer)
        return outcome

    def _made_before(self, begun: Begun) -> Outcome | None:
        """What somebody made who did not come to answer."""
        if not begun.again:
            return None
        try:
            image = self._catalog.find(begun.makes, among=tuple(Status))
        except NotFoundError:
            return None
        if image.status is Status.PENDING:
            return None  # Ingest goes on with it, unless somebody is at it.
        if is_unsettled(image):
            raise InProgressError("This photo is being added right now.", retry_after_s=1)
        return Outcome(image=image, duplicate=False)


def _fingerprint(received: Received, told: Edit, *, keep_duplicates: bool) -> str:
    payload = [received.sha256, told.description, told.alt, told.tags, told.albums, keep_duplicates]
    return hashlib.sha256(json.dumps(payload).encode()).hexdigest()
