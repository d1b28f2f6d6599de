"""One look at everything: documents and objects pass by each other, and what disagrees is told."""

from __future__ import annotations

import hashlib
import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from gallery.catalog.audits import Audit, Drift, Finding
from gallery.catalog.images import ImageCatalog
from gallery.catalog.leaving import ObjectName
from gallery.catalog.surveying import Surveyed
from gallery.errors import ObjectMissingError
from gallery.model import Status, StoredObject
from gallery.services.census import Census
from gallery.stores.base import MediaStore, SupportsLocalPath
from gallery.stores.registry import Stores

FINDINGS_KEPT = 200
"""Findings that are named; more are only counted."""

ASKED_AGAIN = 100
"""Suspects that a cloud store is asked about one by one: its calls are counted."""

PAGE, STEP = 1000, 50

_SETTLED = (Status.READY, Status.KEPT, Status.TRASHED)
_SHOWN = (Status.READY, Status.KEPT)
_MD5_DIGITS = 32
_TRIES = 3

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many documents were judged, of about how many."""

_Stored: TypeAlias = tuple[ObjectName, StoredObject]
_Row: TypeAlias = tuple[str, Surveyed | _Stored]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashing:
    """Which originals are read whole: ``none``, those on ``local`` disks, or ``all``; and of those
    one of so many ``parts``."""

    where: str = "local"
    parts: int = 1
    part: int = 0

    def includes(self, id: str, store: MediaStore) -> bool:
        """Whether this image's original is read."""
        if self.where == "none" or zlib.crc32(id.encode()) % self.parts != self.part:
            return False
        return self.where == "all" or isinstance(store, SupportsLocalPath)


LOCAL = Hashing()


class Look:
    """One audit under way."""

    def __init__(
        self,
        catalog: ImageCatalog,
        stores: Stores,
        census: Census,
        *,
        grace_s: float,
        hashing: Hashing,
    ) -> None:
        self._catalog = catalog
        self._stores = {store.name: store for store in stores.all()}
        self._census = census
        self._grace_s = grace_s
        self._hashing = hashing
        self._images: Counter[str] = Counter()
        self._objects: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._drift: Counter[str] = Counter()
        self._findings: list[Finding] = []
        self._hashed = 0

    def at_all(self, progress: Progress | None) -> None:
        """Judges everything."""
        total, done = self._catalog.estimated_count(), 0
        rows = heapq.merge(self._documents(), *map(_objects, self._stores.values()), key=_ID_OF)
        for id, group in groupby(rows, key=_ID_OF):
            document, here = _sorted_out(row for _, row in group)
            self._judge(id, document, here)
            done += document is not None
            if progress and done % STEP == 0:
                progress(done, total)
        for folder in self._census.strays():
            self.found(Drift.DANGLING, folder.name, detail=str(folder))
        if progress:
            progress(done, done)

    def found(self, drift: Drift, name: str, *, store: str = "", detail: str = "") -> None:
        """Counts a finding, and names it while there is room."""
        self._drift[drift.value] += 1
        if len(self._findings) < FINDINGS_KEPT:
            self._findings.append(Finding(drift=drift, name=name, store=store, detail=detail))

    def result(self, *, started_at: datetime, ended_at: datetime) -> Audit:
        """What there is to tell."""
        return Audit(
            started_at=started_at,
            ended_at=ended_at,
            images=dict(self._images),
            objects=dict(self._objects),
            hashed=self._hashed,
            derived=self._census.folders,
            drift=dict(self._drift),
            findings=tuple(self._findings),
        )

    def _documents(self) -> Iterator[_Row]:
        behind = ""
        while page := self._catalog.survey(behind=behind, limit=PAGE, grace_s=self._grace_s):
            yield from ((each.id, each) for each in page)
            behind = page[-1].id

    def _judge(
        self, id: str, document: Surveyed | None, here: dict[ObjectName, StoredObject]
    ) -> None:
        for name in here:
            self._objects[name.store] += 1
            if (document is None or name not in document.objects) and self._is_unknown(id, name):
                self.found(Drift.UNKNOWN, name.key, store=name.store)
        if document is None:
            return
        self._images[document.status.value] += 1
        if document.overdue:
            self._tell_overdue(id)
        if document.status in _SHOWN:
            self._census.belongs(id)
        if document.status in _SETTLED:
            self._judge_settled(document, here.get(_object_of(document)))

    def _judge_settled(self, document: Surveyed, stored: StoredObject | None) -> None:
        problem = self._problem(document, stored)
        if problem is not None and document.store in self._stores and self._may_ask(document.store):
            problem = self._still(document.id)
        if problem is not None:
            drift, detail = problem
            self.found(drift, document.id, store=document.store, detail=detail)

    def _tell_overdue(self, id: str) -> None:
        now = self._catalog.survey_one(id, grace_s=self._grace_s)
        for what in now.overdue if now else ():
            self.found(Drift.UNFINISHED, id, store=now.store if now else "", detail=what)

    def _is_unknown(self, id: str, name: ObjectName) -> bool:
        """Looks again, the document first: an object goes before the document that names it."""
        now = self._catalog.survey_one(id, grace_s=self._grace_s)
        if now is not None and name in now.objects:
            return False
        return not self._may_ask(name.store) or self._stat(name) is not None

    def _still(self, id: str) -> tuple[Drift, str] | None:
        """What is wrong with the image as it is now. It may change while it is looked at."""
        for _ in range(_TRIES):
            before = self._catalog.survey_one(id, grace_s=self._grace_s)
            if before is None or before.status not in _SETTLED:
                return None
            problem = self._problem(before, self._stat(_object_of(before)))
            if problem is None:
                return None
            after = self._catalog.survey_one(id, grace_s=self._grace_s)
            if after is not None and _object_of(after) == _object_of(before):
                return problem if after.status in _SETTLED else None
        return None

    def _problem(self, document: Surveyed, stored: StoredObject | None) -> tuple[Drift, str] | None:
        store = self._stores.get(document.store)
        if store is None:
            return Drift.UNREACHABLE, "the store is not set up here"
        if stored is None:
            return Drift.MISSING, "the store has no such object"
        if stored.bytes != document.bytes:
            return Drift.ALTERED, f"{stored.bytes} bytes instead of {document.bytes}"
        if stored.sha256 and document.sha256 and stored.sha256 != document.sha256:
            return Drift.ALTERED, "the store tells another SHA-256"
        if _is_md5(stored.etag) and _is_md5(document.etag) and stored.etag != document.etag:
            return Drift.ALTERED, "the store tells another MD5"
        if document.sha256 and self._hashing.includes(document.id, store):
            return self._read(store, document)
        return None

    def _read(self, store: MediaStore, document: Surveyed) -> tuple[Drift, str] | None:
        try:
            with store.open(document.key) as file:
                digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
        except ObjectMissingError:
            return Drift.MISSING, "the store has no such object"
        self._hashed += 1
        if digest.hexdigest() == document.sha256:
            return None
        return Drift.ALTERED, "the bytes have another SHA-256"

    def _stat(self, name: ObjectName) -> StoredObject | None:
        store = self._stores.get(name.store)
        try:
            return store.stat(name.key) if store else None
        except ObjectMissingError:
            return None

    def _may_ask(self, store: str) -> bool:
        self._asked[store] += 1
        return self._asked[store] <= ASKED_AGAIN or isinstance(
            self._stores.get(store), SupportsLocalPath
        )


_ID_OF = itemgetter(0)


def _objects(store: MediaStore) -> Iterator[_Row]:
    """What the store has, by the ids that its keys begin with; all ids have one length."""
    for each in store.list():
        yield each.key.partition(".")[0], (ObjectName(store=store.name, key=each.key), each)


def _sorted_out(
    rows: Iterable[Surveyed | _Stored],
) -> tuple[Surveyed | None, dict[ObjectName, StoredObject]]:
    document, here = None, {}
    for row in rows:
        if isinstance(row, Surveyed):
            document = row
        else:
            here[row[0]] = row[1]
    return document, here


def _object_of(document: Surveyed) -> ObjectName:
    return ObjectName(store=document.store, key=document.key)


def _is_md5(etag: str) -> bool:
    return len(etag) == _MD5_DIGITS
