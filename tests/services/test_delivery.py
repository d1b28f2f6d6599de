"""Derived variants: made once, found again, forgotten as a whole."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import BusyError, DecoderFailedError, NotFoundError
from gallery.imaging.sandbox import Engine
from gallery.model import Image
from gallery.services.delivered import Delivered, ElsewhereError
from gallery.services.derived import LOCKS, folder_of
from gallery.stores.registry import Stores
from gallery.transformation import Transformation
from tests import pictures
from tests.catalog.making import at_once
from tests.services.conftest import SMALL, Parts, asked


@pytest.fixture
def image(parts: Parts) -> Image:
    return parts.take().image


@pytest.fixture
def derivations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine was asked for."""
    asked: list[str] = []
    derive = Engine.derive

    def noting(engine: Engine, path: Path, wanted: Any, **options: Any) -> Any:
        asked.append(f"{wanted}.{options['bucket']}")
        return derive(engine, path, wanted, **options)

    monkeypatch.setattr(Engine, "derive", noting)
    return asked


def delivered(parts: Parts, image: Image, wanted: str = SMALL, **options: Any) -> Delivered:
    return parts.delivery.deliver(asked(image, wanted, **options))


def files(parts: Parts) -> list[Path]:
    root = parts.folder / "derived"
    return [each for each in root.rglob("*") if each.is_file() and each.parent.name != LOCKS]


def test_a_variant_is_made_once_and_found_again(
    parts: Parts, image: Image, derivations: list[str]
) -> None:
    first = delivered(parts, image)

    assert delivered(parts, image) == first
    assert parts.delivery.kept(asked(image)) == first
    assert first.content == first.path.read_bytes()
    assert first.content.startswith(b"\xff\xd8\xff")
    assert len(derivations) == 1
    assert files(parts) == [first.path]


def test_nothing_is_kept_before_it_was_made(parts: Parts, image: Image) -> None:
    assert parts.delivery.kept(asked(image)) is None
    delivered(parts, image)
    assert parts.delivery.kept(asked(image, version="7")) is None
    assert parts.delivery.kept(asked(image, bucket="avif")) is None


def test_each_transformation_and_class_of_client_has_a_file_of_its_own(
    parts: Parts, image: Image
) -> None:
    made = {
        delivered(parts, image, f"c_limit,f_auto,w_{width}", bucket=bucket).path
        for width in (20, 40)
        for bucket in ("avif", "webp", "base")
    }

    assert len(made) == len(files(parts)) == 6


def test_what_a_client_takes_is_of_no_matter_where_the_format_is_said(
    parts: Parts, image: Image
) -> None:
    made = {delivered(parts, image, "f_png,w_20", bucket=each).path for each in ("avif", "base")}

    assert len(made) == 1


def test_many_who_ask_at_once_wait_for_one(
    parts: Parts, image: Image, derivations: list[str]
) -> None:
    results = at_once(16, lambda _: delivered(parts, image))

    assert len({result.content for result in results}) == 1
    assert len(derivations) == 1


def test_forgetting_an_image_removes_all_of_its_variants_and_no_other(
    parts: Parts, image: Image
) -> None:
    other = parts.take(pictures.photo(seed=2)).image
    for bucket in ("avif", "base"):
        delivered(parts, image, bucket=bucket)
    kept = delivered(parts, other).path

    parts.delivery.forget(image.id)
    parts.delivery.forget(image.id)

    assert files(parts) == [kept]


@pytest.mark.parametrize("version", ["0", "2", "999999999999999"])
def test_another_version_is_not_there(
    parts: Parts, image: Image, derivations: list[str], version: str
) -> None:
    with pytest.raises(NotFoundError):
        delivered(parts, image, version=version)

    assert derivations == []


def test_what_is_hidden_is_not_derived(parts: Parts, image: Image, derivations: list[str]) -> None:
    parts.library.trash(image.id, version=None)

    with pytest.raises(NotFoundError):
        delivered(parts, image)

    assert derivations == []


def test_what_is_hidden_while_it_is_made_leaves_nothing(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    derive = Engine.derive

    def hiding(engine: Engine, *given: Any, **options: Any) -> Any:
        made = derive(engine, *given, **options)
        parts.library.trash(image.id, version=None)
        return made

    monkeypatch.setattr(Engine, "derive", hiding)
    with pytest.raises(NotFoundError):
        delivered(parts, image)

    assert files(parts) == []


def test_who_found_all_places_taken_may_ask_again(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "derive", _failing(BusyError("Busy.")))
        with pytest.raises(BusyError):
            delivered(parts, image)

    assert files(parts) == []
    assert delivered(parts, image).content


def test_what_the_picture_is_to_blame_for_is_not_tried_again_at_once(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "derive", _failing(DecoderFailedError("Died.")))
        with pytest.raises(DecoderFailedError):
            delivered(parts, image)

    with pytest.raises(DecoderFailedError):
        delivered(parts, image)
    assert files(parts) == []


@pytest.mark.parametrize(("where", "call"), [(os, "fsync"), (Path, "rename")])
def test_a_full_disk_keeps_nothing_and_everybody_is_served(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch, where: Any, call: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(where, call, full)
        assert delivered(parts, image).content

    assert files(parts) == []


def test_the_whole_cache_may_be_removed_at_any_time(parts: Parts, image: Image) -> None:
    delivered(parts, image)

    shutil.rmtree(parts.folder / "derived")

    assert delivered(parts, image).path.exists()


def test_whoever_asks_for_an_image_of_another_store_is_sent_there(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere:
        name = "local"
        delivery_hosts = ("https://elsewhere.example",)
        makes_variants = True

        def delivery_url(self, image: Image, wanted: Transformation) -> str:
            return f"https://elsewhere.example/{wanted}/{image.key}"

    elsewhere: Any = Stores([Elsewhere()], for_new="local")  # type: ignore[list-item]
    monkeypatch.setattr(parts.delivery, "_stores", elsewhere)

    with pytest.raises(ElsewhereError) as sent:
        delivered(parts, image)

    assert sent.value.url == f"https://elsewhere.example/{SMALL}/{image.key}"


def test_what_moves_while_it_is_made_is_found_where_it_went(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    derive = Engine.derive

    def moving(engine: Engine, *given: Any, **options: Any) -> Any:
        made = derive(engine, *given, **options)
        monkeypatch.setattr(Engine, "derive", derive)
        parts.database["images"].update_one(
            {"id": image.id}, {"$set": {"store_version": "7", "earlier_versions": [before]}}
        )
        return made

    before = image.store_version
    monkeypatch.setattr(Engine, "derive", moving)

    assert delivered(parts, image).content


def test_any_id_has_a_folder_inside_the_cache(tmp_path: Path) -> None:
    for id in ("x", "folder/photo", "../../etc/passwd", "/etc", "a" * 255, "\0", "ä"):
        folder = folder_of(tmp_path, id)
        assert os.path.commonpath([folder, tmp_path]) == str(tmp_path)
        assert ".." not in folder.parts


def _failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail
