"""Words and tags of a photograph, edited in place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import HeldRequests, card, landscape, link, open_viewer, viewer


@pytest.fixture
def image(gallery):
    gallery.add(landscape(1), description="A bridge")
    return gallery.add(landscape(2), description="A tower", tags=("brick",))


@pytest.fixture
def panel(page, image):
    """The panel of the viewer, open on the image."""
    page.goto("/")
    return open_viewer(page, image).get_by_role("region", name="About this photo")


def news(field):
    """What is said beside a field."""
    return field.locator("xpath=ancestor::*[@data-field]").locator('[role="status"]')


def test_enter_saves_and_says_so(page, panel, image, gallery):
    description = panel.get_by_label("Description")
    description.fill("The tower")
    description.press("Enter")
    expect(news(description)).to_have_text("Saved")
    expect(viewer(page)).to_be_focused()
    assert gallery.find(image)["description"] == "The tower"
    page.keyboard.press("Escape")
    expect(link(page, image)).to_have_accessible_name("The tower")
    expect(card(page, image)).to_contain_text("The tower")


def test_leaving_the_field_saves(panel, image, gallery):
    alt = panel.get_by_label("Alt text")
    alt.fill("A tower of brick")
    alt.blur()
    expect(news(alt)).to_have_text("Saved")
    assert gallery.find(image)["alt"] == "A tower of brick"


def test_escape_undoes_and_stays_in_the_viewer(page, panel, image, gallery):
    description = panel.get_by_label("Description")
    description.fill("A mistake")
    description.press("Escape")
    expect(description).to_have_value("A tower")
    expect(viewer(page)).to_be_focused()
    assert gallery.find(image)["version"] == image["version"]


def test_shift_and_enter_begin_a_new_line(page, panel, image, gallery):
    description = panel.get_by_label("Description")
    page.keyboard.press("e")
    expect(description).to_be_focused()
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("in Berlin")
    page.keyboard.press("Enter")
    expect(news(description)).to_have_text("Saved")
    assert gallery.find(image)["description"] == "A tower\nin Berlin"


def test_letters_typed_into_a_field_are_not_shortcuts(page, panel, image, gallery):
    description = panel.get_by_label("Description")
    description.fill("")
    page.keyboard.type("zip u? /i")
    page.keyboard.press("Delete")
    page.keyboard.press("Home")
    expect(description).to_be_focused()
    expect(description).to_have_value("zip u? /i")
    expect(page).to_have_url(re.compile(image["page"]))


def test_tags_are_added_and_taken_off(page, panel, image, gallery):
    tags = panel.get_by_role("list", name="Tags")
    panel.get_by_role("button", name="+ add").click()
    page.keyboard.type("berlin")
    page.keyboard.press("Enter")
    page.keyboard.type("night,")
    page.keyboard.press("Escape")
    expect(tags).to_contain_text("berlin")
    panel.get_by_role("button", name="Remove brick").click()
    expect(tags).not_to_contain_text("brick")
    expect(news(tags)).to_have_text("Saved")
    assert gallery.find(image)["tags"] == ["berlin", "night"]
    page.keyboard.press("Escape")
    chips = page.get_by_role("navigation", name="Tags").get_by_role("link")
    expect(chips).to_have_text(["All", "berlin", "night"])


CLASH = "Somebody changed this in the meantime. It now says: “Their tower”"


@pytest.mark.parametrize(
    ("choice", "outcome"), [("Keep mine", "My tower"), ("Take theirs", "Their tower")]
)
def test_two_changes_of_the_same_words_are_the_persons_to_decide(
    page, panel, image, gallery, watch, choice, outcome
):
    watch.allow("status of 412")
    description = panel.get_by_label("Description")
    edits = HeldRequests(page, "PATCH", f"**/api/images/{image['id']}")
    with page.expect_request(lambda request: request.method == "PATCH"):
        description.fill("My tower")
        description.press("Enter")
    gallery.edit(image, description="Their tower")
    edits.let_all_through()
    expect(news(description)).to_have_text(CLASH)
    panel.get_by_role("button", name=choice).click()
    expect(description).to_have_value(outcome)
    expect(news(description)).to_have_text("Saved" if choice == "Keep mine" else "")
    assert gallery.find(image)["description"] == outcome


def test_changes_of_different_words_do_not_clash(page, panel, image, gallery, watch):
    watch.allow("status of 412")
    description = panel.get_by_label("Description")
    edits = HeldRequests(page, "PATCH", f"**/api/images/{image['id']}")
    with page.expect_request(lambda request: request.method == "PATCH"):
        description.fill("My tower")
        description.press("Enter")
    gallery.edit(image, alt="Their words for it")
    edits.let_all_through()
    expect(news(description)).to_have_text("Saved")
    kept = gallery.find(image)
    assert (kept["description"], kept["alt"]) == ("My tower", "Their words for it")


def test_nothing_typed_is_lost_when_saving_fails(page, panel, image, gallery, watch):
    watch.allow("503")
    problem = '{"title": "Busy", "status": 503, "detail": "The database is away.", "code": "busy"}'
    page.route(
        f"**/api/images/{image['id']}",
        lambda route: route.fulfill(
            status=503, content_type="application/problem+json", body=problem
        ),
        times=1,
    )
    description = panel.get_by_label("Description")
    description.fill("The tower")
    description.press("Enter")
    expect(news(description)).to_have_text("Not saved. The database is away.")
    page.keyboard.press("ArrowRight")
    expect(description).to_have_value("A bridge")
    page.keyboard.press("ArrowLeft")
    expect(description).to_have_value("The tower")
    panel.get_by_role("button", name="Try again").click()
    expect(news(description)).to_have_text("Saved")
    assert gallery.find(image)["description"] == "The tower"


VECTORS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "'-alert(1)-'",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}${7*7}<!--",
    '</script><script>alert(1)</script>"}',
    '" http-equiv="refresh" content="0;url=//evil.example',
)


def test_what_people_write_is_only_ever_text(page, gallery):
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    for seed, vector in enumerate(VECTORS):
        gallery.add(landscape(seed), description=vector, alt=vector, tags=(vector[:64],))
    for path in ("/", *(image["page"] for image in gallery.list())):
        page.goto(path)
        expect(page.locator("image-card")).to_have_count(len(VECTORS))
        assert page.url.endswith(path)
    for image in gallery.list():
        expect(card(page, image)).to_have_text(image["description"])
    expect(viewer(page).get_by_label("Description")).to_have_value(VECTORS[0])
    expect(page).to_have_title(f"{VECTORS[0]} · Vitrine")
