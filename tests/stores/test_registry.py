from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from gallery.catalog.blobs import Blobs
from gallery.config import Settings, read
from gallery.errors import ConfigError, StoreError
from gallery.stores.registry import Stores, build_stores
from gallery.stores.spool import BlobSpool
from gallery.transformation import presets_from

CLOUDINARY_URL = "cloudinary://1234:a-secret@demo"


def settings(folder: Path, **given: str) -> Settings:
    return read({"GALLERY_DATA": str(folder), **given})


def names(stores: Stores) -> list[str]:
    return [store.name for store in stores.all()]


def test_without_an_account_there_is_the_disk(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path))

    assert names(stores) == ["local", "spool"]
    assert stores.for_new is stores.named("local")
    assert stores.delivery_hosts() == ()


def test_an_account_takes_the_new_images_and_the_disk_keeps_the_old(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path, CLOUDINARY_URL=CLOUDINARY_URL))

    assert names(stores) == ["local", "cloudinary", "spool"]
    assert stores.for_new is stores.named("cloudinary")
    assert stores.delivery_hosts() == ("https://res.cloudinary.com",)


def test_a_bucket_takes_the_new_images_and_is_served_from_here(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path, S3_BUCKET="photos"))

    assert names(stores) == ["local", "s3", "spool"]
    assert stores.for_new is stores.named("s3")
    assert stores.spool is stores.named("spool")
    assert stores.delivery_hosts() == ()


def test_an_account_of_cloudflare_is_a_store(tmp_path: Path) -> None:
    given = {
        "CLOUDFLARE_ACCOUNT_ID": "023e105f",
        "CLOUDFLARE_IMAGES_TOKEN": "a-token",
        "CLOUDFLARE_IMAGES_HASH": "cheeW4oKsx5ljh8e8BoL2A",
    }
    stores = build_stores(settings(tmp_path, **given))

    assert names(stores) == ["local", "cloudflare", "spool"]
    assert stores.for_new is stores.named("cloudflare")
    assert stores.delivery_hosts() == ("https://imagedelivery.net",)
    assert "https://upload.imagedelivery.net" in stores.upload_hosts()


def test_one_setting_chooses_the_store_of_new_images(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path, CLOUDINARY_URL=CLOUDINARY_URL, MEDIA_STORE="local"))

    assert names(stores) == ["local", "cloudinary", "spool"]
    assert stores.for_new is stores.named("local")


def test_a_preset_that_is_not_there_cannot_be_made_ahead(tmp_path: Path) -> None:
    given = settings(tmp_path, CLOUDINARY_URL=CLOUDINARY_URL, CLOUDINARY_EAGER="card,poster")

    with pytest.raises(ConfigError, match=r"no preset 'poster'; use thumb, card, full, avatar\."):
        build_stores(given, presets=presets_from({}))

    assert (
        build_stores(given, presets=presets_from({"poster": "w_300"})).for_new.name == "cloudinary"
    )


def test_a_store_that_may_be_away_has_a_spool(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path, CLOUDINARY_URL=CLOUDINARY_URL))

    assert stores.spool is stores.named("spool")
    assert stores.for_upload() is stores.for_new


def test_a_disk_of_ours_has_none(tmp_path: Path) -> None:
    assert build_stores(settings(tmp_path)).spool is None


def test_what_is_spooled_lies_where_every_node_reads_it(tmp_path: Path) -> None:
    blobs = Blobs(Database(MongoClient(connect=False), "gallery"), "spool")

    stores = build_stores(settings(tmp_path, CLOUDINARY_URL=CLOUDINARY_URL), spooled=blobs)

    assert isinstance(stores.spool, BlobSpool)


def test_only_what_may_be_away_has_a_health(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path, CLOUDINARY_URL=CLOUDINARY_URL))

    assert {name: each.state for name, each in stores.health().items()} == {"cloudinary": "closed"}


def test_a_store_that_is_no_longer_set_up_is_named(tmp_path: Path) -> None:
    stores = build_stores(settings(tmp_path))

    with pytest.raises(StoreError, match="'cloudinary', which is no longer set up"):
        stores.named("cloudinary")


def test_building_touches_nothing_on_disk(tmp_path: Path) -> None:
    given = settings(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    build_stores(given)

    assert sorted(tmp_path.rglob("*")) == before


def test_an_sdk_is_loaded_only_when_its_account_is_set_up() -> None:
    program = "import sys, gallery.stores.registry; print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()

    assert not {"boto3", "cloudinary"} & set(loaded)
