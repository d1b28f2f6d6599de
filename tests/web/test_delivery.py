"""What is delivered: derived once, the same from the cache, inert, and telling nothing."""

from urllib.parse import urlsplit

import pytest

from gallery.errors import BrokenImageError, BusyError
from gallery.imaging.sandbox import Engine
from tests import pictures
from tests.catalog.making import at_once
from tests.web.conftest import PASSWORD, client_of
from tests.web.delivering import CHROME, OLD_SAFARI, decoded, path_in

ACCEPTS = {"avif": CHROME, "webp": "image/webp,*/*", "base": OLD_SAFARI}


def test_the_first_and_the_cached_answer_are_the_same_to_the_last_header(owner, image, derived):
    first, cached = (owner.get(path_in(image), headers={"Accept": CHROME}) for _ in range(2))

    assert len(derived) == 1
    assert first.status_code == cached.status_code == 200
    assert first.data == cached.data
    assert dict(first.headers) == dict(cached.headers) == {
        "Content-Type": "image/avif",
        "Content-Length": str(len(first.data)),
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": first.headers["ETag"],
        "Vary": "Accept",
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": first.headers["Permissions-Policy"],
    }  # fmt: skip


def test_other_sites_may_show_what_a_public_gallery_serves(make_gallery):
    public = client_of(make_gallery(owner_password=PASSWORD))
    assert public.post("/api/session", json={"password": PASSWORD}).status_code == 200
    path = path_in(public.uploaded())

    for _ in range(2):
        assert public.get(path).headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_tells_the_same_without_the_bytes_first_and_cached(owner, image):
    path = path_in(image)

    first, whole, cached = owner.head(path), owner.get(path), owner.head(path)

    assert first.data == cached.data == b""
    assert dict(first.headers) == dict(whole.headers) == dict(cached.headers)


def test_sends_nothing_again_to_those_who_have_it(owner, kept, image):
    path, accept = path_in(image), {"Accept": CHROME}
    etag = owner.get(path, headers=accept).headers["ETag"]
    cached = owner.get(path, headers=accept | {"If-None-Match": etag})
    kept_file, *_ = kept.files("derived")
    kept_file.unlink()
    derived_anew = owner.get(path, headers=accept | {"If-None-Match": etag})

    for answer in (cached, derived_anew):
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Vary"] == "Accept"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Content-Type" not in answer.headers
    assert dict(cached.headers) == dict(derived_anew.headers)
    for stale in ('"other"', 'W/"x"', "x"):
        assert owner.get(path, headers=accept | {"If-None-Match": stale}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (CHROME, "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("image/avif;q=0,image/webp", "image/webp"),
        (OLD_SAFARI, "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("", "image/jpeg"),
        ("text/html;;;,,\t", "image/jpeg"),
    ],
)
def test_serves_the_best_format_that_the_client_takes(owner, image, accept, content_type):
    for _ in range(2):
        answer = owner.get(path_in(image), headers={"Accept": accept})
        assert answer.headers["Content-Type"] == content_type
        assert answer.headers["Vary"] == "Accept"
        assert f"image/{decoded(answer).format.lower()}" == content_type


def test_what_is_clear_stays_clear_for_every_client(owner):
    image = owner.uploaded(pictures.see_through().content)

    for accept, format in ((CHROME, "AVIF"), ("image/webp", "WEBP"), ("", "PNG")):
        shown = decoded(owner.get(path_in(image), headers={"Accept": accept}))
        assert shown.format == format
        left, right = (shown.convert("RGBA").getpixel((x, 40))[3] for x in (10, 110))
        assert (left, right) == (255, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_served_upright(owner, orientation):
    photo = pictures.photo(orientation=orientation, quality=95)
    image = owner.uploaded(photo.content)

    for preset in ("thumb", "full"):
        shown = decoded(owner.get(path_in(image, preset))).convert("RGB")
        assert shown.size == (image["width"], image["height"]) == (120, 80)
        places = ((5, 5), (114, 5), (114, 74), (5, 74))
        for place, wanted in zip(places, pictures.CORNERS, strict=True):
            found = shown.getpixel(place)
            assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 25, place


@pytest.mark.parametrize("format", ["jpeg", "png", "gif", "webp", "avif", "heic", "tiff"])
def test_no_variant_tells_where_and_by_whom(owner, signed, format):
    photo = pictures.photo(format, metadata=True)
    assert any(secret in photo.content for secret in pictures.SECRETS) or format == "gif"
    image = owner.uploaded(photo.content)

    urls = {
        url.split()[0] for each in image["variants"].values() for url in each["srcset"].split(", ")
    }
    paths = [urlsplit(url).path for url in urls]
    paths += [signed(image, f"c_limit,f_{name},h_64,q_auto,w_64") for name in EXPLICIT]
    for path in paths:
        for accept in ACCEPTS.values():
            answer = owner.get(path, headers={"Accept": accept})
            assert answer.status_code == 200
            assert [secret for secret in pictures.SECRETS if secret in answer.data] == []
            shown = decoded(answer)
            assert dict(shown.getexif()) == {}
            assert shown.info.keys().isdisjoint({"exif", "xmp", "comment", "XML:com.adobe.xmp"})
    told = owner.get(f"/api/images/{image['id']}").data + owner.get(image["page"]).data
    assert [secret for secret in pictures.SECRETS if secret in told] == []


EXPLICIT = ("avif", "webp", "jpg", "png", "gif")


def test_a_query_changes_nothing(owner, kept, image, derived):
    answers = [owner.get(f"{path_in(image)}?x={number}") for number in range(50)]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert len(derived) == len(kept.files("derived")) == 1


def test_clients_of_every_kind_share_three_variants(owner, kept, image):
    for number in range(20):
        for accept in ACCEPTS.values():
            assert (
                owner.get(path_in(image), headers={"Accept": f"{accept},x/{number}"}).status_code
                == 200
            )

    assert len(kept.files("derived")) == 3


def test_many_who_ask_at_once_are_served_by_one_encoding(gallery, kept, image, derived):
    answers = at_once(20, lambda _: client_of(gallery).get(path_in(image)))

    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.data for answer in answers}) == 1
    assert len(derived) == len(kept.files("derived")) == 1


def test_an_encoding_that_waited_too_long_is_told_and_leaves_nothing(
    owner, kept, image, monkeypatch
):
    def busy(*_, **__):
        raise BusyError("All decoders are at work.", retry_after_s=2)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "derive", busy)
        answer = owner.get(path_in(image))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Cache-Control"] == "no-store"
    assert kept.files("derived") == []
    assert owner.get(path_in(image)).status_code == 200


def test_a_picture_that_cannot_be_read_costs_one_try(owner, kept, image, monkeypatch):
    tries = []

    def broken(*_, **__):
        tries.append(1)
        raise BrokenImageError("It is damaged.")

    monkeypatch.setattr(Engine, "derive", broken)
    answers = [owner.get(path_in(image)) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {422}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert {answer.headers["X-Cld-Error"] for answer in answers} == {"It is damaged."}
    assert len(tries) == 1
    assert kept.files("derived") == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_there_is_nothing_to_change_here(owner, image, method):
    for _ in range(2):
        assert owner.open(path_in(image), method=method).status_code == 405
        owner.get(path_in(image))


@pytest.mark.parametrize("cached", [False, True])
def test_other_host_names_are_refused_cached_or_not(owner, image, cached):
    if cached:
        owner.get(path_in(image))

    assert owner.get(path_in(image), headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_an_animation_goes_on_moving(owner, format):
    moving = pictures.animation(format, frames=5)
    image = owner.uploaded(moving.content)

    for accept, shown_format in ((CHROME, "WEBP"), ("image/webp", "WEBP"), ("", "GIF")):
        shown = decoded(owner.get(path_in(image), headers={"Accept": accept}))
        assert (shown.format, shown.n_frames) == (shown_format, 5)
