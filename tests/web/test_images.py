"""``GET /api/images/{id}`` and its neighbours: who has no id of ours gets nowhere."""

import pytest

from gallery.web import schemas
from tests.web.hostile import NOT_IDS

ROUTES = (
    ("GET", "/api/images/{}"),
    ("PATCH", "/api/images/{}"),
    ("DELETE", "/api/images/{}"),
    ("DELETE", "/api/images/{}?permanent=true"),
    ("POST", "/api/images/{}/restore"),
    ("GET", "/api/images/{}/original"),
    ("GET", "/i/{}"),
    ("GET", "/i/{}/card"),
    ("POST", "/i/{}/edit"),
    ("POST", "/i/{}/delete"),
)


def test_shows_an_image_and_is_kept_by_nobody(owner):
    image = owner.uploaded(description="The old cherry")

    answer = owner.get(f"/api/images/{image['id']}")

    assert (answer.status_code, answer.json) == (200, image)
    schemas.ImageOut.model_validate(answer.json)
    assert answer.headers["Cache-Control"] == "no-store"


def test_variants_say_the_size_that_is_served_and_their_widths(owner):
    variants = owner.uploaded()["variants"]

    assert variants.keys() == {"thumb", "card", "full", "avatar"}
    for name, size in {"thumb": (120, 80), "full": (120, 80), "avatar": (80, 80)}.items():
        assert (variants[name]["width"], variants[name]["height"]) == size
        assert variants[name]["srcset"] == f"{variants[name]['url']} {size[0]}w"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_image_that_is_not_there_is_not_found(owner, method, path):
    options = {"json": {}} if method == "PATCH" else {}
    if path.endswith("/edit"):
        options = {"data": {"version": "1"}}

    answer = owner.open(path.format("x" * 22), method=method, **options)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_cannot_be_an_id_leads_nowhere(owner, kept, method, path):
    owner.uploaded()
    before = kept.everything()

    for spelling in NOT_IDS:
        answer = owner.open(path.format(spelling), method=method)
        # A path that climbs may end at another route, which then misses its own fields.
        assert 400 <= answer.status_code < 500, (spelling, answer.headers)

    assert kept.everything() == before


@pytest.mark.parametrize("suffix", ["/x.css", ";.png", ".css", "%0A.jpg", "%2fx.css", "/", "%00"])
@pytest.mark.parametrize("path", ["/api/images/{}", "/i/{}", "/api/images", "/api/session"])
def test_an_address_with_something_hung_on_is_no_file_that_a_cache_may_keep(owner, path, suffix):
    image = owner.uploaded()

    answer = owner.get(path.format(image["id"]) + suffix)

    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
