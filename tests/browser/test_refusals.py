"""Files that cannot be added: said by name, with the cause and the mend, and nothing stays."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import LIMIT_BYTES
from tests.browser.parts import (
    SERVED,
    cards,
    choose,
    file_of,
    landscape,
    picture_in,
    requests_of,
    row,
    slow_down,
)
from tests.pictures import noise, photo
from tests.programs import eventually


def named(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


HOPELESS = {
    "a text renamed": (
        named("letter.jpg", b"Dear Sir or Madam"),
        "letter.jpg is not an image we can show. "
        "JPEG, PNG, GIF, WebP, AVIF, HEIC and TIFF can be added.",
    ),
    "too many bytes": (
        named("huge.jpg", photo().content + bytes(2 * LIMIT_BYTES)),
        "huge.jpg is 2 MB; at most 1 MB can be added. Save it smaller.",
    ),
    "nothing in it": (
        named("empty.jpg", b""),
        "empty.jpg is empty. Check the original.",
    ),
}


@pytest.mark.parametrize(("file", "words"), HOPELESS.values(), ids=HOPELESS)
def test_says_what_is_wrong_with_a_file_before_it_is_sent(page, gallery, file, words):
    page.goto("/")
    sent = requests_of(page, "POST")
    choose(page, file)
    line = row(page, file["name"])
    expect(line).to_contain_text(words)
    expect(line.get_by_role("button", name=re.compile("again"))).to_be_hidden()
    expect(page.locator(".upload-list__region")).to_have_text("Done, 1 failed")
    expect(cards(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="Drop photographs here")).to_be_visible()
    assert sent == []
    line.get_by_role("button", name=f"Take {file['name']} off the list").click()
    expect(line).to_have_count(0)


def test_says_what_the_server_found_wrong_with_a_file(page, gallery, watch):
    watch.allow(r"status of 422 .*/api/images")
    page.goto("/")
    choose(page, file_of(landscape(1).cut_off(2000), "broken.jpg"))
    expect(row(page, "broken.jpg")).to_contain_text(re.compile("broken.jpg: .+"))
    expect(cards(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="Drop photographs here")).to_be_visible()
    assert gallery.list() == []


def test_one_bad_file_does_not_keep_the_others(page, gallery):
    page.goto("/")
    choose(
        page,
        file_of(landscape(1), "one.jpg"),
        named("letter.jpg", b"Dear Sir or Madam"),
        file_of(landscape(2), "two.jpg"),
    )
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(2)
    expect(page.get_by_role("heading", name="Added 2 photos")).to_be_visible()
    expect(page.locator(".upload-list__counts")).to_have_text("1 not added")
    expect(row(page, "letter.jpg")).to_be_visible()


def test_an_upload_that_is_cancelled_half_way_leaves_nothing(page, gallery, program):
    incoming = program.data / "incoming"
    page.goto("/")
    # The page learns that the line carries much.
    quick = photo("png", width=600, height=480, compress_level=0)
    choose(page, file_of(quick, "quick.png"))
    expect(page.get_by_role("heading", name="Added 1 photo")).to_be_visible()
    slow_down(page, upload_bytes_per_s=100_000)
    choose(page, file_of(noise(1600, 1200), "long.jpg"))
    eventually(lambda: any(incoming.iterdir()), 10)
    row(page, "long.jpg").get_by_role("button", name="Cancel long.jpg").click()
    expect(row(page, "long.jpg")).to_have_count(0)
    expect(cards(page)).to_have_count(1)
    eventually(lambda: not any(incoming.iterdir()), 5)
    assert [image["filename"] for image in gallery.list()] == ["quick.png"]


def test_a_file_that_failed_can_be_tried_again(page, gallery, watch):
    watch.allow("507")
    page.goto("/")
    problem = '{"title": "Full", "status": 507, "detail": "The disk is full.", "code": "full"}'
    page.route(
        "**/api/images",
        lambda route: route.fulfill(
            status=507, content_type="application/problem+json", body=problem
        ),
        times=1,
    )
    choose(page, file_of(landscape(1), "beach.jpg"))
    line = row(page, "beach.jpg")
    expect(line).to_contain_text("beach.jpg: The disk is full. Try again in a moment.")
    expect(cards(page)).to_have_attribute("state", "failed")
    line.get_by_role("button", name="Try beach.jpg again").click()
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    assert len(gallery.list()) == 1
