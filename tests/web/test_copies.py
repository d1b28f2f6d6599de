"""Small variants of a large photo are made from a mid-size copy of it, as long as there is one."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
from PIL import Image

from gallery.imaging.sandbox import Engine
from tests import pictures
from tests.web.conftest import client_of

LARGE = pictures.photo("jpeg", width=2800, height=2000)


@pytest.fixture
def owner(make_gallery):
    """The owner of a gallery that takes large photos."""
    return client_of(make_gallery(max_pixels=10_000_000))


@pytest.fixture
def derived_files(settings):
    """Lists what was derived and lies on the disk."""
    root = settings.gallery_data / "derived"
    return lambda: [
        path for path in root.rglob("*") if path.is_file() and path.parent.name != "locks"
    ]


@pytest.fixture
def from_copies(monkeypatch):
    """Whether each variant that was made was made from a copy."""
    made = []
    derive = Engine.derive

    def noting(engine, path, wanted, **options):
        derived = derive(engine, path, wanted, **options)
        made.append(options.get("copy_of") is not None)
        return derived

    monkeypatch.setattr(Engine, "derive", noting)
    return made


def _shown(owner, image, preset):
    answer = owner.get(urlsplit(image["variants"][preset]["url"]).path)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.data))


def test_a_large_photo_is_kept_with_a_copy_that_small_variants_are_made_from(
    owner, derived_files, from_copies
):
    image = owner.uploaded(LARGE.content)

    assert len(derived_files()) == 1
    assert _shown(owner, image, "thumb").size == (400, 286)
    assert _shown(owner, image, "full").size == (2560, 1829)
    assert from_copies == [True, False]


def test_a_copy_that_is_gone_is_not_missed(owner, derived_files, from_copies):
    image = owner.uploaded(LARGE.content)
    [copy] = derived_files()
    copy.unlink()

    assert _shown(owner, image, "thumb").size == (400, 286)
    assert from_copies == [False]


def test_a_copy_that_is_damaged_is_not_used(owner, derived_files, from_copies):
    image = owner.uploaded(LARGE.content)
    [copy] = derived_files()
    copy.write_bytes(b"\xff\xd8\xff")

    assert _shown(owner, image, "thumb").size == (400, 286)
    assert from_copies == [False]


def test_a_copy_goes_with_its_photo(owner, derived_files):
    image = owner.uploaded(LARGE.content)
    owner.delete(f"/api/images/{image['id']}")

    assert derived_files() == []


def test_a_replaced_photo_has_a_copy_too(owner, derived_files, from_copies):
    image = owner.uploaded(LARGE.content)
    [before] = derived_files()
    other = pictures.photo("jpeg", width=3000, height=2000, seed=2)

    image = owner.replace(image, other.content).json

    [copy] = derived_files()
    assert copy != before
    assert _shown(owner, image, "thumb").size == (400, 267)
    assert from_copies == [True]
