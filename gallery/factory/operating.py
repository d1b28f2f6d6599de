"""What operators work with beside the page, and where files lie."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from gallery.config import Settings, counting
from gallery.factory.records import Records, now
from gallery.outgoing import Outgoing
from gallery.services.addresses import Addresses
from gallery.services.adopting import Adopting
from gallery.services.audit import Auditor
from gallery.services.daily import DailyAudit
from gallery.services.delivery import Delivery
from gallery.services.exporting import Exporting
from gallery.services.figures import Figures
from gallery.services.importing import Importing
from gallery.services.incoming import made
from gallery.services.ingest import Ingest
from gallery.services.library import Library
from gallery.services.permanent import Permanent
from gallery.services.receipts import Receipting
from gallery.stores.parts import DiskParts
from gallery.stores.registry import Stores
from gallery.transformation import Preset, presets_from


def auditor_on(records: Records, settings: Settings, stores: Stores) -> Auditor:
    """Judges whether documents, objects and variants agree."""
    return Auditor(
        catalog=records.images,
        stores=stores,
        audits=records.audits,
        derived=derived_folder(settings),
        incoming=incoming_folder(settings),
        receipts=records.receipts,
        pieces=partial(_unnamed_pieces, records, settings),
        now=now,
    )


def _unnamed_pieces(records: Records, settings: Settings, older_than: datetime) -> Iterator[str]:
    """Pieces on our disk that no upload names; those in MongoDB go with what kept them."""
    if not settings.mongo_uri:
        for name in pieces_on_disk(settings).stale(older_than=older_than):
            if not records.uploads.names_part(name.partition(".")[0], name):
                yield name


def pieces_on_disk(settings: Settings) -> DiskParts:
    """Where pieces of unfinished uploads lie, if the database is our own."""
    return DiskParts(settings.gallery_data / "uploads")


def receipting_on(
    records: Records, settings: Settings, stores: Stores, addresses: Addresses, delivery: Delivery
) -> Receipting:
    """Looks whether purged images are gone from their addresses."""
    return Receipting(
        receipts=records.receipts,
        addresses=addresses,
        delivery=delivery,
        outgoing=_to_stores(stores),
        secret=settings.cdn_api_secret,
        now=now,
    )


def permanent_on(
    records: Records, settings: Settings, stores: Stores, addresses: Addresses
) -> Permanent:
    """Leads to images, wherever they are."""
    return Permanent(
        catalog=records.images,
        addresses=addresses,
        outgoing=_to_stores(stores),
        incoming=incoming_folder(settings),
    )


def _to_stores(stores: Stores) -> Outgoing:
    """The way out to the hosts of our own stores, wherever they are."""
    return Outgoing(trusted=tuple(urlsplit(host).netloc for host in stores.delivery_hosts()))


def library_on(
    records: Records,
    settings: Settings,
    stores: Stores,
    delivery: Delivery,
    receipting: Receipting,
) -> Library:
    """The images of the gallery; whatever is purged gets a receipt."""
    return Library(
        catalog=records.images,
        stores=stores,
        delivery=delivery,
        secret=settings.secret_key,
        open_receipt=receipting.open,
    )


def daily_on(records: Records, auditor: Auditor) -> DailyAudit:
    """Has that done once a day."""
    return DailyAudit(duties=records.duties, auditor=auditor, now=now)


def figures_on(records: Records, stores: Stores) -> Figures:
    """Tells what nobody counts."""
    return Figures(catalog=records.images, stores=stores, audits=records.audits, now=now)


def exporting_on(records: Records, settings: Settings, stores: Stores) -> Exporting:
    """Writes originals into a folder."""
    return Exporting(catalog=records.images, stores=stores, data=settings.gallery_data)


def importing_on(records: Records, settings: Settings, ingest: Ingest) -> Importing:
    """Takes in a folder of pictures."""
    return Importing(
        catalog=records.images,
        ingest=ingest,
        incoming=incoming_folder(settings),
        data=settings.gallery_data,
        max_bytes=settings.max_upload_bytes,
        at_once=os.cpu_count() or 1,
    )


def presets_of(settings: Settings) -> dict[str, Preset]:
    """The built-in presets, and those of the operator's file."""
    if settings.presets_file is None:
        return presets_from({})
    return presets_from(tomllib.loads(settings.presets_file.read_text(encoding="utf-8")))


def adopting_on(records: Records, settings: Settings, stores: Stores, ingest: Ingest) -> Adopting:
    """Takes in what lies at a provider."""
    return Adopting(
        catalog=records.images,
        adoptions=records.adoptions,
        stores=stores,
        ingest=ingest,
        incoming=incoming_folder(settings),
        max_bytes=settings.max_upload_bytes,
        at_once=os.cpu_count() or 1,
        now=now,
    )


def derived_folder(settings: Settings) -> Path:
    """Where derived variants are kept."""
    return settings.gallery_data / "derived"


def metrics_folder(settings: Settings) -> Path:
    """Where the processes of the program count what happens."""
    return counting.folder(settings.gallery_data)


def incoming_folder(settings: Settings) -> Path:
    """Where files lie while they are received; on the same disk as the originals."""
    return made(settings.gallery_data / "incoming")
