"""Everything can be reached and done by keyboard, and one always sees where one is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    cards,
    choose,
    file_chooser,
    file_of,
    landscape,
    link,
    picture_in,
    row,
    search_field,
    viewer,
)


@pytest.fixture
def photos(gallery):
    """Three photographs as the grid shows them, newest first."""
    for seed in range(3):
        gallery.add(landscape(seed), description=f"Number {seed}", tags=("berlin",))
    return gallery.list()


FOCUSED = """() => {
    const { activeElement: at } = document;
    return at.ariaLabel || at.innerText?.trim() || at.getAttribute('href') || at.nodeName;
}"""


def expect_focus_seen(page):
    """What has the focus looks otherwise than without it."""
    focused = page.screenshot(animations="disabled")
    element = page.evaluate_handle("document.activeElement")
    page.evaluate("document.activeElement.blur()")
    plain = page.screenshot(animations="disabled")
    element.evaluate("(element) => element.focus({ preventScroll: true })")
    assert focused != plain, f"nobody sees that {page.evaluate(FOCUSED)} has the focus"


def stops(page, key="Tab", *, most=40):
    """What Tab leads to, one after the other, until it leaves the page; each is seen."""
    names = []
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement === document.body"):
            return names
        expect_focus_seen(page)
        names.append(page.evaluate(FOCUSED))
    raise AssertionError(f"it never leaves the page: {names}")


def test_tab_leads_through_the_page_from_top_to_bottom(page, photos):
    page.goto("/")
    expect(cards(page)).to_have_count(3)
    assert stops(page) == [
        "Skip to the photos",
        "Vitrine",
        "Search words and tags",
        "Add photos",
        "Menu",
        "All",
        "berlin",
        "Number 2",
        "Delete Number 2",
        "Number 1",
        "Delete Number 1",
        "Number 0",
        "Delete Number 0",
    ]


def test_the_first_stop_skips_to_the_photos(page, photos):
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the photos")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main')")


def test_arrows_move_between_photos_and_enter_opens_one(page, photos):
    page.goto("/")
    link(page, photos[0]).focus()
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(link(page, photos[place])).to_be_focused()
    expect_focus_seen(page)
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_focused()
    expect(page).to_have_url(re.compile(photos[1]["page"]))


def test_a_slash_leads_to_the_search_unless_one_is_typing(page, photos):
    page.goto("/")
    page.keyboard.press("/")
    expect(search_field(page)).to_be_focused()
    expect(search_field(page)).to_have_value("")
    page.keyboard.type("1/u?")
    expect(search_field(page)).to_have_value("1/u?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_u_opens_the_chooser(page, gallery):
    page.goto("/")
    with file_chooser(page) as chooser:
        page.keyboard.press("u")
    chooser.value.set_files(file_of(landscape(1)))
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_chooser_is_a_control_of_its_own(page, gallery, key):
    page.goto("/")
    chooser = page.get_by_label("Add photos", exact=True)
    expect(chooser).to_have_accessible_description(re.compile("^Or drop or paste them anywhere"))
    chooser.focus()
    with file_chooser(page):
        page.keyboard.press(key)


def test_a_question_mark_shows_the_keys(page, photos):
    page.goto("/")
    link(page, photos[0]).focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("Move between photos")
    page.keyboard.press("u")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(link(page, photos[0])).to_be_focused()


def test_keys_of_the_browser_stay_the_browsers(page, photos):
    page.goto("/")
    link(page, photos[0]).focus()
    for keys in ("Control+/", "Alt+u", "Meta+/", "Control+ArrowRight", "Alt+Delete"):
        page.keyboard.press(keys)
        expect(link(page, photos[0])).to_be_focused()
    expect(cards(page)).to_have_count(3)


def test_the_menu_opens_and_leads_to_the_keys(page, photos):
    page.goto("/")
    menu = page.get_by_role("button", name="Menu")
    menu.focus()
    page.keyboard.press("Enter")
    dark = page.get_by_role("radio", name="Dark")
    expect(dark).to_be_visible()
    page.keyboard.press("Tab")
    expect_focus_seen(page)
    page.keyboard.press("Escape")
    expect(dark).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_whole_visit_by_keyboard(page, gallery):
    page.goto("/")
    with file_chooser(page) as chooser:
        page.keyboard.press("u")
    chooser.value.set_files(file_of(landscape(1), "tower.jpg"))
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    while page.evaluate("!document.activeElement.matches('.image-card__link')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_focused()
    page.keyboard.press("e")
    page.keyboard.type("A tower")
    page.keyboard.press("Enter")
    expect(viewer(page).get_by_text("Saved")).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer(page)).to_have_count(0)
    [image] = gallery.list()
    assert image["description"] == "A tower"
    page.keyboard.press("/")
    page.keyboard.type("tow")
    expect(page.get_by_text("1 photo found")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    link(page, image).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="Drop photographs here")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(link(page, image)).to_be_focused()


def test_in_the_viewer_every_stop_is_seen(page, photos):
    page.goto("/")
    link(page, photos[1]).focus()
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_focused()
    first = None
    for _ in range(20):
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUSED)
        expect_focus_seen(page)
        if name == first:
            return
        first = first or name
    raise AssertionError("Tab does not come round")


def test_the_tray_is_worked_by_keyboard(page, gallery):
    gallery.add(landscape(1))
    page.goto("/")
    choose(page, file_of(landscape(1), "again.jpg"))
    show = row(page, "again.jpg").get_by_role("button", name="Show again.jpg")
    expect(show).to_be_visible()
    while not show.evaluate("(button) => button === document.activeElement"):
        page.keyboard.press("Tab")
    expect_focus_seen(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row(page, "again.jpg")).to_have_count(0)


def test_what_looks_alike_is_decided_by_keyboard(page, gallery):
    gallery.add_all([landscape(1), landscape(3)])
    page.goto("/")
    choose(page, *(file_of(landscape(seed, quality=60), f"{seed}.jpg") for seed in (1, 3)))
    expect(page.locator('.upload-row[data-state="similar"]')).to_have_count(2)
    skip = row(page, "1.jpg").get_by_role("button", name="Skip 1.jpg")
    while not skip.evaluate("(button) => button === document.activeElement"):
        page.keyboard.press("Tab")
    expect_focus_seen(page)
    page.keyboard.press("Enter")
    expect(row(page, "1.jpg")).to_have_count(0)
    assert page.evaluate("!!document.activeElement.closest('.upload-row')")
    keep = row(page, "3.jpg").get_by_role("button", name="Keep both, add 3.jpg")
    while not keep.evaluate("(button) => button === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(3)
