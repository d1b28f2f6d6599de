"""Builds what takes uploads in pieces."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from gallery.config import Settings
from gallery.factory.operating import pieces_on_disk
from gallery.factory.records import Records, now
from gallery.services.appending import Appending
from gallery.services.arrivals import Arrivals
from gallery.services.assembling import Assembling
from gallery.services.chunks import Chunks
from gallery.services.finishing import Finishing
from gallery.services.hooks import Hooks
from gallery.services.incoming import free_bytes
from gallery.services.ingest import Ingest
from gallery.services.own_form import OwnForms
from gallery.services.plans import Plans
from gallery.services.replacing import Replacing
from gallery.services.tickets import Tickets
from gallery.services.uploads import Uploads
from gallery.signing import token_for
from gallery.stores.base import Parts
from gallery.stores.hints import CloudflareHints, CloudinaryHints, Reader, S3Hints
from gallery.stores.registry import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """Uploads in pieces, from the first to the image."""

    uploads: Uploads
    appending: Appending
    finishing: Finishing
    tickets: Tickets
    chunks: Chunks
    """As Cloudinary's language sends them."""
    own_forms: OwnForms
    hooks: Hooks


def uploading_on(
    records: Records,
    settings: Settings,
    stores: Stores,
    *,
    plans: Plans,
    ingest: Ingest,
    replacing: Replacing,
    incoming: Path,
    alone_since: datetime | None,
) -> Uploading:
    """The use cases of uploads in pieces."""
    catalog, images = records.uploads, records.images
    # On our disk, or where every node finds them.
    parts: Parts = records.parts if settings.mongo_uri else pieces_on_disk(settings)
    arrivals = Arrivals(stores=stores, incoming=incoming, now=now)
    uploads = Uploads(
        catalog=catalog,
        images=images,
        parts=parts,
        arrivals=arrivals,
        free_bytes=partial(free_bytes, incoming),
        max_bytes=plans.max_bytes,
        now=now,
    )
    assembling = Assembling(parts=parts, incoming=incoming)
    finishing = Finishing(
        catalog=catalog,
        uploads=uploads,
        arrivals=arrivals,
        assembling=assembling,
        parts=parts,
        images=images,
        ingest=ingest,
        replacing=replacing,
        alone_since=alone_since,
        works_here=settings.image_work == "here",
        at_once=os.cpu_count() or 1,
        now=now,
    )
    appending = Appending(catalog=catalog, uploads=uploads, parts=parts)
    chunks = Chunks(catalog=catalog, uploads=uploads, assembling=assembling, parts=parts, now=now)
    own_forms = OwnForms(
        cloud_name=settings.cdn_cloud_name,
        api_key=settings.cdn_api_key,
        api_secret=settings.cdn_api_secret,
        chunks=chunks,
        finishing=finishing,
    )
    tickets = Tickets(
        uploads=uploads,
        stores=stores,
        own_form=own_forms.ticket,
        origin=settings.public_url,
        now=now,
    )
    return Uploading(
        uploads=uploads,
        appending=appending,
        finishing=finishing,
        tickets=tickets,
        chunks=chunks,
        own_forms=own_forms,
        hooks=Hooks(uploads=catalog, heard=records.heard, readers=_readers(settings, stores)),
    )


def hook_token(settings: Settings) -> str:
    """What an S3 bucket has to show with its events."""
    return token_for(settings.secret_key, "s3 hook")


def _readers(settings: Settings, stores: Stores) -> dict[str, Reader]:
    """How notifications are read, of the stores that are set up."""
    cloudinary = settings.cloudinary
    readers: dict[str, Reader] = {
        "cloudflare": CloudflareHints(settings.cloudflare_webhook_secret),
        "s3": S3Hints(hook_token(settings)),
    }
    if cloudinary:
        readers["cloudinary"] = CloudinaryHints(cloudinary.api_secret, now=now)
    here = {store.name for store in stores.all()}
    return {name: reader for name, reader in readers.items() if name in here}
