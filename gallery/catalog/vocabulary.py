"""The words in use: what the beginning of a word may become.

MongoDB cannot list the distinct words behind a multikey index without reading every entry, and a
range of words does not come out of it in the order of arrival; a list of words does (one short scan
for each, merged).
"""

from __future__ import annotations

from collections.abc import Collection as Container

from pymongo.database import Database
from pymongo.errors import BulkWriteError

from gallery.catalog.documents import Document, collection

_DUPLICATE_KEY = 11000

_LAST = "\U0010ffff"
"""Sorts behind every letter."""


def beginning_with(beginning: str) -> Document:
    """The condition of all text that begins so."""
    return {"$gte": beginning, "$lt": beginning + _LAST}


class Vocabulary:
    """A growing set of words. One that is no longer in use costs a search nothing but a look."""

    def __init__(self, database: Database[Document]) -> None:
        self._words = collection(database, "words")

    def learn(self, words: Container[str]) -> None:
        """Adds the words, before an image that has them can be seen."""
        known = self._words.find({"_id": {"$in": list(words)}})
        new = set(words) - {document["_id"] for document in known}
        if not new:
            return
        try:
            self._words.insert_many(({"_id": word} for word in sorted(new)), ordered=False)
        except BulkWriteError as error:
            # Somebody else learnt the same word at the same time.
            if any(each["code"] != _DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise

    def complete(self, beginning: str, *, limit: int) -> list[str]:
        """At most ``limit`` words that begin so."""
        found = self._words.find({"_id": beginning_with(beginning)}).sort("_id", 1).limit(limit)
        return [document["_id"] for document in found]
