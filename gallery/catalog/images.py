"""The catalog of images: what is recorded of each, from its intent to its end.

One document in the collection ``images`` is one image (``documents.py``). The methods of its life
are in ``intents``, ``assets``, ``alike``, ``changing``, ``replacing``, ``moves``,
``migration_moves``, ``leaving`` and ``lists``, each beside the indexes that it needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from gallery.catalog import (
    alike,
    asset_lists,
    assets,
    changing,
    intents,
    leaving,
    lists,
    migration_moves,
    moves,
    replacing,
)
from gallery.catalog.alike import Alike
from gallery.catalog.asset_lists import AssetLists
from gallery.catalog.assets import Assets
from gallery.catalog.changing import Changing
from gallery.catalog.documents import UNSHOWN, image_of, text
from gallery.catalog.failures import answering, database_failures
from gallery.catalog.intents import ContentTakenError, Intents
from gallery.catalog.leaving import Leaving
from gallery.catalog.lists import Lists
from gallery.catalog.migration_moves import MigrationMoves
from gallery.catalog.moves import Moves
from gallery.catalog.replacing import Replacing
from gallery.catalog.surveying import Surveying
from gallery.model import Image, Status

__all__ = ["ContentTakenError", "ImageCatalog"]


class ImageCatalog(
    Intents,
    Assets,
    Lists,
    AssetLists,
    Alike,
    Changing,
    Replacing,
    Moves,
    MigrationMoves,
    Leaving,
    Surveying,
):
    """The record of images. Every method may raise DatabaseUnavailableError."""

    def ensure_indexes(self) -> None:
        """Makes the indexes that are missing; cheap when they are there."""
        with answering(within_s=None):
            self._leave_former_index()
            self._images.create_indexes(
                [
                    *intents.INDEXES,
                    *assets.INDEXES,
                    *lists.INDEXES,
                    *asset_lists.INDEXES,
                    *alike.INDEXES,
                    *changing.INDEXES,
                    *replacing.INDEXES,
                    *moves.INDEXES,
                    *migration_moves.INDEXES,
                    *leaving.INDEXES,
                ]
            )
            self._tag_counts.ensure_indexes()

    @database_failures
    def find(self, id: str, *, among: Sequence[Status] = (Status.READY,)) -> Image:
        """The image, if it is in one of these states. Raises NotFoundError."""
        return self._find({"id": text(id)}, among)

    @database_failures
    def find_many(self, ids: Sequence[str], *, among: Sequence[Status]) -> list[Image]:
        """Those of the images that there are in one of these states, in the order of the ids."""
        wanted = {"id": {"$in": [text(each) for each in ids]}}
        found = {each["id"]: each for each in self._images.find(wanted, UNSHOWN)}
        documents = (found[each] for each in ids if each in found)
        return [image_of(each) for each in documents if each["status"] in among]

    @database_failures
    def tags(self, limit: int = 30) -> list[tuple[str, int]]:
        """The tags of ready images with their counts, the most used first."""
        return self._tag_counts.most_used(limit=limit)

    def recount_tags(self) -> None:
        """Puts every count of ``tags`` right. Reads all images: for the sweep."""
        with answering(within_s=None):
            self._tag_counts.recount()
