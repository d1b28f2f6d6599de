"""Images under their names in Cloudinary's language."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.images import ImageCatalog
from gallery.errors import ConflictError, NotFoundError
from gallery.model import Status
from gallery.signing import new_asset_id
from tests.catalog.making import add, record
from tests.conftest import Clock


def test_finds_by_public_id_and_kind(catalog: ImageCatalog) -> None:
    kinds = [("image", "upload"), ("image", "private"), ("image", "authenticated")]
    images = {
        (resource_type, type): add(
            catalog, public_id="garden/rose", resource_type=resource_type, type=type
        )
        for resource_type, type in kinds
    }

    for (resource_type, type), image in images.items():
        found = catalog.find_asset("garden/rose", resource_type=resource_type, type=type)
        assert found == image
    with pytest.raises(NotFoundError):
        catalog.find_asset("garden/rose", resource_type="raw")


def test_finds_only_what_is_in_the_states_that_are_asked_for(catalog: ImageCatalog) -> None:
    image = add(catalog, public_id="rose")
    catalog.trash(image.id)

    with pytest.raises(NotFoundError):
        catalog.find_asset("rose")
    assert catalog.find_asset("rose", among=(Status.TRASHED,)).id == image.id


def test_a_public_id_is_taken_within_its_kind(catalog: ImageCatalog) -> None:
    record(catalog, public_id="rose")

    with pytest.raises(ConflictError):
        record(catalog, public_id="rose")
    record(catalog, public_id="rose", type="private")


def test_finds_by_asset_id(catalog: ImageCatalog) -> None:
    asset_id = new_asset_id()
    image = add(catalog, asset_id=asset_id)

    assert catalog.find_by_asset_id(asset_id) == image
    with pytest.raises(NotFoundError):
        catalog.find_by_asset_id(new_asset_id())


def test_an_asset_id_is_given_once(catalog: ImageCatalog) -> None:
    asset_id = new_asset_id()
    add(catalog, asset_id=asset_id)

    with pytest.raises(ConflictError):
        record(catalog, asset_id=asset_id)


def test_images_of_an_earlier_version_get_what_they_lack(
    database: Database[dict[str, Any]], clock: Clock
) -> None:
    catalog = ImageCatalog(database, now=clock)
    catalog.ensure_indexes()
    images = [add(catalog) for _ in range(3)]
    documents = database["images"]
    documents.drop_index("public_id_of_kind")
    documents.create_index("public_id", name="public_id", unique=True)
    lacking = {"asset_id": "", "resource_type": "", "type": ""}
    documents.update_many({}, {"$unset": lacking})

    for _ in range(2):
        catalog.ensure_indexes()

    found = [catalog.find_asset(image.public_id) for image in images]
    assert [image.id for image in found] == [image.id for image in images]
    assert len({image.asset_id for image in found}) == 3
    assert "public_id" not in documents.index_information()
    add(catalog, public_id=images[0].public_id, type="private")
