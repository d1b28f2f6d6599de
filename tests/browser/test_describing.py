"""Words for what is being added: for all, for one, for those that came in folders; and the other
ways in which files come."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    choose,
    drop,
    file_of,
    hold_uploads,
    landscape,
    row,
)


def all_added(page, count):
    expect(page.locator(f'img[src*="{SERVED}"]')).to_have_count(count)


def said(gallery):
    """File name → description and tags."""
    return {each["filename"]: (each["description"], each["tags"]) for each in gallery.list()}


def turn_words(page):
    """Opens the fields, or closes them. By a key: their line slides while files come and go."""
    page.locator(".upload-words summary").press("Enter")


def describe_all(page, description="", tags=""):
    turn_words(page)
    page.get_by_label("Description", exact=True).fill(description)
    page.get_by_label("Tags, with commas").fill(tags)
    page.get_by_label("Tags, with commas").blur()


def test_one_description_does_for_all_and_one_file_has_its_own(page, gallery):
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, *(file_of(landscape(seed), f"{seed}.jpg") for seed in (1, 3, 4, 5)))
    describe_all(page, "Holidays", "sea, summer")
    row(page, "5.jpg").get_by_role("button", name="Describe 5.jpg").click()
    field = page.get_by_label("Description", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("Holidays")
    field.fill("The beach")
    field.blur()
    uploads.let_all_through()
    all_added(page, 4)
    expected = {f"{seed}.jpg": ("Holidays", ["sea", "summer"]) for seed in (1, 3, 4)}
    expected["5.jpg"] = ("The beach", ["sea", "summer"])
    # What was on its way already is told afterwards.
    captions = page.locator(".image-card__caption")
    expect(captions.filter(has_text="Holidays")).to_have_count(3)
    expect(captions.filter(has_text="The beach")).to_have_count(1)
    assert said(gallery) == expected


def test_what_has_arrived_can_still_be_described(page, gallery):
    page.goto("/")
    choose(page, file_of(landscape(1), "1.jpg"), file_of(landscape(3), "3.jpg"))
    expect(page.locator(".upload-words summary")).to_be_visible()
    turn_words(page)
    all_added(page, 2)
    page.get_by_label("Description", exact=True).fill("Holidays")
    page.get_by_label("Description", exact=True).blur()
    expect(page.locator(".image-card__caption").filter(has_text="Holidays")).to_have_count(2)
    assert said(gallery) == {"1.jpg": ("Holidays", []), "3.jpg": ("Holidays", [])}


def test_tags_stay_for_the_next_batch_and_the_description_does_not(page, gallery):
    page.goto("/")
    uploads = hold_uploads(page)
    choose(page, file_of(landscape(1), "1.jpg"))
    describe_all(page, "Holidays", "sea")
    turn_words(page)
    uploads.let_all_through()
    expect(page.get_by_role("heading", name="Added 1 photo")).to_be_visible()
    choose(page, file_of(landscape(3), "3.jpg"))
    expect(page.locator(".upload-words summary")).to_have_text("Describe all · sea")
    all_added(page, 2)
    assert said(gallery)["3.jpg"] == ("", ["sea"])


def test_photos_of_a_folder_have_its_name_as_a_tag_if_one_wants(page, gallery, tmp_path):
    for name, seed in (("one", 1), ("two", 3)):
        folder = tmp_path / "holiday" / name
        folder.mkdir(parents=True)
        (folder / f"{seed}.jpg").write_bytes(landscape(seed).content)
    page.goto("/")
    uploads = hold_uploads(page)
    drop(page, tmp_path / "holiday")
    expect(page.locator(".upload-row")).to_have_count(2)
    turn_words(page)
    page.get_by_label("Tag each with the name of its folder").check()
    turn_words(page)
    uploads.let_all_through()
    all_added(page, 2)
    page.get_by_role("link", name="one", exact=True).wait_for()
    assert {tags for _, (_, [tags]) in said(gallery).items()} == {"one", "two"}
    page.reload()
    (tmp_path / "holiday" / "one" / "4.jpg").write_bytes(landscape(4).content)
    drop(page, tmp_path / "holiday")
    all_added(page, 3)
    assert said(gallery)["4.jpg"] == ("", ["one"])


def test_a_folder_is_chosen_from_the_menu(page, gallery, tmp_path):
    folder = tmp_path / "holiday"
    (folder / ".thumbs").mkdir(parents=True)
    (folder / "1.jpg").write_bytes(landscape(1).content)
    (folder / ".thumbs" / "1.jpg").write_bytes(landscape(3).content)
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("button", name="Take a photo")).to_be_hidden()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add a folder").click()
    chooser.value.set_files(folder)
    all_added(page, 1)
    assert said(gallery) == {"1.jpg": ("", [])}


def test_a_phone_offers_its_camera(phone, gallery):
    phone.goto("/")
    phone.get_by_role("button", name="Menu").tap()
    with phone.expect_file_chooser() as chooser:
        phone.get_by_role("button", name="Take a photo").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(file_of(landscape(1), "now.jpg"))
    all_added(phone, 1)


PASTE = """(pictures) => {
    const carried = new DataTransfer();
    for (const bytes of pictures) {
        carried.items.add(new File([Uint8Array.from(bytes)], 'image.png', { type: 'image/png' }));
    }
    const options = { clipboardData: carried, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new ClipboardEvent('paste', options));
}"""


def test_several_pictures_are_pasted_under_names_of_their_own(page, gallery):
    page.goto("/")
    page.evaluate(PASTE, [list(landscape(seed, format="png").content) for seed in (1, 3)])
    all_added(page, 2)
    names = sorted(said(gallery))
    assert re.fullmatch(r"Pasted .*\d \(2\)\.png", names[0])
    assert re.fullmatch(r"Pasted .*\d\.png", names[1])
