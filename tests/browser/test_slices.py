"""Large files travel in slices: what has arrived stays, whatever happens to the line."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    HeldRequests,
    cards,
    choose,
    file_of,
    landscape,
    large,
    picture_in,
    requests_of,
    row,
    slow_down,
)
from tests.pictures import photo
from tests.programs import Program, eventually, free_port

PATIENCE_MS = 60_000
"""For what takes seconds on a machine with nothing else to do."""

PARTS_OF_IT = re.compile(r"[1-9]\d? % of 4\.\d MB")


@pytest.fixture(scope="module")
def roomy_program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roomy")
    with Program(folder, port=free_port(), module="app", log=folder / "log") as program:
        yield program.until_it_answers()


@pytest.fixture
def program(roomy_program):
    return roomy_program


def patches(requests):
    return [each for each in requests if "/api/tus/" in each.url]


def test_a_large_file_goes_in_slices_and_says_how_far_it_is(page, gallery):
    page.goto("/")
    sent = requests_of(page, "PATCH")
    slow_down(page, upload_bytes_per_s=2_000_000)
    choose(page, file_of(large(1), "large.png"))
    expect(row(page, "large.png")).to_contain_text(PARTS_OF_IT)
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    [image] = gallery.list()
    assert gallery.original(image) == large(1).content
    offsets = [int(each.headers["upload-offset"]) for each in patches(sent)]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    assert len(offsets) > 1


def test_on_a_slow_line_a_small_file_says_how_far_it_is_too(page, gallery):
    page.goto("/")
    slow_down(page, upload_bytes_per_s=300_000)
    photograph = photo("png", width=600, height=480, compress_level=0)
    choose(page, file_of(photograph, "phone.png"))
    expect(row(page, "phone.png")).to_contain_text(re.compile(r"[1-9]\d? % of 8\d\d kB"))
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    [image] = gallery.list()
    assert gallery.original(image) == photograph.content


def test_a_line_that_goes_and_comes_costs_no_byte_twice(page, gallery, watch):
    watch.allow("ERR_INTERNET_DISCONNECTED")
    page.goto("/")
    sent = requests_of(page, "PATCH")
    slices = HeldRequests(page, "PATCH", "**/api/tus/*")
    line = row(page, "large.png")
    choose(page, file_of(large(1), "large.png"))
    slices.let_one_through()
    expect(line).to_contain_text(PARTS_OF_IT)
    page.context.set_offline(True)
    slices.let_all_through()
    expect(line).to_contain_text("Trying again by itself")
    tried = len(patches(sent))
    page.context.set_offline(False)
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    [image] = gallery.list()
    assert gallery.original(image) == large(1).content
    assert int(patches(sent)[tried].headers["upload-offset"]) > 0


def test_a_cancelled_file_leaves_nothing_on_the_server(page, gallery, program):
    page.goto("/")
    slow_down(page, upload_bytes_per_s=1_000_000)
    choose(page, file_of(large(1), "large.png"))
    line = row(page, "large.png")
    expect(line).to_contain_text(PARTS_OF_IT)
    uploads = program.data / "uploads"
    assert any(path.is_file() for path in uploads.rglob("*"))
    line.get_by_role("button", name="Cancel large.png").click()
    expect(line).to_have_count(0)
    eventually(lambda: not any(path.is_file() for path in uploads.rglob("*")), 10)
    assert gallery.list() == []


def test_a_large_file_can_take_the_place_of_another(page, gallery):
    here = gallery.add(landscape(1), description="A tower")
    page.goto("/")
    choose(page, file_of(large(1), "large.png"))
    name = "Replace the photo here with large.png"
    row(page, "large.png").get_by_role("button", name=name).click()
    expect(row(page, "large.png")).to_have_count(0)
    now = gallery.find(here)
    assert (now["width"], now["description"]) == (1440, "A tower")
    assert len(gallery.list()) == 1


def test_all_that_failed_are_tried_again_by_one_button(page, gallery, watch):
    watch.allow("507")
    page.goto("/")
    problem = '{"title": "Full", "status": 507, "detail": "The disk is full.", "code": "full"}'
    full = {"status": 507, "content_type": "application/problem+json", "body": problem}
    page.route("**/api/images", lambda route: route.fulfill(**full), times=3)
    choose(page, *(file_of(landscape(seed), f"{seed}.jpg") for seed in (1, 3, 4)))
    expect(page.locator('.upload-row[data-state="failed"]')).to_have_count(3)
    page.get_by_role("button", name="Try 3 photos again").click()
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(3)
    assert len(gallery.list()) == 3


def ask_for_forms(page):
    """Lets the page ask for forms, as a sender may; by itself it takes slices where files come
    here."""

    def change(route):
        asked = json.loads(route.request.post_data)
        if all(file.get("reserve", True) for file in asked["files"]):
            asked = {"files": [{**file, "method": "form"} for file in asked["files"]]}
        route.continue_(post_data=json.dumps(asked))

    page.route("**/api/uploads", change)


def test_the_form_of_the_embedded_cdn_takes_a_file_too_and_says_how_far_it_is(page, gallery):
    ask_for_forms(page)
    page.goto("/")
    posted, patched = requests_of(page, "POST"), requests_of(page, "PATCH")
    slow_down(page, upload_bytes_per_s=1_000_000)
    choose(page, file_of(large(1), "large.png"))
    expect(row(page, "large.png")).to_contain_text(PARTS_OF_IT, timeout=PATIENCE_MS)
    expect(picture_in(cards(page))).to_have_attribute(
        "src", re.compile(SERVED), timeout=PATIENCE_MS
    )
    [image] = gallery.list()
    assert (image["filename"], gallery.original(image)) == ("large.png", large(1).content)
    assert len([each for each in posted if "/cdn/v1_1/" in each.url]) == 1
    assert patches(patched) == []


def test_a_form_that_is_cancelled_leaves_nothing_on_the_server(page, gallery, program):
    ask_for_forms(page)
    page.goto("/")
    slow_down(page, upload_bytes_per_s=500_000)
    choose(page, file_of(large(1), "large.png"))
    line = row(page, "large.png")
    expect(line).to_contain_text(PARTS_OF_IT, timeout=PATIENCE_MS)
    line.get_by_role("button", name="Cancel large.png").click()
    expect(line).to_have_count(0)
    kept = [program.data / "uploads", program.data / "incoming"]
    eventually(lambda: not any(p.is_file() for folder in kept for p in folder.rglob("*")), 30)
    assert gallery.list() == []
