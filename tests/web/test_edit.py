"""``PATCH /api/images/{id}``: what is named changes; nobody overwrites what they did not see."""

import json
import unicodedata

import pytest

from gallery.web import schemas
from tests.catalog.making import at_once
from tests.web.conftest import client_of
from tests.web.hostile import OPERATORS


@pytest.fixture
def image(owner):
    return owner.uploaded(description="Old", alt="Alt", tags=["a", "b"], album="2026")


@pytest.fixture
def edit(owner, image):
    """What the gallery answers to an edit of ``image``."""

    def answer_to(change, **headers):
        return owner.patch(f"/api/images/{image['id']}", json=change, headers=headers)

    return answer_to


@pytest.mark.parametrize(
    "change",
    [
        {"description": "New"},
        {"description": ""},
        {"alt": "New"},
        {"tags": ["c"]},
        {"tags": []},
        {"albums": ["2027", "Best"]},
        {"description": "New", "alt": "", "tags": ["z", "a"], "albums": []},
    ],
    ids=str,
)
def test_changes_what_is_named_and_nothing_else(owner, image, edit, change):
    answer = edit(change)

    assert answer.status_code == 200
    edited = answer.json
    schemas.ImageOut.model_validate(edited)
    assert edited["updated_at"] >= image["updated_at"]
    unchanged = image | {"updated_at": edited["updated_at"]}
    assert edited == unchanged | change | {"version": 2}
    assert edited == owner.get(f"/api/images/{image['id']}").json


def test_a_changed_image_is_found_by_its_new_words_alone(owner, edit):
    edit({"description": "Harbour", "tags": ["sea"]})

    assert len(owner.listed("?q=harb&tag=sea")["images"]) == 1
    assert owner.listed("?q=old")["images"] == []
    assert owner.listed("?tag=a")["images"] == []
    assert owner.get("/api/tags").json == {"tags": [{"tag": "sea", "count": 1}]}


def test_tags_have_one_spelling_each_once(edit):
    composed = "Köln"
    decomposed = unicodedata.normalize("NFD", composed)

    edited = edit({"tags": [" sea ", "sea", composed, decomposed]}).json

    assert edited["tags"] == ["sea", composed]


def test_the_version_is_the_etag_and_if_match_guards_it(owner, image, edit):
    assert owner.get(f"/api/images/{image['id']}").headers["ETag"] == '"1"'

    mine = edit({"alt": "Mine"}, **{"If-Match": '"1"'})
    theirs = edit({"alt": "Theirs"}, **{"If-Match": '"1"'})

    assert (mine.status_code, mine.headers["ETag"]) == (200, '"2"')
    assert (theirs.status_code, theirs.json["code"]) == (412, "version_mismatch")
    assert owner.get(f"/api/images/{image['id']}").json["alt"] == "Mine"
    assert edit({"alt": "Any"}, **{"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    "condition", ["one", '"one"', 'W/"1"', '"1", "2"', '"-1"', '"' + "1" * 16 + '"', '{"$gt": 0}']
)
def test_refuses_a_condition_that_names_no_version(image, edit, condition):
    answer = edit({"alt": "Mine"}, **{"If-Match": condition})

    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"descripton": "typo"}, "descripton"),
        ({"version": 7}, "version"),
        ({"status": "ready"}, "status"),
        ({"url": "https://evil.example/"}, "url"),
        ({"id": "x"}, "id"),
        ({"_id": "x"}, "_id"),
        ({"description": 5}, "description"),
        ({"description": ["x"]}, "description"),
        ({"description": "x" * 2001}, "description"),
        ({"description": "a\0b"}, "description"),
        ({"tags": "sea"}, "tags"),
        ({"tags": [f"tag {n}" for n in range(21)]}, "tags"),
        ({"tags": ["sea", 5]}, "tags.1"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": ["x" * 65]}, "tags.0"),
    ],
    ids=str,
)
def test_refuses_by_name_what_it_does_not_take(owner, image, edit, change, named):
    answer = edit({"alt": "good"} | change)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert list(answer.json["errors"]) == [named]
    assert owner.get(f"/api/images/{image['id']}").json == image


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"null", 422),
        (b'{"alt": "\\ud800"}', 422),
        (b'{"alt": "\xff"}', 422),
        (b"[" * 20_000 + b"]" * 20_000, 422),
        (b'{"tags": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 422),
        (b'{"alt": "' + b"x" * 70_000 + b'"}', 413),
    ],
    ids=["empty", "cut", "array", "text", "null", "half", "bytes", "deep", "deep tags", "long"],
)
def test_refuses_a_body_that_is_no_edit(owner, image, body, status):
    answer = owner.patch(f"/api/images/{image['id']}", data=body, content_type="application/json")

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert owner.get(f"/api/images/{image['id']}").json == image


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_takes_json_alone(owner, image, content_type):
    answer = owner.patch(
        f"/api/images/{image['id']}", data=b'{"alt": "x"}', content_type=content_type
    )

    assert answer.status_code == 400
    assert owner.get(f"/api/images/{image['id']}").json == image


@pytest.mark.parametrize("field", ["description", "alt", "tags", "albums"])
def test_an_operator_is_never_taken_for_a_value(owner, image, edit, field):
    for operator in OPERATORS:
        for change in (
            {field: {operator: ""}},
            {field: [{operator: ""}]},
            {f"{field}.0": "x"},
            {f"{field}.{operator}": "x"},
            {operator: {field: "x"}},
        ):
            assert (edit(change).status_code, change) == (422, change)
    assert owner.get(f"/api/images/{image['id']}").json == image


def test_an_operator_in_a_text_is_text(image, edit):
    text = json.dumps(dict.fromkeys(OPERATORS, 1))

    assert edit({"description": text, "tags": OPERATORS[:20]}).json["description"] == text


def test_of_many_edits_of_one_version_at_once_one_is_taken(gallery, owner, image):
    def edit(number):
        return client_of(gallery).patch(
            f"/api/images/{image['id']}",
            json={"alt": f"Edit {number}"},
            headers={"If-Match": '"1"'},
        )

    answers = at_once(8, edit)

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    [taken] = (answer.json for answer in answers if answer.status_code == 200)
    assert owner.get(f"/api/images/{image['id']}").json == taken


def test_edits_of_different_fields_at_once_are_all_taken(gallery, owner, image):
    changes = [{"description": "New"}, {"alt": "New"}, {"tags": ["new"]}, {"albums": ["new"]}]

    answers = at_once(
        4,
        lambda number: client_of(gallery).patch(f"/api/images/{image['id']}", json=changes[number]),
    )

    assert [answer.status_code for answer in answers] == [200] * 4
    edited = owner.get(f"/api/images/{image['id']}").json
    assert edited["version"] == 5
    for change in changes:
        assert edited == edited | change
