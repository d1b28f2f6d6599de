"""Images that look alike: perceptual hashes that differ in few bits.

Of two hashes that differ in at most seven bits, one of their four bands differs in at most one:
so they are found by the 68 bands that a hash has, and has with one bit turned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pymongo import IndexModel

from gallery.catalog.documents import UNSHOWN, bands_of, image_of, text
from gallery.catalog.failures import database_failures
from gallery.catalog.records import ImageRecords
from gallery.model import Image, Status

INDEXES = [IndexModel("phash_bands", name="phash_bands", sparse=True)]

MOST_BITS = 7
"""As many as may differ, so that every pair is found."""

_BAND_BITS = 16
_CANDIDATES = 5000
"""Looked at, at most: drawings on white share bands by the thousand."""


class Alike(ImageRecords):
    """Looking for images by how they look."""

    @database_failures
    def find_alike(self, phash: str, *, within: int = MOST_BITS, limit: int = 3) -> Sequence[Image]:
        """Ready images whose hashes differ in so many bits or fewer, the most alike first."""
        wanted = int(text(phash), 16)
        query = {"phash_bands": {"$in": list(_bands_near(phash))}, "status": Status.READY.value}
        found = self._images.find(query, {"phash": 1}).limit(_CANDIDATES)
        near = sorted(
            (bits, document["_id"])
            for document in found
            if (bits := (int(document["phash"], 16) ^ wanted).bit_count()) <= within
        )
        ids = [id for _, id in near[:limit]]
        images = {each["_id"]: each for each in self._images.find({"_id": {"$in": ids}}, UNSHOWN)}
        return [image_of(images[id]) for id in ids if id in images]


def _bands_near(phash: str) -> Iterator[int]:
    for band in bands_of(phash) or ():
        yield band
        yield from (band ^ (1 << bit) for bit in range(_BAND_BITS))
