"""Many photographs: endless, bounded in what is drawn, and back where one was."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import cards, open_viewer, viewer
from tests.client import Client
from tests.pictures import photo

MANY = 300

CEILING = 110
"""Cards that may stand in the document on a laptop, however far it is scrolled."""


@pytest.fixture(scope="module")
def filled(shared_program):
    """A gallery of many photographs, filled once for this module."""
    client = Client(f"http://127.0.0.1:{shared_program.port}")
    client.purge_all()
    client.add_all([photo(width=24, height=16, seed=seed) for seed in range(MANY)])
    yield client.list()
    client.close()


FOLLOW_CARDS = """() => {
    const grid = document.querySelector('image-grid');
    globalThis.seen = new Set();
    globalThis.most = 0;
    const count = () => {
        const cards = grid.querySelectorAll('image-card');
        globalThis.most = Math.max(globalThis.most, cards.length);
        for (const card of cards) {
            globalThis.seen.add(card.dataset.id);
        }
    };
    count();
    new MutationObserver(count).observe(grid, { childList: true, subtree: true });
}"""


FIRST_IN_SIGHT = """() => [...document.querySelectorAll('image-card')]
    .find((card) => card.getBoundingClientRect().top >= 0)?.dataset.id"""


def scroll_to_the_end(page):
    """As a person does who keeps turning the wheel until nothing more comes."""
    page.mouse.move(700, 500)
    while page.evaluate("seen.size") < MANY:
        page.mouse.wheel(0, 1500)
        page.evaluate("new Promise(requestAnimationFrame)")
    page.mouse.wheel(0, 100_000)


def test_scrolling_shows_every_photo_and_draws_only_those_in_sight(page, filled):
    page.goto("/")
    page.evaluate(FOLLOW_CARDS)
    scroll_to_the_end(page)
    seen = page.evaluate("[...seen]")
    assert set(seen) == {image["id"] for image in filled}
    assert page.evaluate("most") <= CEILING
    expect(page.locator(f'image-card[data-id="{filled[-1]["id"]}"]')).to_be_in_viewport()
    expect(page.get_by_role("link", name="Older photos")).to_be_hidden()
    assert page.evaluate("layoutShifts") == []


def test_a_reload_leads_back_to_the_same_photo(page, filled):
    page.goto("/")
    page.evaluate(FOLLOW_CARDS)
    scroll_to_the_end(page)
    expect(page.locator(f'image-card[data-id="{filled[-1]["id"]}"]')).to_be_in_viewport()
    page.wait_for_function(f"() => ({FIRST_IN_SIGHT})() === history.state?.place?.id")
    here = page.evaluate(FIRST_IN_SIGHT)
    page.reload()
    expect(page.locator(f'image-card[data-id="{here}"]')).to_be_in_viewport()
    newest = page.get_by_role("link", name="Newest photos")
    newest.click()
    expect(page.locator(f'image-card[data-id="{filled[0]["id"]}"]')).to_be_in_viewport()
    expect(newest).to_be_hidden()


SCROLL_ON = f"""async () => {{
    scrollBy(0, 3000);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return ({FIRST_IN_SIGHT})();
}}"""


@pytest.mark.parametrize("way", ["reload", "link"])
def test_a_page_that_was_left_while_it_scrolled_comes_back_to_the_same_photo(page, filled, way):
    page.goto("/")
    page.wait_for_function("() => document.documentElement.scrollHeight > 4200")
    here = page.evaluate(SCROLL_ON)
    if way == "reload":
        page.reload()
    else:
        page.goto("/upload/")
        page.go_back()
    assert here != filled[0]["id"]
    expect(page.locator(f'image-card[data-id="{here}"]')).to_be_in_viewport()


def test_the_viewer_gives_the_place_back(page, filled):
    page.goto("/")
    page.evaluate(FOLLOW_CARDS)
    page.mouse.move(700, 500)
    while page.evaluate("scrollY") < 1200:
        page.mouse.wheel(0, 400)
        page.evaluate("new Promise(requestAnimationFrame)")
    page.wait_for_function(f"() => ({FIRST_IN_SIGHT})() === history.state?.place?.id")
    middle = page.evaluate(FIRST_IN_SIGHT)
    before = page.evaluate("scrollY")
    image = next(image for image in filled if image["id"] == middle)
    open_viewer(page, image)
    page.go_back()
    expect(viewer(page)).to_have_count(0)
    assert abs(page.evaluate("scrollY") - before) <= 1


def test_a_narrow_page_draws_no_more(phone, filled):
    phone.goto("/")
    phone.evaluate(FOLLOW_CARDS)
    while phone.evaluate("seen.size") < MANY:
        phone.evaluate("scrollBy(0, 800)")
        phone.evaluate("new Promise(requestAnimationFrame)")
    assert phone.evaluate("most") <= CEILING


def test_older_photos_that_do_not_come_are_offered_again(page, filled, watch):
    watch.allow("503")
    page.route(re.compile("/api/images[?]"), lambda route: route.fulfill(status=503))
    page.goto("/")
    again = page.get_by_role("link", name="Try again")
    expect(page.get_by_text("Older photos could not be loaded.")).to_be_visible()
    page.unroute_all()
    again.click()
    expect(again).to_be_hidden()


def test_every_photo_is_reached_without_scripts(scriptless, filled):
    scriptless.goto("/")
    found = []
    while True:
        found += [each.get_attribute("data-id") for each in cards(scriptless).all()]
        older = scriptless.get_by_role("link", name="Older photos")
        if not older.is_visible():
            break
        older.click()
    assert found == [image["id"] for image in filled]


def test_a_wide_window_is_filled_without_scrolling(open_context, gallery):
    count = 100
    gallery.add_all([photo(width=8, height=24, seed=seed) for seed in range(count)])
    page = open_context(viewport={"width": 2560, "height": 1440}).new_page()
    page.goto("/")
    expect(cards(page)).to_have_count(count)
