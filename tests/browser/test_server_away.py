"""The server dies and comes back: nothing is lost, and no page needs to be reloaded."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    card,
    cards,
    choose,
    file_of,
    landscape,
    picture_in,
    row,
    search_field,
)
from tests.browser.restartable import Restartable


@pytest.fixture
def program(tmp_path):
    running = Restartable(tmp_path)
    yield running
    running.kill()


@pytest.fixture(autouse=True)
def _failing_is_expected(watch):
    """A server that is killed refuses, and breaks off whatever it was sending."""
    broken_off = "ERR_(CONNECTION_|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)"
    watch.allow(broken_off, "Failed to fetch")


def test_an_upload_waits_for_the_server_and_arrives_once(page, gallery, program):
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop photographs here")).to_be_visible()
    program.kill()
    choose(page, file_of(landscape(1), "beach.jpg"), file_of(landscape(2), "tower.jpg"))
    for name in ("beach.jpg", "tower.jpg"):
        expect(row(page, name)).to_contain_text("does not answer. Trying again by itself.")
    expect(cards(page)).to_have_count(2)
    program.start()
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(2)
    expect(cards(page)).to_have_count(2)
    assert {image["filename"] for image in gallery.list()} == {"beach.jpg", "tower.jpg"}


def test_an_open_page_catches_up_with_what_it_missed(page, gallery, program):
    edited, deleted = gallery.add(landscape(1)), gallery.add(landscape(2))
    with page.expect_response(re.compile("/api/events")):
        page.goto("/")
    page.evaluate("globalThis.sameDocument = true")
    program.kill()
    program.start()
    # The page waits two seconds before it asks again: all of this is behind its back.
    added = gallery.add(landscape(3))
    gallery.edit(edited, description="A tower")
    gallery.trash(deleted)
    with page.expect_request(re.compile("/api/events")):
        expect(card(page, added)).to_be_visible()
    expect(card(page, edited)).to_contain_text("A tower")
    expect(card(page, deleted)).to_have_count(0)
    assert page.evaluate("sameDocument")


def test_says_that_it_is_tried_again_and_finds_back_by_itself(page, gallery, program):
    gallery.add(landscape(1), description="A tower")
    page.goto("/")
    program.kill()
    notice = page.locator(".notice")
    expect(notice).to_have_text("Reconnecting…")
    search_field(page).fill("tower")
    expect(page.get_by_role("heading", name="The gallery does not answer")).to_be_visible()
    expect(page.get_by_role("button", name="Try now")).to_be_visible()
    program.start()
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    expect(page.get_by_text("1 photo found")).to_be_visible()
    expect(notice).to_have_text("")
