"""Upload presets in the database: one of a name, in the order of their names."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog import upload_presets
from gallery.catalog.upload_presets import UploadPreset, UploadPresets
from gallery.errors import ConflictError, NotFoundError


@pytest.fixture
def presets(either_database: Database[dict[str, Any]]) -> UploadPresets:
    return UploadPresets(either_database)


def test_is_found_as_it_was_recorded(presets: UploadPresets) -> None:
    web = UploadPreset(
        name="web",
        unsigned=True,
        takes_public_id=False,
        parameters={"tags": "a,b", "$set": "x.y", "a.b": ""},
    )
    presets.record(web)

    assert presets.find("web") == web
    with pytest.raises(ConflictError):
        presets.record(UploadPreset(name="web"))
    assert presets.find("web") == web


def test_is_replaced_and_deleted_where_it_is_there(presets: UploadPresets) -> None:
    for missing in (
        lambda: presets.find("web"),
        lambda: presets.delete("web"),
        lambda: presets.replace(UploadPreset(name="web")),
    ):
        with pytest.raises(NotFoundError):
            missing()
    presets.record(UploadPreset(name="web"))

    presets.replace(UploadPreset(name="web", unsigned=True))

    assert presets.find("web").unsigned
    presets.delete("web")
    with pytest.raises(NotFoundError):
        presets.find("web")


def test_pages_follow_each_other(presets: UploadPresets) -> None:
    for name in ("b", "c", "a"):
        presets.record(UploadPreset(name=name))

    assert [each.name for each in presets.page(after="", limit=2)] == ["a", "b"]
    assert [each.name for each in presets.page(after="b", limit=2)] == ["c"]


def test_there_is_an_end_to_presets(
    presets: UploadPresets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_presets, "MAX_PRESETS", 1)
    presets.record(UploadPreset(name="one"))

    with pytest.raises(ConflictError):
        presets.record(UploadPreset(name="two"))
