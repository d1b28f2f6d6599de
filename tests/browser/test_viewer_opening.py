"""What a person asks of the viewer while it still opens is done, not lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    at_once,
    card,
    landscape,
    link,
    open_viewer,
    picture_in,
    shown_in,
    viewer,
)
from tests.pictures import photo

OPENING = "dialog .pswp"

BACK_AND_FORWARD = """
    addEventListener('popstate', () => {
        addEventListener('popstate', () => document.body.dataset.cameForward = '', { once: true });
        history.forward();
    }, { once: true });
    history.back();
"""


def press(*keys):
    """Keys on the page, all in one moment: sooner than anything can move."""
    events = [f"new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }})" for key in keys]
    return "".join(f"document.activeElement.dispatchEvent({event});" for event in events)


@pytest.fixture
def photos(gallery):
    """Three photographs, newest first."""
    for seed in (1, 2, 3):
        gallery.add(landscape(seed))
    return gallery.list()


def test_a_photo_can_be_tried_again_before_the_viewer_has_quite_opened(page, photos, watch):
    watch.allow("503")
    page.goto("/")
    expect(picture_in(card(page, photos[0]))).to_have_js_property("complete", True)
    asked = []

    def fail_once(route):
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route(photos[0]["variants"]["full"]["url"], fail_once)
    at_once(page, ".pswp [data-action=retry]", "element.click()")
    open_viewer(page, photos[0])
    expect(shown_in(viewer(page))).to_have_js_property("complete", True)
    assert len(asked) > 1
    expect(viewer(page).get_by_role("alert")).to_have_count(0)


def test_keys_pressed_while_it_opens_count_once_it_has_opened(page, gallery):
    large = gallery.add(photo(width=2400, height=1600, seed=4))
    gallery.add(landscape(5))
    gallery.add(landscape(6))
    images = gallery.list()
    page.goto("/")
    at_once(page, OPENING, press("ArrowRight", "ArrowRight", "z"))
    open_viewer(page, images[0])
    expect(page).to_have_url(re.compile(large["page"]))
    expect(page.locator(".pswp--zoomed-in")).to_be_visible()


def test_closed_while_it_opens_it_closes(page, photos):
    page.goto("/")
    at_once(page, OPENING, press("Escape"))
    link(page, photos[0]).click()
    expect(link(page, photos[0])).to_be_focused()
    expect(viewer(page)).to_have_count(0)
    expect(page).to_have_url(re.compile("/$"))


def test_back_and_forward_while_it_opens_leave_it_open(page, photos):
    page.goto("/")
    at_once(page, OPENING, BACK_AND_FORWARD)
    link(page, photos[0]).click()
    expect(page.locator("body[data-came-forward]")).to_be_attached()
    expect(page).to_have_url(re.compile(photos[0]["page"]))
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(photos[1]["page"]))
    expect(viewer(page).locator(".viewer__count")).to_have_text("2 of 3")
