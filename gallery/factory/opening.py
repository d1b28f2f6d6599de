"""``open_gallery``: the use cases without HTTP, for commands and workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import ConfigurationError, OperationFailure

from gallery import embedded
from gallery.config import STREAM_CAP, Settings
from gallery.errors import ConfigError
from gallery.factory.building import Gallery, build

DATABASE_OPTIONS: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "timeoutMS": 8000,
    "tz_aware": True,
}
"""Writes are acknowledged when no crash can lose them. The time is for a whole operation with its
retries: pymongo waits for ever otherwise."""


@contextmanager
def open_gallery(settings: Settings) -> Iterator[Gallery]:
    """The use cases of the gallery that the settings name, beside its program or without it.

    Where the database is the embedded one, it is found if the gallery runs, else started, and
    stopped in the end. Raises ConfigError, and DatabaseUnavailableError when nobody answers.
    """
    here = settings.gallery_data
    place = (
        nullcontext(settings.mongo_uri) if settings.mongo_uri else embedded.connect_or_start(here)
    )
    with place as uri, MongoClient[dict[str, Any]](uri, **DATABASE_OPTIONS) as client:
        settings = replace(settings, image_work="here")  # Whoever opens it so does the work.
        gallery = build_on(settings, _database_of(client), stream_cap=STREAM_CAP)
        try:
            yield gallery
        finally:
            gallery.engine.close()


def build_on(settings: Settings, database: Database[dict[str, Any]], *, stream_cap: int) -> Gallery:
    """Every service on the database. Raises ConfigError when that does not let us in."""
    try:
        return build(settings, database, stream_cap=stream_cap)
    except OperationFailure as error:
        raise ConfigError(
            "MONGO_URI: the database refuses the gallery; check the user, the password and rights."
        ) from error


def nameless_database() -> ConfigError:
    """What is said of an address that names no database."""
    return ConfigError("MONGO_URI: must end with the name of a database, like …/vitrine.")


def _database_of(client: MongoClient[dict[str, Any]]) -> Database[dict[str, Any]]:
    try:
        return client.get_default_database()
    except ConfigurationError as error:
        raise nameless_database() from error
