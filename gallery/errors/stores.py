"""Stores and the database. Some failures pass when tried again; others are final."""

from __future__ import annotations

from gallery.errors.base import GalleryError


class StoreError(GalleryError):
    """A media store failed for good: wrong credentials, a request it will never take."""

    code, status, title = "store_failed", 502, "The media store refused"


class StoreUnavailableError(StoreError):
    """A media store did not answer, or is too busy. The outcome of a put is unknown."""

    code, status, title = "store_unavailable", 503, "The media store does not answer"


class StoreAwayError(StoreUnavailableError):
    """A media store is known not to answer, so nothing was asked of it."""

    code, status, title = "store_away", 503, "The media store does not answer"


class SpoolFullError(GalleryError):
    """The store for new images is away, and what may wait for it takes all the room it has."""

    code, status, title = "spool_full", 503, "Too much waits for the media store"


class ObjectMissingError(StoreError):
    """No object under that key."""

    code, status, title = "object_missing", 404, "The file is not in its store"


class KeyTakenError(StoreError):
    """Another object lies under that key already: puts only create."""

    code, status, title = "key_taken", 409, "Something else is stored under that name"


class DatabaseUnavailableError(GalleryError):
    """The database did not answer in time. The outcome of a write is unknown."""

    code, status, title = "database_unavailable", 503, "The database does not answer"


class ChangesLostError(GalleryError):
    """The changes behind that token are not kept, or it is none of ours: look at all anew."""

    code, status, title = "changes_lost", 410, "Too much has changed since"
