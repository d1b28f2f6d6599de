"""Another picture in the place of one: the same photograph, seen at once wherever it is open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    HeldRequests,
    card,
    file_of,
    landscape,
    open_viewer,
    picture_in,
    portrait,
    shown_in,
    viewer,
)

WATCH_FOR_GAPS = """(selector) => {
    globalThis.gaps = 0;
    const look = () => {
        const picture = document.querySelector(selector);
        globalThis.gaps += !(picture && picture.complete && picture.naturalWidth > 0);
        requestAnimationFrame(look);
    };
    look();
}"""
"""Counts the frames in which no picture can be painted."""


@pytest.fixture
def image(gallery):
    gallery.add(landscape(2), description="Another")
    return gallery.add(landscape(1), description="A tower", tags=("brick",))


def replace(page, file):
    viewer(page).locator(".image-panel__replace input").set_input_files(file)


def test_the_picture_changes_in_the_viewer_and_the_grid_without_a_gap(page, image, gallery):
    page.goto("/")
    expect(picture_in(card(page, image))).to_have_js_property("complete", True)
    open_viewer(page, image)
    expect(shown_in(viewer(page))).to_have_js_property("complete", True)
    page.evaluate(WATCH_FOR_GAPS, f'image-card[data-id="{image["id"]}"] .image-card__photo')
    replace(page, file_of(portrait(3), "tower.jpg"))
    expect(viewer(page).get_by_text("Replaced")).to_be_visible()
    now = gallery.find(image)
    assert (now["id"], now["version"], now["width"]) == (image["id"], image["version"] + 1, 320)
    assert (now["description"], now["tags"]) == ("A tower", ["brick"])
    expect(page).to_have_url(re.compile(f"{image['page']}$"))
    expect(viewer(page)).to_contain_text(re.compile("320 . 480"))
    expect(shown_in(viewer(page))).to_have_js_property("naturalHeight", 480)
    expect(picture_in(card(page, image))).to_have_attribute("src", re.compile(_path(now)))
    assert page.evaluate("gaps") == 0


def _path(image):
    return re.escape(image["variants"]["card"]["url"].partition("/cdn/")[2])


def test_other_pages_see_it(page, second_page, image, gallery):
    second_page.goto("/")
    expect(card(second_page, image)).to_be_visible()
    page.goto("/")
    open_viewer(page, image)
    replace(page, file_of(portrait(3)))
    expect(viewer(page).get_by_text("Replaced")).to_be_visible()
    fresh = re.compile(_path(gallery.find(image)))
    expect(picture_in(card(second_page, image))).to_have_attribute("src", fresh)


def test_what_is_no_picture_is_told_beside_the_button(page, image, gallery, watch):
    watch.allow("status of 415")
    page.goto("/")
    open_viewer(page, image)
    letter = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear Sir or Madam"}
    replace(page, letter)
    told = viewer(page).get_by_text("The picture is still the one before. letter.jpg: ")
    expect(told).to_be_visible()
    assert gallery.find(image) == image
    replace(page, file_of(portrait(3)))
    expect(viewer(page).get_by_text("Replaced")).to_be_visible()
    expect(told).to_have_count(0)


def test_one_that_somebody_changed_first_is_not_replaced(page, image, gallery, watch):
    watch.allow("status of 412")
    page.goto("/")
    held = HeldRequests(page, "PUT", "**/original")
    open_viewer(page, image)
    replace(page, file_of(portrait(3), "tower.jpg"))
    expect(viewer(page).get_by_text("tower.jpg is on its way…")).to_be_visible()
    gallery.edit(image, description="Theirs")
    held.let_all_through()
    expect(viewer(page).get_by_text("Somebody changed this photo first.")).to_be_visible()
    assert gallery.find(image)["width"] == 480
