"""Builds what takes uploads in pieces."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gallery.config import Settings
from gallery.factory.operating import pieces_on_disk
from gallery.factory.records import Records, now
from gallery.services.appending import Appending
from gallery.services.chunks import Chunks
from gallery.services.finishing import Finishing
from gallery.services.ingest import Ingest
from gallery.services.replacing import Replacing
from gallery.services.uploads import Uploads
from gallery.stores.base import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """Uploads in pieces, from the first to the image."""

    uploads: Uploads
    appending: Appending
    finishing: Finishing
    chunks: Chunks
    """As Cloudinary's language sends them."""


def uploading_on(
    records: Records,
    settings: Settings,
    *,
    ingest: Ingest,
    replacing: Replacing,
    incoming: Path,
    alone_since: datetime | None,
) -> Uploading:
    """The use cases of uploads in pieces."""
    catalog, images = records.uploads, records.images
    # On our disk, or where every node finds them.
    parts: Parts = records.parts if settings.mongo_uri else pieces_on_disk(settings)
    uploads = Uploads(
        catalog=catalog,
        images=images,
        parts=parts,
        free_bytes=lambda: shutil.disk_usage(incoming).free,
        max_bytes=settings.max_upload_bytes,
        now=now,
    )
    finishing = Finishing(
        catalog=catalog,
        uploads=uploads,
        parts=parts,
        images=images,
        ingest=ingest,
        replacing=replacing,
        incoming=incoming,
        alone_since=alone_since,
        now=now,
    )
    appending = Appending(catalog=catalog, uploads=uploads, parts=parts)
    chunks = Chunks(catalog=catalog, uploads=uploads, finishing=finishing, parts=parts, now=now)
    return Uploading(uploads=uploads, appending=appending, finishing=finishing, chunks=chunks)
