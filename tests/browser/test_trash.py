"""The trash: looked at, taken back from, emptied; with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import card, cards, landscape, link, picture_in, viewer

TRASH = "/?status=trashed"


@pytest.fixture
def trashed(gallery):
    """Three photographs in the trash as it shows them, newest first; one is in the gallery."""
    gallery.add(landscape(9), description="Kept")
    for seed in range(3):
        gallery.trash(gallery.add(landscape(seed), description=f"Number {seed}"))
    return gallery.list(status="trashed")


@pytest.fixture
def opened(page, trashed):
    page.goto(TRASH)
    expect(card(page, trashed[0]).get_by_role("checkbox")).to_be_attached()
    return page


def sure(page, name):
    return page.get_by_role("dialog", name=name)


def test_the_menu_leads_to_it_and_back(page, trashed):
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Trash").click()
    expect(page).to_have_url(re.compile(r"/\?status=trashed$"))
    expect(page.get_by_role("heading", name="Trash")).to_be_visible()
    expect(page).to_have_title("Trash · Vitrine")
    expect(cards(page)).to_have_count(3)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="All photos").click()
    expect(cards(page)).to_have_count(1)


def test_shows_each_picture_and_how_long_it_waits(opened, trashed):
    for image in trashed:
        expect(card(opened, image).get_by_text("in 30 days")).to_be_visible()
        expect(picture_in(card(opened, image))).to_have_js_property("complete", True)
        assert picture_in(card(opened, image)).evaluate("image => image.naturalWidth") > 0
    expect(opened.get_by_role("button", name="Add photos")).to_have_count(0)
    assert opened.evaluate("layoutShifts") == []


def test_one_is_taken_back_from_the_viewer(opened, trashed, gallery):
    link(opened, trashed[1]).click()
    expect(viewer(opened)).to_be_focused()
    expect(opened).to_have_url(re.compile(r"/\?status=trashed$"))
    opened.go_back()
    expect(viewer(opened)).to_have_count(0)
    link(opened, trashed[1]).click()
    viewer(opened).get_by_role("button", name="Restore").click()
    expect(opened.get_by_text("1 photo back in the gallery")).to_be_visible()
    expect(card(opened, trashed[1])).to_have_count(0)
    assert trashed[1]["id"] in {image["id"] for image in gallery.list()}


def test_selected_ones_are_taken_back(opened, trashed, gallery):
    link(opened, trashed[0]).focus()
    opened.keyboard.press("x")
    opened.keyboard.press("Shift+ArrowRight")
    bar = opened.get_by_role("region", name="Selected photos")
    bar.get_by_role("button", name="Restore").click()
    expect(opened.get_by_text("2 photos back in the gallery")).to_be_visible()
    expect(cards(opened)).to_have_count(1)
    assert len(gallery.list()) == 3


def test_all_are_taken_back(opened, gallery):
    opened.get_by_role("button", name="Restore all").click()
    expect(opened.get_by_role("heading", name="Nothing in the trash")).to_be_visible()
    expect(opened.get_by_role("button", name="Restore all")).to_be_hidden()
    expect(opened.get_by_text("3 photos back in the gallery")).to_be_visible()
    assert len(gallery.list()) == 4


def test_deleting_for_ever_asks_once(opened, trashed, gallery):
    link(opened, trashed[0]).focus()
    opened.keyboard.press("Delete")
    question = sure(opened, "Delete this photo for ever?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    opened.keyboard.press("Escape")
    expect(link(opened, trashed[0])).to_be_focused()
    assert len(gallery.list(status="trashed")) == 3
    opened.keyboard.press("Delete")
    question.get_by_role("button", name="Delete for ever").click()
    expect(opened.get_by_text("1 photo deleted for ever")).to_be_visible()
    expect(card(opened, trashed[0])).to_have_count(0)
    assert [each["id"] for each in gallery.list(status="trashed")] == [
        each["id"] for each in trashed[1:]
    ]


def test_emptied_nothing_is_left(opened, gallery):
    opened.get_by_role("button", name="Empty the trash…").click()
    question = sure(opened, "Delete all 3 photos in the trash for ever?")
    question.get_by_role("button", name="Delete for ever").click()
    expect(opened.get_by_role("heading", name="Nothing in the trash")).to_be_visible()
    expect(opened.get_by_text("3 photos deleted for ever")).to_be_visible()
    assert gallery.list(status="trashed") == []
    assert len(gallery.list()) == 1


def test_what_others_do_is_seen_at_once(opened, trashed, gallery):
    gallery.restore(trashed[0])
    expect(card(opened, trashed[0])).to_have_count(0)
    [*_, kept] = gallery.list()
    gallery.trash(kept)
    expect(card(opened, kept)).to_be_visible()
    expect(card(opened, kept).get_by_text("in 30 days")).to_be_visible()
    gallery.purge(trashed[1])
    expect(card(opened, trashed[1])).to_have_count(0)
    expect(cards(opened)).to_have_count(2)


def test_the_search_stays_in_the_trash(opened, trashed):
    opened.get_by_role("searchbox").fill("number 1")
    expect(cards(opened)).to_have_count(1)
    expect(card(opened, trashed[1])).to_be_visible()
    expect(opened.get_by_role("button", name="Empty the trash…")).to_be_hidden()
    expect(opened).to_have_url(re.compile(r"status=trashed&q=number\+1"))
    opened.reload()
    expect(cards(opened)).to_have_count(1)
    opened.get_by_role("searchbox").fill("kept")
    opened.get_by_role("link", name="Show all of the trash").click()
    expect(cards(opened)).to_have_count(3)
    expect(opened.get_by_role("button", name="Empty the trash…")).to_be_visible()


def test_without_scripts_one_is_taken_back_one_deleted_and_all(scriptless, trashed, gallery):
    scriptless.goto(TRASH)
    expect(cards(scriptless)).to_have_count(3)
    card(scriptless, trashed[0]).get_by_role("button", name="Restore").click()
    expect(scriptless.get_by_text("The photo is back in the gallery.")).to_be_visible()
    card(scriptless, trashed[1]).get_by_role("button", name="Delete…").click()
    sure(scriptless, "Delete this photo for ever?").get_by_role("button").click()
    expect(scriptless.get_by_text("The photo is deleted for ever.")).to_be_visible()
    expect(cards(scriptless)).to_have_count(1)
    scriptless.get_by_role("button", name="Empty the trash…").click()
    sure(scriptless, "Empty the trash?").get_by_role("button").click()
    expect(scriptless.get_by_role("heading", name="Nothing in the trash")).to_be_visible()
    assert len(gallery.list()) == 2
    assert gallery.list(status="trashed") == []
