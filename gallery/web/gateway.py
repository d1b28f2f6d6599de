"""In front of Flask: a plain WSGI function that answers what lies ready under ``/cdn``.

A remembered address costs a file to open and read, and a twentieth of what Flask costs.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from gallery.services.derived import note_use
from gallery.web.access import host_is_ours
from gallery.web.delivery import PREFIX, Deliveries
from gallery.web.media import Answer
from gallery.web.memory import Remembered

StartResponse = Callable[..., Any]
WSGI = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

_CONDITIONS = frozenset({"HTTP_RANGE", "HTTP_IF_NONE_MATCH"})


class Gateway:
    """Answers what lies ready; everything else is Flask's."""

    def __init__(self, app: WSGI, deliveries: Deliveries, hosts: frozenset[str]) -> None:
        self._app = app
        self._deliveries = deliveries
        self._memory = deliveries.memory
        self._hand_over = deliveries.hand_over
        self._hosts = hosts
        self._known_hosts: frozenset[str] = frozenset()
        self._counter = itertools.count(1)
        self.answered = 0
        """How many it has answered itself. A thread that is late may take one back until the next
        answer: a lock would cost more than the count."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(PREFIX) and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            answer = self._ready(environ)
            if answer is not None:
                self.answered = next(self._counter)
                status, headers, body = answer
                start_response(status, headers)
                return body
        return self._app(environ, start_response)

    def _ready(self, environ: dict[str, Any]) -> Answer | None:
        if not self._is_ours(environ.get("HTTP_HOST", "")):
            return None
        entry = self._memory.find(environ)
        if entry is None or entry.until < time.monotonic():
            return self._deliveries.kept(environ)
        return self._remembered(environ, entry) or self._deliveries.kept(environ)

    def _is_ours(self, host: str) -> bool:
        if host in self._known_hosts:
            return True
        if not host_is_ours(host, self._hosts):
            return False
        if len(self._known_hosts) < 16:  # Ports differ, and letters may.
            self._known_hosts |= {host}
        return True

    def _remembered(self, environ: dict[str, Any], entry: Remembered) -> Answer | None:
        """``None`` when the file is gone, and with it the right to fetch it."""
        media, hand_over = entry.media, self._hand_over
        try:
            if hand_over is not None or environ.get("HTTP_IF_NONE_MATCH") == media.etag:
                found = os.stat(media.path)  # noqa: PTH116 (a third of what Path.stat costs)
                note_use(media.path, found.st_mtime)
                if hand_over is None or media.is_known_to(environ):
                    return media.unchanged()
                return hand_over(media)
            content = self._content(media.path, entry.length)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if content is None:
            return None
        if _CONDITIONS.isdisjoint(environ):
            body = [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
            return "200 OK", entry.headers, body
        return media.answer(environ, content)

    def _content(self, path: str, length: int) -> bytes | None:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = os.fstat(handle)
            note_use(path, found.st_mtime)
            content = os.read(handle, length + 1)
        finally:
            os.close(handle)
        return content if len(content) == length else None
