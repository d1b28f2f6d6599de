"""Assets keep their names whoever else wants them, and whatever stops midway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gallery.errors import (
    ConflictError,
    InProgressError,
    InvalidInputError,
    NotFoundError,
    StoreUnavailableError,
)
from gallery.model import Filter, Image, Particulars, Sort, Status
from gallery.services import replacing
from gallery.services.assets import AssetName, Assets, Uploaded
from gallery.services.holding import LEASE_S
from tests import pictures
from tests.catalog.making import at_once
from tests.services.conftest import Parts

ROSE, LILY = AssetName(public_id="garden/rose"), AssetName(public_id="lily")


@pytest.fixture
def assets(parts: Parts) -> Assets:
    return Assets(
        catalog=parts.catalog,
        ingest=parts.ingest,
        replacing=parts.replacing,
        library=parts.library,
        delivery=parts.delivery,
        addresses=parts.addresses,
        sleep=lambda _: None,
    )


def upload(
    parts: Parts, assets: Assets, name: AssetName = ROSE, *, seed: int = 1, **told: Any
) -> Uploaded:
    received = parts.receive(pictures.photo(seed=seed))
    overwrite = told.pop("overwrite", True)
    try:
        return assets.upload(received, name, Particulars(**told), overwrite=overwrite)
    finally:
        Path(received.path).unlink()


def content_of(parts: Parts, image: Image) -> bytes:
    with parts.library.original(image) as file:
        return file.read()


def test_an_upload_is_an_image_of_the_gallery(parts: Parts, assets: Assets) -> None:
    image = upload(parts, assets, tags=("sea",), context={"k": "v"}).image

    page, _ = parts.library.page(Filter(tags=("sea",)), Sort.NEWEST, cursor=None, limit=5)
    assert page.images == (image,)
    assert (image.public_id, image.status, dict(image.context)) == (
        "garden/rose", Status.READY, {"k": "v"}
    )  # fmt: skip
    assert assets.find(ROSE) == image
    assert image.url == parts.addresses.shown_at(image)


def test_of_many_to_one_name_every_one_succeeds_and_one_image_is_left(
    parts: Parts, assets: Assets
) -> None:
    patient = Assets(
        catalog=parts.catalog,
        ingest=parts.ingest,
        replacing=parts.replacing,
        library=parts.library,
        delivery=parts.delivery,
        addresses=parts.addresses,
    )

    results = at_once(4, lambda number: upload(parts, patient, seed=number + 1))

    assert all(isinstance(each, Uploaded) for each in results), results
    assert parts.statuses() == ["ready"]
    [key] = parts.objects()
    image = assets.find(ROSE)
    assert image.key == key
    versions = [each.image.store_version for each in results if isinstance(each, Uploaded)]
    assert len(set(versions)) == 4


def test_whoever_waits_too_long_is_told(parts: Parts, assets: Assets) -> None:
    parts.store.fails("put", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        upload(parts, assets)
    parts.store.works()

    with pytest.raises(InProgressError):
        upload(parts, assets)
    parts.pass_time(LEASE_S)
    assert upload(parts, assets).image.public_id == "garden/rose"
    assert parts.statuses() == ["ready"]


def test_a_raw_file_is_never_looked_into(parts: Parts, assets: Assets) -> None:
    name = AssetName(public_id="notes.txt", resource_type="raw")
    received = parts.receive()
    Path(received.path).write_bytes(b"notes")
    received = type(received)(path=received.path, filename="notes.txt", bytes=5, sha256="0" * 64)

    image = assets.upload(received, name, Particulars(tags=("a",)), overwrite=True).image

    assert (image.status, image.width, image.url) == (Status.KEPT, 0, "")
    assert parts.library.tags() == []
    assert content_of(parts, image) == b"notes"
    changed = assets.change(image, lambda _: Particulars(tags=("b",)))
    assert changed.tags == ("b",)
    with pytest.raises(NotFoundError):
        parts.library.find(image.id)
    assert assets.destroy(name) is not None
    assert parts.nothing_left()


def test_a_trashed_image_gives_its_name_up_once_it_is_wanted(parts: Parts, assets: Assets) -> None:
    old = upload(parts, assets).image
    parts.library.trash(old.id, version=None)

    new = upload(parts, assets, seed=2).image

    restored = parts.library.restore(old.id)
    assert (restored.public_id, new.public_id) == (old.id, "garden/rose")
    assert restored.url == parts.addresses.shown_at(restored)
    assert parts.catalog.find_asset(old.id).id == old.id


def test_a_name_is_free_while_its_image_is_being_deleted(parts: Parts, assets: Assets) -> None:
    old = upload(parts, assets).image
    parts.store.fails("delete", StoreUnavailableError("Away."))
    with pytest.raises(StoreUnavailableError):
        assets.destroy(ROSE)
    parts.store.works()

    new = upload(parts, assets, seed=2).image

    parts.sweep.run()
    assert parts.objects() == [new.key]
    assert old.id != new.id


def test_an_upload_that_stops_midway_leaves_the_picture_before(
    parts: Parts, assets: Assets, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = upload(parts, assets).image
    with monkeypatch.context() as patch:
        patch.setattr(replacing, "LEASE_S", 0)
        parts.store.fails("put", StoreUnavailableError("Away."))
        with pytest.raises(StoreUnavailableError):
            upload(parts, assets, seed=2)
    parts.store.works()

    assert content_of(parts, assets.find(ROSE)) == pictures.photo(seed=1).content
    parts.sweep.run()
    assert assets.find(ROSE) == image
    assert upload(parts, assets, seed=2).overwritten


def test_a_rename_onto_another_never_leaves_two_with_one_name(parts: Parts, assets: Assets) -> None:
    rose, lily = upload(parts, assets).image, upload(parts, assets, LILY, seed=2).image
    parts.store.fails("delete", StoreUnavailableError("Away."))

    with pytest.raises(StoreUnavailableError):
        assets.rename(ROSE, LILY, overwrite=True)
    parts.store.works()

    assert assets.find(LILY).id == rose.id
    with pytest.raises(NotFoundError):
        assets.find(ROSE)
    parts.sweep.run()
    assert parts.objects() == [rose.key]
    assert lily.id != rose.id


def test_a_rename_is_refused_where_somebody_has_the_name(parts: Parts, assets: Assets) -> None:
    before = [upload(parts, assets, name).image for name in (ROSE, LILY)]

    with pytest.raises(InvalidInputError, match="already exists"):
        assets.rename(ROSE, LILY, overwrite=False)

    assert [assets.find(name) for name in (ROSE, LILY)] == before


def test_a_renamed_image_is_found_and_shown_under_its_new_name(
    parts: Parts, assets: Assets
) -> None:
    image = upload(parts, assets).image

    renamed = assets.rename(ROSE, LILY, overwrite=False)

    assert (renamed.id, renamed.asset_id, renamed.key) == (image.id, image.asset_id, image.key)
    assert renamed.url == parts.addresses.shown_at(renamed)
    assert renamed.version == image.version + 1
    assert upload(parts, assets).image.id != image.id


def test_no_change_is_lost_among_many(parts: Parts, assets: Assets) -> None:
    image = upload(parts, assets).image

    def add(number: int) -> object:
        return assets.change(image, lambda now: Particulars(tags=(*now.tags, f"tag{number}")))

    results = at_once(8, add)

    assert not [each for each in results if isinstance(each, Exception)]
    assert sorted(assets.find(ROSE).tags) == [f"tag{number}" for number in range(8)]
    assert parts.library.tags() == [(f"tag{number}", 1) for number in range(8)]


@pytest.mark.parametrize("text", ["", "a//b", "../a", "a\0b", "a" * 256, " a", "a/", "a\u2028"])
def test_no_image_has_a_name_that_leads_elsewhere(parts: Parts, assets: Assets, text: str) -> None:
    upload(parts, assets)

    with pytest.raises(InvalidInputError):
        assets.rename(ROSE, AssetName(public_id=text), overwrite=True)
    assert assets.find(ROSE)


def test_what_is_gone_cannot_be_changed(parts: Parts, assets: Assets) -> None:
    image = upload(parts, assets).image
    parts.library.purge(image.id)

    with pytest.raises(NotFoundError):
        assets.change(image, lambda _: Particulars(tags=("a",)))
    assert assets.change_all([ROSE], lambda _: Particulars(tags=("a",))) == []
    assert assets.destroy(ROSE) is None


def test_a_conflict_that_is_about_something_else_is_told(
    parts: Parts, assets: Assets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ConflictError("Something else.")

    monkeypatch.setattr(parts.catalog, "record_intent", fails)

    with pytest.raises(ConflictError, match="Something else"):
        upload(parts, assets)
