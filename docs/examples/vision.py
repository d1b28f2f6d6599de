"""An example: a vision service gives photographs their tags, and a text for those who cannot see.

It uses the gallery's API and nothing else. What is sent to the service is a size of the picture,
without place or names. Only photographs without a text are looked at, so it may be started anew at
any moment, and what a person wrote stays.

GALLERY=http://127.0.0.1:8000 VISION_URL=http://127.0.0.1:9000/ python docs/examples/vision.py
"""

from __future__ import annotations

import http.cookiejar
import json
import logging
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

GALLERY = os.environ.get("GALLERY", "http://127.0.0.1:8000")
VISION_URL = os.environ["VISION_URL"]
PASSWORD = os.environ.get("OWNER_PASSWORD", "")

SILENCE_S = 60
"""The gallery says something every 15 seconds: after this, the line is dead."""

MAX_TAGS = 20

log = logging.getLogger("vision")


class Gallery:
    """The gallery, by its API. Its session is a cookie."""

    def __init__(self) -> None:
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(http.cookiejar.CookieJar()))
        if PASSWORD:
            self.ask("POST", "/api/session", {"password": PASSWORD})

    def ask(
        self, method: str, path: str, told: dict[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        """What a call answers, as JSON. Raises HTTPError for a refusal."""
        with self._open(method, path, told, **headers) as answer:
            return dict(json.load(answer))

    def picture(self, image: dict[str, Any]) -> bytes:
        """A size of it that every service reads: JPEG or PNG, for we name no newer format."""
        with self._open("GET", image["variants"]["card"]["url"]) as answer:
            return bytes(answer.read())

    def all(self) -> Iterator[dict[str, Any]]:
        """Every image, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={quote(cursor)}" if cursor else ""
            page = self.ask("GET", f"/api/images?limit=100{more}")
            yield from page["images"]
            cursor = page["next_cursor"]

    def arriving(self) -> Iterator[dict[str, Any]]:
        """Each image that arrives from this call on. Ends when the line does, or when too much has
        changed for the gallery to tell."""
        return _created(self._open("GET", "/api/events"))

    def _open(
        self, method: str, path: str, told: dict[str, Any] | None = None, **headers: str
    ) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if told is not None:
            body, sent["Content-Type"] = json.dumps(told).encode(), "application/json"
        request = Request(urljoin(GALLERY, path), body, sent, method=method)  # noqa: S310
        return self._opener.open(request, timeout=SILENCE_S)


def _created(stream: Any) -> Iterator[dict[str, Any]]:
    event = ""
    with stream:
        for line in stream:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
                if event == "reload":
                    return
            elif name == "data" and event == "image.created":
                yield json.loads(value)


def look_at(picture: bytes) -> dict[str, Any]:
    """What the service says: ``{"alt": "A red gate", "tags": ["garden"]}``. Put yours here."""
    request = Request(VISION_URL, picture, {"Content-Type": "image/jpeg"})  # noqa: S310
    with build_opener().open(request, timeout=SILENCE_S) as answer:
        return dict(json.load(answer))


def describe(gallery: Gallery, image: dict[str, Any]) -> None:
    """Adds what the service says, unless somebody writes a text meanwhile."""
    found = look_at(gallery.picture(image))
    while not image["alt"]:
        tags = list(dict.fromkeys([*image["tags"], *found["tags"]]))[:MAX_TAGS]
        path, version = f"/api/images/{image['id']}", f'"{image["version"]}"'
        try:
            gallery.ask("PATCH", path, {"alt": found["alt"], "tags": tags}, If_Match=version)
        except HTTPError as error:
            if error.code != 412:  # Somebody else was first: what they changed must stay.
                raise
            image = gallery.ask("GET", path)
        else:
            return


def work(gallery: Gallery) -> None:
    """Looks at what is there, then at what arrives, until the line is lost."""
    stream = gallery.arriving()  # Before the list, so that nothing falls between the two.
    for image in gallery.all():
        if not image["alt"]:
            describe(gallery, image)
    for image in stream:
        describe(gallery, image)


def main() -> None:
    """Works for ever: whatever fails is tried again."""
    while True:
        try:
            work(Gallery())
        except (OSError, ValueError, LookupError):
            log.exception("begins anew")
        time.sleep(1)


if __name__ == "__main__":
    main()
