"""The use cases of one gallery, each object made once and handed to those above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from gallery import embedded
from gallery.catalog.attempts import Attempts
from gallery.catalog.sessions import SessionCatalog
from gallery.catalog.upload_presets import UploadPresets
from gallery.config import Settings
from gallery.factory import operating
from gallery.factory.operating import derived_folder, incoming_folder
from gallery.factory.records import Records, now, records_of
from gallery.factory.upkeep import moving_on, upkeep_of
from gallery.factory.uploading import Uploading, uploading_on
from gallery.factory.works import Works, works_on
from gallery.imaging.sandbox import Engine
from gallery.outgoing import Outgoing
from gallery.services.addresses import Addresses
from gallery.services.adopting import Adopting
from gallery.services.archiving import Archiving
from gallery.services.assets import Assets
from gallery.services.audit import Auditor
from gallery.services.delivery import Delivery
from gallery.services.eager import Making
from gallery.services.eviction import Eviction
from gallery.services.exporting import Exporting
from gallery.services.figures import Figures
from gallery.services.health import Health
from gallery.services.importing import Importing
from gallery.services.ingest import Ingest
from gallery.services.inventory import Inventory
from gallery.services.library import Library
from gallery.services.live import LiveFeed
from gallery.services.migrating import Migrating
from gallery.services.moving import Moving
from gallery.services.named import Named
from gallery.services.notify import Notify
from gallery.services.once import OncePerKey
from gallery.services.permanent import Permanent
from gallery.services.plans import Plans
from gallery.services.receipts import Receipting
from gallery.services.reconcile import Sweep
from gallery.services.replacing import Replacing
from gallery.services.tally import Tally
from gallery.services.trash import Trash
from gallery.services.upkeep import Upkeep
from gallery.stores.registry import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The use cases of one gallery, whatever asks for them: a request, a command, the worker."""

    stores: Stores
    addresses: Addresses
    library: Library
    ingest: Ingest
    replacing: Replacing
    assets: Assets
    uploading: Uploading
    making: Making
    once: OncePerKey
    delivery: Delivery
    engine: Engine
    tally: Tally
    feed: LiveFeed
    sweep: Sweep
    auditor: Auditor
    exporting: Exporting
    importing: Importing
    adopting: Adopting
    moving: Moving
    migrating: Migrating
    upkeep: Upkeep
    health: Health
    figures: Figures
    receipting: Receipting
    permanent: Permanent
    plans: Plans
    sessions: SessionCatalog
    attempts: Attempts
    inventory: Inventory
    named: Named
    outgoing: Outgoing
    trash: Trash
    archiving: Archiving
    notify: Notify
    upload_presets: UploadPresets


def build(settings: Settings, database: Database[dict[str, Any]], *, stream_cap: int) -> Gallery:
    """Every service on the given database."""
    works = works_on(settings, records_of(database))
    records, stores, delivery = works.records, works.stores, works.delivery
    ingest, replacing = _ways_in(works)
    receipting = operating.receipting_on(records, settings, stores, works.addresses, delivery)
    library = operating.library_on(records, settings, stores, delivery, receipting)
    assets = Assets(
        catalog=records.images,
        ingest=ingest,
        replacing=replacing,
        library=library,
        delivery=delivery,
        addresses=works.addresses,
    )
    auditor = operating.auditor_on(records, settings, stores)
    outgoing = Outgoing(trusted=settings.cdn_trusted_hosts)
    migrating = Migrating(catalog=records.images, orders=records.migrations, stores=stores)
    incoming = incoming_folder(settings)
    moving = moving_on(records, stores, works.addresses, replacing, migrating, incoming)
    sweep = _sweep(works, library, replacing)
    uploading = _uploading(works, ingest, replacing)
    return Gallery(
        stores=stores,
        addresses=works.addresses,
        engine=works.engine,
        tally=works.tally,
        named=works.named,
        delivery=delivery,
        library=library,
        ingest=ingest,
        replacing=replacing,
        assets=assets,
        uploading=uploading,
        once=OncePerKey(keys=records.keys, catalog=records.images, ingest=ingest),
        making=_making(works),
        inventory=_inventory(works, assets, library),
        sweep=sweep,
        auditor=auditor,
        receipting=receipting,
        permanent=operating.permanent_on(records, settings, stores, works.addresses),
        figures=operating.figures_on(records, stores),
        exporting=operating.exporting_on(records, settings, stores),
        importing=operating.importing_on(records, settings, ingest),
        adopting=operating.adopting_on(records, settings, stores, ingest),
        moving=moving,
        migrating=migrating,
        upkeep=upkeep_of(
            wakes=records.wakes,
            sweep=sweep,
            eviction=Eviction(derived_folder(settings), max_bytes=settings.cdn_cache_bytes),
            moving=moving,
            finishing=uploading.finishing if settings.image_work == "here" else None,
            daily_audit=operating.daily_on(records, auditor),
            receipting=receipting,
        ),
        plans=works.plans,
        feed=LiveFeed(
            records.changes, cap=stream_cap, on_change=delivery.heed, on_gap=delivery.heed_all
        ),
        health=Health(catalog=records.images, stores=stores, database=database),
        sessions=records.sessions,
        attempts=records.attempts,
        upload_presets=records.upload_presets,
        outgoing=outgoing,
        trash=Trash(catalog=records.images, delivery=delivery, addresses=works.addresses, now=now),
        archiving=Archiving(orders=records.archives, catalog=records.images, library=library),
        notify=_notify(settings, records, outgoing),
    )


def _ways_in(works: Works) -> tuple[Ingest, Replacing]:
    """How a picture comes in, and how another takes its place."""
    for_new = works.stores.for_new
    ingest = Ingest(
        catalog=works.records.images,
        stores=works.stores,
        engine=works.engine,
        addresses=works.addresses,
        now=now,
        # Variants of images that live elsewhere are not made here.
        keep_copy=None if for_new.makes_variants else works.delivery.keep_copy,
        tally=works.tally,
    )
    replacing = Replacing(
        catalog=works.records.images,
        stores=works.stores,
        engine=works.engine,
        addresses=works.addresses,
        delivery=works.delivery,
        now=now,
    )
    return ingest, replacing


def _sweep(works: Works, library: Library, replacing: Replacing) -> Sweep:
    settings = works.settings
    return Sweep(
        catalog=works.records.images,
        stores=works.stores,
        addresses=works.addresses,
        library=library,
        replacing=replacing,
        keys=works.records.keys,
        incoming=incoming_folder(settings),
        alone_since=_alone_since(settings),
        now=now,
        tally=works.tally,
    )


def _uploading(works: Works, ingest: Ingest, replacing: Replacing) -> Uploading:
    return uploading_on(
        works.records,
        works.settings,
        works.stores,
        plans=works.plans,
        ingest=ingest,
        replacing=replacing,
        incoming=incoming_folder(works.settings),
        alone_since=_alone_since(works.settings),
    )


def _alone_since(settings: Settings) -> datetime | None:
    """Since when this program has had the database for itself, if it has."""
    return None if settings.mongo_uri else embedded.running_since(settings.gallery_data)


def _making(works: Works) -> Making:
    return Making(
        catalog=works.records.images,
        stores=works.stores,
        engine=works.engine,
        delivery=works.delivery,
        names=works.named,
        incoming=incoming_folder(works.settings),
    )


def _inventory(works: Works, assets: Assets, library: Library) -> Inventory:
    return Inventory(
        catalog=works.records.images,
        assets=assets,
        library=library,
        delivery=works.delivery,
        stores=works.stores,
        engine=works.engine,
        secret=works.settings.secret_key,
    )


def _notify(settings: Settings, records: Records, outgoing: Outgoing) -> Notify:
    return Notify(
        outbox=records.outbox,
        outgoing=outgoing,
        secret=settings.cdn_api_secret,
        algorithm=settings.cdn_signature_algorithm,
        now=now,
    )
