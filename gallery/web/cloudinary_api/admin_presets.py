"""The Admin API's upload presets: created, listed, looked at, changed, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint

from gallery.catalog.upload_presets import UploadPreset, UploadPresets
from gallery.services.eager import read_eager
from gallery.transformation import parse
from gallery.web.cloudinary_api import particulars
from gallery.web.cloudinary_api.admin_lists import given, limit_of
from gallery.web.cloudinary_api.admin_named import steps_of
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.names import random_id
from gallery.web.cloudinary_api.parameters import Parameters, split

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,99}")

_OWN = frozenset({"name", "unsigned", "disallow_public_id", "live"})
"""What is said of a preset itself."""

_NO_SETTINGS = frozenset({"api_key", "file", "signature", "timestamp", "upload_preset"})
"""What belongs to a single upload."""


def add(routes: Blueprint, presets: UploadPresets) -> None:
    """Puts the calls on the routes."""

    @routes.get("/upload_presets")
    def list_presets() -> dict[str, Any]:
        params = given()
        limit = limit_of(params)
        # A cursor is the last name: there is nothing in it that the list would not tell.
        found = presets.page(after=params.text("next_cursor"), limit=limit + 1)
        told = {"presets": [_told(each) for each in found[:limit]]}
        return told | ({"next_cursor": found[limit - 1].name} if len(found) > limit else {})

    @routes.get("/upload_presets/<name>")
    def show_preset(name: str) -> dict[str, Any]:
        return _told(presets.find(name))

    @routes.post("/upload_presets")
    def create_preset() -> dict[str, Any]:
        params = given()
        name = params.text("name") or random_id(8)
        if not _NAME.fullmatch(name):
            raise RefusedError(400, f"Invalid name {name[:40]!r} of an upload preset")
        presets.record(_changed(UploadPreset(name=name), params))
        return {"message": "created", "name": name}

    @routes.put("/upload_presets/<name>")
    def change_preset(name: str) -> dict[str, Any]:
        presets.replace(_changed(presets.find(name), given()))
        return {"message": "updated"}

    @routes.delete("/upload_presets/<name>")
    def delete_preset(name: str) -> dict[str, Any]:
        presets.delete(name)
        return {"message": "deleted"}


def _changed(before: UploadPreset, params: Parameters) -> UploadPreset:
    """The preset with what is said of it. Refuses what an upload could not be told."""
    settings = {name: params.text(name) for name in params.names if name not in _OWN | _NO_SETTINGS}
    after = replace(
        before,
        unsigned=params.flag("unsigned", default=before.unsigned),
        takes_public_id=not params.flag("disallow_public_id", default=not before.takes_public_id),
        parameters={**before.parameters, **settings},
    )
    told = Parameters(after.parameters.items())
    particulars.told(told)
    particulars.type_of(told)
    parse(told.text("transformation"))
    read_eager(told.text("eager"))
    return after


def _told(preset: UploadPreset) -> dict[str, Any]:
    settings = {
        name: _READERS.get(name, _plain)(value) for name, value in preset.parameters.items()
    }
    if not preset.takes_public_id:
        settings["disallow_public_id"] = True
    return {"name": preset.name, "unsigned": preset.unsigned, "settings": settings}


def _plain(text: str) -> Any:
    return {"1": True, "true": True, "0": False, "false": False}.get(text, text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "allowed_formats": split,
    "context": particulars.context_of,
    "eager": lambda text: [steps_of(wish.spelled) for wish in read_eager(text)],
    "public_id": str,
    "tags": split,
    "transformation": steps_of,
}
