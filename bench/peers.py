"""What the gallery is compared with, and its own parts without the rest around them.

Each function makes a WSGI application, told by the environment what to work on.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify
from flask import send_file as flask_send_file
from pymongo import MongoClient

from gallery.signing import new_id
from gallery.stores.local import LocalStore
from gallery.web.receive import Receiver

_CHUNK_BYTES = 256 * 1024
_MOST_BYTES = 64 * 1024 * 1024

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def send_file() -> Flask:
    """Flask's own way to serve a file: the one that ``BENCH_FILE`` names, at every address."""
    app, file = Flask(__name__), Path(os.environ["BENCH_FILE"]).resolve()

    @app.get("/")
    def variant() -> Response:
        return flask_send_file(file, mimetype="image/webp", max_age=31536000)

    return app


def listing() -> Flask:
    """A list page as tutorials write it; its documents are the answers, word for word."""
    app = Flask(__name__)
    client: MongoClient[dict[str, Any]] = MongoClient(os.environ["BENCH_MONGO_URI"])
    answers = client.get_default_database()["bench_answers"]

    @app.get("/")
    def page() -> Response:
        images = list(answers.find({}, {"_id": 0}).sort("_id", -1).limit(50))
        return jsonify({"images": images, "next_cursor": None})

    return app


def raw_put() -> WSGI:
    """A body straight to a file in ``BENCH_FOLDER``, flushed to the disk: the least there is."""
    folder = Path(os.environ["BENCH_FOLDER"])

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            file = folder / secrets.token_hex(8)
            with file.open("wb", buffering=0) as out:
                while chunk := environ["wsgi.input"].read(_CHUNK_BYTES):
                    out.write(chunk)
                os.fsync(out.fileno())
            _flush_folder(folder)
            file.unlink()
        return _answered(start_response, {})

    return application


def receive() -> WSGI:
    """The gallery's receiver and local store: an upload whose picture nobody looks at."""
    folder = Path(os.environ["BENCH_FOLDER"])
    incoming = folder / "incoming"
    incoming.mkdir(exist_ok=True)
    receiver = Receiver(incoming, max_file_bytes=_MOST_BYTES)
    store = LocalStore(folder / "originals", cloud_name="bench", secret="")

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return _answered(start_response, {})
        with receiver.form(environ, file_field="image") as form:
            assert form.received is not None  # noqa: S101 (the bench sends one)
            key = new_id()
            stored = store.put(key, form.received)
        store.path_of(key).unlink()
        return _answered(start_response, {"bytes": stored.bytes, "sha256": stored.sha256})

    return application


def _answered(start_response: Callable[..., Any], answer: dict[str, Any]) -> list[bytes]:
    content = json.dumps(answer).encode()
    length = ("Content-Length", str(len(content)))
    start_response("200 OK", [("Content-Type", "application/json"), length])
    return [content]


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
