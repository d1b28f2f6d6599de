"""Looking, opening, adding, editing and deleting without a single script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import SERVED, cards, file_of, landscape, link, picture_in
from tests.pictures import photo


@pytest.fixture
def page(scriptless):
    return scriptless


@pytest.fixture
def image(gallery):
    return gallery.add(landscape(1), description="A tower", tags=("brick",))


def expect_told(page, words):
    """Seen and read out once, wherever the page says it."""
    expect(page.get_by_role("status").filter(has_text=words)).to_have_count(1)


def test_the_gallery_shows_photos_and_leads_to_each(page, image):
    page.goto("/")
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    expect(cards(page)).to_contain_text("A tower")
    link(page, image).click()
    expect(page).to_have_url(re.compile(image["page"]))
    expect(page.get_by_role("img", name="A tower")).to_be_visible()
    expect(page.get_by_role("textbox", name="Description")).to_have_value("A tower")
    page.get_by_role("link", name="All photos").click()
    expect(page).to_have_url(re.compile("/$"))


def test_a_photo_is_added_by_the_form_and_the_outcome_is_told(page, gallery):
    page.goto("/")
    page.get_by_role("link", name="Add photos").click()
    page.get_by_label("Photo", exact=True).set_input_files(file_of(landscape(1), "beach.jpg"))
    page.get_by_label("Description").fill("A beach")
    page.get_by_label("Alt text").fill("Sand and sea")
    page.get_by_role("textbox", name="Tags").fill("summer, sea")
    page.get_by_role("button", name="Add photo").click()
    [image] = gallery.list()
    expect(page).to_have_url(re.compile(image["page"]))
    expect_told(page, "Added.")
    expect(page.get_by_role("img", name="Sand and sea")).to_be_visible()
    assert (image["filename"], image["description"]) == ("beach.jpg", "A beach")
    assert image["tags"] == ["summer", "sea"]
    page.reload()
    expect(page.get_by_text("Added.")).to_have_count(0)
    assert len(gallery.list()) == 1


def test_a_refused_file_is_told_and_nothing_stays(page, gallery, watch):
    watch.allow("status of 415")
    page.goto("/upload/")
    letter = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear Sir or Madam"}
    page.get_by_label("Photo", exact=True).set_input_files(letter)
    page.get_by_label("Description").fill("A letter")
    page.get_by_role("button", name="Add photo").click()
    expect(page.get_by_role("alert")).to_contain_text("letter.jpg: ")
    expect(page.get_by_label("Description")).to_have_value("A letter")
    assert gallery.list() == []


def test_a_file_that_is_too_large_is_told(page, gallery, watch):
    watch.allow("status of 413")
    page.goto("/upload/")
    huge = file_of(photo("png", width=900, height=900), "huge.png")
    huge["buffer"] += bytes(2 * 1024**2)
    page.get_by_label("Photo", exact=True).set_input_files(huge)
    page.get_by_role("button", name="Add photo").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("larger than 1 Mi?B"))
    assert gallery.list() == []


def test_a_photo_that_is_here_already_is_shown_instead(page, image, gallery):
    page.goto("/upload/")
    page.get_by_label("Photo", exact=True).set_input_files(file_of(landscape(1)))
    page.get_by_role("button", name="Add photo").click()
    expect(page).to_have_url(re.compile(image["page"]))
    expect_told(page, "This photo was here already.")
    assert len(gallery.list()) == 1


def test_words_and_tags_are_edited(page, image, gallery):
    page.goto(image["page"])
    page.get_by_label("Description").fill("The tower")
    page.get_by_label("Alt text").fill("A tower of brick")
    page.get_by_role("textbox", name="Tags").fill("brick, night")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(f"{image['page']}$"))
    expect_told(page, "Saved.")
    expect(page.get_by_label("Description")).to_have_value("The tower")
    kept = gallery.find(image)
    assert (kept["description"], kept["alt"]) == ("The tower", "A tower of brick")
    assert kept["tags"] == ["brick", "night"]


def test_an_edit_over_a_newer_one_is_refused_and_says_so(page, image, gallery, watch):
    watch.allow("status of 412")
    page.goto(image["page"])
    gallery.edit(image, description="Their tower")
    page.get_by_label("Description").fill("My tower")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="The photo was changed")).to_be_visible()
    assert gallery.find(image)["description"] == "Their tower"


def test_a_photo_is_deleted_and_the_outcome_is_told(page, image, gallery):
    page.goto(image["page"])
    page.get_by_role("button", name="Move to the trash").click()
    expect(page).to_have_url(re.compile("/$"))
    expect_told(page, "The photo is in the trash now.")
    expect(cards(page)).to_have_count(0)
    assert gallery.list() == []
    assert len(gallery.list(status="trashed")) == 1


def test_search_and_tags_work_as_a_form_and_links(page, image, gallery):
    gallery.add(landscape(2), description="A bridge")
    page.goto("/")
    page.get_by_role("searchbox").fill("bridge")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?q=bridge$"))
    expect(cards(page)).to_have_count(1)
    expect(page.get_by_text("1 photo found")).to_be_visible()
    page.get_by_role("link", name="All").click()
    page.goto("/")
    page.get_by_role("link", name="brick").click()
    expect(page).to_have_url(re.compile(r"/\?tag=brick$"))
    expect(cards(page)).to_contain_text("A tower")


def test_nothing_is_offered_that_needs_a_script(page, image):
    page.goto("/")
    expect(page.get_by_role("button", name="Choose files")).to_have_count(0)
    expect(page.locator("input[type=file]").filter(visible=True)).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Delete"))).to_have_count(0)
