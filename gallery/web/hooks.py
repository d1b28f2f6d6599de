"""``/api/hooks``: where stores tell us that a file has arrived."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, jsonify, request

from gallery.services.hooks import Hooks
from gallery.stores.hints import Notice
from gallery.web.openapi import describes
from gallery.web.schemas import Strict

MAX_BYTES = 1024 * 1024


class HeardOut(Strict):
    """It was heard. What follows is decided by what the store says when it is asked."""

    status: Literal["heard"]


def blueprint(hooks: Hooks) -> Blueprint:
    """The routes under ``/api/hooks``: each asks for its store's own proof, and for nobody's
    session."""
    routes = Blueprint("hooks", __name__, url_prefix="/api/hooks")

    @routes.post("/<any(cloudinary, cloudflare, s3):store>")
    @describes(
        "Tell that a file has arrived at a store: a notification that the store has signed",
        body="application/json",
        answers={200: HeardOut},
    )
    def hear(store: str) -> Response:
        request.max_content_length = MAX_BYTES
        notice = Notice(
            headers={name.lower(): value for name, value in request.headers.items()},
            token=request.args.get("token", ""),
            body=request.get_data(cache=False),
        )
        hooks.hear(store, notice)
        return jsonify({"status": "heard"})

    return routes
