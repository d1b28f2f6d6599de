"""The Admin API's named transformations: created, listed, looked at, changed, deleted."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint

from gallery.catalog.transformations import NamedTransformation
from gallery.errors import NotFoundError
from gallery.services.named import Named
from gallery.web.cloudinary_api.admin_lists import given, limit_of
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

_KEYS = {
    "a": "angle",
    "ar": "aspect_ratio",
    "b": "background",
    "bo": "border",
    "c": "crop",
    "co": "color",
    "d": "default_image",
    "dn": "density",
    "dpr": "dpr",
    "e": "effect",
    "f": "fetch_format",
    "fl": "flags",
    "g": "gravity",
    "h": "height",
    "l": "overlay",
    "o": "opacity",
    "pg": "page",
    "q": "quality",
    "r": "radius",
    "t": "transformation",
    "u": "underlay",
    "w": "width",
    "x": "x",
    "y": "y",
    "z": "zoom",
}
"""Keys of the URL → their names in the SDKs."""


def add(routes: Blueprint, named: Named) -> None:
    """Puts the calls on the routes."""

    @routes.get("/transformations")
    def list_or_show_named() -> dict[str, Any]:
        params = given()
        if "transformation" in params:
            return _details(named.find(_name(params.text("transformation"))))
        return _page(named, params)

    @routes.get("/transformations/<path:name>")
    def show_named(name: str) -> dict[str, Any]:
        return _details(named.find(_name(name)))

    @routes.post("/transformations", defaults={"name": ""})
    @routes.post("/transformations/<name>")
    def create_named(name: str) -> dict[str, Any]:
        params = given()
        name = _name(name or params.required("name"))
        named.create(name, params.required("transformation"))
        return {"message": "created"}

    @routes.put("/transformations", defaults={"name": ""})
    @routes.put("/transformations/<path:name>")
    def change_named(name: str) -> dict[str, Any]:
        params = given()
        name = _name(name or params.required("transformation"))
        if "allowed_for_strict" not in params and "unsafe_update" not in params:
            raise RefusedError(400, "Missing allowed_for_strict or unsafe_update")
        named.change(
            name,
            definition=params.text("unsafe_update") or None,
            allowed_for_strict=(
                params.flag("allowed_for_strict") if "allowed_for_strict" in params else None
            ),
        )
        return {"message": "updated"}

    @routes.delete("/transformations", defaults={"name": ""})
    @routes.delete("/transformations/<path:name>")
    def delete_named(name: str) -> dict[str, Any]:
        named.delete(_name(name or given().required("transformation")))
        return {"message": "deleted"}


def _page(named: Named, params: Parameters) -> dict[str, Any]:
    limit = limit_of(params)
    # A cursor is the last name: there is nothing in it that the list would not tell.
    found = named.page(after=params.text("next_cursor"), limit=limit + 1)
    told = {"transformations": [_listed(each) for each in found[:limit]]}
    if len(found) > limit:
        return told | {"next_cursor": found[limit - 1].name}
    return told


def _listed(named: NamedTransformation) -> dict[str, Any]:
    return {
        "name": f"t_{named.name}",
        "allowed_for_strict": named.allowed_for_strict,
        "used": named.used,
        "named": True,
    }


def _details(named: NamedTransformation) -> dict[str, Any]:
    """What is kept of derived variants does not say by which name they were asked for."""
    return {**_listed(named), "info": steps_of(named.definition), "derived": []}


def steps_of(text: str) -> list[dict[str, Any]]:
    """The components of a transformation as the SDKs spell them."""
    return [_step(each) for each in text.split("/")]


def _step(text: str) -> dict[str, Any]:
    parts = (part.partition("_") for part in text.split(","))
    return {_KEYS.get(key, key): _value(value) for key, _, value in parts}


def _value(text: str) -> int | float | str:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return text
    return float(text) if "." in text else int(text)


def _name(text: str) -> str:
    """The bare name. What is spelled out has none, and is allowed or not by its signature."""
    name = text.removeprefix("t_")
    if "," in name or "/" in name:
        raise NotFoundError("Only named transformations are kept: this one is spelled out")
    return name
