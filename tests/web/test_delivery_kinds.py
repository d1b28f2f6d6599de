"""Addresses in all their forms, and what else a transformation asks of delivery."""

import pytest

from gallery.config import Settings
from tests import pictures
from tests.web.conftest import client_of
from tests.web.delivering import decoded, path_in, sdk, set_fields

GRAY = (128, 128, 128)
WIDE = {"width": 40, "crop": "scale", "sign_url": True}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"format": "png"},
        {"long_url_signature": True},
        {"signature_algorithm": "sha256"},
        {"shorten": True},
        {"use_root_path": True},
        {"url_suffix": "at-the-beach", "format": "jpg"},
        {"url_suffix": "at-the-beach", "use_root_path": True, "format": "jpg"},
        {"version": 1},
    ],
)
@pytest.mark.parametrize("public_id", ["c_fill/beach", "v12/b.c/d", "at the (beach) ü", "x.jpg"])
def test_every_form_that_the_sdk_writes_leads_to_the_image(owner, kept, image, public_id, options):
    set_fields(kept, image, public_id=public_id)

    for _ in range(2):
        answer = owner.get(f"{sdk(kept, public_id, **WIDE, **options)}?_a=BAMAAA")
        assert answer.status_code == 200, answer.text
        assert decoded(answer).size[0] == 40
        assert answer.mimetype == ("image/png" if options.get("format") == "png" else "image/jpeg")


def test_a_folder_that_looks_like_a_transformation_is_found(owner, kept, image):
    set_fields(kept, image, public_id="w_40/beach", access_mode="public")

    answer = owner.get("/cdn/vitrine/image/upload/w_40/beach")

    assert answer.status_code == 200
    assert decoded(answer).size == (120, 80)


@pytest.mark.parametrize(
    "id",
    ["..%2f..%2fetc%2fpasswd", "%2e%2e/x", "%252e%252e", "a%5cb", "a%00b", "%c0%ae%c0%ae", "a//b",
     "%2fetc", "a%0ab", "./a", "a/", "%ff", "%ed%a0%80"],
)  # fmt: skip
def test_a_hostile_name_is_not_looked_for(owner, kept, id, monkeypatch):
    def touched(*_, **__):
        raise AssertionError("the database was asked")

    monkeypatch.setattr("gallery.catalog.images.ImageCatalog.find_assets", touched)
    for form in ("image/upload/", "raw/upload/", "image/private/v1/", "", "iu/t_thumb/"):
        answer = owner.get(f"/cdn/vitrine/{form}{id}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_one_range_is_served_first_and_cached(owner, image):
    path = path_in(image)
    for _ in range(2):
        part = owner.get(path, headers={"Range": "bytes=2-5"})
        whole = owner.get(path)
        size = len(whole.data)
        assert (part.status_code, part.data) == (206, whole.data[2:6])
        assert part.headers["Content-Range"] == f"bytes 2-5/{size}"
        assert owner.get(path, headers={"Range": "bytes=-3"}).data == whole.data[-3:]
        assert owner.get(path, headers={"Range": "bytes=5-"}).data == whole.data[5:]
        beyond = owner.get(path, headers={"Range": f"bytes={size}-"})
        assert (beyond.status_code, beyond.data) == (416, b"")
        assert beyond.headers["Content-Range"] == f"bytes */{size}"
        assert beyond.headers["Cache-Control"] == "no-store"
        for ignored in ("bytes=5-2", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"):
            assert owner.get(path, headers={"Range": ignored}).data == whole.data
        other = {"Range": "bytes=2-5", "If-Range": '"another"'}
        assert owner.get(path, headers=other).status_code == 200
        assert dict(owner.head(path).headers) == dict(whole.headers)


def test_client_hints_are_few_and_told(owner, kept, image, signed, derived):
    path = signed(image, "c_scale,dpr_auto,w_30")

    for hint, width in (("", 30), ("1.1", 45), ("1.4", 45), ("1.5", 45), ("2.0", 60), ("9", 90)):
        for _ in range(2):
            answer = owner.get(path, headers={"DPR": hint})
            assert decoded(answer).size[0] == width
            assert answer.headers["Vary"] == "Sec-CH-DPR, DPR"
    assert len(derived) == 4


def test_the_width_of_a_place_is_a_hint_too(owner, image, signed):
    path = signed(image, "c_limit,f_auto,w_auto")

    answer = owner.get(path, headers={"Sec-CH-Width": "77"})

    assert decoded(answer).size[0] == 100
    assert answer.headers["Vary"] == "Accept, Sec-CH-Width, Width"


def test_an_attachment_has_a_name(owner, image, signed, derived):
    plain = owner.get(signed(image, "w_30"))
    named = owner.get(signed(image, "fl_attachment:my photo,w_30"))
    unnamed = owner.get(signed(image, "fl_attachment,w_30"))

    assert "Content-Disposition" not in plain.headers
    assert named.headers["Content-Disposition"] == (
        "attachment; filename=\"my photo.jpg\"; filename*=UTF-8''my%20photo.jpg"
    )
    assert f'"{image["id"]}.jpg"' in unnamed.headers["Content-Disposition"]
    assert len(derived) == 1


def test_a_default_is_shown_where_there_is_no_image(owner, kept, image):
    set_fields(kept, image, public_id="nobody")

    answer = owner.get(sdk(kept, "missing", default_image="nobody", **WIDE))

    assert (answer.status_code, decoded(answer).size[0]) == (200, 40)
    assert owner.get(sdk(kept, "missing", **WIDE)).status_code == 404


def test_a_layer_is_an_image_of_the_gallery(owner, kept, image):
    logo = owner.uploaded(pictures.png_filled(40, 20, GRAY).content)
    set_fields(kept, logo, public_id="logos/small")
    on_it = {"overlay": "logos:small", "format": "png", "sign_url": True}

    laid = owner.get(sdk(kept, image["id"], **on_it))

    assert laid.status_code == 200, laid.text
    picture = decoded(laid).convert("RGB")
    assert picture.size == (120, 80)
    assert picture.getpixel((60, 40)) == GRAY
    assert pytest.approx(picture.getpixel((2, 2)), abs=20) == pictures.RED
    gone = owner.get(sdk(kept, image["id"], overlay="logos:none", sign_url=True))
    assert gone.status_code == 404


def test_a_raw_file_is_handed_out_to_be_saved(owner, kept, image):
    set_fields(kept, image, public_id="notes/a.html", resource_type="raw", status="kept",
               access_mode="public", headers=["X-Robots-Tag: noindex"])  # fmt: skip

    answer = owner.get("/cdn/vitrine/raw/upload/notes/a.html")

    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="a.html"')
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.data == pictures.photo().content
    part = owner.get("/cdn/vitrine/raw/upload/notes/a.html", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, answer.data[1:4])
    set_fields(kept, image, access_mode="authenticated")
    assert owner.get("/cdn/vitrine/raw/upload/notes/a.html").status_code == 401
    signed = sdk(kept, "notes/a.html", resource_type="raw", sign_url=True)
    assert owner.get(signed).status_code == 200


def test_a_server_in_front_is_told_which_file_to_send(make_gallery, settings: Settings):
    client = client_of(make_gallery(cdn_sendfile="x-accel-redirect"))
    path = path_in(client.uploaded())

    first, cached = client.get(path), client.get(path)

    assert dict(first.headers) == dict(cached.headers)
    assert first.data == cached.data == b""
    file = first.headers["X-Accel-Redirect"]
    inside = file.removeprefix("/vitrine-data/")
    assert (settings.gallery_data / inside).read_bytes().startswith(b"\xff\xd8")
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304


def test_what_is_gone_is_not_remembered(owner, kept, image):
    path = path_in(image)
    assert owner.get(path).status_code == owner.get(path).status_code == 200

    assert owner.delete(f"/api/images/{image['id']}").status_code == 204

    assert owner.get(path).status_code == 404
