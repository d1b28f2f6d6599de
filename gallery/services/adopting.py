"""Adopt: pictures that lie at a provider already become images, each an upload like any other.

They are copied; what lies there stays as it is, its owner's. What is here already is known by its
name there and by its bytes, so this may be killed and begun again at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from gallery.catalog.adoptions import Adoptions
from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
)
from gallery.imaging.formats import HEAD_BYTES, identify
from gallery.model import Edit, Particulars, Received, Status
from gallery.services.filenames import clean_filename
from gallery.services.incoming import free_bytes, scratch_file
from gallery.services.ingest import Ingest, Outcome
from gallery.services.several import FREE_SPACE_FLOOR_BYTES, Progress, Several
from gallery.services.wishes import Imported
from gallery.stores.abilities import Foreign, SupportsAdoption
from gallery.stores.registry import Stores

_MAX_TEXT, _MAX_NAMES, _MAX_NAME = 2000, 20, 64
_CHUNK_BYTES = 1024 * 1024
_KEPT = (Status.READY, Status.KEPT, Status.TRASHED)

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_PUBLIC_ID = re.compile(r"(?!\s|/)[^\x00-\x1f\x7f?&#\\%<>+]{1,255}(?<!\s|/)")
_EXTENSION = re.compile(r"\.(jpe?g|png|gif|webp|avif|hei[cf]|tiff?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A picture at the provider."""

    foreign: Foreign
    weight: int = 1

    @property
    def name(self) -> str:
        """As the provider calls it."""
        return self.foreign.name


class Adopting:
    """Takes in what lies in a store and is not ours, several pictures at a time."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        adoptions: Adoptions,
        stores: Stores,
        ingest: Ingest,
        incoming: Path,
        max_bytes: int,
        at_once: int,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._catalog = catalog
        self._adoptions = adoptions
        self._stores = stores
        self._ingest = ingest
        self._incoming = incoming
        self._max_bytes = max_bytes
        self._at_once = at_once
        self._now = now
        self._sleep = sleep

    def run(
        self, store_name: str, *, prefix: str, tags: tuple[str, ...], dry_run: bool,
        progress: Progress,
    ) -> Imported:  # fmt: skip
        """Every picture in the store whose name begins with ``prefix`` and that we did not put
        there. ``dry_run`` reads none of them.

        Raises InvalidInputError for a store in which nobody else can have left any, StoreError and
        its kin when it cannot be listed, StorageFullError when there is no room for more here.
        """
        store = self._store(store_name)
        imported = Imported()

        def take(found: Found, is_last: bool) -> str:
            del is_last
            return self._take(store_name, store, found.foreign, tags=tags, dry_run=dry_run)

        with self._listed(store, prefix) as (total, pictures):
            progress(0, total)
            Several[Found](
                take,
                imported=imported,
                total=total,
                progress=progress,
                at_once=self._at_once,
                sleep=self._sleep,
            ).run(pictures)
        return imported

    def _store(self, name: str) -> SupportsAdoption:
        known = {each.name: each for each in self._stores.all()}
        able = [each for each, store in known.items() if isinstance(store, SupportsAdoption)]
        store = known.get(name)
        if not isinstance(store, SupportsAdoption):
            where = ", ".join(sorted(able)) or "none"
            raise InvalidInputError(
                f"Nothing can be adopted from {name!r}. Stores here from which it can: {where}."
            )
        return store

    @contextmanager
    def _listed(
        self, store: SupportsAdoption, prefix: str
    ) -> Iterator[tuple[int, Iterator[Found]]]:
        """How many there are, and each of them. The list lies on the disk: it may be long, and
        calls of the provider's are counted."""
        with scratch_file(self._incoming) as path:
            total = 0
            with path.open("w", encoding="utf-8") as file:
                for foreign in store.foreign(prefix):
                    file.write(f"{json.dumps(_line_of(foreign))}\n")
                    total += 1
            with path.open(encoding="utf-8") as lines:
                yield total, (Found(foreign=_foreign_of(json.loads(line))) for line in lines)

    def _take(
        self,
        store_name: str,
        store: SupportsAdoption,
        foreign: Foreign,
        *,
        tags: tuple[str, ...],
        dry_run: bool,
    ) -> str:
        """What became of it: the name of a count in ``Imported``."""
        if self._is_here(store_name, foreign):
            return "duplicates"
        if (foreign.bytes or 0) > self._max_bytes:
            raise self._too_large()
        if dry_run:
            return "imported"
        with scratch_file(self._incoming) as path:
            with store.open_foreign(foreign.name) as original:
                received = self._received(original, path, foreign)
            outcome = self._ingested(received, foreign, _told_of(foreign, tags))
        self._adoptions.record(
            store_name, foreign.name, modified_at=foreign.modified_at, image_id=outcome.image.id
        )
        return "duplicates" if outcome.duplicate else "imported"

    def _is_here(self, store_name: str, foreign: Foreign) -> bool:
        image_id = self._adoptions.find(store_name, foreign.name, modified_at=foreign.modified_at)
        if image_id is None:
            return False
        try:
            return bool(self._catalog.find(image_id, among=_KEPT))
        except NotFoundError:
            return False  # Deleted for ever since: it may come again.

    def _received(self, original: BinaryIO, path: Path, foreign: Foreign) -> Received:
        """The picture, on our disk: as much of it as is taken here at all."""
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as copy:
            while chunk := original.read(_CHUNK_BYTES):
                if size == 0:
                    identify(chunk[:HEAD_BYTES])
                size += len(chunk)
                if size > self._max_bytes:
                    raise self._too_large()
                if free_bytes(self._incoming) < FREE_SPACE_FLOOR_BYTES + len(chunk):
                    raise StorageFullError("The disk of the gallery is full. Make room on it.")
                digest.update(chunk)
                copy.write(chunk)
        return Received(
            path=str(path),
            filename=clean_filename(foreign.name),
            bytes=size,
            sha256=digest.hexdigest(),
        )

    def _ingested(self, received: Received, foreign: Foreign, told: Edit) -> Outcome:
        """The image under the name that it had, unless another has that name here."""
        moment = min(foreign.modified_at, self._now())
        public_id = _public_id_of(foreign.name)
        named = Particulars(public_id=public_id) if public_id else None
        try:
            return self._ingest.take(
                received, told, particulars=named, id=_id_of(foreign.name), created_at=moment
            )
        except ConflictError:
            return self._ingest.take(received, told, created_at=moment)

    def _too_large(self) -> TooLargeError:
        limit = f"{self._max_bytes / 1024 / 1024:g} MiB"
        return TooLargeError(f"The file is larger than {limit}, the most that is taken here.")


def _public_id_of(name: str) -> str:
    """What it was called there, as far as a public id may be; without an extension."""
    found = PurePosixPath(name)
    stem = name[: -len(found.suffix)] if _EXTENSION.fullmatch(found.suffix) else name
    return stem if _PUBLIC_ID.fullmatch(stem) and "//" not in stem else ""


def _id_of(name: str) -> str | None:
    """The id that it had in another gallery of this kind, if it comes from one."""
    stem = PurePosixPath(name).stem
    return stem if _ID.fullmatch(stem) else None


def _told_of(foreign: Foreign, tags: tuple[str, ...]) -> Edit:
    """What is said of it there, as far as there is room for it here."""
    cleaned = (_text(each, _MAX_NAME) for each in (*tags, *foreign.tags))
    return Edit(
        description=_text(foreign.description, _MAX_TEXT),
        alt=_text(foreign.alt, _MAX_TEXT),
        tags=tuple(dict.fromkeys(each for each in cleaned if each))[:_MAX_NAMES],
    )


def _text(said: str, most: int) -> str:
    return said.replace("\0", "").encode("utf-8", "ignore").decode()[:most].strip()


def _line_of(foreign: Foreign) -> dict[str, Any]:
    return {
        "name": foreign.name,
        "bytes": foreign.bytes,
        "modified_at": foreign.modified_at.isoformat(),
        "description": foreign.description,
        "alt": foreign.alt,
        "tags": list(foreign.tags),
    }


def _foreign_of(line: dict[str, Any]) -> Foreign:
    known = {**line, "modified_at": datetime.fromisoformat(line["modified_at"])}
    return Foreign(**{**known, "tags": tuple(line["tags"])})
