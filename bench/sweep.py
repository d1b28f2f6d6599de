"""The sweep: what it costs to look after a hundred interrupted uploads among a million images."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection

from bench import documents
from bench.report import Bench, BenchError, Figure, clocked, medians, ratio_at_most
from gallery import config, embedded
from gallery.catalog.documents import IMAGES
from gallery.catalog.images import ImageCatalog
from gallery.factory.opening import open_gallery
from gallery.services.reconcile import Sweep
from gallery.signing import new_id

_FEW, _MANY = 1_000, 1_000_000
_PENDING = 100


def run(bench: Bench) -> None:
    """Two galleries that nobody visits, a small and a large one, swept by turns."""
    many = 100_000 if bench.quick else _MANY
    headline = f"{_PENDING} interrupted uploads, among {_FEW:,} images and among {many:,}"
    with bench.about("sweep", headline), ExitStack() as stack:
        small, large = (
            stack.enter_context(_opened(bench.folder / name, count))
            for name, count in (("small", _FEW), ("large", many))
        )
        at_few, at_many = medians(bench.rounds(9), *(partial(_swept_ms, e) for e in (small, large)))
        idle_few, idle_many = medians(
            bench.rounds(15), *(partial(clocked, each.sweep.run) for each in (small, large))
        )
        _tell(bench, f"a sweep that undoes {_PENDING}", at_many, at_few)
        _tell(bench, "a sweep with nothing to do", idle_many, idle_few)


def _tell(bench: Bench, what: str, ours: float, theirs: float) -> None:
    bench.tell(
        what,
        Figure(ours, "ms"),
        peer=f"the same at {_FEW:,}",
        theirs=Figure(theirs, "ms"),
        goal=ratio_at_most(1.5),
    )


@dataclass(frozen=True, slots=True)
class _Gallery:
    """One that is swept, and the documents that it has."""

    sweep: Sweep
    images: Collection[dict[str, Any]]


@contextmanager
def _opened(data: Path, count: int) -> Iterator[_Gallery]:
    _lay(data, count)
    with embedded.connect_or_start(data) as uri, MongoClient[dict[str, Any]](uri) as client:
        settings = config.read({"GALLERY_DATA": str(data)})
        with open_gallery(settings) as gallery:
            gallery.sweep.run()  # The first one makes connections.
            yield _Gallery(gallery.sweep, client.get_default_database()[IMAGES])


def _lay(data: Path, count: int) -> None:
    """As many images as wanted, of which a thousand differ in more than their names; the indexes
    come last."""
    with embedded.connect_or_start(data) as uri, MongoClient[dict[str, Any]](uri) as client:
        database = client.get_default_database()
        documents.fill(database, _FEW)
        patterns = list(database[IMAGES].find())
        for _ in range(count // _FEW - 1):
            more = [_another(each) for each in patterns]
            database[IMAGES].insert_many(more, ordered=False)
        ImageCatalog(database, now=lambda: datetime.now(UTC)).ensure_indexes()


def _another(pattern: dict[str, Any]) -> dict[str, Any]:
    id, sha256 = new_id(), secrets.token_hex(32)
    names = dict.fromkeys(("id", "public_id", "key"), id)
    return {**pattern, **names, "_id": ObjectId(), "sha256": sha256, "content": sha256}


def _swept_ms(gallery: _Gallery) -> float:
    """How long it took to undo uploads that had not come to their put when they were cut off."""
    drawn, now = random.Random(3), datetime.now(UTC)  # noqa: S311 (documents, not secrets)
    lease = {"holder": "gone", "renewed_at": now, "lasts_s": 0}
    gallery.images.insert_many(
        documents.document(drawn, now) | {"status": "pending", "lease": lease}
        for _ in range(_PENDING)
    )
    swept: list[int] = []
    took_ms = clocked(lambda: swept.append(gallery.sweep.run().undone))
    if swept != [_PENDING]:
        raise BenchError(f"of {_PENDING} interrupted uploads {swept[0]} were undone")
    return took_ms
