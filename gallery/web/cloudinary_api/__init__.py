"""``/cdn/v1_1``: the door by which Cloudinary's unchanged SDKs come in.

    parameters → auth → gate → upload   → presets, files, names, particulars, extras, ticketed
                             → actions  → calls, particulars, extras
                             → download → calls
    answers, failures: what is told

Images that come this way are images of the gallery like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from flask import Blueprint, Response, request

from gallery.catalog.attempts import Attempts
from gallery.catalog.upload_presets import UploadPresets
from gallery.outgoing import Outgoing
from gallery.services.assets import Assets
from gallery.services.chunks import Chunks
from gallery.services.eager import Making
from gallery.services.library import Library
from gallery.services.notify import Notify
from gallery.services.own_form import OwnForms
from gallery.web.cloudinary_api import failures
from gallery.web.cloudinary_api.actions import Actions
from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.calls import Calls
from gallery.web.cloudinary_api.download import Downloading
from gallery.web.cloudinary_api.extras import Extras
from gallery.web.cloudinary_api.failures import RefusedError, not_spoken
from gallery.web.cloudinary_api.files import Files
from gallery.web.cloudinary_api.gate import Gate
from gallery.web.cloudinary_api.presets import Presets
from gallery.web.cloudinary_api.ticketed import Ticketed
from gallery.web.cloudinary_api.upload import Uploading

PREFIX = "/cdn/v1_1"

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_UNSPOKEN_TYPES = frozenset({"video"})

_UNSPOKEN = frozenset(
    {"metadata", "text", "sprite", "multi", "explode", "generate_archive", "create_slideshow"}
    | {"download_tag.zip", "download_backup", "analysis", "metadata_fields", "datasources"}
    | {"streaming_profiles", "triggers", "upload_mappings", "content_types", "visual_search"}
)
"""Of Cloudinary's actions and collections those that are not here."""


def blueprint(
    *,
    account: Account,
    answers: Answers,
    attempts: Attempts,
    assets: Assets,
    chunks: Chunks,
    library: Library,
    making: Making,
    notify: Notify,
    own_forms: OwnForms,
    incoming: Path,
    max_file_bytes: int,
    outgoing: Outgoing | None,
    presets: UploadPresets,
) -> Blueprint:
    """The Upload API, and every address under ``/cdn/v1_1`` that no other blueprint has a rule for.

    ``outgoing`` fetches what is uploaded by its URL; ``None`` where that is switched off.
    """
    files = Files(incoming, max_file_bytes=max_file_bytes, outgoing=outgoing)
    shared: dict[str, Any] = {
        "account": account, "answers": answers, "assets": assets, "making": making
    }  # fmt: skip
    gate = Gate(account, attempts)
    extras = Extras(notify=notify, **shared)
    uploading = Uploading(
        gate=gate,
        files=files,
        chunks=chunks,
        extras=extras,
        presets=Presets(presets),
        ticketed=Ticketed(own_forms, assets, answers),
        **shared,
    )
    calls = Calls(account=account, gate=gate, files=files, extras=extras)
    actions = Actions(
        calls=calls, library=library, extras=extras, answers=answers, assets=assets, making=making
    )
    downloading = Downloading(calls=calls, assets=assets, making=making, library=library)
    routes = Blueprint("cloudinary_api", __name__, url_prefix=PREFIX)
    failures.register(routes)
    routes.after_request(_open_to_pages)
    _mount(routes, uploading, actions, downloading)
    _mount_rest(routes, account)
    return routes


def _mount_rest(routes: Blueprint, account: Account) -> None:
    @routes.route("/", defaults={"rest": ""}, methods=METHODS, provide_automatic_options=False)
    @routes.route("/<path:rest>", methods=METHODS, provide_automatic_options=False)
    def anything_else(rest: str) -> Response:
        if request.method == "OPTIONS":
            return preflight()
        _refuse(account, rest)


def _mount(
    routes: Blueprint, uploading: Uploading, actions: Actions, downloading: Downloading
) -> None:
    kinds = "/<cloud_name>/<any(image, raw, video, auto):resource_type>"
    posts: dict[str, Callable[..., Response]] = {
        f"{kinds}/upload": uploading.upload,
        f"{kinds}/upload_chunked": uploading.upload,
        "/<cloud_name>/upload": uploading.upload,
        f"{kinds}/explicit": actions.explicit,
        f"{kinds}/rename": actions.rename,
        f"{kinds}/destroy": actions.destroy,
        f"{kinds}/tags": actions.tags,
        f"{kinds}/context": actions.context,
        "/<cloud_name>/delete_by_token": actions.delete_by_token,
    }
    for rule, view in posts.items():
        routes.add_url_rule(rule, view_func=view, methods=["POST"], provide_automatic_options=False)
    routes.add_url_rule(
        f"{kinds}/download",
        view_func=downloading.download,
        methods=["GET"],
        provide_automatic_options=False,
    )


def preflight() -> Response:
    """Leave for pages of every site to call: what they send is signed, or refused."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE, OPTIONS"
    response.headers["Access-Control-Allow-Headers"] = (
        "Authorization, Cache-Control, Content-Range, Content-Type, X-Requested-With, "
        "X-Unique-Upload-Id"
    )
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _open_to_pages(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "X-Request-Id"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _refuse(account: Account, rest: str) -> NoReturn:
    cloud_name, *parts = rest.split("/")
    account.check_cloud(cloud_name)
    if parts and parts[0] in _UNSPOKEN_TYPES:
        raise not_spoken(f"The resource type {parts[0]}")
    for part in parts[:2]:
        if part in _UNSPOKEN:
            raise not_spoken(f"The action {part}")
    raise RefusedError(404, f"Unknown action {'/'.join(parts)[:200]}")
