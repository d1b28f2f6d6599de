"""What every use case stands on: the stores, the decoders, and who delivers images."""

from __future__ import annotations

import os
from dataclasses import dataclass

from gallery.config import Settings
from gallery.factory import operating
from gallery.factory.operating import derived_folder
from gallery.factory.records import Records
from gallery.imaging.sandbox import Engine, Limits
from gallery.services.addresses import Addresses
from gallery.services.delivery import Delivery
from gallery.services.named import Named
from gallery.services.plans import Plans
from gallery.services.tally import Tally
from gallery.stores.registry import Stores, build_stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What every use case stands on."""

    settings: Settings
    records: Records
    stores: Stores
    engine: Engine
    addresses: Addresses
    named: Named
    delivery: Delivery
    plans: Plans
    tally: Tally


def works_on(settings: Settings, records: Records) -> Works:
    """All of it, on these records."""
    limits = Limits(max_bytes=settings.max_upload_bytes, max_pixels=settings.max_pixels)
    engine = Engine(limits, children=os.cpu_count() or 1)
    presets = operating.presets_of(settings)
    spooled = records.spooled if settings.mongo_uri else None
    stores = build_stores(settings, presets=presets, spooled=spooled)
    named = Named(catalog=records.transformations, presets=presets)
    tally = Tally()
    delivery = Delivery(
        root=derived_folder(settings),
        catalog=records.images,
        stores=stores,
        engine=engine,
        names=named,
        secret=settings.cdn_api_secret,
        strict=settings.cdn_strict,
        public=settings.gallery_visibility == "public",
        tally=tally,
    )
    return Works(
        tally=tally,
        settings=settings,
        records=records,
        stores=stores,
        engine=engine,
        addresses=Addresses(stores, presets),
        plans=Plans(stores, max_bytes=limits.max_bytes, max_pixels=limits.max_pixels),
        named=named,
        delivery=delivery,
    )
