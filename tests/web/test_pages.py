"""The pages, as people without scripts use them, and as search engines and messengers see them."""

from urllib.parse import urlsplit

import pytest

from gallery.web import pages
from tests import pictures
from tests.web.conftest import HTML, MAX_UPLOAD_BYTES, PASSWORD, client_of
from tests.web.page import Page


@pytest.fixture
def three(owner):
    """Three images, newest first."""
    told = (
        {"description": "Harbour", "tags": ["sea"]},
        {"description": "An old barn", "alt": "A red gate", "tags": ["garden"]},
        {"description": "The old cherry", "tags": ["garden", "spring"]},
    )
    images = [
        owner.uploaded(pictures.photo(seed=seed).content, **fields)
        for seed, fields in enumerate(told, start=10)
    ]
    return images[::-1]


def shown(page):
    return [card["data-id"] for card in page.all("image-card")]


def follow(client, answer):
    """The page that an answer redirects to, loaded anew."""
    assert answer.status_code == 303
    landed = client.get(answer.headers["Location"], headers=HTML)
    assert landed.status_code == 200
    return Page(landed)


def test_the_gallery_shows_the_newest_first_with_sizes_and_words(owner, three):
    page = Page(owner.get("/"))

    assert shown(page) == [image["id"] for image in three]
    assert "3 photos" in page.blocks("month__count")[0].text
    for card, image in zip(page.all("img"), three, strict=True):
        assert (card["width"], card["height"]) == ("120", "80")
        assert card["alt"] == (image["alt"] or image["description"])
        assert card["loading"] in ("eager", "lazy")
        assert owner.get(card["src"]).status_code == 200
    assert [link["href"] for link in page.all("a") if link.is_a("image-card__link")] == [
        image["page"] for image in three
    ]


def test_an_empty_gallery_says_what_to_do(owner):
    page = Page(owner.get("/"))

    assert shown(page) == []
    assert "hidden" not in page.one("section", **{"data-state": "empty"}).attributes
    assert "hidden" in page.one("section", **{"data-state": "nothing-found"}).attributes


def test_the_older_link_leads_through_the_whole_gallery_and_back(owner, three, monkeypatch):
    monkeypatch.setattr(pages, "FIRST_PAGE", 2)
    first = Page(owner.get("/"))
    [older] = (link for link in first.all("a", rel="next"))

    second = Page(owner.get(older["href"]))

    assert shown(first) + shown(second) == [image["id"] for image in three]
    assert "hidden" not in second.blocks("gallery__newest")[0].attributes
    assert "hidden" in second.blocks("gallery__more")[0].attributes


def test_the_search_form_finds_and_keeps_what_was_typed(owner, three):
    page = Page(Page(owner.get("/")).submit(owner, "/", q="old"))

    assert shown(page) == [image["id"] for image in three[:2]]
    assert page.one("input", name="q")["value"] == "old"
    assert "2 photos found" in page.blocks("gallery__found")[0].text
    nothing = Page(page.submit(owner, "/", q="submarine"))
    assert "hidden" not in nothing.one("section", **{"data-state": "nothing-found"}).attributes


def test_tags_add_to_a_search_and_come_off_again(owner, three):
    page = Page(owner.get("/?q=old"))
    garden = next(chip for chip in page.all("a") if chip.attributes.get("data-tag") == "spring")

    narrowed = Page(owner.get(garden["href"]))

    assert shown(narrowed) == [three[0]["id"]]
    chip = next(c for c in narrowed.all("a") if c.attributes.get("data-tag") == "spring")
    assert chip["aria-current"] == "true"
    assert shown(Page(owner.get(chip["href"]))) == shown(page)
    assert narrowed.one("input", name="tag")["value"] == "spring"


@pytest.mark.parametrize("query", ["?utm_source=letter&fbclid=x", "?q=", "?tag=nowhere"])
def test_what_others_hang_on_a_shared_link_does_no_harm(owner, three, query):
    assert owner.get(f"/{query}").status_code == 200


def test_an_old_address_leads_to_the_gallery(owner):
    answer = owner.get("/gallery/")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/")


def test_the_upload_form_adds_a_photo_and_tells(owner):
    photo = pictures.photo()
    form = Page(owner.get("/upload/"))

    answer = form.submit(
        owner,
        "/upload/",
        image=("beach.jpg", photo.content),
        description="The beach",
        tags=" sea, sand ,, sea",
    )

    page = follow(owner, answer)
    assert page.told() == ["Added."]
    [image] = owner.listed()["images"]
    assert (image["description"], image["tags"]) == ("The beach", ["sea", "sand"])
    assert urlsplit(answer.headers["Location"]).path == image["page"]
    assert Page(owner.get(image["page"])).told() == []
    again = form.submit(owner, "/upload/", image=("beach.jpg", photo.content))
    assert follow(owner, again).told() == ["This photo was here already."]


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"image": ("notes.txt", b"Dear diary")}, 415, ["notes.txt", "JPEG"]),
        ({"image": ("cut.jpg", pictures.photo().cut_off(99).content)}, 422, ["cut.jpg"]),
        ({"image": ("big.jpg", b"x" * (MAX_UPLOAD_BYTES + 1))}, 413, ["big.jpg", "1 MiB"]),
        ({"image": ("", b"")}, 422, ["choose a file"]),
        ({"tags": ",".join(str(n) for n in range(21))}, 422, ["tags"]),
        ({"alt": "x" * 2001}, 422, ["alt"]),
    ],
    ids=["text", "cut off", "too large", "none", "tags", "alt"],
)
def test_a_refused_upload_is_told_and_what_was_typed_stays(owner, kept, typed, status, words):
    filled = {"image": ("a.jpg", pictures.photo().content), "description": "Kept <words>"}

    answer = Page(owner.get("/upload/")).submit(owner, "/upload/", **(filled | typed))

    assert answer.status_code == status
    page = Page(answer)
    assert [word for word in words if word not in page.told()[0]] == []
    if status != 413:  # The rest of the form was not read then.
        assert page.one("textarea", name="description").text == "Kept <words>"
    assert kept.everything() == []


def test_the_edit_form_saves_and_tells(owner):
    image = owner.uploaded(description="Old", tags=["a", "b"])

    answer = Page(owner.get(image["page"])).submit(
        owner, f"{image['page']}/edit", description="New & <better>\r\nTwo lines", tags="b, c"
    )

    page = follow(owner, answer)
    assert page.told() == ["Saved."]
    assert page.one("textarea", name="description").text == "New & <better>\nTwo lines"
    edited = owner.get(f"/api/images/{image['id']}").json
    assert edited["description"] == "New & <better>\nTwo lines"
    assert edited["tags"] == ["b", "c"]


def test_an_edit_of_what_changed_meanwhile_is_refused_in_words(owner):
    image = owner.uploaded(description="Old")
    form = Page(owner.get(image["page"]))
    owner.patch(f"/api/images/{image['id']}", json={"description": "Theirs"})

    answer = form.submit(owner, f"{image['page']}/edit", description="Mine")

    assert answer.status_code == 412
    assert owner.get(f"/api/images/{image['id']}").json["description"] == "Theirs"


def test_the_delete_form_moves_to_the_trash_and_tells(owner):
    image = owner.uploaded()

    answer = Page(owner.get(image["page"])).submit(owner, f"{image['page']}/delete")

    page = follow(owner, answer)
    assert page.told() == ["The photo is in the trash now."]
    assert shown(page) == []
    assert owner.get(f"/api/images/{image['id']}").json["status"] == "trashed"


def test_people_sign_in_and_out_by_form(guarded):
    person = client_of(guarded)
    form = Page(person.get("/sign-in"))

    wrong = form.submit(person, "/sign-in", password="guess")
    assert wrong.status_code == 401
    assert [note["role"] for note in Page(wrong).blocks("form__wrong")] == ["alert"]
    assert person.get("/upload/").headers["Location"] == "/sign-in"

    gallery = follow(person, form.submit(person, "/sign-in", password=PASSWORD))
    assert person.get("/upload/").status_code == 200
    follow(person, gallery.submit(person, "/sign-out"))
    assert person.get("/upload/").headers["Location"] == "/sign-in"


def test_strangers_are_offered_nothing_that_they_may_not_do(guarded, signed_in):
    image = signed_in.uploaded(description="The old cherry")
    stranger = client_of(guarded)

    for path in ("/", image["page"]):
        page = Page(stranger.get(path))
        assert {form.attributes.get("method") for form in page.all("form")} <= {None, "dialog"}
        assert page.all("a", href="/upload/") == []
        assert page.all("a", href="/sign-in") != []
    assert "The old cherry" in stranger.get(image["page"]).text


def test_a_page_of_one_image_says_what_a_messenger_shows(owner):
    image = owner.uploaded(description='The "old" cherry', alt="A tree in bloom")

    page = Page(owner.get(image["page"]))

    told = {
        meta["property"]: meta["content"]
        for meta in page.all("meta")
        if "property" in meta.attributes
    }
    card = image["variants"]["card"]
    assert told == {
        "og:type": "website",
        "og:site_name": "Vitrine",
        "og:title": 'The "old" cherry',
        "og:image": card["url"],
        "og:image:width": str(card["width"]),
        "og:image:height": str(card["height"]),
        "og:image:alt": "A tree in bloom",
    }
    assert owner.get(urlsplit(told["og:image"]).path).status_code == 200
    assert page.one("title").text.startswith("A tree in bloom")


@pytest.mark.parametrize("path", ["/nowhere", "/i/" + "x" * 22, "/i/x", "/i/" + "x" * 22 + "/card"])
def test_people_get_a_page_and_programs_a_problem_when_nothing_is_there(owner, path):
    page, problem = owner.get(path, headers=HTML), owner.get(path)

    assert page.status_code == problem.status_code == 404
    assert page.mimetype == "text/html"
    assert Page(page).one("h1").text == "There is nothing here"
    assert problem.mimetype == "application/problem+json"
    assert problem.json["code"] == "not_found"
