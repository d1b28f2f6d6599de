"""The pages, as an attacker would like them: words that are markup, scripts that are not ours."""

import json
from pathlib import Path

import flask_bootstrap
import pytest

from tests.web.conftest import HTML, MAX_UPLOAD_BYTES
from tests.web.hostile import VECTORS
from tests.web.page import Page


@pytest.mark.parametrize("path", ["/", "/upload/", "/sign-in", "/api/docs", "/nowhere"])
def test_everything_that_a_page_loads_is_ours_and_is_there(owner, path):
    page = Page(owner.get(path, headers=HTML))

    loaded = [link["href"] for link in page.elements if link.tag == "link"]
    loaded += [each["src"] for each in page.elements if "src" in each.attributes and each["src"]]
    assert len(loaded) > 3
    for address in loaded:
        assert address.startswith("/static/"), address
        assert owner.get(address).status_code == 200, address


@pytest.mark.parametrize("path", ["/", "/upload/", "/sign-in", "/api/docs", "/nowhere"])
def test_nothing_in_a_page_is_inline_and_every_script_has_the_nonce(owner, path):
    answer = owner.get(path, headers=HTML)
    nonce = answer.headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]

    for element in Page(answer).elements:
        assert element.tag != "style"
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        if element.tag == "script":
            assert element["nonce"] == nonce
            assert element.attributes.keys() & {"src", "id"}


def test_hostile_words_are_shown_as_words(owner):
    image = owner.uploaded(description="harmless", alt="harmless", tags=["harmless"])
    path = f"/api/images/{image['id']}"
    harmless = {where: Page(owner.get(where)).structure() for where in ("/", image["page"])}

    for vector in VECTORS:
        told = {"description": vector, "alt": vector, "tags": [vector[:64].strip()]}
        assert owner.patch(path, json=told).json == owner.get(path).json
        for where, structure in harmless.items():
            page = Page(owner.get(where))
            assert page.structure() == structure, vector
            alt = [img["alt"] for img in page.all("img")]
            assert alt == [vector.strip()] * len(alt), vector
        searched = Page(owner.get("/", query_string={"q": vector, "tag": told["tags"][0]}))
        assert searched.one("input", name="q")["value"] == vector


@pytest.mark.parametrize(
    "send",
    [
        lambda owner, words: owner.get("/", query_string={"q": words, "tag": words[:64]}),
        lambda owner, words: owner.get(f"/{words}", headers=HTML),
        lambda owner, words: owner.post_form("/upload/", {"description": words, "alt": words}),
    ],
    ids=["search", "path", "refused form"],
)
def test_hostile_words_that_were_only_sent_are_shown_as_words(owner, send):
    structure = Page(send(owner, "harmless")).structure()

    for vector in VECTORS:
        assert Page(send(owner, vector)).structure() == structure, vector


def test_the_data_for_scripts_survive_any_words(owner):
    words = "</script><!--<script>&amp;'\"\u2028\\"
    image = owner.uploaded(description=words, tags=[words])

    island = Page(owner.get(image["page"])).one("script", id="gallery-data").text

    told = json.loads(island)
    assert told["image"] == owner.get(f"/api/images/{image['id']}").json
    assert [each["description"] for each in told["images"]] == [words]
    assert told["can_write"] is True
    assert told["next_cursor"] is None
    assert told["limits"]["max_upload_bytes"] == MAX_UPLOAD_BYTES
    assert told["limits"]["store"] is None
    assert told["sends_to"] is None


def test_the_data_for_scripts_do_not_say_again_what_the_card_says(owner):
    owner.uploaded()
    page = Page(owner.get("/"))
    [shown] = owner.listed()["images"]
    card, full = (
        {name: value for name, value in shown["variants"][preset].items() if name != "url"}
        | {"srcset": shown["variants"][preset]["srcset"].replace(owner.base_url, "")}
        for preset in ("card", "full")
    )

    [told] = json.loads(page.one("script", id="gallery-data").text)["images"]

    del shown["url"]
    assert told == shown | {"variants": {"full": full}}
    photo, *_ = page.blocks("image-card__photo")
    assert {name: photo[name] for name in card} == {each: str(card[each]) for each in card}


def test_the_packaged_scripts_are_not_reachable_under_any_address(owner):
    packaged = Path(flask_bootstrap.__file__).parent / "static"
    tree = Page(owner.get("/")).one("link", rel="icon")["href"].split("/")[2]
    prefixes = ["", "/static", "/static/bootstrap", "/bootstrap", "/bootstrap/static"]
    prefixes += [f"/static/{tree}", f"/static/{tree}/vendor/bootstrap", f"/static/{tree}/vendor"]
    scripts = [path.relative_to(packaged).as_posix() for path in packaged.rglob("*.js")]
    assert len(scripts) > 5

    for prefix in prefixes:
        for script in scripts:
            assert owner.get(f"{prefix}/{script}").status_code == 404, (prefix, script)
