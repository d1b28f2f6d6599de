"""From a phone to a wide screen, light and dark: everything fits, nothing is broken."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    cards,
    choose,
    file_of,
    landscape,
    link,
    open_viewer,
    portrait,
    search_field,
    viewer,
)
from tests.pictures import photo

WIDTHS = (390, 768, 1440, 2560)
GROUNDS = {"light": "rgb(250, 249, 247)", "dark": "rgb(20, 19, 18)"}


@pytest.fixture
def photos(gallery):
    """Photographs of all proportions, and words as hostile to a layout as they come."""
    gallery.add(landscape(1), description="wide " * 60, tags=("tag",))
    gallery.add(portrait(2), description="W" * 400, alt="M" * 400, tags=("n" * 64, "ü" * 64))
    gallery.add(photo(width=800, height=40, seed=3))
    gallery.add(photo(width=40, height=800, seed=4))
    gallery.add(photo(width=2, height=2, seed=5))
    for seed in range(6, 16):
        gallery.add(landscape(seed), tags=(f"number {seed}",))
    return gallery.list()


BROKEN = """() => [...document.images]
    .filter((image) => image.checkVisibility() && image.loading !== 'lazy')
    .filter((image) => !image.complete || image.naturalWidth === 0)
    .map((image) => image.outerHTML)"""


NAMELESS = """() => [...document.querySelectorAll('main img')]
    .filter((image) => !image.alt || !image.hasAttribute('width') || !image.hasAttribute('height'))
    .map((image) => image.outerHTML)"""


def expect_sound(page):
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(BROKEN) == []
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("scheme", GROUNDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits(open_context, photos, watch, width, scheme):
    watch.allow("status of 404")
    page = open_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.goto("/")
    expect(cards(page).first).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", GROUNDS[scheme])
    expect_sound(page)
    open_viewer(page, photos[-2])
    expect_sound(page)
    for path in ("/upload/", "/nothing/here", "/?q=giraffe"):
        page.goto(path)
        expect_sound(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_selection_and_the_trash_fit(open_context, photos, gallery, width):
    for image in photos[:5]:
        gallery.trash(image)
    page = open_context(viewport={"width": width, "height": 900}).new_page()
    page.goto("/")
    expect(page.locator("image-card button").first).to_be_attached()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.get_by_role("region", name="Selected photos")).to_be_visible()
    expect_sound(page)
    assert page.evaluate("layoutShifts") == []
    for action in page.get_by_role("region", name="Selected photos").get_by_role("button").all():
        box = action.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    page.goto("/?status=trashed")
    expect(cards(page)).to_have_count(5)
    expect_sound(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_rows_fill_the_width_and_keep_their_height(open_context, photos, width):
    page = open_context(viewport={"width": width, "height": 900}).new_page()
    page.goto("/")
    expect(page.locator("image-card button").first).to_be_attached()  # Scripts have taken over.
    boxes = [each.bounding_box() for each in cards(page).all()]
    tops = sorted({round(box["y"]) for box in boxes})
    wanted = 130 if width < 600 else 216
    for top in tops[:-1]:
        row = [box for box in boxes if round(box["y"]) == top]
        right = max(box["x"] + box["width"] for box in row)
        assert width - right < 40, f"the row at {top} px ends early"
        assert all(box["height"] < 2 * wanted for box in row)


def test_a_phone_can_do_all_of_it_by_touch(phone, gallery):
    phone.goto("/")
    choose(phone, file_of(landscape(1), "tower.jpg"))
    expect(cards(phone)).to_have_attribute("data-id", re.compile("."))
    expect_sound(phone)
    [image] = gallery.list()
    link(phone, image).tap()
    expect(viewer(phone)).to_be_visible()
    viewer(phone).get_by_role("button", name="Information").tap()
    description = viewer(phone).get_by_label("Description")
    description.tap()
    description.fill("A tower")
    description.press("Enter")
    expect(viewer(phone).get_by_text("Saved")).to_be_visible()
    expect_sound(phone)


SMALL = """() => [...document.querySelectorAll('a, button, input, textarea')]
    .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .map((control) => [control.closest('label') ?? control, control])
    .map(([target, control]) => [target.getBoundingClientRect(), control])
    .filter(([{ width, height }]) => width > 1 && (width < 24 || height < 24))
    .map(([, control]) => control.outerHTML)"""


def test_everything_that_is_pressed_is_large_enough(phone, photos):
    phone.goto("/")
    assert phone.evaluate(SMALL) == []
    link(phone, photos[-2]).tap()
    expect(viewer(phone)).to_be_visible()
    assert phone.evaluate(SMALL) == []


def test_the_scheme_is_chosen_kept_and_there_before_the_first_paint(page, gallery):
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("radio", name="Dark").check()
    expect(page.locator("body")).to_have_css("background-color", GROUNDS["dark"])
    page.add_init_script(
        """requestAnimationFrame(() => {
            globalThis.firstGround = getComputedStyle(document.body).backgroundColor;
        })"""
    )
    page.goto("/upload/")
    assert page.evaluate("firstGround") == GROUNDS["dark"]
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("radio", name="System").check()
    expect(page.locator("body")).to_have_css("background-color", GROUNDS["light"])


def test_with_less_motion_nothing_moves(open_context, photos):
    page = open_context(reduced_motion="reduce").new_page()
    page.goto("/")
    choose(page, file_of(landscape(99)))
    expect(cards(page)).to_have_count(len(photos) + 1)
    assert (
        page.evaluate(
            "document.getAnimations().filter(({ playState }) => playState === 'running').length"
        )
        == 0
    )
    search_field(page).fill("tag")
    expect(page.get_by_text("photo found")).to_be_visible()
