"""Named failures become answers: problem+json for programs, a page for people."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from gallery.errors import GalleryError, InvalidInputError, NotFoundError
from gallery.web.cloudinary_api import failures

log = logging.getLogger(__name__)

_RETRY_AFTER_S = 5
"""After a 503 of which nobody knows how long it lasts."""

CODES = {
    400: "bad_request",
    405: "method_not_allowed",
    413: "too_large",
}
"""Of what the framework refuses; anything else is an ``http_error``."""


def register(app: Flask) -> None:
    """Renders every failure of the app."""
    app.register_error_handler(GalleryError, answer_of)
    app.register_error_handler(ValidationError, lambda error: answer_of(invalid(error)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def invalid(error: ValidationError) -> InvalidInputError:
    """What a model refused, by field and in words for people."""
    fields = {
        ".".join(str(part) for part in each["loc"]) or "body": _sentence(each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    }
    named = "; ".join(f"{name}: {text}" for name, text in fields.items())
    return InvalidInputError(named[:1000], fields=fields)


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def answer_of(error: GalleryError) -> Response:
    """The answer that tells the failure."""
    if error.status >= 500:
        log.error(error.code, exc_info=error)
    retry_after_s = error.retry_after_s or (_RETRY_AFTER_S if error.status == 503 else None)
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Session realm="gallery"'
    return _answer(error.status, error.code, error.title, error.detail, error.fields, headers)


def problem_of(error: GalleryError) -> dict[str, Any]:
    """The failure as it stands among other results; one of ours is in the log."""
    if error.status >= 500:
        log.error(error.code, exc_info=error)
    return _problem(error.status, error.code, error.title, error.detail, error.fields)


def _problem(
    status: int, code: str, title: str, detail: str, fields: dict[str, str]
) -> dict[str, Any]:
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    return told | ({"errors": fields} if fields else {})


def _http_error(error: HTTPException) -> Response:
    """What the framework refuses before a route of ours runs."""
    if error.response is not None:
        return current_app.make_response(error.response)
    if request.path.startswith("/cdn/v1_1/"):
        return failures.http_error(error)  # A method that no route there has.
    if error.code == 404:
        return answer_of(NotFoundError("There is nothing at this address."))
    status = error.code or 500
    title = HTTPStatus(status).phrase
    headers = {
        name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    }
    return _answer(
        status, CODES.get(status, "http_error"), title, _DETAILS.get(status, title), {}, headers
    )


_DETAILS = {
    405: "This address does not answer to that method.",
    413: "The body is larger than this address takes.",
}


def _unexpected(error: Exception) -> Response:
    log.error("unexpected failure", exc_info=error, extra={"path": request.path})
    return _answer(
        500,
        "internal",
        "Something went wrong",
        "The gallery met an error of its own; it is in its log.",
        {},
        {},
    )


def _answer(
    status: int, code: str, title: str, detail: str, fields: dict[str, str], headers: dict[str, str]
) -> Response:
    if _wants_page():
        page = render_template("error.html", status=status, title=title, detail=detail)
        response = Response(page, status=status, mimetype="text/html")
    else:
        problem = current_app.json.dumps(_problem(status, code, title, detail, fields))
        response = Response(problem, status=status, mimetype="application/problem+json")
    response.headers.update(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _wants_page() -> bool:
    if request.path.startswith(("/api/", "/cdn/")):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
