"""What the parts of the image catalog share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pymongo.database import Database

from gallery.catalog.documents import IMAGES, UNSHOWN, Document, collection, image_of
from gallery.catalog.tag_counts import TagCounts
from gallery.catalog.terms import is_unspaced, is_word, terms_of
from gallery.catalog.vocabulary import Vocabulary
from gallery.errors import NotFoundError
from gallery.model import Image, Status


def folder_of(image: Image) -> str:
    """The folder that an image lies in: the one it was told, else that of its public id."""
    return image.asset_folder or image.public_id.rpartition("/")[0]


class ImageRecords:
    """The documents of images, and the two collections that are kept in step with them."""

    def __init__(self, database: Database[Document], *, now: Callable[[], datetime]) -> None:
        self._images = collection(database, IMAGES)
        self._vocabulary = Vocabulary(database)
        self._tag_counts = TagCounts(database)
        self._now = now

    def _database_now(self) -> datetime:
        now: datetime = self._images.database.command("hello")["localTime"]
        return now if now.tzinfo else now.replace(tzinfo=UTC)

    def _learnt_terms(self, image: Image) -> list[str]:
        """The image's terms. Their words are in the vocabulary now, to be completed in a search."""
        terms = terms_of(
            image.description,
            image.alt,
            tags=image.tags,
            albums=image.albums,
            folder=folder_of(image),
            context=image.context,
            moderation=image.moderation,
        )
        self._vocabulary.learn([term for term in terms if is_word(term) and not is_unspaced(term)])
        return list(terms)

    def _find(self, name: Document, among: Sequence[Status]) -> Image:
        # The name alone finds one document by a unique index; its state is then looked at.
        document = self._images.find_one(name, UNSHOWN)
        if document is None or document["status"] not in among:
            raise NotFoundError("There is no such photo.")
        return image_of(document)
