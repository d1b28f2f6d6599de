"""Search as you type, tags, and an address that says what is shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import cards, landscape, requests_of, search_field


@pytest.fixture(autouse=True)
def photos(gallery):
    gallery.add(landscape(1), description="A tower", tags=("brick", "berlin"))
    gallery.add(landscape(2), description="A bridge", tags=("berlin",))
    gallery.add(landscape(3), alt="Boats in a harbour")


def chip(page, tag):
    return page.get_by_role("navigation", name="Tags").get_by_role("link", name=tag, exact=True)


def expect_shown(page, *names):
    """These photographs and no others."""
    expect(cards(page)).to_have_count(len(names))
    for name in names:
        expect(page.get_by_role("link", name=name)).to_be_visible()


def test_finds_while_typing_words_by_their_beginnings(page):
    page.goto("/")
    search_field(page).press_sequentially("tow")
    expect_shown(page, "A tower")
    expect(page.get_by_text("1 photo found")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?q=tow$"))


def test_looks_into_descriptions_alt_texts_and_tags(page):
    page.goto("/")
    for words, found in (
        ("bridge", "A bridge"),
        ("boats", "Boats in a harbour"),
        ("brick", "A tower"),
    ):
        search_field(page).fill(words)
        expect_shown(page, found)


def test_the_address_loads_what_it_says(page):
    page.goto("/?q=a&tag=berlin&tag=brick")
    expect_shown(page, "A tower")
    expect(search_field(page)).to_have_value("a")
    expect(chip(page, "brick")).to_have_attribute("aria-current", "true")
    expect(chip(page, "All")).not_to_have_attribute("aria-current", "true")


def test_tags_narrow_it_down_and_widen_it_again(page):
    page.goto("/")
    chip(page, "berlin").click()
    expect_shown(page, "A tower", "A bridge")
    chip(page, "brick").click()
    expect_shown(page, "A tower")
    expect(page).to_have_url(re.compile(r"/\?tag=berlin&tag=brick$"))
    chip(page, "berlin").click()
    expect(page).to_have_url(re.compile(r"/\?tag=brick$"))
    chip(page, "All").click()
    expect(cards(page)).to_have_count(3)
    expect(page).to_have_url(re.compile("/$"))


def test_back_and_forward_go_through_the_searches(page):
    page.goto("/")
    search_field(page).fill("tower")
    expect_shown(page, "A tower")
    chip(page, "berlin").click()
    expect(page).to_have_url(re.compile("tag=berlin"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?q=tower$"))
    page.go_back()
    expect(cards(page)).to_have_count(3)
    expect(search_field(page)).to_have_value("")
    page.go_forward()
    expect_shown(page, "A tower")
    expect(search_field(page)).to_have_value("tower")


def test_typing_is_one_step_back_not_one_for_each_letter(page):
    page.goto("/")
    for words in ("t", "to", "tow", "tower"):
        search_field(page).fill(words)
        expect(page).to_have_url(re.compile(f"q={words}$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/$"))
    expect(cards(page)).to_have_count(3)


def test_typing_fast_asks_once(page):
    page.goto("/")
    asked = requests_of(page, "GET")
    search_field(page).press_sequentially("tower", delay=10)
    expect_shown(page, "A tower")
    assert len([request for request in asked if "/api/images?" in request.url]) <= 2


def test_says_that_nothing_was_found_and_leads_out(page):
    page.goto("/")
    search_field(page).fill("giraffe")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(cards(page)).to_have_count(0)
    page.get_by_role("link", name="Show all photos").click()
    expect(cards(page)).to_have_count(3)
    expect(search_field(page)).to_be_focused()
    expect(page).to_have_url(re.compile("/$"))


def test_escape_clears_the_search_and_then_leaves_it(page):
    page.goto("/")
    search_field(page).fill("tower")
    expect_shown(page, "A tower")
    search_field(page).press("Escape")
    expect(search_field(page)).to_have_value("")
    expect(cards(page)).to_have_count(3)
    expect(search_field(page)).to_be_focused()
    search_field(page).press("Escape")
    expect(search_field(page)).not_to_be_focused()


def test_letters_that_mean_something_elsewhere_find_nothing_and_break_nothing(page):
    page.goto("/")
    for words in ("(a+)+$", ".*", "$where", "%", "<b>", "\\"):
        search_field(page).fill(words)
        expect(page).to_have_url(re.compile(re.escape("q=")))
        expect(page.get_by_role("heading", name="The gallery does not answer")).to_be_hidden()


def test_a_photo_keeps_the_focus_when_the_list_around_it_changes(page):
    page.goto("/?q=tow")
    tower = page.get_by_role("link", name="A tower")
    held = []
    page.route("**/api/images?*", lambda route: held.append(route))
    with page.expect_request("**/api/images?*"):
        search_field(page).fill("")
    tower.focus()
    held[0].continue_()
    expect(cards(page)).to_have_count(3)
    expect(tower).to_be_focused()
