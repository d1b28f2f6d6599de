"""``POST /api/images``: a photo becomes an image once, or leaves nothing."""

import hashlib
import io
import threading
from collections import Counter

import pytest

from gallery.imaging.sandbox import Engine
from gallery.web import schemas
from tests import pictures
from tests.catalog.making import at_once
from tests.web.conftest import client_of

FORMATS = ("jpeg", "png", "gif", "webp", "avif", "heic", "tiff")


def test_makes_an_image_of_a_photo(owner):
    photo = pictures.photo(metadata=True)

    answer = owner.upload(
        photo.content,
        filename="kirschblüte.jpg",
        description=" The old cherry ",
        alt="A tree in bloom",
        tags=["garden", "spring"],
        album="2026",
    )

    assert answer.status_code == 201
    image = answer.json
    assert answer.headers["Location"] == f"/api/images/{image['id']}"
    schemas.UploadOut.model_validate(image)
    assert {name: image[name] for name in image.keys() - ANYTHING} == {
        "description": "The old cherry",
        "alt": "A tree in bloom",
        "tags": ["garden", "spring"],
        "albums": ["2026"],
        "filename": "kirschblüte.jpg",
        "width": 120,
        "height": 80,
        "frames": 1,
        "format": "jpeg",
        "bytes": len(photo.content),
        "status": "ready",
        "store": "local",
        "version": 1,
        "taken_at": "2024-05-06T07:08:09.000Z",
        "camera": {"model": "Canon EOS 5D", "lens": None, "exposure": None},
        "page": f"/i/{image['id']}",
    }
    assert image == owner.get(answer.headers["Location"]).json


ANYTHING = {"id", "url", "color", "placeholder", "created_at", "updated_at", "variants"}
"""Fields whose values differ from upload to upload, or are shown right elsewhere."""


def test_a_plain_find_shows_url_and_description(owner, kept):
    image = owner.uploaded(description="The old cherry")

    [document] = kept.documents()
    assert document["description"] == "The old cherry"
    assert "http://localhost" + document["url"] == image["url"] == image["variants"]["full"]["url"]
    assert document["sha256"] == hashlib.sha256(pictures.photo().content).hexdigest()


@pytest.mark.parametrize("format", FORMATS)
def test_takes_every_format_whatever_its_name_and_type_claim(owner, format):
    photo = pictures.photo(format, width=64, height=48)

    honest = owner.uploaded(photo.content, filename=photo.name)
    lying = owner.post_form(
        "/api/images?duplicates=keep", {"image": ("invoice.pdf", photo.content, "text/html")}
    )

    assert lying.status_code == 201
    for image in (honest, lying.json):
        assert (image["format"], image["width"], image["height"]) == (format, 64, 48)


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_tells_the_frames_of_an_animation(owner, format):
    moving = pictures.animation(format, frames=5)

    assert owner.uploaded(moving.content)["frames"] == 5


def test_answers_the_same_bytes_with_the_image_that_is_there(owner, kept):
    first = owner.uploaded(description="First")

    again = owner.upload(filename="other.jpg", description="Second")

    assert again.status_code == 200
    assert again.json == first | {"duplicate": True}
    schemas.UploadOut.model_validate(again.json)
    assert len(kept.documents()) == len(kept.files("originals")) == 1
    assert kept.files("incoming") == []


def test_stores_the_same_bytes_anew_when_asked_to(owner, kept):
    first = owner.uploaded()

    second = owner.uploaded(query="?duplicates=keep")

    assert second["id"] != first["id"]
    assert len(kept.documents()) == len(kept.files("originals")) == 2


def test_bytes_that_are_in_the_trash_make_an_image_of_their_own(owner):
    first = owner.uploaded()
    owner.delete(first["page"].replace("/i/", "/api/images/"))

    assert owner.uploaded()["id"] != first["id"]


PHOTO = pictures.photo()
LIMIT = "1 MiB"

REFUSED_FILES = {
    "empty": (b"", 422, "invalid_input", ["empty"]),
    "text": (b"Dear diary, " * 50, 415, "unsupported_format", ["JPEG", "TIFF"]),
    "page": (b"<!doctype html><script>", 415, "unsupported_format", ["web page", "JPEG"]),
    "drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_format", ["SVG"]),
    "cut off": (PHOTO.cut_off(200).content, 422, "broken_image", ["again"]),
    "too many bytes": (b"\xff" * (1024 * 1024 + 1), 413, "too_large", [LIMIT, "smaller"]),
    "too many pixels": (
        pictures.png_of(1100, 1000).content,
        422,
        "image_too_large",
        ["1.1 megapixels", "most 1 ", "smaller"],
    ),
}


@pytest.mark.parametrize(
    ("content", "status", "code", "words"), REFUSED_FILES.values(), ids=REFUSED_FILES
)
def test_refuses_what_is_no_good_picture_by_name_and_leaves_nothing(
    owner, kept, content, status, code, words
):
    answer = owner.upload(content, filename="beach.jpg", headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"].startswith("beach.jpg: ")
    assert [word for word in words if word not in answer.json["detail"]] == []
    assert answer.json["errors"].keys() == {"image"}
    assert kept.everything() == []
    assert owner.upload(headers={"Idempotency-Key": "k"}).status_code == 201


def test_refuses_a_body_far_above_the_limit_before_it_is_read(owner, kept):
    class Unread(io.BytesIO):
        def read(self, *_):
            pytest.fail("the body was read")

    answer = owner.post(
        "/api/images",
        input_stream=Unread(),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "10000000000"},
    )

    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert LIMIT in answer.json["errors"]["image"]


REFUSED_FIELDS = {
    "unknown field": ({"descripton": "typo"}, "descripton"),
    "21 tags": ({"tags": [f"tag {n}" for n in range(21)]}, "tags"),
    "empty tag": ({"tags": ["good", " "]}, "tags.1"),
    "long tag": ({"tags": ["x" * 65]}, "tags.0"),
    "2001 characters": ({"description": "x" * 2001}, "description"),
    "long alt": ({"alt": "x" * 2001}, "alt"),
    "NUL": ({"description": "a\0b"}, "description"),
    "lone surrogate": ({"alt": b"a\xed\xa0\x80b"}, "alt"),
    "not UTF-8": ({"alt": b"\xff"}, "alt"),
}


@pytest.mark.parametrize(("fields", "named"), REFUSED_FIELDS.values(), ids=REFUSED_FIELDS)
def test_refuses_bad_fields_by_name_and_leaves_nothing(owner, kept, fields, named):
    answer = owner.upload(**fields)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert list(answer.json["errors"]) == [named]
    assert named in answer.json["detail"]
    assert kept.everything() == []


@pytest.mark.parametrize("number", [0, 2])
def test_refuses_anything_but_one_file(owner, kept, number):
    files = [("image", ("beach.jpg", PHOTO.content))] * number

    answer = owner.post_form("/api/images", [("description", "x"), *files])

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert answer.json["errors"].keys() == {"image"}
    assert kept.everything() == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("?duplicates=maybe", 422), ("?mode=x", 422), ("?duplicates=keep&duplicates=keep", 400)],
)
def test_refuses_parameters_that_mean_nothing(owner, kept, query, status):
    assert owner.upload(query=query).status_code == status
    assert kept.everything() == []


def test_the_same_key_again_is_the_same_upload(owner, kept):
    first = owner.upload(headers={"Idempotency-Key": "k-1"})

    again = owner.upload(headers={"Idempotency-Key": "k-1"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert len(kept.documents()) == len(kept.files("originals")) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"content": pictures.photo(seed=2).content},
        {"description": "other"},
        {"tags": ["other"]},
        {"query": "?duplicates=keep"},
    ],
    ids=["bytes", "description", "tags", "mode"],
)
def test_the_same_key_with_something_else_is_refused(owner, kept, changed):
    owner.upload(headers={"Idempotency-Key": "k-1"})

    answer = owner.upload(headers={"Idempotency-Key": "k-1"}, **changed)

    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert len(kept.documents()) == len(kept.files("originals")) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "grün"])
def test_refuses_what_is_no_key(owner, kept, key):
    answer = owner.upload(headers={"Idempotency-Key": key})

    assert answer.status_code == 400
    assert kept.everything() == []


@pytest.mark.parametrize("headers", [{"Idempotency-Key": "k-1"}, {}], ids=["with a key", "without"])
def test_an_upload_that_is_still_running_is_not_begun_again(gallery, monkeypatch, headers):
    looking, go_on = threading.Event(), threading.Event()
    look = Engine.look

    def slowly(engine, path):
        looking.set()
        assert go_on.wait(timeout=30)
        return look(engine, path)

    answers = []
    monkeypatch.setattr(Engine, "look", slowly)
    first = threading.Thread(
        target=lambda: answers.append(client_of(gallery).upload(headers=headers))
    )
    first.start()
    assert looking.wait(timeout=30)
    if headers:
        second = client_of(gallery).upload(headers=headers)
        assert (second.status_code, second.json["code"]) == (409, "in_progress")
        assert int(second.headers["Retry-After"]) > 0
    go_on.set()
    first.join()
    assert answers[0].status_code == 201


@pytest.mark.parametrize("key", ["k-1", None])
def test_many_of_the_same_at_once_are_one_image(gallery, kept, key):
    headers = {"Idempotency-Key": key} if key else {}

    answers = at_once(20, lambda _: client_of(gallery).upload(headers=headers))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {200, 201, 409}
    assert statuses[201] >= 1
    if key is None:
        assert statuses[201] == 1
    assert len({answer.json["id"] for answer in answers if answer.status_code < 300}) == 1
    for refused in (answer for answer in answers if answer.status_code == 409):
        assert refused.json["code"] == "in_progress"
        assert int(refused.headers["Retry-After"]) > 0
    assert len(kept.documents()) == len(kept.files("originals")) == 1
    assert kept.files("incoming") == []
