"""The Admin API's lists: assets by what they have in common, tags and folders in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from flask import Blueprint, request

from gallery.catalog.asset_lists import SHOWN, AssetFilter
from gallery.services.inventory import Inventory, Listed
from gallery.web.cloudinary_api.admin_answers import AdminAnswers
from gallery.web.cloudinary_api.failures import RefusedError, not_spoken
from gallery.web.cloudinary_api.parameters import Parameters, of_request

TYPES = frozenset({"upload", "private", "authenticated"})

MAX_RESULTS, USUAL_RESULTS = 500, 10

MAX_IDS = 100
"""Ids that one call may name."""

_NEWEST_FIRST = {"": True, "desc": True, "-1": True, "asc": False, "1": False}


def add(routes: Blueprint, inventory: Inventory, answers: AdminAnswers) -> None:
    """Puts the lists on the routes."""

    @routes.get("/resources")
    def resource_types() -> dict[str, Any]:
        return {"resource_types": list(SHOWN)}

    @routes.get("/resources/<resource_type>/<type>")
    def of_type(resource_type: str, type: str) -> dict[str, Any]:
        checked(resource_type, type)
        return _listed(inventory, answers, AssetFilter(resource_type=resource_type, type=type))

    _add_common(routes, inventory, answers)
    _add_names(routes, inventory)


def of_resource_type(
    inventory: Inventory, answers: AdminAnswers, resource_type: str
) -> dict[str, Any]:
    """The list of a whole resource type; by the beginning of a public id, its uploads."""
    wanted = AssetFilter(resource_type=resource_type)
    if "prefix" in given():
        wanted = replace(wanted, type="upload")
    return _listed(inventory, answers, wanted)


def _add_common(routes: Blueprint, inventory: Inventory, answers: AdminAnswers) -> None:
    """Assets that have something in common."""

    @routes.get("/resources/by_asset_ids")
    def by_asset_ids() -> dict[str, Any]:
        params = given()
        return answers.page(inventory.of_ids(ids(params, "asset_ids")), params)

    @routes.get("/resources/by_asset_folder")
    def by_asset_folder() -> dict[str, Any]:
        folder = given().required("asset_folder").strip("/")
        return _listed(inventory, answers, AssetFilter(folder=folder))

    @routes.get("/resources/<resource_type>/tags/<path:tag>")
    def by_tag(resource_type: str, tag: str) -> dict[str, Any]:
        checked(resource_type)
        return _listed(inventory, answers, AssetFilter(resource_type=resource_type, tag=tag))

    @routes.get("/resources/<resource_type>/context")
    def by_context(resource_type: str) -> dict[str, Any]:
        checked(resource_type)
        params = given()
        said = (params.required("key"), params.text("value") if "value" in params else None)
        return _listed(inventory, answers, AssetFilter(resource_type=resource_type, context=said))

    @routes.get("/resources/<resource_type>/moderations/<kind>/<status>")
    def by_moderation(resource_type: str, kind: str, status: str) -> dict[str, Any]:
        checked(resource_type)
        if kind != "manual":
            raise not_spoken(f"Moderation by {kind[:40]}")
        wanted = AssetFilter(resource_type=resource_type, moderation=status)
        return _listed(inventory, answers, wanted)


def _add_names(routes: Blueprint, inventory: Inventory) -> None:
    @routes.get("/tags/<resource_type>")
    def tags(resource_type: str) -> dict[str, Any]:
        checked(resource_type)
        params = given()
        names, cursor = inventory.tags(
            resource_type=resource_type,
            prefix=params.text("prefix"),
            cursor=params.text("next_cursor"),
            limit=limit_of(params),
        )
        return {"tags": list(names)} | ({"next_cursor": cursor} if cursor else {})

    @routes.get("/folders", defaults={"path": ""})
    @routes.get("/folders/<path:path>")
    def folders(path: str) -> dict[str, Any]:
        params = given()
        path = path.strip("/")
        names, cursor = inventory.folders(
            path, cursor=params.text("next_cursor"), limit=limit_of(params)
        )
        found = [{"name": name, "path": f"{path}/{name}" if path else name} for name in names]
        return {"folders": found, "next_cursor": cursor, "total_count": len(found)}


def _listed(inventory: Inventory, answers: AdminAnswers, wanted: AssetFilter) -> dict[str, Any]:
    """The page of a list that the request asks for."""
    params = given()
    if wanted.type is not None and "public_ids" in params:
        named = ids(params, "public_ids")
        resource_type = wanted.resource_type or "image"
        listed = inventory.named(named, resource_type=resource_type, type=wanted.type)
        return answers.page(listed, params)
    if wanted.type is not None and "prefix" in params:
        wanted = replace(wanted, prefix=params.text("prefix"))
    if "start_at" in params:
        wanted = replace(wanted, since=_moment(params.text("start_at")))
    return answers.page(_page(inventory, wanted, params), params)


def _page(inventory: Inventory, wanted: AssetFilter, params: Parameters) -> Listed:
    direction = params.text("direction").lower()
    if direction not in _NEWEST_FIRST:
        raise RefusedError(400, "Invalid value for parameter direction: write asc or desc")
    # By name, a list begins at its beginning unless it is told otherwise.
    newest_first = _NEWEST_FIRST[direction] and not (wanted.prefix is not None and not direction)
    return inventory.page(
        wanted,
        cursor=params.text("next_cursor"),
        limit=limit_of(params),
        newest_first=newest_first,
    )


def given() -> Parameters:
    """The parameters of the request; as many as there may be ids, and some more."""
    if request.mimetype == "multipart/form-data":
        return Parameters(request.form.items(multi=True), most=MAX_IDS + 50)
    return of_request(request, most=MAX_IDS + 50)


def limit_of(params: Parameters) -> int:
    """How many are wanted at most."""
    return min(params.number("max_results", USUAL_RESULTS, low=1), MAX_RESULTS)


def ids(params: Parameters, name: str) -> tuple[str, ...]:
    """The ids that the call names. Refuses too many."""
    found = params.list(name)
    if not found:
        raise RefusedError(400, f"Missing required parameter - {name}")
    if len(found) > MAX_IDS:
        raise RefusedError(400, f"Maximum number of {name} is {MAX_IDS}")
    return found


def checked(resource_type: str, type: str = "upload") -> None:
    """Returns when there are assets of that kind. Refuses others."""
    if resource_type == "video":
        raise not_spoken("The resource type video")
    if resource_type not in SHOWN:
        raise RefusedError(400, f"Invalid resource type {resource_type[:40]}")
    if type not in TYPES:
        raise not_spoken(f"The type {type[:40]}")


def _moment(text: str) -> datetime:
    """A moment as clients write it; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except ValueError:
            raise RefusedError(400, f"Invalid start_at {text[:40]!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
