"""Upload presets: parameters of uploads under a name, some for uploads that nobody signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures
from gallery.errors import ConflictError, NotFoundError

MAX_PRESETS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPreset:
    """What uploads under this name are told."""

    name: str
    unsigned: bool = False
    """Whether anybody may upload with it, without a signature."""
    takes_public_id: bool = True
    """Whether an unsigned upload may choose its public id."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As an upload would send them."""


class UploadPresets:
    """The upload presets of one gallery, in the order of their names."""

    def __init__(self, database: Database[Document]) -> None:
        self._presets = collection(database, "upload_presets")

    @database_failures
    def find(self, name: str) -> UploadPreset:
        """What goes by that name. Raises NotFoundError."""
        document = self._presets.find_one({"_id": text(name)})
        if document is None:
            raise _not_found(name)
        return _read(document)

    @database_failures
    def record(self, preset: UploadPreset) -> None:
        """Keeps a new one. Raises ConflictError when the name is taken, or there are too many."""
        if self._presets.count_documents({"_id": {"$gt": ""}}, limit=MAX_PRESETS) >= MAX_PRESETS:
            raise ConflictError(f"At most {MAX_PRESETS} upload presets are kept")
        try:
            self._presets.insert_one(_document(preset))
        except DuplicateKeyError as error:
            raise ConflictError(f"Upload preset {preset.name} already exists") from error

    @database_failures
    def replace(self, preset: UploadPreset) -> None:
        """Keeps it in the place of the one of that name. Raises NotFoundError."""
        known = {"_id": text(preset.name)}
        if self._presets.replace_one(known, _document(preset)).matched_count == 0:
            raise _not_found(preset.name)

    @database_failures
    def delete(self, name: str) -> None:
        """Forgets it. Raises NotFoundError."""
        if self._presets.delete_one({"_id": text(name)}).deleted_count == 0:
            raise _not_found(name)

    @database_failures
    def page(self, *, after: str, limit: int) -> list[UploadPreset]:
        """At most ``limit`` whose names come behind ``after``."""
        found = self._presets.find({"_id": {"$gt": text(after)}}).sort("_id", 1).limit(limit)
        return [_read(document) for document in found]


def _document(preset: UploadPreset) -> Document:
    return {
        "_id": text(preset.name),
        "unsigned": preset.unsigned,
        "takes_public_id": preset.takes_public_id,
        # Pairs: a parameter's name is somebody's text, and no name of a field.
        "parameters": [[text(name), text(value)] for name, value in preset.parameters.items()],
    }


def _read(document: Document) -> UploadPreset:
    return UploadPreset(
        name=document["_id"],
        unsigned=document["unsigned"],
        takes_public_id=document["takes_public_id"],
        parameters=dict(document["parameters"]),
    )


def _not_found(name: str) -> NotFoundError:
    return NotFoundError(f"Upload preset {name[:100]} not found")
