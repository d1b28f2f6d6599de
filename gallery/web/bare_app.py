"""The bare Flask application: cookies, JSON, the base template, and nothing that we do not use."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider
from flask_bootstrap import Bootstrap

from gallery.config import ROOT, Settings
from gallery.errors import NotFoundError

MAX_JSON_BYTES = 64 * 1024


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson: a list page costs half the CPU."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        del kwargs
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        del kwargs
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        content = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(content, mimetype="application/json")


def bare_app(settings: Settings) -> Flask:
    """The Flask application, without a route of ours yet."""
    app = Flask("gallery", root_path=str(ROOT), static_folder=None)
    app.url_map.merge_slashes = False  # An address has one spelling; others lead nowhere.
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_JSON_BYTES,  # Uploads are read by the receiver, with its own limit.
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    if (settings.public_url or "").startswith("https://"):
        app.config.update(SESSION_COOKIE_NAME="__Host-vitrine", SESSION_COOKIE_SECURE=True)
    else:
        app.config.update(SESSION_COOKIE_NAME="vitrine")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True  # Lines of logic leave none.
    Bootstrap(app)
    # The package carries old scripts with known holes: only its template and styles are used.
    app.view_functions["bootstrap.static"] = _nothing_here
    return app


def _nothing_here(**_: str) -> NoReturn:
    raise NotFoundError("There is nothing at this address.")


def packaged_files() -> dict[str, Path]:
    """Files of packages that are served among our own static files, by their path there."""
    folder = Path(str(resources.files("flask_bootstrap"))) / "static" / "css"
    return {"vendor/bootstrap/bootstrap.min.css": folder / "bootstrap.min.css"}
