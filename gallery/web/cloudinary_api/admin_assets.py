"""The Admin API on one asset: all that is known of it, changes of it, its return from the trash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint

from gallery.errors import NotFoundError
from gallery.model import Image, Particulars
from gallery.services.assets import AssetName
from gallery.services.inventory import Inventory
from gallery.services.notify import Notify, context_changed, tags_changed
from gallery.web.cloudinary_api import admin_lists, particulars
from gallery.web.cloudinary_api.admin_answers import AdminAnswers
from gallery.web.cloudinary_api.admin_lists import checked, given, ids
from gallery.web.cloudinary_api.failures import RefusedError, not_spoken
from gallery.web.cloudinary_api.parameters import Parameters

MODERATIONS = frozenset({"pending", "approved", "rejected"})

UNSPOKEN_CHANGES = (
    *("raw_convert", "ocr", "categorization", "detection", "similarity_search", "auto_tagging"),
    *("background_removal", "quality_override"),
)
"""What Cloudinary or its partners would do with an asset, and nobody here does."""

_EMPTY: Mapping[str, Any] = {
    "tags": (),
    "context": {},
    "custom_coordinates": (),
    "face_coordinates": (),
    "asset_folder": "",
    "display_name": "",
}
"""What may be taken away by an empty value."""

_ASSET_ID = re.compile(r"[0-9a-f]{32}")


def add(routes: Blueprint, inventory: Inventory, answers: AdminAnswers, notify: Notify) -> None:
    """Puts the calls on the routes."""

    @routes.get("/resources/<name>")
    def one_or_all(name: str) -> dict[str, Any]:
        if _ASSET_ID.fullmatch(name):
            return answers.whole(inventory.find_by_asset_id(name), given())
        checked(name)
        return admin_lists.of_resource_type(inventory, answers, name)

    @routes.get("/resources/<resource_type>/<type>/<path:public_id>")
    def one(resource_type: str, type: str, public_id: str) -> dict[str, Any]:
        return answers.whole(inventory.find(_name(resource_type, type, public_id)), given())

    _add_update(routes, inventory, answers, notify)
    _add_restore(routes, inventory, answers)


def _add_update(
    routes: Blueprint, inventory: Inventory, answers: AdminAnswers, notify: Notify
) -> None:
    @routes.post("/resources/<resource_type>/<type>/<path:public_id>")
    def update(resource_type: str, type: str, public_id: str) -> dict[str, Any]:
        params = given()
        listener = params.text("notification_url")
        if listener:
            notify.check(listener)
        before = inventory.find(_name(resource_type, type, public_id))
        after = inventory.change(before, _changes(params))
        for payload in _told_of(before, after) if listener else ():
            notify.send(listener, payload)
        return answers.whole(after, params)


def _add_restore(routes: Blueprint, inventory: Inventory, answers: AdminAnswers) -> None:
    @routes.post("/resources/<resource_type>/<type>/restore")
    def restore(resource_type: str, type: str) -> dict[str, Any]:
        params = given()

        def bring_back(public_id: str) -> Image:
            return inventory.restore(_name(resource_type, type, public_id))

        return _restored(ids(params, "public_ids"), bring_back, answers, params)

    @routes.post("/resources/restore")
    def restore_by_asset_ids() -> dict[str, Any]:
        params = given()
        named = ids(params, "asset_ids")
        return _restored(named, inventory.restore_by_asset_id, answers, params)


def _name(resource_type: str, type: str, public_id: str) -> AssetName:
    checked(resource_type, type)
    return AssetName(public_id=public_id, resource_type=resource_type, type=type)


def _restored(
    named: tuple[str, ...],
    bring_back: Callable[[str], Image],
    answers: AdminAnswers,
    params: Parameters,
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for each in named:
        try:
            told[each] = answers.whole(bring_back(each), params)
        except NotFoundError:
            told[each] = {"error": "no_backup"}
    return told


def _changes(params: Parameters) -> Callable[[Image], Particulars]:
    """What the call wants changed; whatever it does not name stays."""
    for name in UNSPOKEN_CHANGES:
        if name in params:
            raise not_spoken(f"The parameter {name}")
    emptied = {name: empty for name, empty in _EMPTY.items() if params.is_emptied(name)}
    told = replace(particulars.told(params), moderation=_moderation(params), **emptied)
    if not told.changes():
        raise RefusedError(400, "Missing something to change")
    return lambda _: told


def _told_of(before: Image, after: Image) -> Iterator[dict[str, Any]]:
    """What is told of a change to whoever asked to hear of it."""
    if before.tags != after.tags:
        added = [tag for tag in after.tags if tag not in before.tags]
        removed = [tag for tag in before.tags if tag not in after.tags]
        yield tags_changed({after.public_id: (added, removed)})
    if before.context != after.context:
        yield context_changed({after.public_id: (before.context, after.context)})


def _moderation(params: Parameters) -> str | None:
    status = params.text("moderation_status")
    if status and status not in MODERATIONS:
        raise RefusedError(400, f"Invalid moderation_status {status[:40]}")
    return status or None
