"""The survey: every document as an audit needs it, in the order of ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gallery.catalog.documents import Document, text
from gallery.catalog.failures import database_failures
from gallery.catalog.leases import LEASE, REPLACING_LEASE
from gallery.catalog.leaving import ObjectName
from gallery.catalog.records import ImageRecords
from gallery.model import Status

_READ = (
    *("id", "status", "store", "key", "bytes", "sha256", "etag", "version"),
    *("replacing.store", "replacing.key", "replacing.becomes.migrating"),
    *("leaving", "staying", "migrating.to", "migrating.key"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """One document: which objects it names, and what of it should have ended long ago."""

    id: str
    status: Status
    store: str
    key: str
    bytes: int
    sha256: str
    etag: str
    version: int
    objects: frozenset[ObjectName]
    """Its own, those on their way to it, and those that it leaves behind."""
    overdue: tuple[str, ...]
    """What somebody began and nobody ended: ``upload``, ``replacement``, ``deletion``,
    ``leftover``."""


class Surveying(ImageRecords):
    """All images, whatever their state."""

    @database_failures
    def survey(self, *, behind: str, limit: int, grace_s: float) -> list[Surveyed]:
        """The documents behind an id. What was begun is overdue when its lease, where it has one,
        ran out ``grace_s`` ago; without any grace it is overdue as soon as it is there."""
        found = self._images.find({"id": {"$gt": text(behind)}}, self._wanted(grace_s))
        return [_surveyed(document) for document in found.sort("id", 1).hint("id").limit(limit)]

    @database_failures
    def survey_one(self, id: str, *, grace_s: float) -> Surveyed | None:
        """The document of that id as it is now."""
        document = self._images.find_one({"id": text(id)}, self._wanted(grace_s))
        return _surveyed(document) if document else None

    @database_failures
    def estimated_count(self) -> int:
        """About how many documents there are; costs nothing."""
        return self._images.estimated_document_count()

    @database_failures
    def count_states(self) -> dict[str, int]:
        """How many images are in each state. Walks an index of all of them."""
        by_state = {"$group": {"_id": "$status", "count": {"$sum": 1}}}
        counted = self._images.aggregate(
            [{"$match": {"status": {"$gt": ""}}}, by_state], hint="arrival"
        )
        return {each["_id"]: each["count"] for each in counted}

    def _wanted(self, grace_s: float) -> Document:
        longest = self._now() - timedelta(seconds=grace_s)
        rested = {"$lte": ["$updated_at", longest]}
        left_alone = {"$lte": [{"$max": "$leaving.until"}, longest]}
        return {
            **dict.fromkeys(_READ, 1),
            "upload": _run_out_for(grace_s, LEASE),
            "replacement": _run_out_for(grace_s, REPLACING_LEASE),
            "rested": rested if grace_s > 0 else {"$literal": True},
            "left_alone": left_alone if grace_s > 0 else {"$literal": True},
            "stayed": {"$lte": [_STAYS_UNTIL, {"$subtract": ["$$NOW", round(grace_s * 1000)]}]},
        }


_STAYS_UNTIL = {"$ifNull": [{"$min": "$staying.until"}, "$$NOW"]}


def _run_out_for(grace_s: float, field: str) -> Document:
    if grace_s <= 0:
        return {"$literal": True}
    lasts_ms = {"$multiply": [{"$add": [f"${field}.lasts_s", grace_s]}, 1000]}
    return {"$lte": [{"$add": [f"${field}.renewed_at", lasts_ms]}, "$$NOW"]}


def _surveyed(document: Document) -> Surveyed:
    return Surveyed(
        id=document["id"],
        status=Status(document["status"]),
        store=document["store"],
        key=document["key"],
        bytes=document["bytes"],
        sha256=document.get("sha256", ""),
        etag=document.get("etag", ""),
        version=document["version"],
        objects=frozenset(_objects_of(document)),
        overdue=_overdue(document),
    )


def _objects_of(document: Document) -> list[ObjectName]:
    named = [document, *document.get("leaving", []), *document.get("staying", [])]
    if replacing := document.get("replacing"):
        named.append(replacing)
    for each in (document, document.get("replacing", {}).get("becomes", {})):
        if migrating := each.get("migrating"):
            named.append({"store": migrating["to"], "key": migrating["key"]})
    return [ObjectName(store=each["store"], key=each["key"]) for each in named]


def _overdue(document: Document) -> tuple[str, ...]:
    begun = {
        "upload": document["status"] == Status.PENDING and document["upload"],
        "replacement": "replacing" in document and document["replacement"],
        "deletion": document["status"] == Status.DELETING and document["rested"],
        "leftover": ("leaving" in document and document["rested"] and document["left_alone"])
        or ("staying" in document and document["stayed"]),
    }
    return tuple(name for name, is_overdue in begun.items() if is_overdue)
