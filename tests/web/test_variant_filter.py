"""``{{ image|variant('card') }}``: for people who extend the templates."""

import pytest
from jinja2 import TemplateRuntimeError

from tests.web.conftest import client_of
from tests.web.delivering import CHROME, decoded


@pytest.fixture
def render(gallery):
    """What a template makes of an image of the gallery."""
    flask, parts = gallery._wsgi._app, gallery._gallery

    def rendered(text, image, *, base=""):
        template = flask.jinja_env.from_string(text)
        found = parts.library.find(image["id"])
        with flask.test_request_context():
            return template.render(image=shown_by(flask)(found, base=base))

    return rendered


def shown_by(flask):
    """How the pages present an image: the filter is a method of what does."""
    return flask.jinja_env.filters["variant"].__self__.image


def test_the_name_of_a_preset_is_its_address(render, image):
    card = image["variants"]["card"]["url"].removeprefix("http://localhost")

    assert render("{{ image|variant('card') }}", image) == card
    assert render("{{ image|variant('card') }}", image, base="https://x") == f"https://x{card}"


@pytest.mark.parametrize(
    ("wanted", "size"),
    [("w=60", (60, 40)), ("w=60,h=50,fit=cover", (60, 50)), ("h=20", (30, 20))],
)
def test_any_size_is_an_address_that_answers_with_it(owner, render, image, wanted, size):
    url = render(f"{{{{ image|variant('{wanted}') }}}}", image)

    answer = owner.get(url, headers={"Accept": CHROME})

    assert answer.status_code == 200
    assert decoded(answer).size == size


def test_it_serves_a_list_as_well(render, image):
    text = "{% for each in [image] %}<img src='{{ each|variant('w=60') }}'>{% endfor %}"

    assert render(text, image).startswith("<img src='/cdn/vitrine/image/upload/s--")


@pytest.mark.parametrize("wanted", ["poster", "w=0", ""])
def test_a_mistake_in_a_template_is_told_whoever_wrote_it(render, image, wanted):
    with pytest.raises(TemplateRuntimeError, match="The presets are thumb, card, full, avatar"):
        render(f"{{{{ image|variant('{wanted}') }}}}", image)


def test_what_is_in_the_trash_is_shown_to_its_owner_in_any_size(owner, render, image):
    owner.delete(f"/api/images/{image['id']}")

    for wanted in ("full", "w=60"):
        url = render(f"{{{{ image|variant('{wanted}') }}}}", image)
        assert owner.get(url).status_code == 200


def test_an_image_whose_store_is_gone_has_the_one_address_that_is_known(
    gallery, kept, render, image
):
    kept.database["images"].update_one(
        {"id": image["id"]}, {"$set": {"store": "elsewhere", "url": "https://cdn.example/x"}}
    )

    assert render("{{ image|variant('w=60') }}", image) == "https://cdn.example/x"
    assert client_of(gallery).get(f"/i/{image['id']}").status_code == 200
