"""Who gets what: signatures, and what needs none."""

import re

import pytest

from tests.web.conftest import PASSWORD, VERSION, client_of
from tests.web.delivering import CHROME, decoded, path_in, sdk, set_fields


def test_an_address_with_any_character_changed_is_refused_and_makes_nothing(
    owner, kept, image, derived
):
    path = path_in(image)

    for at, character in enumerate(path):
        for other in "A" if character != "A" else "B", "0" if character != "0" else "1":
            changed = path[:at] + other + path[at + 1 :]
            answer = owner.get(changed)
            assert 400 <= answer.status_code < 500, changed
    assert derived == []
    assert kept.files("derived") == []
    assert owner.get(path).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.replace("/s--", "/"),
        lambda path: path.replace("--/", "--/s--" + "A" * 32 + "--/"),
        lambda path: path.replace("c_limit", "c_limit,c_limit"),
        lambda path: VERSION.sub(r"/v0\1/", path),
        lambda path: VERSION.sub(r"/v-\1/", path),
        lambda path: path.replace("/upload/", "//upload/"),
        lambda path: path.replace("/upload/", "/./upload/"),
        lambda path: path.replace("/upload/", "/private/"),
        lambda path: path.replace("/image/", "/raw/"),
        lambda path: path.replace("/vitrine/", "/other/"),
        lambda path: path.replace("f_auto", "F_AUTO"),
        lambda path: path + ".jpg",
        lambda path: path + "/",
        lambda path: path + "%00",
        lambda path: path + "%0a",
        lambda path: path + "/../" + path.rsplit("/", 1)[1],
        lambda path: path.replace("w_480", "w_481"),
        lambda path: path.replace("s--", "s--x").replace("--/", "/", 1),
    ],
)
def test_an_address_spelled_otherwise_is_refused_and_makes_nothing(owner, kept, image, change):
    path = path_in(image)
    path = path.replace(path.split("/")[6], "c_limit,f_auto,h_480,q_auto,w_480")
    changed = change(path)
    assert changed != path

    answer = owner.get(changed)

    assert 400 <= answer.status_code < 500
    assert answer.mimetype == "application/problem+json"
    assert kept.files("derived") == []


def test_no_unsigned_size_is_made(owner, kept, image, derived):
    for size in range(1, 201):
        path = f"/cdn/vitrine/image/upload/c_limit,w_{size}/v1/{image['id']}"
        unsigned = owner.get(path)
        assert (unsigned.status_code, unsigned.json["code"]) == (401, "bad_signature")
        assert unsigned.headers["X-Cld-Error"] == unsigned.json["detail"]
        assert unsigned.headers["Cache-Control"] == "no-store"
        forged = path.replace("upload/", f"upload/s--{size:032d}--/")
        answer = owner.get(forged)
        assert (answer.status_code, answer.json["code"]) == (401, "bad_signature")
    assert derived == []
    assert kept.files("derived") == []


def test_the_short_signature_of_cloudinarys_sdks_is_taken_too(owner, image):
    path = path_in(image)
    signature = re.search("/s--(.{32})--/", path)[1]  # It may hold two dashes itself.

    assert owner.get(path.replace(signature, signature[:8])).status_code == 200
    for length in (0, 7, 9, 16, 31):
        assert owner.get(path.replace(signature, signature[:length])).status_code == 404


@pytest.mark.parametrize(
    ("transformation", "part"),
    [
        ("c_limit,f_auto,h_5000,q_auto,w_5000", "5000"),
        ("c_limit,f_svg,h_100,q_auto,w_100", "f_svg"),
        ("c_limit,f_auto,h_100,q_101,w_100", "101"),
        ("c_imagga,f_auto,h_100,q_auto,w_100", "c_imagga"),
        ("w_100/zz_5", "zz_5"),
        ("w_abc", "w_abc"),
    ],
)
def test_a_transformation_that_cannot_be_is_refused_though_it_is_signed(
    owner, kept, image, signed, transformation, part
):
    answer = owner.get(signed(image, transformation))

    assert (answer.status_code, answer.json["code"]) == (400, "bad_transformation")
    assert part in answer.headers["X-Cld-Error"]
    assert kept.files("derived") == []


def test_every_spelling_of_a_transformation_is_the_same_variant(
    owner, kept, image, signed, derived
):
    answers = [
        owner.get(signed(image, spelling), headers={"Accept": CHROME})
        for spelling in (
            "c_limit,f_auto,h_100,q_auto,w_100",
            "w_100,h_100,c_limit,f_auto,q_auto",
            "q_auto,c_limit,f_auto,h_100,w_0100".replace("0100", "100"),
        )
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert len(derived) == len(kept.files("derived")) == 1


def test_a_preset_needs_no_signature(owner, kept, image, derived):
    path = f"/cdn/vitrine/image/upload/t_thumb/{image['id']}"

    assert owner.get(path).status_code == owner.get(f"{path}.png").status_code == 200
    assert owner.get(path.replace("t_thumb", "t_unknown")).status_code == 401
    assert owner.get(path.replace("t_thumb", "t_thumb,w_10")).status_code == 401
    assert owner.get(path.replace("t_thumb", "t_thumb/e_sepia")).status_code == 401
    assert len(derived) == len(kept.files("derived")) == 1  # f_auto wins over the extension.


def test_what_was_made_ready_for_an_image_needs_no_signature(owner, kept, image):
    set_fields(kept, image, eager=["c_fit,w_40"])
    path = f"/cdn/vitrine/image/upload/w_40,c_fit/{image['id']}"

    assert owner.get(path).status_code == 200
    assert owner.get(path.replace("w_40", "w_41")).status_code == 401


def test_what_was_uploaded_for_all_is_shown_as_it_is_to_all(owner, kept, image):
    path = f"/cdn/vitrine/image/upload/{image['id']}"
    assert owner.get(path).status_code == 401
    set_fields(kept, image, access_mode="public")

    answer = owner.get(path)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Vary" not in answer.headers
    assert decoded(answer).format == "JPEG"
    assert owner.get(f"{path}.webp").mimetype == "image/webp"
    assert owner.get(path.replace("upload/", "upload/w_40/")).status_code == 401
    assert owner.get(f"{path}x").status_code == 404


@pytest.mark.parametrize("type", ["private", "authenticated"])
def test_other_types_are_for_those_with_a_signature(owner, kept, image, type):
    set_fields(kept, image, type=type, access_mode="public", eager=["c_fit,w_40"])
    named = {"type": type, "version": VERSION.search(image["url"])[1]}
    path = sdk(kept, image["id"], transformation="thumb", **named)

    assert owner.get(sdk(kept, image["id"], **named)).status_code == 401
    assert owner.get(path).status_code == (401 if type == "authenticated" else 200)
    answer = owner.get(sdk(kept, image["id"], sign_url=True, **named))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_without_the_strict_rule_everybody_has_variants_made(make_gallery, settings):
    client = client_of(make_gallery(cdn_strict=False))
    image = client.uploaded()

    path = f"/cdn/vitrine/image/upload/c_fit,w_40/{image['id']}"
    assert client.get(path).status_code == 200
    assert client.get(path.replace("s--", "s--AAAAAAAA--/")).status_code == 200
    forged = path.replace("upload/", "upload/s--AAAAAAAA--/")
    assert client.get(forged).status_code == 401


def test_a_private_gallery_delivers_what_is_signed_alone(make_gallery):
    client = client_of(make_gallery(owner_password=PASSWORD, gallery_visibility="private"))
    assert client.post("/api/session", json={"password": PASSWORD}).status_code == 200
    image = client.uploaded()

    assert client.get(path_in(image)).status_code == 200
    assert client.get(f"/cdn/vitrine/image/upload/t_thumb/{image['id']}").status_code == 401


@pytest.mark.parametrize("version", ["", "v1/"])
def test_an_address_without_its_version_is_kept_briefly(owner, image, version):
    path = VERSION.sub(f"/{version}", path_in(image))

    for _ in range(2):
        answer = owner.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("version", [0, 2, 999_999_999_999_999])
def test_another_version_is_not_found(owner, kept, image, signed, version):
    path = signed(image, "c_limit,f_auto,h_100,q_auto,w_100", version=version)

    assert owner.get(path).status_code == 404
    assert kept.files("derived") == []


def test_an_image_that_does_not_exist_has_no_variants(owner, kept, signed):
    answer = owner.get(signed({"id": "x" * 22}, "c_limit,f_auto,h_100,q_auto,w_100", version=1))

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert kept.files("derived") == []
