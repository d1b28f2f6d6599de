"""The Admin API: everything in the gallery, for those who hold the account's secret.

``admin_lists`` and ``admin_assets`` are about assets, ``admin_deletes`` about their end,
``admin_named`` about transformations, ``admin_presets`` about what uploads are told; what is
answered is spelled in ``admin_answers``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, NoReturn

from flask import Blueprint, Response, request

from gallery.catalog.upload_presets import UploadPresets
from gallery.config import Settings
from gallery.services.inventory import Inventory
from gallery.services.named import Named
from gallery.services.notify import Notify
from gallery.web.cloudinary_api import (
    PREFIX,
    admin_assets,
    admin_deletes,
    admin_lists,
    admin_named,
    admin_presets,
    failures,
)
from gallery.web.cloudinary_api.admin_answers import AdminAnswers
from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.failures import RefusedError, not_spoken

ALLOWED = 1_000_000
"""Calls an hour that are announced. Nothing is counted: whoever has the secret is the owner."""

METHODS = ("GET", "POST", "PUT", "DELETE")

UNSPOKEN = (
    *("search", "folders/search", "metadata_rules", "notifications"),
    *("resources/search", "resources/visual_search", "resources/related_assets"),
    *("resources/backup", "resources/<resource_type>/publish_resources"),
)
"""Of Cloudinary's addresses those that nothing here answers, with all that lies below them."""


def blueprint(
    *,
    account: Account,
    answers: Answers,
    inventory: Inventory,
    named: Named,
    notify: Notify,
    presets: UploadPresets,
    settings: Settings,
) -> Blueprint:
    """The Admin API of one cloud."""
    routes = Blueprint("cloudinary_admin", __name__, url_prefix=f"{PREFIX}/<cloud>")
    failures.register(routes)
    admin_answers = AdminAnswers(answers, inventory)

    @routes.url_value_preprocessor
    def take_cloud(_: str | None, values: dict[str, Any] | None) -> None:
        request.environ["vitrine.cloud"] = (values or {}).pop("cloud", "")

    @routes.before_request
    def check() -> None:
        account.check_cloud(request.environ["vitrine.cloud"])
        account.check_basic(request.headers.get("Authorization"))

    @routes.after_request
    def announce(response: Response) -> Response:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        response.headers["X-FeatureRateLimit-Limit"] = str(ALLOWED)
        response.headers["X-FeatureRateLimit-Remaining"] = str(ALLOWED)
        response.headers["X-FeatureRateLimit-Reset"] = format_datetime(
            hour + timedelta(hours=1), usegmt=True
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    _add_account(routes, account, inventory, settings)
    admin_lists.add(routes, inventory, admin_answers)
    admin_assets.add(routes, inventory, admin_answers, notify)
    admin_deletes.add(routes, inventory)
    admin_named.add(routes, named)
    admin_presets.add(routes, presets)
    _add_unspoken(routes)
    return routes


def _add_account(
    routes: Blueprint, account: Account, inventory: Inventory, settings: Settings
) -> None:
    """What is said of the account itself."""

    @routes.get("/ping")
    def ping() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/config")
    def config() -> dict[str, Any]:
        told: dict[str, Any] = {"cloud_name": account.cloud_name}
        if request.args.get("settings", "").lower() in ("true", "1"):
            told["settings"] = {"folder_mode": "fixed"}
        return told

    @routes.get("/usage", defaults={"date": ""})
    @routes.get("/usage/<date>")
    def usage(date: str) -> dict[str, Any]:
        day = _day(date)
        weight = inventory.weight(before=day + timedelta(days=1) if day else None)
        return {
            "plan": "Vitrine",
            "last_updated": f"{account.now():%Y-%m-%d}",
            "date_requested": f"{day or account.now():%Y-%m-%dT00:00:00Z}",
            "objects": {"usage": weight.objects},
            "storage": {"usage": weight.bytes},
            "resources": weight.objects,
            "derived_resources": weight.derived,
            # Nobody counts these here, and nobody is charged for them.
            **{name: {"usage": 0} for name in ("transformations", "bandwidth", "credits")},
            "requests": 0,
            "media_limits": {
                "image_max_size_bytes": settings.max_upload_bytes,
                "raw_max_size_bytes": settings.max_upload_bytes,
                "image_max_px": settings.max_pixels,
            },
        }


def _day(text: str) -> datetime | None:
    """The day that ``dd-mm-yyyy`` (or, as some write it, ``yyyy-mm-dd``) names."""
    if not text:
        return None
    form = "%d-%m-%Y" if re.match(r"[0-9]{2}-", text) else "%Y-%m-%d"
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError(400, f"Invalid date {text[:40]}: write dd-mm-yyyy") from None


def _add_unspoken(routes: Blueprint) -> None:
    def refuse(**below: str) -> NoReturn:
        del below
        name = request.path.split("/")[4]
        raise not_spoken(f"What lies at {name}" if name == "resources" else name)

    for number, address in enumerate(UNSPOKEN):
        for place in (f"/{address}", f"/{address}/<path:below>"):
            routes.add_url_rule(place, f"unspoken_{number}", refuse, methods=METHODS)
    # Folders are there as long as something lies in them.
    changes = [method for method in METHODS if method != "GET"]
    routes.add_url_rule("/folders/<path:below>", "unspoken_folders", refuse, methods=changes)
