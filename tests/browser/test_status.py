"""The panel that says how the gallery is."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.parts import landscape


def open_panel(page):
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Status").click()
    return page.get_by_role("dialog", name="Status")


def test_the_menu_opens_it_and_escape_closes_it(page, gallery):
    gallery.add(landscape(1))
    page.goto("/")

    panel = open_panel(page)

    expect(panel.get_by_text("1 photo", exact=True)).to_be_visible()
    expect(panel.get_by_text("on this machine")).to_be_visible()
    expect(panel.get_by_text("audited")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_it_is_asked_anew_each_time(page, gallery):
    page.goto("/")
    panel = open_panel(page)
    expect(panel.get_by_text("0 photos")).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    gallery.add(landscape(1))

    expect(open_panel(page).get_by_text("1 photo", exact=True)).to_be_visible()


def test_it_says_when_the_gallery_does_not_answer(page, gallery, watch):
    page.goto("/")
    page.route("**/api/status", lambda route: route.abort())
    watch.allow(r"/api/status", r"Failed to load resource")

    panel = open_panel(page)

    expect(panel.get_by_text("The gallery does not answer. Try again in a moment.")).to_be_visible()
