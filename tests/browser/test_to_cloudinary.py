"""Photographs go from the page straight to Cloudinary, a large one in pieces; what its plan would
refuse does not even begin."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    HeldRequests,
    cards,
    choose,
    file_of,
    landscape,
    picture_in,
    requests_of,
    row,
)
from tests.browser.test_status import open_panel
from tests.browser.test_surviving import crash, wait_until_kept
from tests.browser.test_to_bucket import KEPT_TICKETS, PATIENCE_MS, sent_here
from tests.cloudinary_server import CloudinaryServer, Fail
from tests.cloudinary_server.account import Account
from tests.pictures import photo
from tests.programs import Program, eventually, free_port

PLAN_BYTES, PLAN_PIXELS = 24 * 1024**2, 25_000_000

DELIVERED = re.compile(r"/image/private/s--")
"""How the address of a picture there begins."""


@pytest.fixture(scope="module")
def account():
    return Account(max_bytes=PLAN_BYTES, max_pixels=PLAN_PIXELS)


@pytest.fixture(scope="module")
def server(account):
    with CloudinaryServer(account) as running:
        yield running


@pytest.fixture(scope="module")
def program_on_it(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("cloudinary")
    with Program(
        folder / "data",
        port=free_port(),
        module="app",
        log=folder / "log",
        CLOUDINARY_URL=server.url,
    ) as running:
        yield running.until_it_answers()


@pytest.fixture
def program(program_on_it):
    return program_on_it


@pytest.fixture
def cloudinary(server, account, gallery, watch):
    """An account with nothing in it that lets every page in."""
    watch.allow(rf"another host: http://{re.escape(server.host)}/")
    account.lets_in = "*"
    server.seen.clear()
    return server


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A photograph that goes to Cloudinary in two pieces, on the disk."""
    file = tmp_path_factory.mktemp("photos") / "wall.png"
    file.write_bytes(photo("png", width=2760, height=2450, compress_level=0).content)
    return file


def expect_shown(page):
    """The one photo, from Cloudinary."""
    expect(picture_in(cards(page))).to_have_attribute("src", DELIVERED, timeout=PATIENCE_MS)


def ranges(cloudinary):
    """The pieces that arrived."""
    return [each.headers.get("content-range", "whole") for each in cloudinary.requests("upload")]


def test_a_photo_goes_past_the_gallery(page, gallery, cloudinary, account):
    page.goto("/")
    posted, patched = requests_of(page, "POST"), requests_of(page, "PATCH")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page)
    [image] = gallery.list()
    assert image["store"] == "cloudinary"
    assert gallery.original(image) == landscape(1).content
    assert sent_here(posted + patched) == []
    assert ranges(cloudinary) == ["whole"]
    eventually(lambda: len(account.assets) == 1, 30)


def test_a_large_one_goes_in_pieces(page, gallery, cloudinary, huge):
    page.goto("/")
    choose(page, huge)
    expect_shown(page)
    [image] = gallery.list()
    assert gallery.original(image) == huge.read_bytes()
    total = huge.stat().st_size
    assert ranges(cloudinary) == [
        f"bytes 0-19999999/{total}",
        f"bytes 20000000-{total - 1}/{total}",
    ]


def test_a_killed_tab_goes_on_with_the_piece_that_is_missing(
    open_context, gallery, cloudinary, watch, huge
):
    watch.allow("409")  # Nothing is whole there yet.
    context = open_context()
    page = context.new_page()
    page.goto("/")
    pieces = HeldRequests(page, "POST", f"http://{cloudinary.host}/**")
    choose(page, huge)
    wait_until_kept(page)
    pieces.let_one_through()
    eventually(lambda: page.evaluate(KEPT_PIECES) == 20_000_000, 60)
    crash(page)

    page = context.new_page()
    page.goto("/")
    expect_shown(page)
    [image] = gallery.list()
    assert gallery.original(image) == huge.read_bytes()
    assert [each.split("-")[0] for each in ranges(cloudinary)] == ["bytes 0", "bytes 20000000"]


KEPT_PIECES = KEPT_TICKETS.replace(
    "all.result.filter(({ facts }) => facts.form).length", "all.result[0]?.facts.form?.arrived"
)
"""How many bytes of the one file that the browser keeps have arrived, as far as it knows."""


def test_what_the_plan_would_refuse_is_told_before_a_byte_moves(
    page, gallery, cloudinary, tmp_path
):
    (tmp_path / "field.jpg").write_bytes(photo(width=6000, height=4500).content)
    (tmp_path / "wall.png").write_bytes(b"\x89PNG\r\n\x1a\n" * 3_200_000)
    page.goto("/")
    open_panel(page)  # Waits until the plan was heard.
    expect(page.get_by_text("at most 24 MB, 25 megapixels")).to_be_visible()
    page.reload()
    posted = requests_of(page, "POST")
    choose(page, tmp_path / "field.jpg", tmp_path / "wall.png")
    expect(row(page, "wall.png")).to_contain_text(
        "wall.png is 24 MB; Cloudinary takes at most 24 MB. Save it smaller."
    )
    expect(row(page, "field.jpg")).to_contain_text(
        "field.jpg has 27 megapixels; Cloudinary takes at most 25 megapixels. Save it smaller."
    )
    assert posted == []
    assert gallery.list() == []


def test_a_page_that_is_not_let_in_sends_through_the_gallery_and_says_so(
    page, gallery, cloudinary, account, watch
):
    watch.allow("CORS policy", "ERR_FAILED", "409")
    account.lets_in = "https://elsewhere.example"
    page.goto("/")
    expect(open_panel(page).get_by_text("straight to Cloudinary")).to_be_visible()
    page.keyboard.press("Escape")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page)
    assert [image["store"] for image in gallery.list()] == ["cloudinary"]
    said = open_panel(page).get_by_text("Cloudinary was out of reach for this browser")
    expect(said).to_contain_text(re.compile(r"through this gallery until \d\d:\d\d: "))


def test_a_refusal_of_cloudinary_is_told_in_the_words_of_the_gallery(
    page, gallery, cloudinary, watch
):
    watch.allow("400", "409", "422", "CORS policy", "ERR_FAILED")
    content = landscape(1).content
    page.goto("/")
    choose(
        page,
        {"name": "torn.jpg", "mimeType": "image/jpeg", "buffer": content[: len(content) // 2]},
    )
    expect(row(page, "torn.jpg")).to_contain_text("torn.jpg")
    expect(page.get_by_role("heading", name="1 photo not added")).to_be_visible()
    assert gallery.list() == []
    assert len(cloudinary.requests("upload")) == 1


def test_one_answer_in_trouble_costs_no_photo(page, gallery, cloudinary, watch):
    watch.allow("500", "409", "CORS policy", "ERR_FAILED")
    cloudinary.script("upload", Fail(status=500))
    page.goto("/")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page)
    assert len(gallery.list()) == 1
