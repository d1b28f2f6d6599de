"""What is done to images that are there: explicit, rename, tags, context, destroy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, jsonify

from gallery.errors import NotFoundError
from gallery.model import Image, Particulars
from gallery.services import notify as notifications
from gallery.services.assets import AssetName, Assets, not_found
from gallery.services.eager import Making, read_eager
from gallery.services.library import Library
from gallery.web.cloudinary_api import particulars
from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.calls import Calls, asset_name
from gallery.web.cloudinary_api.extras import Extras
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters
from gallery.web.cloudinary_api.particulars import tags_of, type_of

MAX_PUBLIC_IDS = 1000

_LEFT_UNSIGNED = ("notification_url", "batch_id")
"""Of the calls about tags and context: their clients do not sign these."""

Changed = list[tuple[Image, Image]]


class Actions:
    """The views of what is done to images that are there."""

    def __init__(
        self,
        *,
        calls: Calls,
        assets: Assets,
        making: Making,
        library: Library,
        answers: Answers,
        extras: Extras,
    ) -> None:
        self._calls = calls
        self._assets = assets
        self._making = making
        self._library = library
        self._answers = answers
        self._extras = extras

    def explicit(self, cloud_name: str, resource_type: str) -> Response:
        """Changes what is recorded of an image; makes derived ones at once."""
        with self._calls.checked(cloud_name, resource_type) as params:
            name = asset_name(params, resource_type, "public_id")
            told, wishes = particulars.told(params), read_eager(params.text("eager"))
            image = self._assets.find(name)
            if told.changes():
                image = self._assets.change(image, lambda _: told)
            derived: list[dict[str, Any]] = []
            if wishes and image.resource_type == "image":
                image, derived = self._extras.make(image, wishes)
            answer = self._answers.asset(image)
            if derived:
                answer["eager"] = derived
            answer |= self._extras.faces(image, params)
            if image.resource_type == "image" and self._extras.looks_closer(params):
                with self._making.original_of(image) as path:
                    answer |= self._extras.details(path, params)
            self._extras.notify(params, {"notification_type": "explicit", **answer})
        return jsonify(answer)

    def rename(self, cloud_name: str, resource_type: str) -> Response:
        """Gives an image another public id, another type, or both."""
        with self._calls.checked(cloud_name, resource_type) as params:
            name = asset_name(params, resource_type, "from_public_id")
            to = AssetName(
                public_id=params.required("to_public_id"),
                resource_type=resource_type,
                type=type_of(params, "to_type", default=name.type),
            )
            told = particulars.told(params)
            image = self._assets.rename(name, to, overwrite=params.flag("overwrite"))
            if told.changes():
                image = self._assets.change(image, lambda _: told)
            answer = self._answers.asset(image)
            payload = notifications.renamed(answer, before=name.public_id, after=to.public_id)
            self._extras.notify(params, payload)
        return jsonify(answer)

    def destroy(self, cloud_name: str, resource_type: str) -> Response:
        """Deletes an image for ever, its bytes and everything derived from it."""
        with self._calls.checked(cloud_name, resource_type) as params:
            image = self._assets.destroy(asset_name(params, resource_type, "public_id"))
            if image is None:
                return jsonify({"result": "not found"})
            payload = notifications.deleted([_gone(image, self._answers)])
            self._extras.notify(params, payload)
        return jsonify({"result": "ok"})

    def delete_by_token(self, cloud_name: str) -> Response:
        """Deletes an image for whoever has the token that its upload was answered with."""
        with self._calls.unsigned(cloud_name) as params:
            image_id = self._extras.image_of_token(params.required("token"))
            try:
                image = self._assets.find_by_id(image_id)
            except NotFoundError:
                return jsonify({"result": "not found"})
            self._library.purge(image.id)
        return jsonify({"result": "ok"})

    def tags(self, cloud_name: str, resource_type: str) -> Response:
        """Adds, removes or replaces tags of many images."""
        with self._calls.checked(cloud_name, resource_type, unsigned=_LEFT_UNSIGNED) as params:
            command = params.required("command")
            tags = () if command == "remove_all" else _some_tags(params)
            if command not in _TAGGING:
                raise RefusedError(400, f"Invalid command {command[:40]}")
            names = _names(params, resource_type)
            changed = self._assets.change_all(names, _tagging(_TAGGING[command], tags))
            if command == "set_exclusive":
                self._take_from_others(tags, names, changed)
            payload = notifications.tags_changed(
                {
                    after.public_id: (
                        [tag for tag in after.tags if tag not in before.tags],
                        [tag for tag in before.tags if tag not in after.tags],
                    )
                    for before, after in changed
                }
            )
            self._extras.notify(params, payload)
        return jsonify({"public_ids": _ids(changed, names)})

    def _take_from_others(
        self, tags: tuple[str, ...], names: list[AssetName], changed: Changed
    ) -> None:
        kind = names[0]
        others = {
            other.public_id
            for tag in tags
            for other in self._assets.tagged(tag, resource_type=kind.resource_type, type=kind.type)
        } - {name.public_id for name in names}
        changed += self._assets.change_all(
            [replace(kind, public_id=other) for other in sorted(others)],
            _tagging(_TAGGING["remove"], tags),
        )

    def context(self, cloud_name: str, resource_type: str) -> Response:
        """Adds to the context of many images, or removes it all."""
        with self._calls.checked(cloud_name, resource_type, unsigned=_LEFT_UNSIGNED) as params:
            command = params.required("command")
            if command == "add":
                added = particulars.context_of(params.required("context"))
                change: Callable[[Image], Particulars] = lambda image: (  # noqa: E731
                    particulars.with_context(image, added)
                )
            elif command == "remove_all":
                change = lambda _: Particulars(context={})  # noqa: E731
            else:
                raise RefusedError(400, f"Invalid command {command[:40]}")
            names = _names(params, resource_type)
            changed = self._assets.change_all(names, change)
            payload = notifications.context_changed(
                {after.public_id: (before.context, after.context) for before, after in changed}
            )
            self._extras.notify(params, payload)
        return jsonify({"public_ids": _ids(changed, names)})


def _names(params: Parameters, resource_type: str) -> list[AssetName]:
    params.required("public_ids")
    public_ids = dict.fromkeys(params.list("public_ids"))
    if len(public_ids) > MAX_PUBLIC_IDS:
        raise RefusedError(400, f"At most {MAX_PUBLIC_IDS} public ids are taken")
    type = type_of(params)
    return [
        AssetName(public_id=public_id, resource_type=resource_type, type=type)
        for public_id in public_ids
    ]


def _some_tags(params: Parameters) -> tuple[str, ...]:
    params.required("tag")
    return tags_of(params, "tag")


Tagging = Callable[[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]


def _joined(before: tuple[str, ...], tags: tuple[str, ...]) -> tuple[str, ...]:
    joined = tuple(dict.fromkeys((*before, *tags)))
    if len(joined) > particulars.MAX_TAGS:
        raise RefusedError(400, f"At most {particulars.MAX_TAGS} tags are kept for an image")
    return joined


_TAGGING: dict[str, Tagging] = {
    "add": _joined,
    "set_exclusive": _joined,
    "remove": lambda before, tags: tuple(tag for tag in before if tag not in tags),
    "replace": lambda before, tags: tags,
    "remove_all": lambda before, tags: (),
}


def _tagging(command: Tagging, tags: tuple[str, ...]) -> Callable[[Image], Particulars]:
    return lambda image: Particulars(tags=command(image.tags, tags))


def _ids(changed: Changed, names: list[AssetName]) -> list[str]:
    """Those of the call that were there. Refuses a call that met none."""
    asked = {name.public_id for name in names}
    found = [after.public_id for _, after in changed if after.public_id in asked]
    if not found:
        raise not_found(names[0])
    return found


def _gone(image: Image, answers: Answers) -> dict[str, Any]:
    told = answers.resource(image)
    return {
        name: told[name] for name in ("public_id", "resource_type", "type", "asset_id", "version")
    }
