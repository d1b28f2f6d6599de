"""Static files under ``/static/{hash of the tree}/…``: compressed, cached for a year.

The hash covers every file, so a relative import in an unchanged module still leads to the newest
one. An address with an older hash answers with today's file, to be asked for again next time.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import brotli
from flask import Blueprint, Response, request
from werkzeug.datastructures import Accept

from gallery.errors import NotFoundError
from gallery.web.packing import chosen

_LOOK_AGAIN_S = 1.0
"""An edited file shows at the next reload, yet a busy page does not read the tree each time."""

_TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
_TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}

mimetypes.init()


@dataclass(frozen=True, slots=True)
class _File:
    """One static file in each of its encodings."""

    content_type: str
    plain: bytes
    brotli: bytes | None
    gzip: bytes | None


class StaticFiles:
    """The tree of static files: our own, and single files of packages put in at ``extra`` paths."""

    def __init__(self, root: Path, *, extra: Mapping[str, Path]) -> None:
        self._root = root
        self._extra = extra
        self._lock = threading.Lock()
        self._stamps: dict[str, tuple[int, int]] = {}
        self._files: dict[str, _File] = {}
        self._looked_at = float("-inf")
        self._hash = ""

    def url(self, path: str) -> str:
        """The address of a static file, like ``js/main.js``."""
        return f"/static/{self.tree_hash()}/{path}"

    def tree_hash(self) -> str:
        """Twelve hexadecimal digits over all paths and contents."""
        with self._lock:
            if time.monotonic() - self._looked_at > _LOOK_AGAIN_S:
                self._look()
                self._looked_at = time.monotonic()
            return self._hash

    def _paths(self) -> dict[str, Path]:
        own = {
            path.relative_to(self._root).as_posix(): path
            for path in self._root.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
        return own | dict(self._extra)

    def _look(self) -> None:
        paths = self._paths()
        stamps = {
            name: (stat.st_mtime_ns, stat.st_size)
            for name, path in sorted(paths.items())
            if (stat := path.stat())
        }
        if stamps != self._stamps:
            digest = hashlib.sha256()
            for name in stamps:
                digest.update(name.encode() + b"\0" + paths[name].read_bytes() + b"\0")
            self._stamps, self._files, self._hash = stamps, {}, digest.hexdigest()[:12]

    def file(self, name: str) -> _File:
        """The file, compressed on first use. Raises NotFoundError for a name outside the tree."""
        with self._lock:
            if name not in self._stamps:
                raise NotFoundError("There is no such file.")
            if name not in self._files:
                self._files[name] = _load(name, self._extra.get(name, self._root / name))
            return self._files[name]


def _load(name: str, path: Path) -> _File:
    content = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if not kind.startswith(_TEXT):
        return _File(kind, content, None, None)
    charset = "" if kind == "image/svg+xml" else "; charset=utf-8"
    return _File(
        kind + charset,
        content,
        brotli.compress(content, quality=9),
        gzip.compress(content, 9, mtime=0),
    )


def blueprint(files: StaticFiles) -> Blueprint:
    """The addresses of static files."""
    routes = Blueprint("static_files", __name__)

    @routes.get("/static/<tree_hash>/<path:name>")
    def static_file(tree_hash: str, name: str) -> Response:
        current = files.tree_hash()
        file = files.file(name)
        encoding, content = _encoded(file, request.accept_encodings)
        response = Response(content, content_type=file.content_type)
        if encoding:
            response.headers["Content-Encoding"] = encoding
        response.headers["Vary"] = "Accept-Encoding"
        response.set_etag(
            f"{current}-{encoding or 'plain'}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        )
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if tree_hash == current else "no-cache"
        )
        response.make_conditional(request)
        return response

    return routes


def _encoded(file: _File, accepted: Accept) -> tuple[str | None, bytes]:
    """The encoding, and the content in it."""
    encoding = chosen(accepted)
    packed = {"br": file.brotli, "gzip": file.gzip}.get(encoding or "")
    return (encoding, packed) if packed is not None else (None, file.plain)
