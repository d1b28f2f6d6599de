"""Several photographs at once: selected by pointer, keyboard and finger, then done with."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    HeldRequests,
    card,
    cards,
    landscape,
    link,
    requests_of,
    search_field,
    viewer,
)
from tests.client import Client
from tests.pictures import photo


@pytest.fixture
def photos(gallery):
    """Six photographs as the grid shows them, newest first."""
    for seed in range(6):
        gallery.add(landscape(seed), description=f"Number {seed}")
    return gallery.list()


@pytest.fixture
def page(page, photos):
    page.goto("/")
    expect(tick(page, photos[0])).to_be_attached()  # Scripts have taken over.
    return page


def tick(page, image):
    return card(page, image).get_by_role("checkbox")


def bar(page):
    return page.get_by_role("region", name="Selected photos")


def expect_selected(page, photos, *numbers):
    """The cards that are selected, by their place; and that the bar says how many."""
    wanted = [photos[number]["id"] for number in numbers]
    selected = page.locator("image-card[selected]")
    expect(selected).to_have_count(len(wanted))
    assert [each.get_attribute("data-id") for each in selected.all()] == wanted
    for image in photos:
        expect(tick(page, image)).to_be_checked(checked=image["id"] in wanted)
    if wanted:
        expect(bar(page)).to_contain_text(f"{len(wanted)} selected")
    else:
        expect(bar(page)).to_have_count(0)


def test_the_tick_stands_there_on_hover_and_selects(page, photos):
    expect(tick(page, photos[1]).locator("xpath=..")).to_have_css("opacity", "0")
    card(page, photos[1]).hover()
    expect(tick(page, photos[1]).locator("xpath=..")).to_have_css("opacity", "1")
    expect(tick(page, photos[1])).to_have_accessible_name("Select Number 4")
    tick(page, photos[1]).check()
    expect_selected(page, photos, 1)
    expect(page.get_by_role("status").filter(has_text="1 selected")).to_have_count(1)
    expect(card(page, photos[1])).to_have_css("outline-width", "3px")
    tick(page, photos[1]).uncheck()
    expect_selected(page, photos)
    expect(page.get_by_role("status").filter(has_text="Nothing selected")).to_have_count(1)
    assert page.evaluate("layoutShifts") == []


def test_the_bar_takes_the_place_of_the_top_bar(page, photos):
    height = page.locator(".bar").bounding_box()["height"]
    tick(page, photos[0]).check()
    expect(bar(page)).to_be_visible()
    assert page.locator(".bar").bounding_box()["height"] == height
    expect(page.locator(".bar__name")).to_have_attribute("inert", "")
    bar(page).get_by_role("button", name="Clear the selection").click()
    expect_selected(page, photos)
    expect(link(page, photos[0])).to_be_focused()
    expect(page.locator(".bar [inert]")).to_have_count(0)


def test_clicks_with_keys_select_one_more_or_all_between(page, photos):
    link(page, photos[1]).click(modifiers=["ControlOrMeta"])
    expect_selected(page, photos, 1)
    link(page, photos[3]).click(modifiers=["Shift"])
    expect_selected(page, photos, 1, 2, 3)
    link(page, photos[2]).click(modifiers=["ControlOrMeta"])
    expect_selected(page, photos, 1, 3)
    link(page, photos[0]).click(modifiers=["Shift"])
    expect_selected(page, photos, 0, 1, 2, 3)
    expect(viewer(page)).to_have_count(0)


def test_once_something_is_selected_a_click_selects_too(page, photos):
    tick(page, photos[1]).check()
    link(page, photos[3]).click()
    link(page, photos[1]).click()
    expect_selected(page, photos, 3)
    link(page, photos[3]).click()
    link(page, photos[3]).click()
    expect(viewer(page)).to_be_visible()


def test_the_keyboard_alone_selects(page, photos):
    link(page, photos[1]).focus()
    page.keyboard.press("x")
    expect_selected(page, photos, 1)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect_selected(page, photos, 1, 2, 3)
    page.keyboard.press("Shift+ArrowLeft")
    expect_selected(page, photos, 1, 2)
    expect(link(page, photos[2])).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect_selected(page, photos, 1, 2, 4)
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer(page)).to_have_count(0)
    expect_selected(page, photos, 1, 2, 4)
    page.keyboard.press("Escape")
    expect_selected(page, photos)


def test_all_are_selected_and_none_while_somebody_types(page, photos):
    search_field(page).focus()
    page.keyboard.press("ControlOrMeta+a")
    expect(bar(page)).to_have_count(0)
    link(page, photos[0]).focus()
    page.keyboard.press("ControlOrMeta+a")
    expect_selected(page, photos, *range(6))


def test_a_finger_that_rests_selects_and_then_each_tap(phone, photos):
    phone.goto("/")
    expect(tick(phone, photos[0])).to_be_attached()
    session = phone.context.new_cdp_session(phone)
    box = link(phone, photos[1]).bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    expect(card(phone, photos[1])).to_have_attribute("selected", "")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_selected(phone, photos, 1)
    link(phone, photos[2]).tap()
    expect_selected(phone, photos, 1, 2)
    expect(viewer(phone)).to_have_count(0)
    for button in bar(phone).get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    box = tick(phone, photos[0]).bounding_box()
    assert (box["width"], box["height"]) == (44, 44)
    bar(phone).get_by_role("button", name="Clear the selection").tap()
    link(phone, photos[2]).tap()
    expect(viewer(phone)).to_be_visible()


def test_tags_are_added_and_taken_off(page, photos, gallery):
    link(page, photos[0]).focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    bar(page).get_by_role("button", name="Tag").click()
    question = page.get_by_role("dialog", name="Tag 2 photos")
    question.get_by_label("Tags").fill("garden, spring")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 photos changed")).to_be_visible()
    expect(page.get_by_role("navigation", name="Tags").get_by_text("spring")).to_be_visible()
    assert [each["tags"] for each in gallery.list()][:3] == [["garden", "spring"]] * 2 + [[]]
    bar(page).get_by_role("button", name="Tag").click()
    expect(question).to_contain_text("Now there: garden, spring")
    question.get_by_label("Tags").fill("spring")
    question.get_by_role("button", name="Take off").click()
    expect(page.get_by_role("navigation", name="Tags").get_by_text("spring")).to_have_count(0)
    assert [each["tags"] for each in gallery.list()][:3] == [["garden"]] * 2 + [[]]


def test_one_description_for_all(page, photos, gallery):
    tick(page, photos[0]).check()
    link(page, photos[2]).click()
    bar(page).get_by_role("button", name="Describe").click()
    page.get_by_role("dialog", name="Describe 2 photos").get_by_label("Description").fill("Lisbon")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Lisbon")).to_have_count(2)
    assert [each["description"] for each in gallery.list()][:3] == ["Lisbon", "Number 4", "Lisbon"]


def test_a_question_that_is_not_answered_changes_nothing(page, photos, gallery):
    tick(page, photos[0]).check()
    asked = requests_of(page, "POST")
    for name in ("Tag", "Describe"):
        bar(page).get_by_role("button", name=name).click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(bar(page).get_by_role("button", name=name)).to_be_focused()
    expect_selected(page, photos, 0)
    assert asked == []


def test_one_undo_takes_a_deletion_of_many_back(page, photos, gallery):
    link(page, photos[1]).focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    bar(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("2 photos moved to the trash")).to_be_visible()
    expect(cards(page)).to_have_count(4)
    expect(bar(page)).to_have_count(0)
    expect(page.locator(".month__count")).to_have_text("4 photos")
    assert {each["id"] for each in gallery.list(status="trashed")} == {
        photos[1]["id"],
        photos[2]["id"],
    }
    page.keyboard.press("ControlOrMeta+z")
    expect(cards(page)).to_have_count(6)
    shown = [each.get_attribute("data-id") for each in cards(page).all()]
    assert shown == [image["id"] for image in photos]
    expect(link(page, photos[1])).to_be_focused()
    assert gallery.list(status="trashed") == []


def test_the_key_deletes_all_that_are_selected(page, photos, gallery):
    link(page, photos[1]).focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(page.get_by_text("2 photos moved to the trash")).to_be_visible()
    expect(link(page, photos[3])).to_be_focused()
    expect(cards(page)).to_have_count(4)
    page.keyboard.press("Delete")
    expect(page.get_by_text("Photo moved to the trash")).to_be_visible()
    assert len(gallery.list(status="trashed")) == 3


def test_keys_lead_to_what_the_bar_offers(page, photos):
    link(page, photos[1]).focus()
    page.keyboard.press("e")
    page.keyboard.press("x")
    for key, name in (("t", "Tag 1 photo"), ("e", "Describe 1 photo")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(link(page, photos[1])).to_be_focused()
    page.keyboard.press("r")
    with page.expect_download() as coming:
        page.keyboard.press("Shift+D")
    assert coming.value.suggested_filename == "Vitrine, 1 photo.zip"
    expect_selected(page, photos, 1)


def test_of_many_that_are_deleted_those_that_could_not_be_come_back(page, photos, watch):
    problem = {"title": "Busy", "status": 503, "detail": "The disk is full.", "code": "busy"}
    results = [
        {"id": photos[0]["id"], "status": 204},
        {"id": photos[1]["id"], "status": 503, "problem": problem},
    ]
    page.route("**/api/images/batch", lambda route: route.fulfill(json={"results": results}))
    tick(page, photos[0]).check()
    link(page, photos[1]).click()
    bar(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The photo is still here. The disk is full.")).to_be_visible()
    expect(cards(page)).to_have_count(5)
    expect(card(page, photos[1])).to_be_visible()


def test_a_server_that_is_away_leaves_all_and_says_so(page, photos, watch):
    watch.allow("ERR_FAILED")
    page.route("**/api/images/batch", lambda route: route.abort())
    tick(page, photos[0]).check()
    link(page, photos[1]).click()
    bar(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("2 photos are still here.")).to_be_visible()
    expect(cards(page)).to_have_count(6)


def test_what_others_delete_leaves_the_selection(page, photos, gallery):
    tick(page, photos[0]).check()
    link(page, photos[1]).click()
    gallery.trash(photos[1])
    expect(bar(page)).to_contain_text("1 selected")
    gallery.edit(photos[0], description="Edited")
    expect(page.get_by_role("link", name="Edited")).to_be_visible()
    newest = gallery.add(landscape(9), description="Newest")
    expect(card(page, newest)).to_be_visible()
    expect_selected(page, [newest, photos[0], *photos[2:]], 1)


def test_another_search_keeps_what_is_selected_and_says_how_much_is_not_shown(page, photos):
    tick(page, photos[0]).check()
    link(page, photos[1]).click()
    bar(page).get_by_role("button", name="Clear the selection").focus()
    page.evaluate("document.querySelector('.tag-chips a')?.focus()")
    page.evaluate(
        """() => {
            const field = document.querySelector('.search-box__field');
            field.value = 'Number 5';
            field.dispatchEvent(new Event('input', { bubbles: true }));
        }"""
    )
    expect(bar(page)).to_contain_text("2 selected, 1 not shown here")
    expect(cards(page)).to_have_count(1)
    expect(card(page, photos[0])).to_have_attribute("selected", "")


def test_the_bar_waits_while_something_is_done(page, photos):
    held = HeldRequests(page, "POST", "**/api/images/batch")
    sent = requests_of(page, "POST")
    tick(page, photos[0]).check()
    bar(page).get_by_role("button", name="Describe").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("selection-bar[busy]")).to_have_count(1)
    bar(page).get_by_role("button", name="Delete").click()
    expect(cards(page)).to_have_count(6)
    held.let_all_through()
    expect(page.locator("selection-bar[busy]")).to_have_count(0)
    assert len(sent) == 1


MANY = 120


@pytest.fixture(scope="module")
def filled(shared_program):
    client = Client(f"http://127.0.0.1:{shared_program.port}")
    client.purge_all()
    client.add_all([photo(width=24, height=16, seed=seed) for seed in range(MANY)])
    yield client.list()
    client.close()


def test_what_scrolls_away_stays_selected(open_context, filled):
    page = open_context().new_page()
    page.goto("/")
    tick(page, filled[0]).check()
    page.keyboard.press("ControlOrMeta+a")
    expect(bar(page)).to_contain_text(re.compile(rf"\d+ selected, all that are loaded of {MANY}"))
    page.keyboard.press("Escape")
    tick(page, filled[0]).check()
    page.mouse.move(700, 500)
    far = card(page, filled[100])
    while far.count() == 0:
        page.mouse.wheel(0, 1500)
        page.evaluate("new Promise(requestAnimationFrame)")
    expect(bar(page)).to_contain_text("1 selected")
    link(page, filled[100]).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("101 selected")
    page.evaluate("scrollTo(0, 0)")
    expect(card(page, filled[0])).to_have_attribute("selected", "")
    expect(tick(page, filled[0])).to_be_checked()
    assert page.evaluate("document.querySelectorAll('image-card').length") < 110
