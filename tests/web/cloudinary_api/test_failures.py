"""Whatever goes wrong under ``/cdn/v1_1``, an SDK can read it."""

import pytest

from gallery import errors
from gallery.errors import GalleryError
from gallery.web.cloudinary_api import failures
from tests.test_documented import subclasses

CLOUD = "/cdn/v1_1/vitrine"

FAILURES = (
    ("GET", "/cdn/v1_1/", 401),
    ("GET", "/cdn/v1_1/another/image/upload", 401),
    ("GET", f"{CLOUD}/nowhere", 404),
    ("POST", f"{CLOUD}/image/nothing", 404),
    ("POST", f"{CLOUD}/video/upload", 501),
    ("POST", f"{CLOUD}/image/explode", 501),
    ("POST", f"{CLOUD}/image/generate_archive", 501),
    ("POST", f"{CLOUD}/image/sprite", 501),
    ("GET", f"{CLOUD}/metadata_fields", 501),
    ("TRACE", f"{CLOUD}/image/upload", 404),
    ("BREW", f"{CLOUD}/image/upload", 404),
    ("PATCH", f"{CLOUD}/image/upload", 404),
)


@pytest.mark.parametrize(("method", "path", "status"), FAILURES)
def test_every_failure_has_one_form(owner, method, path, status):
    answer = owner.open(path, method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert answer.json.keys() == {"error"}
    assert answer.json["error"].keys() == {"message"}
    assert answer.json["error"]["message"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_answer_has_an_id_of_its_own(owner):
    ids = {owner.get(f"{CLOUD}/nowhere").headers["X-Request-Id"] for _ in range(5)}

    assert len(ids) == 5


def test_another_host_is_refused_in_the_same_form(owner):
    answer = owner.get(f"{CLOUD}/nowhere", base_url="http://evil.example")

    assert answer.status_code == 403
    assert "not served under that name" in answer.json["error"]["message"]


def test_every_failure_of_ours_becomes_one_that_an_sdk_knows():
    for each in {GalleryError, *subclasses(GalleryError)}:
        assert failures.status_of(each.status) in failures.KNOWN
        assert failures.message_of(each("What is wrong."))


def test_what_cannot_be_decoded_is_told_in_words_that_clients_know():
    assert failures.message_of(errors.BrokenImageError("Cut off.")) == "Invalid image file"
    too_large = errors.TooLargeError("Too large.")
    too_large.got_bytes, too_large.limit_bytes = 2, 1

    assert failures.message_of(too_large).startswith("File size too large. Got 2. Maximum is 1.")


def test_a_page_of_another_site_may_ask_and_is_told_what_it_may_send(owner):
    answer = owner.open(
        f"{CLOUD}/image/upload",
        method="OPTIONS",
        headers={
            "Origin": "https://shop.example",
            "Sec-Fetch-Site": "cross-site",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-unique-upload-id,content-range",
        },
    )

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "X-Unique-Upload-Id" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_of_another_site_is_not_refused_for_where_it_comes_from(owner):
    answer = owner.post(
        f"{CLOUD}/image/nothing",
        headers={"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 404
