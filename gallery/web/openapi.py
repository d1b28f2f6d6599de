"""``/api/openapi.json``: made from the routes themselves and the models that validate them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from gallery.web.schemas import Problem

F = TypeVar("F", bound=Callable[..., Any])

VERSION = "1.0.0"

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_HEADERS: Mapping[str, dict[str, Any]] = {
    "Idempotency-Key": {"schema": {**_TEXT, "pattern": "^[!-~]{1,255}$"}},
    "If-Match": {"schema": {**_TEXT, "pattern": '^(\\*|"[0-9]{1,15}")$'}},
    "Last-Event-ID": {"schema": _TEXT},
    "Tus-Resumable": {"schema": {"const": "1.0.0"}, "required": True},
    "Upload-Checksum": {"schema": _TEXT},
    "Upload-Length": {"schema": _NUMBER, "required": True},
    "Upload-Metadata": {"schema": _TEXT},
    "Upload-Offset": {"schema": _NUMBER, "required": True},
}
"""The headers that change what a call does."""

_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a route takes and answers. An answer is a model, a content type, or nothing."""

    summary: str
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    """Those that change what the call does; each stands in ``_HEADERS``."""
    body: type[BaseModel] | str | None = None
    """A model, or the content type of what is no JSON."""
    form: type[BaseModel] | None = None
    file_field: str | None = None
    answers: Mapping[int, type[BaseModel] | str | None] = field(default_factory=dict)


def describes(summary: str, **told: Any) -> Callable[[F], F]:
    """Marks a view with its description; every route under ``/api`` has one."""

    def mark(view: F) -> F:
        view.__dict__["description"] = Description(summary=summary, **told)
        return view

    return mark


def blueprint(title: str) -> Blueprint:
    """The description for programs, and the page of it for people."""
    routes = Blueprint("openapi", __name__, url_prefix="/api")

    @routes.get("/openapi.json")
    @describes("This description", answers={200: "application/json"})
    def openapi() -> dict[str, Any]:
        return document(current_app, title)

    @routes.get("/docs")
    @describes("This description as a page", answers={200: "text/html"})
    def docs() -> str:
        return render_template("docs.html", api=document(current_app, title))

    return routes


def document(app: Flask, title: str) -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    described = list(_described(app))
    models = {model for _, _, each in described for model in _models(each)} | {Problem}
    _, definitions = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, each in described:
        path = _PARAMETER.sub(r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, each)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION},
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {})},
    }


def _described(app: Flask) -> Iterator[tuple[Rule, str, Description]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        description = getattr(app.view_functions[rule.endpoint], "description", None)
        if isinstance(description, Description):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, description


def _models(each: Description) -> Iterator[type[BaseModel]]:
    for model in (each.body, *each.answers.values()):
        if isinstance(model, type):
            yield model


def _operation(rule: Rule, each: Description) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": each.summary,
        "operationId": rule.endpoint.replace(".", "_"),
        "parameters": [
            *_path_parameters(rule),
            *_query_parameters(each.query),
            *_header_parameters(each.headers),
        ],
        "responses": {
            str(status): _answer(status, model) for status, model in each.answers.items()
        },
    }
    operation["responses"]["default"] = {
        "description": "What went wrong",
        "content": {"application/problem+json": {"schema": _ref(Problem)}},
    }
    if isinstance(each.body, str):
        operation["requestBody"] = _required(
            {each.body: {"schema": {"type": "string", "format": "binary"}}}
        )
    elif each.body is not None:
        operation["requestBody"] = _required({"application/json": {"schema": _ref(each.body)}})
    if each.form is not None:
        operation["requestBody"] = _required(
            {"multipart/form-data": {"schema": _form_schema(each)}}
        )
    return operation


def _required(content: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": content}


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in sorted(rule.arguments)
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": _inlined(each, schema.get("$defs", {})),
        }
        for name, each in schema["properties"].items()
    ]


def _header_parameters(names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "header", "required": False, **_HEADERS[name]} for name in names]


def _inlined(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {
        **definitions[reference.rsplit("/", 1)[-1]],
        **{k: v for k, v in schema.items() if k != "$ref"},
    }


def _form_schema(each: Description) -> dict[str, Any]:
    schema: dict[str, Any] = each.form.model_json_schema() if each.form else {"properties": {}}
    schema["properties"][each.file_field] = {"type": "string", "format": "binary"}
    return schema | {"required": [each.file_field]}


def _answer(status: int, model: type[BaseModel] | str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(model, str):
        answer["content"] = {model: {}}
    elif model is not None:
        answer["content"] = {"application/json": {"schema": _ref(model)}}
    return answer


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
