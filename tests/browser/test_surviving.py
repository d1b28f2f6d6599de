"""Whatever dies while photographs are added, page, browser or server: each is there in the end,
once, and nobody is asked for a file again."""

from __future__ import annotations

import hashlib
import os
import re

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.parts import (
    SERVED,
    HeldRequests,
    cards,
    choose,
    file_of,
    hold_uploads,
    landscape,
    large,
    requests_of,
    row,
    slow_down,
)
from tests.browser.restartable import Restartable
from tests.programs import eventually

LINE_BYTES_PER_S = 1_500_000
"""Of the page: some files are through in a moment, the large ones take half a minute."""

PATIENCE_MS = 120_000
"""For all that is to be done over again after a death, on a machine with other work."""


@pytest.fixture(scope="module")
def lasting_program(tmp_path_factory):
    running = Restartable(tmp_path_factory.mktemp("surviving"))
    yield running
    running.kill()


@pytest.fixture
def program(lasting_program):
    return lasting_program


@pytest.fixture(autouse=True)
def _failing_is_expected(watch):
    """Who is killed breaks off what it was sending, and does not answer for a while."""
    broken_off = (
        "ERR_(CONNECTION_|SOCKET_|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|ABORTED|FAILED)"
    )
    watch.allow(broken_off, "Failed to fetch")


def crash(page: Page) -> None:
    """What happens when the system runs out of memory: no handler of the page runs."""
    with page.expect_event("crash"):
        try:
            page.goto("chrome://crash")
        except Error as error:
            assert "crash" in str(error).lower()  # noqa: PT017 (it has no other way to end)
    page.close()


def visited(context) -> Page:
    page = context.new_page()
    slow_down(page, upload_bytes_per_s=LINE_BYTES_PER_S)
    page.goto("/")
    return page


def wait_until_kept(page):
    expect(page.locator(".upload-row").first).to_be_visible()
    asked = page.locator('.upload-row[data-keeping="asked"]')
    expect(asked).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.locator('.upload-row:not([data-keeping="kept"])')).to_have_count(0)


def twenty():
    """Of different sizes, 40 MB in all; none looks like another."""
    seeds = [seed for seed in range(21) if seed != 9]
    pictures = [large(seed) if seed % 2 == 1 else landscape(seed) for seed in seeds]
    return {
        f"{seed}.{picture.format}": picture for seed, picture in zip(seeds, pictures, strict=True)
    }


def expect_each_once(gallery, pictures):
    images = gallery.list()
    assert sorted(image["filename"] for image in images) == sorted(pictures)
    for image in images:
        stored = hashlib.sha256(gallery.original(image)).hexdigest()
        assert stored == hashlib.sha256(pictures[image["filename"]].content).hexdigest()


def expect_all_shown(page, count):
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(count, timeout=PATIENCE_MS)
    expect(page.locator('.upload-row:not([data-state="duplicate"])')).to_have_count(0)
    expect(cards(page)).to_have_count(count)


def expect_under_way(page):
    """Some of a large file has arrived."""
    rows = page.locator(".upload-row").filter(has_text=re.compile("[1-9] % of"))
    expect(rows.first).to_be_visible(timeout=PATIENCE_MS)


def expect_to_wait_for_the_server(page):
    rows = page.locator(".upload-row").filter(has_text="does not answer")
    expect(rows.first).to_be_visible(timeout=PATIENCE_MS)


def test_page_and_server_are_killed_in_turns_and_each_of_20_is_there_once(
    open_context, gallery, program, tmp_path
):
    pictures = twenty()
    for name, picture in pictures.items():
        (tmp_path / name).write_bytes(picture.content)
    context = open_context()
    context.set_default_timeout(PATIENCE_MS)
    page = visited(context)
    choose(page, *(tmp_path / name for name in pictures))
    wait_until_kept(page)
    for _ in range(2):
        expect_under_way(page)
        assert len(gallery.list()) < 20
        crash(page)
        page = visited(context)
        expect_under_way(page)
        program.kill()
        expect_to_wait_for_the_server(page)
        program.start()
    slow_down(page, upload_bytes_per_s=-1)
    expect_all_shown(page, 20)
    expect_each_once(gallery, pictures)


def test_a_closed_tab_goes_on_at_the_next_visit_from_where_the_server_is(open_context, gallery):
    context = open_context()
    page = visited(context)
    slices = HeldRequests(page, "PATCH", "**/api/tus/*")
    choose(page, file_of(large(1), "large.png"))
    wait_until_kept(page)
    slices.let_one_through()
    expect(row(page, "large.png")).to_contain_text(re.compile("[1-9] % of"))
    page.close()

    page = context.new_page()
    sent = requests_of(page, "PATCH")
    page.goto("/")
    expect_all_shown(page, 1)
    assert int(sent[0].headers["upload-offset"]) > 0
    expect_each_once(gallery, {"large.png": large(1)})


def test_a_browser_that_is_closed_goes_on_when_it_is_opened(
    chromium, address, gallery, watch, tmp_path
):
    def opened():
        context = chromium.browser_type.launch_persistent_context(
            tmp_path / "profile",
            executable_path=os.environ["CHROMIUM"],
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            base_url=address,
        )
        watch.follow(context)
        return context

    context = opened()
    page = context.new_page()
    page.goto("/")
    # Nothing is under way when the page goes: what is held or sent then would be let through.
    watch.allow("503")
    busy = {"status": 503, "headers": {"Retry-After": "600"}}
    page.route("**/api/images", lambda route: route.fulfill(**busy))
    choose(page, file_of(landscape(1), "beach.jpg"), file_of(landscape(3), "tower.jpg"))
    wait_until_kept(page)
    expect(page.locator(".upload-row").filter(has_text="503").first).to_be_visible()
    context.close()
    assert gallery.list() == []

    context = opened()
    page = context.new_page()
    page.goto("/")
    expect_all_shown(page, 2)
    context.close()
    expect_each_once(gallery, {"beach.jpg": landscape(1), "tower.jpg": landscape(3)})


def test_a_death_between_the_servers_answer_and_our_forgetting_ends_in_one_image(
    open_context, gallery
):
    context = open_context()
    page = visited(context)
    # The server has taken it, and the page is dead before it hears so.
    page.route("**/api/images", lambda route: route.fetch())
    choose(page, file_of(landscape(1), "beach.jpg"))
    wait_until_kept(page)
    # Playwright hears of requests while it is asked for something.
    eventually(lambda: page.evaluate("1") == 1 and len(gallery.list()) == 1, 30)
    crash(page)

    page = context.new_page()
    page.goto("/")
    expect(row(page, "beach.jpg")).to_contain_text("Already here")
    expect(cards(page)).to_have_count(1)
    page.reload()
    expect(cards(page)).to_have_count(1)
    expect(page.locator(".upload-row")).to_have_count(0)
    expect_each_once(gallery, {"beach.jpg": landscape(1)})


def test_a_second_tab_leaves_the_first_ones_files_alone_until_that_is_gone(open_context, gallery):
    context = open_context()
    first = visited(context)
    first.route("**/api/images", lambda route: route.abort())
    choose(first, file_of(landscape(1), "beach.jpg"), file_of(landscape(3), "tower.jpg"))
    wait_until_kept(first)
    second = context.new_page()
    second.goto("/")
    sent = requests_of(second, "POST")
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator(".upload-row")).to_have_count(2)
    expect(second.locator(".upload-row")).to_have_count(0)
    assert sent == []
    first.close()
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect_all_shown(second, 2)
    expect_each_once(gallery, {"beach.jpg": landscape(1), "tower.jpg": landscape(3)})


def test_nobody_is_kept_from_leaving_when_nothing_would_be_lost(open_context, gallery):
    context = open_context()
    page = visited(context)
    uploads = hold_uploads(page)
    choose(page, file_of(landscape(1), "beach.jpg"))
    wait_until_kept(page)
    page.reload()
    uploads.let_all_through()
    expect_all_shown(page, 1)
    expect_each_once(gallery, {"beach.jpg": landscape(1)})


def test_where_nothing_can_be_kept_it_is_asked_before_one_leaves(open_context, gallery):
    context = open_context()
    context.add_init_script("delete globalThis.indexedDB; delete Window.prototype.indexedDB;")
    page = visited(context)
    uploads = hold_uploads(page)
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect(row(page, "beach.jpg")).to_contain_text("Sending")
    page.locator(".upload-list__title").click()
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    asked.value.dismiss()
    uploads.let_all_through()
    expect_all_shown(page, 1)
    page.close(run_before_unload=True)


def test_says_which_file_does_not_survive_when_the_room_is_short(open_context, gallery):
    context = open_context()
    little = "async () => ({ quota: 300_000, usage: 0 })"
    context.add_init_script(
        f"if (globalThis.StorageManager) StorageManager.prototype.estimate = {little};"
    )
    page = visited(context)
    held = HeldRequests(page, "POST", "**/api/{images,uploads}")
    choose(page, file_of(landscape(1), "beach.jpg"), file_of(large(3), "large.png"))
    expect(row(page, "large.png")).to_contain_text("keep this page open")
    expect(row(page, "beach.jpg")).not_to_contain_text("keep this page open")
    held.let_all_through()
    expect_all_shown(page, 2)
