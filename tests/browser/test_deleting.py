"""Deleting asks nothing, since it can be taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.parts import card, cards, landscape, link, search_field

GONE = "Photo moved to the trash"


@pytest.fixture
def photos(gallery):
    """Three photographs as the grid shows them, newest first."""
    for seed in range(3):
        gallery.add(landscape(seed), description=f"Number {seed}")
    return gallery.list()


def test_the_button_on_a_card_takes_the_photo_away_at_once(page, photos, gallery):
    page.goto("/")
    card(page, photos[1]).hover()
    card(page, photos[1]).get_by_role("button", name="Delete Number 1").click()
    expect(card(page, photos[1])).to_have_count(0)
    expect(page.get_by_text(GONE)).to_be_visible()
    expect(page.locator(".month__count")).to_have_text("2 photos")
    [trashed] = gallery.list(status="trashed")
    assert trashed["id"] == photos[1]["id"]


def test_undo_brings_it_back_to_its_place(page, photos, gallery):
    page.goto("/")
    card(page, photos[1]).hover()
    card(page, photos[1]).get_by_role("button", name="Delete Number 1").click()
    page.get_by_role("button", name="Undo").click()
    expect(link(page, photos[1])).to_be_focused()
    expect(page.get_by_text(GONE)).to_have_count(0)
    shown = [each.get_attribute("data-id") for each in cards(page).all()]
    assert shown == [image["id"] for image in photos]
    assert gallery.list(status="trashed") == []


def test_the_keyboard_can_do_both(page, photos, gallery):
    page.goto("/")
    link(page, photos[0]).focus()
    page.keyboard.press("Delete")
    expect(link(page, photos[1])).to_be_focused()
    page.keyboard.press("Control+z")
    expect(link(page, photos[0])).to_be_focused()
    assert len(gallery.list()) == 3


def test_late_news_of_the_deletion_does_not_take_it_away_again(page, photos, gallery):
    held = []
    page.route("**/api/events*", lambda route: held.append(route))
    page.goto("/")
    link(page, photos[0]).focus()
    page.keyboard.press("Delete")
    expect(link(page, photos[1])).to_be_focused()
    page.keyboard.press("Control+z")
    expect(link(page, photos[0])).to_be_focused()
    page.evaluate(
        """() => {
            globalThis.tookAway = 0;
            new MutationObserver((changes) => {
                tookAway += changes.flatMap((each) => [...each.removedNodes]).length;
            }).observe(document.querySelector('.month__images'), { childList: true });
        }"""
    )

    held[0].continue_()

    # What is edited now is told behind the deletion and the return.
    gallery.edit(photos[2], description="Edited")
    expect(page.get_by_role("link", name="Edited")).to_be_visible()
    expect(link(page, photos[0])).to_be_focused()
    assert page.evaluate("tookAway") == 0


def test_the_toast_waits_while_it_is_pointed_at_and_goes_after_six_seconds(page, photos):
    page.clock.install()
    page.goto("/")
    link(page, photos[0]).focus()
    page.keyboard.press("Delete")
    toast = page.get_by_text(GONE)
    toast.hover()
    page.clock.fast_forward(60_000)
    expect(toast).to_be_visible()
    search_field(page).hover()
    page.clock.fast_forward(5_500)
    expect(toast).to_be_visible()
    page.clock.fast_forward(1_000)
    expect(toast).to_have_count(0)


def test_a_photo_that_could_not_be_deleted_comes_back(page, photos, watch):
    watch.allow("503")
    problem = '{"title": "Busy", "status": 503, "detail": "The database is away.", "code": "busy"}'
    page.goto("/")
    page.route(
        "**/api/images/*",
        lambda route: route.fulfill(
            status=503, content_type="application/problem+json", body=problem
        ),
    )
    link(page, photos[0]).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_text("The photo is still here. The database is away.")).to_be_visible()
    expect(cards(page)).to_have_count(3)


def test_the_last_one_leaves_the_empty_gallery(page, gallery):
    image = gallery.add(landscape(1))
    page.goto("/")
    link(page, image).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="Drop photographs here")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(card(page, image)).to_be_visible()
