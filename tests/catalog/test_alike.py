"""Images that look alike are found by their hashes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.alike import MOST_BITS
from gallery.catalog.images import ImageCatalog
from gallery.model import Edit
from tests.catalog.making import add, record

PHASH = "0123456789abcdef"


def turned(phash: str, *bits: int) -> str:
    """The hash with those bits turned."""
    return f"{int(phash, 16) ^ sum(1 << bit for bit in bits):016x}"


@pytest.mark.parametrize("seed", range(20))
def test_every_hash_near_enough_is_found(catalog: ImageCatalog, seed: int) -> None:
    bits = random.Random(seed).sample(range(64), MOST_BITS)  # noqa: S311 (repeatable on purpose)
    image = add(catalog, phash=turned(PHASH, *bits))

    assert [each.id for each in catalog.find_alike(PHASH)] == [image.id]


def test_one_bit_more_is_too_far(catalog: ImageCatalog) -> None:
    add(catalog, phash=turned(PHASH, *range(MOST_BITS + 1)))
    near = add(catalog, phash=turned(PHASH, 0, 20))

    assert [each.id for each in catalog.find_alike(PHASH)] == [near.id]
    assert list(catalog.find_alike(PHASH, within=1)) == []


def test_the_most_alike_comes_first(catalog: ImageCatalog) -> None:
    images = {bits: add(catalog, phash=turned(PHASH, *range(bits))) for bits in (5, 0, 3, 7, 1)}

    found = [each.id for each in catalog.find_alike(PHASH)]

    assert found == [images[bits].id for bits in (0, 1, 3)]
    assert catalog.find_alike(PHASH, limit=1)[0].phash == PHASH


def test_only_what_can_be_seen_is_named(catalog: ImageCatalog) -> None:
    record(catalog, phash=PHASH)
    catalog.trash(add(catalog, phash=PHASH).id)
    add(catalog)

    assert list(catalog.find_alike(PHASH)) == []


def test_an_edit_leaves_the_hash_alone(catalog: ImageCatalog) -> None:
    image = add(catalog, phash=PHASH)
    catalog.edit(image.id, Edit(description="x"), version=None)

    assert catalog.find(image.id).phash == PHASH
    assert len(catalog.find_alike(PHASH)) == 1


def test_images_without_a_hash_take_no_room_for_it(
    catalog: ImageCatalog, either_database: Database[dict[str, Any]]
) -> None:
    add(catalog)
    document = either_database["images"].find_one()
    assert document is not None
    assert not {"phash", "phash_bands"} & document.keys()
