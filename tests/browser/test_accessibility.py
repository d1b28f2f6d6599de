"""axe finds nothing against WCAG 2.2, levels A and AA, in light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gallery.config import ROOT
from tests.browser.parts import (
    cards,
    choose,
    file_of,
    hold_uploads,
    landscape,
    link,
    open_viewer,
    portrait,
    row,
    viewer,
)

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

RUN = """async (rules) => {
    const { violations } = await axe.run(document, { runOnly: rules });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""


@pytest.fixture(scope="session")
def axe():
    return (ROOT / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(params=["light", "dark"])
def page(open_context, request):
    return open_context(color_scheme=request.param, reduced_motion="reduce").new_page()


@pytest.fixture
def expect_no_violations(page, axe):
    def check():
        page.evaluate(axe)
        assert page.evaluate(RUN, RULES) == []

    return check


@pytest.fixture
def photos(gallery):
    gallery.add(landscape(1), description="A bridge", tags=("berlin",))
    gallery.add(portrait(2), description="A tower", alt="A tower of brick", tags=("brick",))
    gallery.add(landscape(3))
    return gallery.list()


def test_the_empty_gallery(page, gallery, expect_no_violations):
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop photographs here")).to_be_visible()
    expect_no_violations()


def test_the_gallery_with_photos(page, photos, expect_no_violations):
    page.goto("/?tag=brick&tag=berlin")
    expect_no_violations()
    page.goto("/")
    expect(cards(page)).to_have_count(3)
    expect_no_violations()
    link(page, photos[1]).focus()
    expect_no_violations()


def test_the_viewer(page, photos, expect_no_violations):
    page.goto("/")
    open_viewer(page, photos[1])
    expect_no_violations()
    page.keyboard.press("e")
    page.keyboard.type(" at night")
    page.keyboard.press("Enter")
    expect(viewer(page).get_by_text("Saved")).to_be_visible()
    expect_no_violations()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Photo moved to the trash")).to_be_visible()
    expect_no_violations()


def test_the_tray_in_all_its_states(page, photos, gallery, expect_no_violations):
    page.goto("/")
    uploads = hold_uploads(page)
    letter = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear Sir"}
    choose(page, letter, *(file_of(landscape(seed), f"{seed}.jpg") for seed in (1, 5, 6, 7)))
    expect(row(page, "7.jpg")).to_contain_text("Waiting")
    expect(row(page, "letter.jpg")).to_contain_text("not an image")
    expect_no_violations()
    uploads.let_all_through()
    expect(page.get_by_role("heading", name="Added 3 photos")).to_be_visible()
    expect_no_violations()


def test_the_status_panel(page, photos, expect_no_violations):
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Status").click()
    expect(page.get_by_role("dialog", name="Status").get_by_text("3 photos")).to_be_visible()
    expect_no_violations()


def test_a_selection_and_what_it_asks(page, photos, expect_no_violations):
    page.goto("/")
    link(page, photos[1]).focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("2 selected").first).to_be_visible()
    expect_no_violations()
    page.get_by_role("button", name="Tag").click()
    expect(page.get_by_role("dialog", name="Tag 2 photos")).to_be_visible()
    expect_no_violations()


def test_the_trash(page, photos, gallery, expect_no_violations):
    page.goto("/?status=trashed")
    expect(page.get_by_role("heading", name="Nothing in the trash")).to_be_visible()
    expect_no_violations()
    gallery.trash(photos[1])
    expect(cards(page)).to_have_count(1)
    expect_no_violations()
    page.get_by_role("button", name="Empty the trash…").click()
    expect(page.get_by_role("dialog", name="Delete the one photo")).to_be_visible()
    expect_no_violations()


def test_the_tray_when_it_asks_and_when_it_is_told(page, photos, gallery, expect_no_violations):
    page.goto("/")
    uploads = hold_uploads(page)
    alike = [landscape(seed, quality=60) for seed in (1, 3)]
    choose(page, *(file_of(each, f"{at}.jpg") for at, each in enumerate((*alike, landscape(5)))))
    expect(page.locator('.upload-row[data-state="similar"]')).to_have_count(2)
    expect_no_violations()
    row(page, "2.jpg").get_by_role("button", name="Describe 2.jpg").click()
    expect(page.get_by_label("Description", exact=True)).to_be_focused()
    expect_no_violations()
    uploads.let_all_through()
    expect(page.get_by_role("heading", name="2 photos wait for you")).to_be_visible()
    expect_no_violations()


def test_the_sheet_of_keys_and_the_menu(page, photos, expect_no_violations):
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect_no_violations()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    expect_no_violations()


def test_nothing_found(page, photos, expect_no_violations):
    page.goto("/?q=giraffe")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect_no_violations()


def test_the_plain_form(page, gallery, expect_no_violations):
    page.goto("/upload/")
    expect_no_violations()


def test_the_error_page(page, gallery, watch, expect_no_violations):
    watch.allow("status of 404")
    page.goto("/nothing/here")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect_no_violations()


def test_the_documentation_of_the_api(page, gallery, expect_no_violations):
    page.goto("/api/docs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect_no_violations()
