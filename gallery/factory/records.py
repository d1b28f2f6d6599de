"""What is kept in MongoDB: every collection, opened and indexed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database

from gallery.catalog.adoptions import Adoptions
from gallery.catalog.archives import ArchiveOrders
from gallery.catalog.attempts import Attempts
from gallery.catalog.audits import Audits
from gallery.catalog.blobs import Blobs
from gallery.catalog.changes import Changes
from gallery.catalog.duties import Duties
from gallery.catalog.heard import Heard
from gallery.catalog.idempotency import IdempotencyKeys
from gallery.catalog.images import ImageCatalog
from gallery.catalog.migrations import Migrations
from gallery.catalog.notifications import Notifications
from gallery.catalog.receipts import Receipts
from gallery.catalog.sessions import SessionCatalog
from gallery.catalog.transformations import NamedTransformations
from gallery.catalog.upload_presets import UploadPresets
from gallery.catalog.uploads import UploadCatalog
from gallery.catalog.wakes import Wakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is kept in MongoDB, its indexes made."""

    images: ImageCatalog
    audits: Audits
    duties: Duties
    receipts: Receipts
    keys: IdempotencyKeys
    sessions: SessionCatalog
    attempts: Attempts
    outbox: Notifications
    changes: Changes
    transformations: NamedTransformations
    upload_presets: UploadPresets
    uploads: UploadCatalog
    heard: Heard
    parts: Blobs
    spooled: Blobs
    wakes: Wakes
    migrations: Migrations
    adoptions: Adoptions
    archives: ArchiveOrders


def records_of(database: Database[dict[str, Any]]) -> Records:
    """Everything in the database."""
    records = Records(
        images=ImageCatalog(database, now=now),
        audits=Audits(database),
        duties=Duties(database),
        receipts=Receipts(database),
        keys=IdempotencyKeys(database),
        sessions=SessionCatalog(database, now=now),
        attempts=Attempts(database, now=now),
        outbox=Notifications(database),
        changes=Changes(database),
        transformations=NamedTransformations(database),
        upload_presets=UploadPresets(database),
        uploads=UploadCatalog(database, now=now),
        heard=Heard(database, now=now),
        parts=Blobs(database, "parts"),
        spooled=Blobs(database, "spool"),
        wakes=Wakes(database),
        migrations=Migrations(database),
        adoptions=Adoptions(database),
        archives=ArchiveOrders(database, now=now),
    )
    for each in (
        *(records.images, records.keys, records.sessions, records.attempts, records.outbox),
        *(records.spooled, records.archives, records.audits, records.uploads, records.parts),
        *(records.receipts, records.migrations, records.heard),
    ):  # fmt: skip
        each.ensure_indexes()
    return records


def now() -> datetime:
    """The time to the millisecond, which is all that MongoDB keeps."""
    exactly = datetime.now(UTC)
    return exactly.replace(microsecond=exactly.microsecond // 1000 * 1000)
