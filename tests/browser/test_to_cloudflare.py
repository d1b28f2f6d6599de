"""Photographs go from the page straight to Cloudflare Images, each to an address that takes one
file, once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import cards, choose, file_of, landscape, picture_in, requests_of, row
from tests.browser.test_status import open_panel
from tests.browser.test_surviving import crash, wait_until_kept
from tests.browser.test_to_bucket import PATIENCE_MS, sent_here
from tests.cloudflare_server import CloudflareServer, Reset
from tests.pictures import photo
from tests.programs import Program, eventually, free_port


@pytest.fixture(scope="module")
def server():
    with CloudflareServer() as running:
        yield running


@pytest.fixture(scope="module")
def program_on_it(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("cloudflare")
    data, log = folder / "data", folder / "log"
    with Program(data, port=free_port(), module="app", log=log, **server.settings) as running:
        yield running.until_it_answers()


@pytest.fixture
def program(program_on_it):
    return program_on_it


@pytest.fixture
def cloudflare(server, gallery, watch):
    """An account with nothing of ours in it."""
    watch.allow(rf"another host: {re.escape(server.url)}/")
    server.seen.clear()
    return server


def expect_shown(page, cloudflare):
    served = re.compile(re.escape(f"{cloudflare.url}/{cloudflare.account.hash}/"))
    expect(picture_in(cards(page))).to_have_attribute("src", served, timeout=PATIENCE_MS)


def test_a_photo_goes_past_the_gallery(page, gallery, cloudflare):
    page.goto("/")
    posted, patched = requests_of(page, "POST"), requests_of(page, "PATCH")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page, cloudflare)
    [image] = gallery.list()
    assert image["store"] == "cloudflare"
    assert gallery.original(image) == landscape(1).content
    assert sent_here(posted + patched) == []
    assert len(cloudflare.requests("direct")) == 1
    assert cloudflare.requests("upload") == []


def test_a_lost_answer_costs_nothing_although_the_address_is_spent(
    page, gallery, cloudflare, watch
):
    watch.allow("ERR_", "403", "409", "CORS policy")
    cloudflare.script("direct", Reset(kept=True))
    page.goto("/")
    posted, patched = requests_of(page, "POST"), requests_of(page, "PATCH")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page, cloudflare)
    assert len(gallery.list()) == 1
    assert sent_here(posted + patched) == []


def test_what_a_killed_tab_had_sent_is_not_sent_again(open_context, gallery, cloudflare, watch):
    watch.allow("/complete", "409")
    context = open_context()
    page = context.new_page()
    page.goto("/")
    # Cloudflare has it, and the page is dead before the gallery hears so.
    page.route("**/complete", lambda route: route.abort())
    choose(page, file_of(landscape(1), "beach.jpg"))
    wait_until_kept(page)
    eventually(
        lambda: page.evaluate("1") == 1 and len(cloudflare.requests("direct")) == 1,
        PATIENCE_MS / 1000,
    )
    crash(page)

    page = context.new_page()
    page.goto("/")
    expect_shown(page, cloudflare)
    assert len(gallery.list()) == 1
    assert len(cloudflare.requests("direct")) == 1


def test_what_it_takes_of_no_photo_is_told_before_a_byte_moves(page, gallery, cloudflare, watch):
    watch.allow("415")
    page.goto("/")
    expect(open_panel(page).get_by_text("straight to Cloudflare Images")).to_be_visible()
    page.keyboard.press("Escape")
    posted = requests_of(page, "POST")
    choose(page, file_of(photo("tiff", width=320, height=240), "scan.tiff"))
    expect(row(page, "scan.tiff")).to_contain_text("Cloudflare", timeout=PATIENCE_MS)
    assert sent_here(posted) == []
    assert cloudflare.requests("direct") == []
    assert gallery.list() == []
