"""Named transformations: what ``t_name`` stands for in an address, and who may use it unsigned."""

from __future__ import annotations

from dataclasses import dataclass

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import database_failures
from gallery.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTransformation:
    """A transformation that somebody gave a name to."""

    name: str
    definition: str
    """In its canonical spelling."""
    allowed_for_strict: bool = True
    """Whether addresses with this name need no signature."""
    used: bool = False
    """Whether something was ever delivered by this name."""


class NamedTransformations:
    """The named transformations of one gallery, in the order of their names."""

    def __init__(self, database: Database[Document]) -> None:
        self._named = collection(database, "transformations")

    @database_failures
    def find(self, name: str) -> NamedTransformation:
        """What goes by that name. Raises NotFoundError."""
        document = self._named.find_one({"_id": text(name)})
        if document is None:
            raise _not_found(name)
        return _read(document)

    @database_failures
    def count(self, *, most: int) -> int:
        """How many there are, counted no further than ``most``."""
        return self._named.count_documents({"_id": {"$gt": ""}}, limit=most)

    @database_failures
    def record(self, named: NamedTransformation) -> None:
        """Keeps a new one. Raises ConflictError when the name is taken."""
        document: Document = {
            "_id": text(named.name),
            "definition": text(named.definition),
            "allowed_for_strict": named.allowed_for_strict,
            "used": named.used,
        }
        try:
            self._named.insert_one(document)
        except DuplicateKeyError as error:
            raise ConflictError(f"Transformation {named.name} already exists") from error

    @database_failures
    def change(
        self,
        name: str,
        *,
        definition: str | None = None,
        allowed_for_strict: bool | None = None,
        used: bool | None = None,
    ) -> NamedTransformation:
        """It as it is now; ``None`` leaves a field as it was. Raises NotFoundError."""
        told = {
            "definition": definition, "allowed_for_strict": allowed_for_strict, "used": used
        }  # fmt: skip
        known = {key: value for key, value in told.items() if value is not None}
        if not known:
            return self.find(name)
        document = self._named.find_one_and_update(
            {"_id": text(name)}, {"$set": known}, return_document=ReturnDocument.AFTER
        )
        if document is None:
            raise _not_found(name)
        return _read(document)

    @database_failures
    def delete(self, name: str) -> None:
        """Forgets it. Raises NotFoundError."""
        if self._named.delete_one({"_id": text(name)}).deleted_count == 0:
            raise _not_found(name)

    @database_failures
    def page(self, *, after: str, limit: int) -> list[NamedTransformation]:
        """At most ``limit`` whose names come behind ``after``."""
        found = self._named.find({"_id": {"$gt": text(after)}}).sort("_id", 1).limit(limit)
        return [_read(document) for document in found]


def _read(document: Document) -> NamedTransformation:
    return NamedTransformation(
        name=document["_id"],
        definition=document["definition"],
        allowed_for_strict=document["allowed_for_strict"],
        used=document["used"],
    )


def _not_found(name: str) -> NotFoundError:
    return NotFoundError(f"Can't find transformation {name}")
