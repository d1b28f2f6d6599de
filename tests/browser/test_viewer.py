"""Looking at one photograph: the viewer, its address, its keys, its name for those who listen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    card,
    cards,
    landscape,
    link,
    open_viewer,
    portrait,
    shown_in,
    viewer,
)


@pytest.fixture
def photos(gallery):
    """Three photographs as the grid shows them, newest first."""
    gallery.add(landscape(1), description="A bridge")
    gallery.add(portrait(2), description="A tower")
    gallery.add(landscape(3), description="A harbour", alt="Boats in a harbour")
    return gallery.list()


def expect_closed(page):
    expect(viewer(page)).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/(\?cursor=.*)?$"))


def test_a_click_opens_the_photo_under_its_own_address(page, photos):
    page.goto("/")
    open_viewer(page, photos[1])
    expect(page).to_have_url(re.compile(photos[1]["page"]))
    picture = shown_in(viewer(page))
    expect(picture).to_have_attribute("src", re.compile(SERVED))
    expect(picture).to_have_attribute("alt", "A tower")
    expect(picture).to_have_js_property("complete", True)


def test_it_is_a_modal_dialog_that_says_which_photo_it_shows(page, photos):
    page.goto("/")
    open_viewer(page, photos[0])
    expect(viewer(page)).to_have_attribute("aria-modal", "true")
    expect(viewer(page).locator(".viewer__count")).to_have_text("1 of 3")
    said = viewer(page).locator(".viewer__said")
    expect(said).to_have_role("status")
    expect(said).to_have_text("1 of 3, Boats in a harbour")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text("2 of 3, A tower")
    expect(page.locator("main")).to_have_attribute("inert", "")


def test_keys_lead_to_the_others(page, photos):
    page.goto("/")
    open_viewer(page, photos[0])
    expect(viewer(page).get_by_role("button", name="Previous photo")).to_be_hidden()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("End", 2),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(photos[place]["page"]))
        expect(shown_in(viewer(page))).to_have_attribute("alt", re.compile("."))
    page.keyboard.press("End")
    expect(viewer(page).get_by_role("button", name="Next photo")).to_be_hidden()
    page.keyboard.press("Control+ArrowLeft")
    expect(page).to_have_url(re.compile(photos[2]["page"]))


def test_arrows_beside_the_photo_lead_to_the_others(page, photos):
    page.goto("/")
    open_viewer(page, photos[0])
    viewer(page).get_by_role("button", name="Next photo").click()
    expect(page).to_have_url(re.compile(photos[1]["page"]))
    viewer(page).get_by_role("button", name="Previous photo").click()
    expect(page).to_have_url(re.compile(photos[0]["page"]))


@pytest.mark.parametrize("way", ["Escape", "Close", "Back"])
def test_closing_leads_back_to_the_card_that_was_looked_at(page, photos, way):
    page.goto("/")
    open_viewer(page, photos[0])
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(photos[1]["page"]))
    if way == "Escape":
        page.keyboard.press("Escape")
    elif way == "Close":
        viewer(page).get_by_role("button", name="Close").click()
    else:
        page.go_back()
    expect_closed(page)
    expect(link(page, photos[1])).to_be_focused()
    expect(page.locator("main")).not_to_have_attribute("inert", "")


def test_forward_opens_it_again(page, photos):
    page.goto("/")
    open_viewer(page, photos[0])
    page.go_back()
    expect_closed(page)
    page.go_forward()
    expect(viewer(page)).to_be_visible()
    expect(page).to_have_url(re.compile(photos[0]["page"]))
    expect(viewer(page).get_by_label("Description")).to_have_value("A harbour")


def test_its_address_loads_cold_with_the_grid_behind(page, photos):
    page.goto(photos[1]["page"])
    expect(shown_in(viewer(page))).to_have_attribute("alt", "A tower")
    expect(cards(page)).to_have_count(3)
    expect(page).to_have_title("A tower · Vitrine")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(photos[2]["page"]))
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(link(page, photos[2])).to_be_focused()
    expect(page.locator(".single")).to_have_count(0)


def test_a_photo_from_further_down_loads_cold_too(page, gallery):
    images = gallery.add_all([landscape(seed) for seed in range(45)])
    oldest = gallery.list()[-1]
    assert len(images) == 45
    page.goto(oldest["page"])
    expect(shown_in(viewer(page))).to_be_visible()
    expect(viewer(page).locator(".viewer__count")).to_have_text("1 of 1")
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(page.locator(".month__count")).to_have_text("45 photos")


def test_its_place_is_told_among_all_photos(page, gallery):
    gallery.add_all([landscape(seed) for seed in range(45)])
    page.goto("/")
    open_viewer(page, gallery.list()[3])
    expect(viewer(page).locator(".viewer__said")).to_have_text(re.compile("^4 of 45, "))


def test_the_viewer_pages_on_beyond_what_the_grid_has_loaded(page, gallery):
    gallery.add_all([landscape(seed) for seed in range(45)])
    images = gallery.list()
    page.set_viewport_size({"width": 700, "height": 300})  # So that the grid asks for one page.
    page.goto("/")
    expect(cards(page).first).to_be_visible()
    open_viewer(page, images[0])
    for place in range(1, 45):
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(images[place]["page"]))
    expect(viewer(page).locator(".viewer__count")).to_have_text("45 of 45")


def test_focus_stays_inside_while_it_is_open(page, photos):
    page.goto("/")
    open_viewer(page, photos[1])
    seen = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        inside, name = page.evaluate(
            "[!!document.activeElement.closest('dialog'),"
            " document.activeElement.ariaLabel ?? document.activeElement.innerText]"
        )
        assert inside, name
        seen.add(name.strip())
    assert {"Close", "Copy link", "Download", "Delete", "Next photo"} <= seen


def test_delete_goes_on_to_the_next_photo_and_can_be_undone(page, photos, gallery):
    page.goto("/")
    open_viewer(page, photos[0])
    page.keyboard.press("Delete")
    expect(page).to_have_url(re.compile(photos[1]["page"]))
    expect(viewer(page).locator(".viewer__count")).to_have_text("1 of 2")
    expect(page.get_by_text("Photo moved to the trash")).to_be_visible()
    expect(card(page, photos[0])).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(viewer(page).locator(".viewer__count")).to_have_text("2 of 3")
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(cards(page).first).to_have_attribute("data-id", photos[0]["id"])
    assert [image["id"] for image in gallery.list()] == [image["id"] for image in photos]


def test_copy_puts_the_address_of_the_photo_into_the_clipboard(page, photos, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/")
    open_viewer(page, photos[0])
    viewer(page).get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address + photos[0]["page"]


def test_download_gives_the_original_under_its_name(page, gallery):
    image = gallery.add(landscape(1), filename="beach.jpg")
    page.goto("/")
    open_viewer(page, image)
    with page.expect_download() as download:
        viewer(page).get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "beach.jpg"
    assert download.value.path().read_bytes() == landscape(1).content


def test_a_photo_that_does_not_load_can_be_tried_again(page, photos, watch):
    watch.allow("503")
    page.goto("/")
    expect(cards(page)).to_have_count(3)
    page.route("**/cdn/**", lambda route: route.fulfill(status=503))
    open_viewer(page, photos[0])
    trouble = viewer(page).get_by_role("alert").filter(has_text="This photo did not load.")
    expect(trouble).to_be_visible()
    page.unroute_all()
    trouble.get_by_role("button", name="Try again").click()
    expect(trouble).to_have_count(0)
    expect(shown_in(viewer(page))).to_have_js_property("complete", True)


def test_remembers_whether_the_panel_was_open(page, photos):
    page.goto("/")
    open_viewer(page, photos[0])
    panel = viewer(page).get_by_role("region", name="About this photo")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("Location")
    page.keyboard.press("i")
    expect(panel).to_be_hidden()
    page.goto(photos[1]["page"])
    expect(viewer(page)).to_be_visible()
    expect(panel).to_be_hidden()


def test_a_swipe_down_or_a_tap_on_close_leaves_it_on_a_phone(phone, photos):
    phone.goto("/")
    link(phone, photos[0]).tap()
    expect(shown_in(viewer(phone))).to_be_visible()
    viewer(phone).get_by_role("button", name="Close").tap()
    expect_closed(phone)


def test_with_less_motion_it_opens_and_closes_too(open_context, photos):
    page = open_context(reduced_motion="reduce").new_page()
    page.goto("/")
    open_viewer(page, photos[0])
    expect(shown_in(viewer(page))).to_be_visible()
    page.keyboard.press("Escape")
    expect_closed(page)
