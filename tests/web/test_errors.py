"""Whatever goes wrong has the same form, tells the mend, and tells nothing of the inside."""

import json
import re

import pytest

from gallery.errors import DatabaseUnavailableError, StoreError, StoreUnavailableError
from gallery.services.library import Library
from gallery.web import schemas
from tests.web.conftest import HTML
from tests.web.page import Page

INSIDE = re.compile(
    r"Traceback|File \"|site-packages|/gallery/|werkzeug|flask|pymongo|pydantic|python|vips|"
    r"granian|mongodb://|secret",
    re.IGNORECASE,
)

FAILURES = (
    ("GET", "/nowhere", 404, "not_found"),
    ("GET", "/api/nowhere", 404, "not_found"),
    ("GET", "/api/images/" + "x" * 22, 404, "not_found"),
    ("GET", "/cdn/nowhere", 404, "not_found"),
    ("GET", "/static/nowhere", 404, "not_found"),
    ("GET", "/api/images?limit=0", 422, "invalid_input"),
    ("GET", "/api/images?limit=1&limit=2", 400, "bad_request"),
    ("GET", "/api/images?cursor=x", 400, "invalid_cursor"),
    ("POST", "/api/images", 400, "bad_request"),
    ("PATCH", "/api/images/" + "x" * 22, 400, "bad_request"),
    ("PUT", "/api/images", 405, "method_not_allowed"),
    ("TRACE", "/api/images", 405, "method_not_allowed"),
    ("DELETE", "/", 405, "method_not_allowed"),
    ("POST", "/i/" + "x" * 22 + "/edit", 422, "invalid_input"),
)


@pytest.mark.parametrize(("method", "path", "status", "code"), FAILURES)
def test_a_program_is_told_in_one_form(owner, method, path, status, code):
    answer = owner.open(path, method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = schemas.Problem.model_validate(answer.json)
    assert (problem.status, problem.code, problem.type) == (status, code, "about:blank")
    assert problem.title
    assert problem.detail
    assert not INSIDE.search(answer.text)


@pytest.mark.parametrize(("method", "path", "status"), [each[:3] for each in FAILURES])
def test_every_failure_carries_the_headers_of_every_answer(owner, method, path, status):
    answer = owner.open(path, method=method)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Server" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_a_method_that_an_address_does_not_know_is_told_those_it_knows(owner):
    answer = owner.put("/api/images")

    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_people_are_told_on_a_page(owner):
    answer = owner.delete("/", headers=HTML)

    page = Page(answer)
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "does not answer to that method" in page.one("main").text
    assert "nonce-" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("accept", [HTML, {}], ids=["person", "program"])
def test_a_mistake_of_ours_is_told_without_its_inside(owner, monkeypatch, caplog, accept):
    def stumble(*_):
        raise RuntimeError("secret of mongodb://user:password@host")

    monkeypatch.setattr(Library, "tags", stumble)

    answer = owner.get("/" if accept else "/api/tags", headers=accept)

    assert answer.status_code == 500
    assert not INSIDE.search(Page(answer).one("main").text if accept else answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    [record] = (each for each in caplog.records if each.message == "unexpected failure")
    assert record.exc_info[0] is RuntimeError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatabaseUnavailableError("The database does not answer.", retry_after_s=2), 503),
        (StoreUnavailableError("The store does not answer."), 503),
        (StoreError("The store refused."), 502),
    ],
    ids=lambda value: str(getattr(value, "code", value)),
)
def test_what_we_stand_on_failing_is_told_and_when_to_come_back(
    owner, monkeypatch, caplog, error, status
):
    def fail(*_):
        raise error from OSError("10.0.0.5 refused")

    monkeypatch.setattr(Library, "tags", fail)

    answer = owner.get("/api/tags")

    assert (answer.status_code, answer.json["code"]) == (status, error.code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "10.0.0.5" not in answer.text
    assert "10.0.0.5" in caplog.text


@pytest.mark.parametrize("path", ["/sign-in", "/i/" + "x" * 22 + "/edit"])
def test_a_form_that_is_too_long_is_refused(owner, path):
    answer = owner.post(path, data={"password": "x" * 100_000})

    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "body", [b"[" * 20_000, b'{"a":' * 10_000, b"\xff\xfe", b"\0", json.dumps({"a": 1}).encode()]
)
def test_a_body_that_makes_no_sense_is_refused(owner, body):
    answer = owner.post("/api/session", data=body, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
