"""What others do shows within a second, without reloading."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.parts import (
    SERVED,
    card,
    cards,
    choose,
    file_of,
    landscape,
    link,
    picture_in,
    viewer,
)

WITHIN_MS = 1000


def open_live(page: Page, path: str = "/") -> None:
    """Opens the page; whatever happens from now on reaches it."""
    with page.expect_response(re.compile("/api/events")):
        page.goto(path)
    page.evaluate("globalThis.sameDocument = true")


@pytest.fixture(autouse=True)
def _never_reloaded(second_page):
    yield
    assert second_page.evaluate("globalThis.sameDocument")


def test_a_photo_added_on_one_page_appears_on_the_other(page, second_page, gallery):
    open_live(page)
    open_live(second_page)
    with page.expect_response("**/api/images") as answer:
        choose(page, file_of(landscape(1), "beach.jpg"))
    image = answer.value.json()
    expect(card(second_page, image)).to_be_visible(timeout=WITHIN_MS)
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    for each in (page, second_page):
        expect(cards(each)).to_have_count(1)


def test_an_edit_appears(second_page, gallery):
    image = gallery.add(landscape(1), description="A tower")
    open_live(second_page)
    gallery.edit(image, description="The tower", alt="A tower of brick")
    expect(link(second_page, image)).to_have_accessible_name(
        "A tower of brick The tower", timeout=WITHIN_MS
    )


def test_a_deleted_photo_goes_and_a_restored_one_comes_back(second_page, gallery):
    older, image = gallery.add(landscape(1)), gallery.add(landscape(2))
    open_live(second_page)
    gallery.trash(image)
    expect(card(second_page, image)).to_have_count(0, timeout=WITHIN_MS)
    gallery.restore(image)
    expect(cards(second_page).first).to_have_attribute("data-id", image["id"], timeout=WITHIN_MS)
    gallery.trash(older)
    gallery.trash(image)
    expect(second_page.get_by_role("heading", name="Drop photographs here")).to_be_visible(
        timeout=WITHIN_MS
    )


def test_the_photo_that_is_looked_at_changes_and_goes(second_page, gallery):
    older = gallery.add(landscape(1), description="A bridge")
    image = gallery.add(landscape(2), description="A tower")
    open_live(second_page)
    link(second_page, image).click()
    description = viewer(second_page).get_by_label("Description")
    expect(description).to_have_value("A tower")
    gallery.edit(image, description="The tower")
    expect(description).to_have_value("The tower", timeout=WITHIN_MS)
    gallery.trash(image)
    expect(second_page).to_have_url(re.compile(older["page"]), timeout=WITHIN_MS)
    expect(description).to_have_value("A bridge")


def test_only_what_is_searched_for_comes_in(second_page, gallery):
    gallery.add(landscape(1), description="A tower", tags=("brick",))
    open_live(second_page, "/?q=tow&tag=brick")
    other = gallery.add(landscape(2), description="A tower")
    match = gallery.add(landscape(3), description="Two towers", tags=("brick",))
    expect(card(second_page, match)).to_be_visible(timeout=WITHIN_MS)
    expect(card(second_page, other)).to_have_count(0)
    expect(second_page.get_by_text("2 photos found")).to_be_visible()


def test_what_is_read_stays_where_it_is_when_something_is_added_above(second_page, gallery):
    images = gallery.add_all([landscape(seed) for seed in range(40)])
    open_live(second_page)
    watched = link(second_page, gallery.list()[30])
    watched.scroll_into_view_if_needed()
    before = watched.bounding_box()
    new = gallery.add(landscape(99))
    expect(second_page.locator(".month__count")).to_have_text(f"{len(images) + 1} photos")
    assert second_page.evaluate("scrollY") > 0
    assert watched.bounding_box()["y"] == pytest.approx(before["y"], abs=1)
    assert new["id"]
