"""The Admin API's deletes: into the trash, by name or by what assets have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint

from gallery.catalog.asset_lists import AssetFilter
from gallery.errors import BadTransformationError, NotFoundError
from gallery.model import Image
from gallery.services.inventory import Inventory, Listed
from gallery.transformation import parse
from gallery.web.cloudinary_api.admin_answers import read_derived_id
from gallery.web.cloudinary_api.admin_lists import checked, given, ids
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

AT_ONCE = 500
"""Assets that one call deletes; ``next_cursor`` goes on."""


@dataclass
class _Deleted:
    """What became of each, by the name that the call has for it."""

    outcome: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    next_cursor: str | None = None

    def answer(self) -> dict[str, Any]:
        more = {"next_cursor": self.next_cursor} if self.next_cursor else {}
        return {
            "deleted": self.outcome,
            "deleted_counts": self.counts,
            "partial": bool(more),
            **more,
        }


def add(routes: Blueprint, inventory: Inventory) -> None:
    """Puts the calls on the routes."""

    @routes.delete("/resources/<resource_type>/<type>")
    def delete(resource_type: str, type: str) -> dict[str, Any]:
        checked(resource_type, type)
        params = given()
        if "public_ids" in params:
            named = ids(params, "public_ids")
            found = inventory.named(named, resource_type=resource_type, type=type)
            by_name = {image.public_id: image for image in found.images}
            return _delete_named(inventory, named, by_name, params)
        if "prefix" not in params and not params.flag("all"):
            raise RefusedError(400, "Missing required parameter - public_ids, prefix or all")
        prefix = params.text("prefix") if "prefix" in params else None
        wanted = AssetFilter(resource_type=resource_type, type=type, prefix=prefix)
        return _delete_all(inventory, wanted, params)

    @routes.delete("/resources/<resource_type>/tags/<path:tag>")
    def delete_by_tag(resource_type: str, tag: str) -> dict[str, Any]:
        checked(resource_type)
        return _delete_all(inventory, AssetFilter(resource_type=resource_type, tag=tag), given())

    @routes.delete("/resources")
    def delete_by_asset_ids() -> dict[str, Any]:
        params = given()
        named = ids(params, "asset_ids")
        by_id = {image.asset_id: image for image in inventory.of_ids(named).images}
        return _delete_named(inventory, named, by_id, params)

    @routes.delete("/derived_resources")
    def delete_derived() -> dict[str, Any]:
        named = ids(given(), "derived_resource_ids")
        return {"deleted": {each: _delete_variant(inventory, each) for each in named}}


def _delete_named(
    inventory: Inventory, named: tuple[str, ...], found: dict[str, Image], params: Parameters
) -> dict[str, Any]:
    deleted = _Deleted()
    for name in named:
        if name in found:
            _delete_one(inventory, name, found[name], params, deleted)
        else:
            deleted.outcome[name] = "not_found"
    return deleted.answer()


def _delete_all(inventory: Inventory, wanted: AssetFilter, params: Parameters) -> dict[str, Any]:
    listed: Listed = inventory.page(
        wanted, cursor=params.text("next_cursor"), limit=AT_ONCE, newest_first=False
    )
    deleted = _Deleted(next_cursor=listed.next_cursor)
    for image in listed.images:
        _delete_one(inventory, image.public_id, image, params, deleted)
    return deleted.answer()


def _delete_one(
    inventory: Inventory, name: str, image: Image, params: Parameters, deleted: _Deleted
) -> None:
    """Deletes an asset, or what was derived of it when the original is to stay."""
    keeps = params.flag("keep_original")
    try:
        if keeps:
            derived = inventory.forget_derived(image, _transformations(params))
        else:
            derived = len(image.eager)
            inventory.hide(image)
    except NotFoundError:  # Somebody else was faster.
        deleted.outcome[name] = "not_found"
        return
    deleted.outcome[name] = "deleted"
    deleted.counts[name] = {"original": 0 if keeps else 1, "derived": derived}


def _delete_variant(inventory: Inventory, name: str) -> str:
    asset_id, transformation = read_derived_id(name)
    try:
        image = inventory.find_by_asset_id(asset_id)
    except NotFoundError:
        return "not_found"
    return "deleted" if inventory.forget_derived(image, {transformation}) else "not_found"


def _transformations(params: Parameters) -> frozenset[str] | None:
    """The transformations whose variants are meant, in their canonical spelling; all if ``None``.

    ``a|b``, each with or without an extension behind a last slash, or several values.
    """
    if "transformations" not in params:
        return None
    texts: Iterable[str] = params.text("transformations").split("|")
    return frozenset(spelling for text in texts if text for spelling in _spellings(text))


def _spellings(text: str) -> list[str]:
    """How a variant may be recorded: with its extension as a format, if it names one."""
    head, _, extension = text.rpartition("/")
    readings = [text]
    if head and "_" not in extension:
        readings = [head, f"{head},f_{extension}"] if extension else [head]
    found = []
    for reading in readings:
        try:
            found.append(str(parse(reading)))
        except BadTransformationError as error:
            raise RefusedError(400, error.detail) from error
    return found
