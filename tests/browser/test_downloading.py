"""Many originals as one zip that the browser downloads by itself."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.parts import card, landscape, link


@pytest.fixture
def photos(gallery):
    for seed in range(3):
        gallery.add(landscape(seed), filename=f"number {seed}.jpg")
    return gallery.list()


def bar(page):
    return page.get_by_role("region", name="Selected photos")


def test_the_selected_originals_come_as_one_zip(page, photos, gallery):
    page.goto("/")
    card(page, photos[0]).get_by_role("checkbox").check()
    link(page, photos[2]).click()
    with page.expect_download() as coming:
        bar(page).get_by_role("button", name="Download").click()
    assert coming.value.suggested_filename == "Vitrine, 2 photos.zip"
    with zipfile.ZipFile(coming.value.path()) as opened:
        assert opened.namelist() == ["number 2.jpg", "number 0.jpg"]
        assert opened.read("number 2.jpg") == gallery.original(photos[0])
    expect(page.get_by_text("Downloading 2 photos")).to_be_visible()
    expect(bar(page)).to_contain_text("2 selected")


def test_one_that_is_gone_is_told_and_nothing_is_downloaded(page, photos, gallery, watch):
    watch.allow("status of 404")
    page.route("**/api/events*", lambda route: route.abort())
    watch.allow("ERR_FAILED")
    page.goto("/")
    card(page, photos[0]).get_by_role("checkbox").check()
    gallery.purge(photos[0])
    bar(page).get_by_role("button", name="Download").click()
    expect(page.get_by_text("1 of these photos is not here any more.")).to_be_visible()
    expect(page).to_have_url(page.url)
