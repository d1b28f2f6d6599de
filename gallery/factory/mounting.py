"""Puts every route on the Flask application: which blueprint is given what."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask

from gallery.config import ROOT, Settings
from gallery.factory.building import Gallery
from gallery.factory.operating import incoming_folder
from gallery.factory.records import now
from gallery.web import (
    access,
    archives,
    batches,
    bodies,
    cloudinary_api,
    delivery,
    errors,
    events,
    hooks,
    images,
    openapi,
    packing,
    pages,
    permanent,
    sessions,
    static_files,
    status,
    trash,
    tus,
    uploads,
)
from gallery.web import metrics as metrics_route
from gallery.web.bare_app import packaged_files
from gallery.web.cloudinary_api import admin
from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.auth import Account
from gallery.web.gateway import Gateway
from gallery.web.metrics import Metrics
from gallery.web.presenter import Presenter
from gallery.web.receive import Receiver


def mount(
    app: Flask, settings: Settings, gallery: Gallery, metrics: Metrics, draining: threading.Event
) -> Gateway:
    """Puts every route on the app, and the gateway for cached variants in front of it."""
    metrics.register(app)
    bodies.register(app)
    visitors = sessions.Sessions(settings, gallery.sessions, gallery.attempts)
    visitors.register(app)
    rules = access.Access(settings, visitors)
    access.register(app, rules)
    errors.register(app)
    packing.register(app)
    files = static_files.StaticFiles(ROOT / "static", extra=packaged_files())
    presenter = Presenter(gallery.addresses, public_url=settings.public_url)
    pages.register_context(
        app,
        settings,
        rules,
        asset=files.url,
        variant=presenter.variant,
        image_hosts=gallery.stores.delivery_hosts(),
        upload_hosts=gallery.stores.upload_hosts(),
    )
    receiver = Receiver(incoming_folder(settings), max_file_bytes=settings.max_upload_bytes)
    deliveries = delivery.deliveries_of(settings, gallery.delivery, access=rules)
    account = Account(
        cloud_name=settings.cdn_cloud_name,
        api_key=settings.cdn_api_key,
        api_secret=settings.cdn_api_secret,
        now=now,
        algorithm=settings.cdn_signature_algorithm,
    )
    told = Answers(account, base=presenter.base, elsewhere=gallery.addresses.elsewhere)
    live: dict[str, Any] = {"feed": gallery.feed, "places": events.Places(settings.secret_key)}
    shared: dict[str, Any] = {"access": rules, "presenter": presenter}
    taking: dict[str, Any] = {
        "receiver": receiver, "ingest": gallery.ingest, "library": gallery.library
    }  # fmt: skip
    in_pieces: dict[str, Any] = {
        "uploads": gallery.uploading.uploads, "finishing": gallery.uploading.finishing
    }  # fmt: skip
    for blueprint in (
        tus.blueprint(access=rules, appending=gallery.uploading.appending, **in_pieces),
        uploads.blueprint(
            tickets=gallery.uploading.tickets, library=gallery.library, **in_pieces, **shared
        ),
        hooks.blueprint(gallery.uploading.hooks),
        images.blueprint(once=gallery.once, replacing=gallery.replacing, **shared, **taking),
        archives.blueprint(access=rules, archiving=gallery.archiving, title=settings.gallery_title),
        batches.blueprint(library=gallery.library, **shared),
        events.blueprint(**live, **shared),
        trash.blueprint(trash=gallery.trash, library=gallery.library, access=rules),
        pages.blueprint(plans=gallery.plans, stores=gallery.stores, **live, **shared, **taking),
        permanent.blueprint(
            access=rules,
            permanent=gallery.permanent,
            deliveries=deliveries,
            proxied=settings.permanent_addresses == "proxy",
        ),
        cloudinary_api.blueprint(
            account=account,
            answers=told,
            assets=gallery.assets,
            attempts=gallery.attempts,
            chunks=gallery.uploading.chunks,
            own_forms=gallery.uploading.own_forms,
            library=gallery.library,
            making=gallery.making,
            notify=gallery.notify,
            incoming=incoming_folder(settings),
            max_file_bytes=settings.max_upload_bytes,
            outgoing=gallery.outgoing if settings.cdn_remote_uploads else None,
            presets=gallery.upload_presets,
        ),
        admin.blueprint(
            account=account,
            answers=told,
            inventory=gallery.inventory,
            named=gallery.named,
            notify=gallery.notify,
            presets=gallery.upload_presets,
            settings=settings,
        ),
        delivery.blueprint(deliveries),
        sessions.blueprint(visitors),
        status.blueprint(
            access=rules,
            health=gallery.health,
            plans=gallery.plans,
            migrating=gallery.migrating,
            auditor=gallery.auditor,
            draining=draining,
        ),
        metrics_route.blueprint(metrics=metrics, facts=gallery.figures.ask, access=rules),
        static_files.blueprint(files),
        openapi.blueprint(settings.gallery_title),
    ):
        app.register_blueprint(blueprint)
    # As Flask's own pages tell how to put something around it; its type is a method's.
    app.wsgi_app = tus.MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    gateway = Gateway(app, deliveries, rules.hosts)
    gallery.tally.listen(metrics.happened)
    metrics.watch(cached=lambda: gateway.answered, streams=lambda: gallery.feed.open)
    return gateway
