"""``create_app``: builds each object once and hands it down.

``building`` makes the use cases of the gallery, ``mounting`` gives them to the routes,
``application`` is the whole with what works beside its requests. ``opening`` gives the use cases to
whoever needs no HTTP. Their bodies are the map of the program.
"""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask
from flask_pymongo import PyMongo
from pymongo.database import Database

from gallery import embedded
from gallery.config import STREAM_CAP, Settings
from gallery.errors import GalleryError
from gallery.factory.application import Application, Closeable
from gallery.factory.mounting import mount
from gallery.factory.opening import DATABASE_OPTIONS, build_on, nameless_database, open_gallery
from gallery.factory.operating import metrics_folder
from gallery.web.bare_app import OrjsonProvider, bare_app
from gallery.web.metrics import Metrics
from gallery.web.proxies import TrustedProxies

__all__ = ["Application", "create_app", "open_gallery", "start_app"]


def create_app(
    settings: Settings,
    *,
    draining: threading.Event | None = None,
    stream_cap: int = STREAM_CAP,
    metrics: Metrics | None = None,
) -> Application:
    """The whole gallery. Setting ``draining`` ends event streams and readiness."""
    metrics = metrics or Metrics()
    draining = draining or threading.Event()
    app = bare_app(settings)
    client, database = _database(app, settings)
    try:
        gallery = build_on(settings, database, stream_cap=stream_cap)
    except GalleryError:
        client.close()
        raise
    gateway = mount(app, settings, gallery, metrics, draining)
    networks = settings.trusted_proxies
    wsgi = TrustedProxies(gateway, networks) if networks else gateway
    return Application(wsgi, gallery, client, metrics, draining)


def start_app(settings: Settings, *, draining: threading.Event) -> Application:
    """The gallery with everything that works beside its requests: what a server process runs."""
    metrics = Metrics(metrics_folder(settings))
    return create_app(settings, draining=draining, metrics=metrics).start()


def _database(app: Flask, settings: Settings) -> tuple[Closeable, Database[dict[str, Any]]]:
    """The client and the database, kept by Flask-PyMongo."""
    uri = settings.mongo_uri or embedded.uri_of(settings.gallery_data)
    mongo = PyMongo(app, uri, **DATABASE_OPTIONS)
    app.json = OrjsonProvider(app)  # Flask-PyMongo put its own there, and templates have Flask's.
    app.jinja_env.policies["json.dumps_function"] = app.json.dumps
    if mongo.cx is None or mongo.db is None:
        raise nameless_database()
    return mongo.cx, mongo.db
