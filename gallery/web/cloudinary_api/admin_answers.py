"""Assets as the Admin API answers them, field by field."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from gallery.imaging.made import Details
from gallery.model import Image
from gallery.services.inventory import Inventory, Listed
from gallery.web.cloudinary_api.answers import Answers, format_of
from gallery.web.cloudinary_api.parameters import Parameters

_OF_UPLOADS = ("api_key", "signature", "placeholder")
"""What only the answer to an upload tells."""

_ASKED_FOR = ("coordinates", "pages")

_ALWAYS = ("asset_id", "public_id")


class AdminAnswers:
    """Presents assets as lists and administrators see them."""

    def __init__(self, answers: Answers, inventory: Inventory) -> None:
        self._answers = answers
        self._inventory = inventory

    def page(self, listed: Listed, params: Parameters) -> dict[str, Any]:
        """One page of a list; ``next_cursor`` is absent on the last one."""
        resources = [self.listed(image, params) for image in listed.images]
        more = {} if listed.next_cursor is None else {"next_cursor": listed.next_cursor}
        return {"resources": resources, **more}

    def listed(self, image: Image, params: Parameters) -> dict[str, Any]:
        """An asset as lists show it, with what the parameters ask for besides."""
        told = self._answers.resource(image)
        if params.flag("tags"):
            told["tags"] = sorted(image.tags)
        if params.flag("context") and image.context:
            told["context"] = {"custom": dict(image.context)}
        if params.flag("metadata"):
            told["metadata"] = {}
        if params.flag("moderations"):
            told["moderation"] = _moderation(image)
        return _only(told, params.list("fields"))

    def whole(self, image: Image, params: Parameters) -> dict[str, Any]:
        """All that is known of an asset, with the closer look that the parameters ask for."""
        colors, phash = params.flag("colors"), params.flag("phash")
        names = [each for each in _METADATA if params.flag(each)]
        found = self._inventory.details(image, colors=colors, phash=phash, metadata=bool(names))
        told = self._answers.asset(image) | {"tags": sorted(image.tags)}
        left_out = {*_OF_UPLOADS, *(name for name in _ASKED_FOR if not params.flag(name))}
        told = {name: value for name, value in told.items() if name not in left_out}
        if image.moderation:
            told["moderation_status"] = image.moderation
        if params.flag("faces"):
            told["faces"] = [list(each) for each in image.face_coordinates]
        told |= {each: dict(found.metadata) for each in names}
        return told | _looked_at(found, colors=colors) | self._derived(image, params)

    def _derived(self, image: Image, params: Parameters) -> dict[str, Any]:
        """What was made ready of it for addresses without a signature, page by page."""
        limit = min(params.number("max_results", 10, low=1), 500)
        begin = params.number("derived_next_cursor", 0)
        shown = [self.derived(image, each) for each in image.eager[begin : begin + limit]]
        more = begin + limit < len(image.eager)
        return {"derived": shown} | ({"derived_next_cursor": str(begin + limit)} if more else {})

    def derived(self, image: Image, transformation: str) -> dict[str, Any]:
        """One variant of an image."""
        return {
            "id": derived_id(image, transformation),
            "transformation": transformation,
            "format": format_of(image),
            **self._answers.addresses(image, transformation=transformation),
        }


_METADATA = ("image_metadata", "media_metadata", "exif")


def derived_id(image: Image, transformation: str) -> str:
    """A name for one variant, from which both can be read again."""
    return f"{image.asset_id}{base64.urlsafe_b64encode(transformation.encode()).decode()}"


def read_derived_id(text: str) -> tuple[str, str]:
    """The asset id and the transformation of a variant's name; empty for what is none."""
    try:
        return text[:32], base64.urlsafe_b64decode(text[32:]).decode()
    except ValueError:
        return "", ""


def _moderation(image: Image) -> list[dict[str, str]]:
    return [{"kind": "manual", "status": image.moderation}] if image.moderation else []


def _looked_at(found: Details, *, colors: bool) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if colors:
        told["colors"] = [[color, share] for color, share in found.colors]
    if found.phash is not None:
        told["phash"] = found.phash
    return told


def _only(told: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    wanted = {*fields, *_ALWAYS}
    return {name: value for name, value in told.items() if not fields or name in wanted}
