"""The trash: its page, what its owner still sees of it, and the end of all that is in it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests import pictures
from tests.web.conftest import client_of
from tests.web.page import Page

TRASH = "/?status=trashed"


def trash(owner, image, kept=None, days_ago=0):
    assert owner.delete(f"/api/images/{image['id']}").status_code == 204
    if days_ago:
        then = datetime.now(UTC) - timedelta(days=days_ago, hours=1)
        kept.database["images"].update_one({"id": image["id"]}, {"$set": {"trashed_at": then}})


@pytest.fixture
def three(owner, kept):
    """An image in the gallery, one in the trash since today, and one for 18 days."""
    shown, fresh, old = (
        owner.uploaded(pictures.photo(seed=seed).content, description=words)
        for seed, words in enumerate(("Shown", "Fresh", "Old"))
    )
    trash(owner, fresh)
    trash(owner, old, kept, days_ago=18)
    return shown, fresh, old


def shown(page):
    return [card["data-id"] for card in page.all("image-card")]


def test_lists_what_is_in_the_trash_and_says_how_long_it_waits(owner, three):
    page = Page(owner.get(TRASH))

    assert shown(page) == [three[2]["id"], three[1]["id"]]
    waits = [element.text for element in page.blocks("image-card__wait")]
    assert waits == ["in 12 days", "in 30 days"]
    assert "30 days" in page.blocks("trash__words")[0].text
    assert "Fresh" not in owner.get("/").text


def test_its_owner_still_sees_the_pictures(owner, three):
    page = Page(owner.get(TRASH))

    for picture in page.all("img"):
        answer = owner.get(picture["src"], headers={"Accept": "image/webp,*/*"})
        assert answer.status_code == 200
        assert answer.mimetype == "image/webp"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        known = {"If-None-Match": answer.headers["ETag"], "Accept": "image/webp,*/*"}
        again = owner.get(picture["src"], headers=known)
        assert (again.status_code, again.data) == (304, b"")
        assert owner.get(picture["src"]).mimetype == "image/jpeg"


def test_nothing_of_it_is_kept(owner, kept, three):
    for picture in Page(owner.get(TRASH)).all("img"):
        owner.get(picture["src"])

    assert kept.files("derived") == []


def test_nobody_else_sees_anything(guarded, signed_in):
    image = signed_in.uploaded(description="The old cherry")
    trash(signed_in, image)
    [trashed] = signed_in.listed("?status=trashed")["images"]
    stranger = client_of(guarded)

    address = urlsplit(trashed["variants"]["card"]["url"]).path
    assert signed_in.get(address).status_code == 200
    assert stranger.get(address).status_code == 401
    assert stranger.get(TRASH).headers["Location"] == "/sign-in"
    for path in (f"/i/{image['id']}?status=trashed", image["page"]):
        assert stranger.get(path).status_code == 404
    other = signed_in.uploaded(pictures.photo(seed=9).content)
    assert "cherry" not in stranger.get(f"{other['page']}?status=trashed").text
    assert "cherry" not in signed_in.get(f"{other['page']}?status=trashed").text
    assert stranger.delete("/api/trash").status_code == 401
    for path in ("/trash/empty", f"/i/{image['id']}/restore", f"/i/{image['id']}/purge"):
        assert stranger.post(path).status_code == 401
    assert len(signed_in.listed("?status=trashed")["images"]) == 1


def test_sizes_are_those_of_the_presets_and_only_while_it_is_in_the_trash(owner, three):
    ready, fresh, _ = three
    begins = f"/api/images/{fresh['id']}/variants"

    assert owner.get(f"{begins}/card/120").status_code == 200
    for path in ("card/119", "card/0", "card/99999999999", "nobody/120", "card/x"):
        assert owner.get(f"{begins}/{path}").status_code == 404
    assert owner.get(f"/api/images/{ready['id']}/variants/card/120").status_code == 404
    owner.post(f"/api/images/{fresh['id']}/restore")
    assert owner.get(f"{begins}/card/120").status_code == 404


def test_json_says_when_it_goes_while_it_is_in_the_trash_alone(owner, three):
    [old, fresh] = owner.listed("?status=trashed")["images"]

    left = datetime.fromisoformat(old["purge_at"]) - datetime.now(UTC)
    assert timedelta(days=11) < left < timedelta(days=12)
    restored = owner.post(f"/api/images/{fresh['id']}/restore").json
    assert "purge_at" not in restored
    assert "/cdn/" in restored["variants"]["card"]["url"]


def test_the_search_stays_in_the_trash(owner, three):
    page = Page(owner.get(TRASH))

    found = Page(page.submit(owner, "/", q="fresh"))

    assert shown(found) == [three[1]["id"]]
    assert "hidden" in found.blocks("trash__actions")[0].attributes
    assert shown(Page(owner.get("/?q=fresh"))) == []


def test_forms_restore_and_delete_for_ever(owner, kept, three):
    _, fresh, old = three
    page = Page(owner.get(TRASH))

    for action in (f"/i/{fresh['id']}/restore", f"/i/{old['id']}/purge"):
        answer = page.submit(owner, action)
        assert (answer.status_code, answer.headers["Location"]) == (303, TRASH)

    told = Page(owner.get(TRASH))
    assert told.told() == ["The photo is back in the gallery.", "The photo is deleted for ever."]
    assert shown(told) == []
    assert shown(Page(owner.get("/"))) == [fresh["id"], three[0]["id"]]
    assert len(kept.documents()) == 2


def test_emptied_all_is_gone_at_once_and_its_bytes_soon(owner, kept, three):
    answer = owner.delete("/api/trash")

    assert (answer.status_code, answer.json) == (202, {"deleting": 2})
    assert owner.listed("?status=trashed")["images"] == []
    assert owner.delete("/api/trash").json == {"deleting": 0}
    for image in three[1:]:
        assert owner.get(f"/api/images/{image['id']}").status_code == 404
        assert owner.post(f"/api/images/{image['id']}/restore").status_code == 404
    kept.application._gallery.sweep.run()
    assert [each["id"] for each in kept.documents()] == [three[0]["id"]]
    assert len(kept.files("originals")) == 1


def test_the_form_empties_it_too(owner, three):
    page = Page(owner.get(TRASH))

    assert page.submit(owner, "/trash/empty").headers["Location"] == TRASH

    emptied = Page(owner.get(TRASH))
    assert emptied.told() == ["The trash is empty now."]
    assert "hidden" not in emptied.one("section", **{"data-state": "empty"}).attributes


@pytest.mark.parametrize("query", ["?status=ready", "?status=deleting", "?status=", "?status=$ne"])
def test_another_status_in_the_address_shows_the_gallery(owner, three, query):
    assert shown(Page(owner.get(f"/{query}"))) == [three[0]["id"]]


def test_other_sites_empty_nothing(owner, three):
    answer = owner.delete("/api/trash", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert len(owner.listed("?status=trashed")["images"]) == 2
