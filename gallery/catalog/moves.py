"""Images on their way from the spool to the store they are for, or from one store to another.

``migrating`` lies in the image's own document until it has arrived: of one that lies in the spool
from its intent on, else for as long as somebody tries to move it (``migration_moves.py``):

=========================== ========================================================================
``migrating.to``, ``key``   where its object goes; one may be there already, whole or not
``migrating.since``         when it became ready to go
``migrating.lease``         of whoever is moving it, as of a pending image
``migrating.tries``         how often that was tried
``migrating.not_before``    when it is tried again
``migrating.problem``       why the store does not take it
``migrating.refused``       and never will, as far as we know
``migrating.leg``           what it moves by: one way of a migration (``migrations.py``)
``migrating.keep_s``        how long its object stays where it was (``leaving.py``)
=========================== ========================================================================

An image that has arrived is another version of itself: whoever changes an image does so only if it
is still the version that he read, so nobody brings back where it lay. What is left behind is named
in ``leaving`` or ``staying`` until it is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pymongo import IndexModel, ReturnDocument

from gallery.catalog.documents import UNSHOWN, Document, image_of, migrating_to, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import LEASE, MIGRATING_LEASE, held_by, lease_to, run_out
from gallery.catalog.records import ImageRecords
from gallery.errors import ConflictError
from gallery.model import Image, Status, StoredObject

INDEXES = [IndexModel("migrating.to", name="migrating", sparse=True)]

MOVABLE = {"$in": [Status.READY.value, Status.KEPT.value, Status.TRASHED.value]}
_TRIES = 20
_CAP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An image that ``holder`` may move now."""

    image: Image
    to: str
    """The store that it goes to."""
    key: str
    """What it is called there."""
    holder: str
    tries: int
    """This one included."""
    leg: str
    """The way of a migration that it moves by; empty of one from the spool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What has not arrived, counted up to a cap."""

    images: int
    refused: int
    """Those of them that the store did not take when it was asked."""
    problem: str
    """Why it did not take one of them."""


class Moves(ImageRecords):
    """Images that have another store to go to."""

    @database_failures
    def spool_intent(
        self, image: Image, *, store: str, holder: str, lease_s: float
    ) -> Image | None:
        """The pending image with ``store`` to lie in for now, ``holder`` having it for ``lease_s``
        from now on; ``None`` when it was taken over.

        An object may be, or still come, where it was to be put first: there it goes later.
        """
        pending = {"id": text(image.id), "status": Status.PENDING.value, **held_by(holder, LEASE)}
        lease = lease_to(holder, lease_s, LEASE)
        told = {"store": text(store), "migrating": migrating_to(image.store, image.key)}
        document = self._images.find_one_and_update(
            pending,
            {**lease, "$set": lease["$set"] | told},
            UNSHOWN,
            return_document=ReturnDocument.AFTER,
        )
        return image_of(document) if document else None

    @database_failures
    def claim_move(
        self, *, to: Sequence[str], holder: str, lease_s: float, leg: str | None = None
    ) -> Move | None:
        """The image that has waited longest to go to one of these stores and may be tried now, for
        ``holder`` alone until its lease ends. ``leg``: by that way of a migration, else from the
        spool."""
        lease = lease_to(holder, lease_s, MIGRATING_LEASE)
        document = self._images.find_one_and_update(
            {
                "migrating.to": {"$in": [text(each) for each in to]},
                "migrating.leg": leg,
                "status": MOVABLE,
                "$and": [run_out(MIGRATING_LEASE), _DUE],
            },
            {**lease, "$inc": {"migrating.tries": 1}},
            UNSHOWN,
            sort=[("_id", 1)],
            hint="migrating",
            return_document=ReturnDocument.AFTER,
        )
        return move_of(document) if document else None

    @database_failures
    def renew_move(self, move: Move, *, lease_s: float) -> bool:
        """Whether the image is still this holder's to move, and his lease lasts anew."""
        held = {"id": move.image.id, **held_by(move.holder, MIGRATING_LEASE)}
        renewed = self._images.update_one(held, lease_to(move.holder, lease_s, MIGRATING_LEASE))
        return renewed.matched_count == 1

    @database_failures
    def finish_move(
        self, move: Move, stored: StoredObject, url_of: Callable[[Image], str]
    ) -> Image:
        """The image in its new place, ``url_of`` telling where it is shown from then.

        Raises ConflictError when it is not this holder's to move any more.
        """
        held = {
            "id": move.image.id,
            "status": MOVABLE,
            # Another picture may have taken its place there.
            "store": move.image.store,
            "key": move.image.key,
            **held_by(move.holder, MIGRATING_LEASE),
        }
        for _ in range(_TRIES):
            document = self._images.find_one(held)
            if document is None:
                break
            moved = self._images.find_one_and_update(
                {**held, "version": document["version"]},
                self._arrival(document, stored, url_of),
                UNSHOWN,
                return_document=ReturnDocument.AFTER,
            )
            if moved is not None:
                return image_of(moved)
        raise ConflictError("This photo was changed or deleted in the meantime.")

    def _arrival(
        self, document: Document, stored: StoredObject, url_of: Callable[[Image], str]
    ) -> Document:
        migrating = document["migrating"]
        came = {
            "store": migrating["to"],
            "key": migrating["key"],
            "bytes": stored.bytes,
            "etag": stored.etag,
            "store_version": stored.store_version,
        }
        arrived = {
            "$set": {**came, "url": url_of(image_of({**document, **came}))},
            "$unset": {"migrating": ""},
            "$push": self._left_behind(document),
            "$inc": {"version": 1},
        }
        if document["store_version"] != stored.store_version:
            arrived["$addToSet"] = {"earlier_versions": document["store_version"]}
        if leg := migrating.get("leg"):
            arrived["$set"]["moved.by"] = leg
            arrived["$currentDate"] = {"moved.at": True}
        return arrived

    def _left_behind(self, document: Document) -> Document:
        left = {"store": document["store"], "key": document["key"]}
        if not (keep_s := document["migrating"].get("keep_s")):
            return {"leaving": left}
        return {"staying": left | {"until": self._database_now() + timedelta(seconds=keep_s)}}

    @database_failures
    def put_off_move(
        self, move: Move, *, pause_s: float, problem: str = "", refused: bool = False
    ) -> None:
        """Gives the image back, to be tried again after the pause; ``problem`` tells why it was not
        taken, ``refused`` that it hardly ever will be."""
        told: Document = {"migrating.not_before": _in(pause_s)}
        if problem:
            told["migrating.problem"] = {"$literal": problem}
            told["migrating.refused"] = refused
        self._images.update_one(
            {"id": move.image.id, **held_by(move.holder, MIGRATING_LEASE)},
            [{"$set": told}, {"$unset": "migrating.lease"}],
        )

    @database_failures
    def waiting(self) -> Waiting:
        """What waits in the spool."""
        going: Document = {"migrating.to": {"$gt": ""}, "migrating.leg": None, "status": MOVABLE}
        refused = {**going, "migrating.problem": {"$gt": ""}}
        one = self._images.find_one(refused, {"migrating.problem": 1})
        return Waiting(
            images=self._images.count_documents(going, limit=_CAP),
            refused=self._images.count_documents(refused, limit=_CAP) if one else 0,
            problem=one["migrating"]["problem"] if one else "",
        )


def move_of(document: Document) -> Move:
    """The move that a document tells of, as leased now."""
    migrating = document["migrating"]
    return Move(
        image=image_of(document),
        to=migrating["to"],
        key=migrating["key"],
        holder=migrating["lease"]["holder"],
        tries=migrating["tries"],
        leg=migrating.get("leg", ""),
    )


_DUE: Document = {"$expr": {"$lte": [{"$ifNull": ["$migrating.not_before", "$$NOW"]}, "$$NOW"]}}


def _in(seconds: float) -> Document:
    return {"$add": ["$$NOW", round(seconds * 1000)]}
