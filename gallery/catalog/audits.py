"""Audits: what each found, kept for a while; the last one is what people ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from pymongo import IndexModel
from pymongo.database import Database

from gallery.catalog.documents import Document, collection
from gallery.catalog.failures import database_failures

KEPT_S = 90 * 24 * 3600


class Drift(StrEnum):
    """How documents and what they stand for can disagree."""

    MISSING = "missing"
    """An image whose object is not in its store."""
    ALTERED = "altered"
    """An object that is not what was kept: another size or hash."""
    UNKNOWN = "unknown"
    """An object that no document names."""
    UNFINISHED = "unfinished"
    """Something begun that nobody ended in its time."""
    DANGLING = "dangling"
    """Variants of an image that nobody may see."""
    LEFTOVER = "leftover"
    """A file that an upload left on its way in."""
    STILL_THERE = "still_there"
    """An address that still answers a day after its image was purged."""
    UNREACHABLE = "unreachable"
    """An image in a store that is no longer set up here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One disagreement."""

    drift: Drift
    name: str
    """Of the image, the object or the file."""
    store: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit saw and found."""

    started_at: datetime
    ended_at: datetime
    images: Mapping[str, int] = field(default_factory=dict)
    """Documents by their state."""
    objects: Mapping[str, int] = field(default_factory=dict)
    """Objects by their store."""
    hashed: int = 0
    """Originals that were read whole."""
    derived: int = 0
    """Images with variants on this machine."""
    drift: Mapping[str, int] = field(default_factory=dict)
    """Findings by their kind; only kinds that were found."""
    findings: tuple[Finding, ...] = ()
    """The first of them, not all."""

    @property
    def total_drift(self) -> int:
        """How many findings there are in all."""
        return sum(self.drift.values())


class Audits:
    """The audits of the last months."""

    def __init__(self, database: Database[Document]) -> None:
        self._audits = collection(database, "audits")

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the index that finds the last one, and by which old ones are forgotten."""
        self._audits.create_indexes(
            [IndexModel("ended_at", name="forget", expireAfterSeconds=KEPT_S)]
        )

    @database_failures
    def record(self, audit: Audit) -> None:
        """Keeps what an audit found."""
        self._audits.insert_one(
            asdict(audit) | {"findings": [_plain(each) for each in audit.findings]}
        )

    @database_failures
    def last(self) -> Audit | None:
        """The last audit that came to its end."""
        document = self._audits.find_one({}, {"_id": 0}, sort=[("ended_at", -1)])
        if document is None:
            return None
        findings = tuple(
            Finding(**each | {"drift": Drift(each["drift"])}) for each in document["findings"]
        )
        return Audit(**document | {"findings": findings})


def _plain(finding: Finding) -> Document:
    return asdict(finding) | {"drift": finding.drift.value}
