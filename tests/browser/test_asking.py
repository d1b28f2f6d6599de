"""Before bytes move the gallery is asked: what it has costs nothing, what looks alike is the
person's to decide."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    card,
    cards,
    choose,
    file_of,
    landscape,
    picture_in,
    requests_of,
    row,
)


def alike(seed):
    """The same photograph, saved anew and smaller: other bytes."""
    file = io.BytesIO()
    drawn = Image.open(io.BytesIO(landscape(seed).content))
    drawn.resize((432, 288)).save(file, "jpeg", quality=80)
    return file.getvalue()


def similar(seed, name):
    return {"name": name, "mimeType": "image/jpeg", "buffer": alike(seed)}


def carried(requests):
    """Those that carry a file."""
    return [each.url for each in requests if re.search(r"/api/(images|tus)", each.url)]


def test_files_that_are_here_already_cost_one_question_in_all(page, gallery):
    gallery.add_all([landscape(seed) for seed in range(5)])
    page.goto("/")
    posts, patches = requests_of(page, "POST"), requests_of(page, "PATCH")
    choose(page, *(file_of(landscape(seed), f"{seed}.jpg") for seed in range(5)))
    expect(page.locator('.upload-row[data-state="duplicate"]')).to_have_count(5)
    assert carried(posts) == carried(patches) == []
    assert 1 <= len(posts) <= 3
    assert len(gallery.list()) == 5


@pytest.fixture
def here(page, gallery):
    """A photograph of the gallery, and a page to which one that looks like it was added."""
    image = gallery.add(landscape(1), description="A tower")
    page.goto("/")
    choose(page, similar(1, "again.jpg"), file_of(landscape(3), "new.jpg"))
    expect(row(page, "again.jpg")).to_contain_text("Looks like A tower")
    expect(page.get_by_role("heading", name="1 photo waits for you")).to_be_visible()
    return image


def test_one_that_looks_like_another_waits_and_keeps_nobody(page, gallery, here):
    line = row(page, "again.jpg")
    other = line.get_by_role("img", name="The photo here that again.jpg looks like")
    expect(other).to_be_visible()
    expect(line.get_by_role("link")).to_have_attribute("href", here["page"])
    expect(page.locator(".upload-list__region")).to_have_text("Done, 1 added, 1 waits for you")
    assert len(gallery.list()) == 2


def test_it_can_be_put_off_but_not_closed_unanswered(page, gallery, here):
    page.get_by_role("button", name="Hide").click()
    expect(row(page, "again.jpg")).to_be_hidden()
    expect(page.get_by_role("heading", name="1 photo waits for you")).to_be_visible()
    page.get_by_role("button", name="Show", exact=True).click()
    row(page, "again.jpg").get_by_role("button", name="Skip again.jpg").click()
    expect(page.locator(".upload-list__panel")).to_be_hidden()


def test_it_is_asked_again_at_the_next_visit(page, gallery, here):
    expect(page.locator('.upload-row[data-keeping="kept"]')).to_have_count(1)
    page.reload()
    expect(row(page, "again.jpg")).to_contain_text("Looks like A tower")
    assert len(gallery.list()) == 2


def test_skip_leaves_it_out(page, gallery, here):
    row(page, "again.jpg").get_by_role("button", name="Skip again.jpg").click()
    expect(row(page, "again.jpg")).to_have_count(0)
    expect(cards(page)).to_have_count(2)
    assert len(gallery.list()) == 2


def test_keep_both_adds_it(page, gallery, here):
    button = row(page, "again.jpg").get_by_role("button", name="Keep both, add again.jpg")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(3)
    assert {image["filename"] for image in gallery.list()} >= {"again.jpg", "new.jpg"}


def test_replace_gives_the_other_this_picture_under_the_same_address(page, gallery, here):
    before = picture_in(card(page, here)).get_attribute("src")
    line = row(page, "again.jpg")
    line.get_by_role("button", name="Replace the photo here with again.jpg").click()
    expect(line).to_have_count(0)
    expect(picture_in(card(page, here))).not_to_have_attribute("src", before)
    expect(cards(page)).to_have_count(2)
    now = gallery.find(here)
    assert (now["width"], now["description"]) == (432, "A tower")
    assert gallery.original(here) == alike(1)


def test_one_answer_may_do_for_all(page, gallery):
    gallery.add_all([landscape(seed) for seed in (1, 3, 4)])
    page.goto("/")
    choose(page, *(similar(seed, f"{seed}.jpg") for seed in (1, 3, 4)))
    expect(page.locator('.upload-row[data-state="similar"]')).to_have_count(3)
    page.get_by_role("group", name="For all 3 photos").get_by_role("button", name="Keep").click()
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(6)
    assert len(gallery.list()) == 6
