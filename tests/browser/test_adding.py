"""Adding photographs: chosen, dropped or pasted; in the grid at once, and for good."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    cards,
    choose,
    copy_to_clipboard,
    drag,
    drop,
    file_chooser,
    file_of,
    hold_uploads,
    landscape,
    picture_in,
    portrait,
    row,
    search_field,
)


def test_a_chosen_photo_is_stored_and_shown(page, gallery):
    page.goto("/")
    with file_chooser(page) as chooser:
        page.locator("label").filter(has_text="Add photos").click()
    assert chooser.value.is_multiple()
    chooser.value.set_files(file_of(landscape(1), "beach.jpg"))
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    [image] = gallery.list()
    assert image["filename"] == "beach.jpg"
    expect(cards(page)).to_have_attribute("data-id", image["id"])
    expect(page.locator(".month__count")).to_have_text("1 photo")


def test_files_dropped_anywhere_on_the_page_are_added(page, gallery, tmp_path):
    (tmp_path / "one.jpg").write_bytes(landscape(1).content)
    (tmp_path / "two.jpg").write_bytes(portrait(2).content)
    page.goto("/")
    drop(page, tmp_path / "one.jpg", tmp_path / "two.jpg")
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(2)
    assert {image["filename"] for image in gallery.list()} == {"one.jpg", "two.jpg"}


def test_a_dropped_folder_gives_the_photos_in_it(page, gallery, tmp_path):
    holiday = tmp_path / "holiday"
    (holiday / "day two").mkdir(parents=True)
    (holiday / "one.jpg").write_bytes(landscape(1).content)
    (holiday / "day two" / "two.jpg").write_bytes(landscape(2).content)
    (holiday / ".hidden").write_bytes(b"a folder's own notes")
    page.goto("/")
    drop(page, holiday)
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(2)
    expect(page.locator(".upload-row")).to_have_count(0)


def test_the_page_says_drop_to_add_while_files_hang_over_it(page, gallery, tmp_path):
    file = tmp_path / "one.jpg"
    file.write_bytes(landscape(1).content)
    words = page.get_by_text("Drop to add")
    page.goto("/")
    expect(words).to_be_hidden()
    drag(page, "dragEnter", [file])
    expect(words).to_be_visible()
    page.dispatch_event("html", "dragleave")  # The protocol has no way to leave a page.
    expect(words).to_be_hidden()
    drag(page, "dragOver", [file])
    expect(words).to_be_visible()
    page.keyboard.press("Escape")
    expect(words).to_be_hidden()
    assert gallery.list() == []


def test_dropped_text_is_none_of_our_business(page, gallery):
    page.goto("/")
    for step in ("dragEnter", "dragOver", "drop"):
        drag(page, step, text="no picture")
        expect(page.get_by_text("Drop to add")).to_be_hidden()
    expect(page.locator(".upload-row")).to_have_count(0)
    expect(page).to_have_url(re.compile("/$"))


def test_a_pasted_picture_is_added_under_a_name_of_its_own(page, gallery):
    page.goto("/")
    copy_to_clipboard(page, landscape(1, format="png").content)
    page.keyboard.press("Control+V")
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    [image] = gallery.list()
    assert re.fullmatch(r"Pasted 20\d\d-\d\d-\d\d at \d\d\.\d\d\.\d\d\.png", image["filename"])


def test_a_picture_pasted_while_typing_is_not_added(page, gallery):
    page.goto("/")
    copy_to_clipboard(page, landscape(1, format="png").content)
    search_field(page).click()
    page.keyboard.press("Control+V")
    expect(page.locator(".upload-row")).to_have_count(0)
    expect(cards(page)).to_have_count(0)


def test_three_are_sent_at_once_and_the_rest_wait(page, gallery):
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, *(file_of(landscape(seed), f"{seed}.jpg") for seed in range(5)))
    sending = page.locator('.upload-row[data-state="uploading"]')
    waiting = page.locator('.upload-row[data-state="waiting"]')
    expect(sending).to_have_count(3)
    expect(waiting).to_have_count(2)
    uploads.let_one_through()
    expect(waiting).to_have_count(1)
    expect(sending).to_have_count(3)
    uploads.let_all_through()
    expect(page.get_by_role("heading", name="Added 5 photos")).to_be_visible()
    assert len(gallery.list()) == 5


def test_each_file_has_a_picture_a_name_a_state_and_a_way_out(page, gallery):
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, file_of(landscape(1), "beach.jpg"))
    line = row(page, "beach.jpg")
    expect(line).to_contain_text("Sending")
    expect(picture_in(line)).to_be_visible()
    expect(line.get_by_role("button", name="Cancel beach.jpg")).to_be_visible()
    expect(page.locator(".upload-list__region")).to_have_text("Uploading 1 photo")
    uploads.let_all_through()
    expect(line).to_have_count(0)
    expect(page.locator(".upload-list__region")).to_have_text("Done, 1 added")


def test_the_new_card_stands_in_the_grid_before_the_upload_ends(page, gallery):
    gallery.add(landscape(1))
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, file_of(portrait(2), "tower.jpg"))
    new = cards(page).first
    expect(new).to_have_attribute("state", "pending")
    expect(picture_in(new)).to_have_attribute("src", re.compile("^blob:"))
    expect(picture_in(new)).to_have_attribute("alt", "tower.jpg, being added")
    box = new.bounding_box()
    uploads.let_all_through()
    expect(picture_in(new)).to_have_attribute("src", re.compile(SERVED))
    assert new.bounding_box() == box


WATCH_THE_CARD = """() => {
    const card = document.querySelector('image-card[state="pending"]');
    globalThis.frames = { painted: 0, blank: 0 };
    const look = () => {
        const photo = card.querySelector('img');
        globalThis.frames[photo?.complete && photo.naturalWidth > 0 ? 'painted' : 'blank'] += 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def test_the_card_becomes_the_served_photo_without_a_flash(page, gallery):
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, file_of(landscape(1)))
    expect(picture_in(cards(page))).to_have_js_property("complete", True)
    page.evaluate(WATCH_THE_CARD)
    uploads.let_all_through()
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    page.wait_for_function(
        "before => frames.painted > before + 2", arg=page.evaluate("frames.painted")
    )
    assert page.evaluate("frames.blank") == 0


def test_nothing_jumps_on_the_way_from_empty_to_many(page, gallery):
    page.goto("/")
    for first in (0, 3):
        choose(page, *(file_of(landscape(seed)) for seed in range(first, first + 3)))
        expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(first + 3)
        expect(page.get_by_role("heading", name="Added 3 photos")).to_be_visible()
        # Chromium counts from where a slide began: what meets one half way would count as a jump.
        page.wait_for_function(
            "() => document.querySelector('upload-list').getAnimations().length === 0"
        )
    assert page.evaluate("layoutShifts") == []


def test_all_of_it_happens_without_reloading(page, gallery):
    page.goto("/")
    page.evaluate("globalThis.sameDocument = true")
    choose(page, file_of(landscape(1)))
    expect(picture_in(cards(page))).to_have_attribute("src", re.compile(SERVED))
    assert page.evaluate("sameDocument")


def test_a_photo_that_is_here_already_is_said_so_and_can_be_shown(page, gallery):
    here = gallery.add(landscape(1))
    page.goto("/")
    choose(page, file_of(landscape(1), "again.jpg"), file_of(landscape(2), "new.jpg"))
    line = row(page, "again.jpg")
    expect(line).to_contain_text("Already here")
    expect(cards(page)).to_have_count(2)
    line.get_by_role("button", name="Show again.jpg").click()
    expect(page.locator(f'image-card[data-id="{here["id"]}"][state="new"]')).to_be_visible()
    expect(page.get_by_role("heading", name="Added 1 photo")).to_be_visible()
    assert len(gallery.list()) == 2


def test_words_are_not_asked_for_where_nothing_was_added(page, gallery):
    gallery.add(landscape(1))
    page.goto("/")
    choose(page, file_of(landscape(1), "again.jpg"))
    expect(page.get_by_role("heading", name="Already here")).to_be_visible()
    expect(page.get_by_text("Describe all", exact=True)).to_be_hidden()
    choose(page, file_of(landscape(2), "new.jpg"))
    expect(page.get_by_role("heading", name="Added 1 photo")).to_be_visible()
    expect(page.get_by_text("Describe all", exact=True)).to_be_visible()


def test_cancel_takes_the_file_away_and_lets_the_next_one_start(page, gallery):
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, *(file_of(landscape(seed), f"{seed}.jpg") for seed in range(4)))
    expect(row(page, "3.jpg")).to_contain_text("Waiting")
    row(page, "0.jpg").get_by_role("button", name="Cancel 0.jpg").click()
    expect(row(page, "0.jpg")).to_have_count(0)
    expect(row(page, "3.jpg")).to_contain_text("Sending")
    expect(cards(page)).to_have_count(3)
    uploads.let_all_through()
    expect(page.get_by_role("heading", name="Added 3 photos")).to_be_visible()
    assert {image["filename"] for image in gallery.list()} == {"1.jpg", "2.jpg", "3.jpg"}
