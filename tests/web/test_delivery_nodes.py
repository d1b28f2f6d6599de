"""What one node changes is not served by another one, whose derived files are on its own disk."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests import pictures
from tests.programs import eventually
from tests.web.cloudinary_api.calls import call
from tests.web.conftest import client_of

SOON_S = 5.0


@pytest.fixture
def here(make_gallery):
    """A node by which the owner changes things."""
    return client_of(make_gallery())


@pytest.fixture
def there_is_nobody(settings, tmp_path):
    """The data of another node, which shares the database and the originals alone."""
    data = tmp_path / "there"
    data.mkdir()
    (settings.gallery_data / "originals").mkdir(parents=True, exist_ok=True)
    (data / "originals").symlink_to(settings.gallery_data / "originals")
    return data


@pytest.fixture
def there(make_gallery, there_is_nobody):
    """Another node, at work."""
    return client_of(make_gallery(gallery_data=there_is_nobody).start())


@pytest.fixture
def image(here):
    return here.uploaded()


@pytest.fixture
def derived_there(tmp_path):
    """Lists the folders in which the other node keeps what was derived."""
    root = tmp_path / "there" / "derived"
    return lambda: {path.parent for path in root.glob("*/*/*/*")}


def replaced(here, settings, image):
    return here.replace(image, pictures.photo(seed=2).content)


def renamed(here, settings, image):
    names = {"from_public_id": image["id"], "to_public_id": "garden/rose"}
    return call(here, settings, "rename", **names)


def made_private(here, settings, image):
    names = {"from_public_id": image["id"], "to_public_id": image["id"], "to_type": "private"}
    return call(here, settings, "rename", **names)


@pytest.mark.parametrize("change", [replaced, renamed, made_private])
def test_an_address_that_has_changed_is_no_longer_served(
    here, there, settings, image, derived_there, change
):
    path = urlsplit(image["variants"]["card"]["url"]).path
    assert [there.get(path).status_code for _ in range(3)] == [200] * 3
    assert len(derived_there()) == 1

    assert change(here, settings, image).status_code == 200

    eventually(lambda: there.get(path).status_code == 404, SOON_S)
    assert derived_there() == set()


def test_what_was_derived_before_others_might_fetch_it_is_made_anew(
    here, there, settings, image, derived_there
):
    path = urlsplit(image["variants"]["card"]["url"]).path
    assert there.get(path).status_code == 200
    before = derived_there()

    opened = call(here, settings, "explicit", public_id=image["id"], access_mode="public")
    assert opened.status_code == 200

    eventually(lambda: derived_there().isdisjoint(before), SOON_S)
    assert there.get(path).status_code == 200


def test_what_changed_while_a_node_was_away_is_not_served_when_it_is_back(
    make_gallery, here, there_is_nobody, settings, image, derived_there
):
    path = urlsplit(image["variants"]["card"]["url"]).path
    other = here.uploaded(pictures.photo(seed=3).content)
    other_path = urlsplit(other["variants"]["card"]["url"]).path
    gone = here.uploaded(pictures.photo(seed=4).content)
    before = client_of(make_gallery(gallery_data=there_is_nobody))
    for each in (image, other, gone):
        assert before.get(urlsplit(each["variants"]["card"]["url"]).path).status_code == 200
    assert len(derived_there()) == 3

    replaced(here, settings, image)
    here.delete(f"/api/images/{gone['id']}")
    assert before.get(path).status_code == 200
    there = client_of(make_gallery(gallery_data=there_is_nobody).start())

    eventually(lambda: there.get(path).status_code == 404, SOON_S)
    eventually(lambda: len(derived_there()) == 1, SOON_S)
    assert there.get(other_path).status_code == 200


def test_an_edit_costs_nothing_that_was_derived(here, there, image, derived_there):
    path = urlsplit(image["variants"]["card"]["url"]).path
    assert there.get(path).status_code == 200
    before = derived_there()
    other = here.uploaded(pictures.photo(seed=2).content)
    other_path = urlsplit(other["variants"]["card"]["url"]).path
    assert there.get(other_path).status_code == 200

    assert here.patch(f"/api/images/{image['id']}", json={"alt": "A tree"}).status_code == 200
    here.delete(f"/api/images/{other['id']}")

    eventually(lambda: there.get(other_path).status_code == 404, SOON_S)
    assert derived_there() == before
