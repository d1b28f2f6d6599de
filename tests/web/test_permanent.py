"""``/i/{id}/{preset}``: the address that stays, by redirect and by proxy."""

from urllib.parse import urlsplit

import pytest

from gallery.config.account import find_account
from gallery.config.given import Given
from gallery.errors import NotFoundError
from gallery.services.permanent import Permanent
from tests import pictures
from tests.cloudinary_server import CloudinaryServer, Fail, Garble, Reset
from tests.web.conftest import PASSWORD, client_of
from tests.web.delivering import CHROME, OLD_SAFARI, decoded, path_in

PRESETS = ("thumb", "card", "full", "avatar")


@pytest.fixture
def cloudinary():
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def make_remote(make_gallery, cloudinary):
    """Makes a gallery that keeps new images at Cloudinary."""
    account = find_account(Given({"CLOUDINARY_URL": cloudinary.url}))

    def make(**changes):
        return make_gallery(cloudinary=account, media_store="cloudinary", **changes)

    return make


@pytest.fixture
def proxied(make_gallery):
    return client_of(make_gallery(permanent_addresses="proxy"))


@pytest.fixture
def far(make_remote):
    """The owner of a gallery that passes on what Cloudinary sends."""
    return client_of(make_remote(permanent_addresses="proxy"))


def address(image, preset="card"):
    return f"/i/{image['id']}/{preset}"


@pytest.mark.parametrize("preset", PRESETS)
def test_it_leads_to_a_size_of_the_picture(owner, image, preset):
    answer = owner.get(address(image, preset))

    assert answer.status_code == 302
    assert answer.headers["Location"] == path_in(image, preset)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.data == b""


def test_it_leads_to_where_the_image_lives(make_remote, cloudinary):
    owner = client_of(make_remote())
    image = owner.uploaded()

    location = owner.get(address(image)).headers["Location"]

    assert location == image["variants"]["card"]["url"]
    assert location.startswith(f"http://{cloudinary.host}/")


@pytest.mark.parametrize("mode", ["redirect", "proxy"])
def test_there_is_nothing_of_what_is_not_there(make_gallery, mode):
    owner = client_of(make_gallery(permanent_addresses=mode))
    image = owner.uploaded()
    gone = owner.uploaded(pictures.photo(seed=2).content)
    owner.delete(f"/api/images/{gone['id']}")

    for path in (address(image, "poster"), address(gone), "/i/" + "x" * 22 + "/card"):
        assert owner.get(path).status_code == 404


@pytest.mark.parametrize("preset", PRESETS)
def test_a_proxy_answers_with_the_picture_itself(proxied, preset):
    image = proxied.uploaded()

    answer = proxied.get(address(image, preset), headers={"Accept": CHROME})

    assert answer.status_code == 200
    assert answer.mimetype == "image/avif"
    assert answer.data == proxied.get(path_in(image, preset), headers={"Accept": CHROME}).data
    # The address stays when the picture is replaced.
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Vary"] == "Accept"


def test_a_replacement_shows_at_the_same_address(proxied):
    image = proxied.uploaded()
    before = proxied.get(address(image))

    other = pictures.photo(seed=9).content
    assert proxied.replace(image, other).status_code == 200

    after = proxied.get(address(image), headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.data != before.data


def test_a_proxy_passes_on_what_a_cloud_delivers(far, cloudinary):
    image = far.uploaded()

    answer = far.get(address(image), headers={"Accept": CHROME})

    assert answer.status_code == 200
    assert decoded(answer).size == (120, 80)
    assert answer.mimetype == "image/webp"
    assert far.get(address(image), headers={"Accept": OLD_SAFARI}).mimetype == "image/jpeg"
    assert {
        name: answer.headers[name]
        for name in ("Cache-Control", "Vary", "Content-Security-Policy", "X-Content-Type-Options")
    } == {
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    [request, _] = cloudinary.requests("deliver")
    assert urlsplit(image["variants"]["card"]["url"]).path == request.path
    assert "cookie" not in request.headers


def test_who_has_it_already_is_told_so_without_asking_the_cloud(far, cloudinary):
    image = far.uploaded()
    etag = far.get(address(image)).headers["ETag"]

    again = far.get(address(image), headers={"If-None-Match": etag})

    assert (again.status_code, again.data) == (304, b"")
    assert len(cloudinary.requests("deliver")) == 1


def test_a_head_and_a_part_are_answered_as_such(far):
    image = far.uploaded()
    whole = far.get(address(image))

    head = far.head(address(image))
    part = far.get(address(image), headers={"Range": "bytes=2-5"})

    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(whole.data)))
    assert (part.status_code, part.data) == (206, whole.data[2:6])


@pytest.mark.parametrize(
    "fault", [Reset(), Fail(status=500), Fail(status=404), Garble()], ids=lambda fault: repr(fault)
)
def test_a_cloud_that_sends_no_picture_is_not_passed_on(far, settings, cloudinary, fault):
    image = far.uploaded()
    cloudinary.script("deliver", fault)

    answer = far.get(address(image))

    assert (answer.status_code, answer.json["code"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert cloudinary.host not in answer.text
    assert list((settings.gallery_data / "incoming").iterdir()) == []
    assert far.get(address(image)).status_code == 200


def test_what_moves_meanwhile_is_found_where_it_went(far, monkeypatch):
    image = far.uploaded()
    find, asked = Permanent.url, []

    def late(self, image_id, preset):
        asked.append(image_id)
        url = find(self, image_id, preset)
        # At first it is where it was before.
        return url.replace(image_id, "y" * 22) if len(asked) == 1 else url

    monkeypatch.setattr(Permanent, "url", late)

    assert far.get(address(image)).status_code == 200
    assert len(asked) == 2


def test_what_is_deleted_meanwhile_is_not_there(far, monkeypatch):
    image = far.uploaded()
    find, asked = Permanent.url, []

    def gone(self, image_id, preset):
        asked.append(image_id)
        if len(asked) == 2:
            raise NotFoundError("There is no such photo.")
        return find(self, image_id, preset).replace(image_id, "y" * 22)

    monkeypatch.setattr(Permanent, "url", gone)

    assert far.get(address(image)).status_code == 404


@pytest.mark.parametrize("mode", ["redirect", "proxy"])
def test_a_private_gallery_leads_nobody_who_is_not_signed_in(make_gallery, mode):
    gallery = make_gallery(
        owner_password=PASSWORD, gallery_visibility="private", permanent_addresses=mode
    )
    owner = client_of(gallery)
    owner.post("/api/session", json={"password": PASSWORD})
    image = owner.uploaded()

    answer = owner.get(address(image))

    assert answer.status_code == (302 if mode == "redirect" else 200)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert client_of(gallery).get(address(image)).status_code == 401


@pytest.mark.parametrize("mode", ["redirect", "proxy"])
def test_a_public_gallery_with_accounts_lets_other_sites_show_it(make_gallery, mode):
    gallery = make_gallery(owner_password=PASSWORD, permanent_addresses=mode)
    owner = client_of(gallery)
    owner.post("/api/session", json={"password": PASSWORD})
    image = owner.uploaded()

    answer = client_of(gallery).get(address(image))

    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
