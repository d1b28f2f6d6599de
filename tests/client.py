"""Any program that speaks to a gallery over HTTP: uploads, lists, edits, deletes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from tests.pictures import Picture


class Client:
    """Speaks to one gallery; whatever does not succeed fails the test."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._pool = urllib3.PoolManager(maxsize=8, timeout=30, retries=False)

    def close(self) -> None:
        self._pool.clear()

    def add(
        self, picture: Picture, *, filename: str = "", tags: tuple[str, ...] = (), **told: str
    ) -> dict[str, Any]:
        """The image that the gallery made of a picture."""
        fields = [*told.items(), *(("tags", tag) for tag in tags)]
        file = ("image", (filename or picture.name, picture.content))
        return self._json("POST", "/api/images", fields=[*fields, file])

    def add_all(self, pictures: list[Picture]) -> list[dict[str, Any]]:
        """The images of many pictures, several sent at a time: they arrive in any order."""
        with ThreadPoolExecutor(4) as sending:
            return list(sending.map(self.add, pictures))

    def list(self, **query: str) -> list[dict[str, Any]]:
        """Every image, newest first, page by page."""
        images: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            page = self._json("GET", "/api/images", fields={"limit": "100", **query, **more})
            images += page["images"]
            cursor = page["next_cursor"]
        return images

    def find(self, image: dict[str, Any]) -> dict[str, Any]:
        """The image as it is now."""
        return self._json("GET", self._path(image))

    def edit(self, image: dict[str, Any], **changes: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        return self._json("PATCH", self._path(image), body=json.dumps(changes), headers=headers)

    def trash(self, image: dict[str, Any]) -> None:
        self._answer("DELETE", self._path(image))

    def restore(self, image: dict[str, Any]) -> dict[str, Any]:
        return self._json("POST", f"{self._path(image)}/restore")

    def original(self, image: dict[str, Any]) -> bytes:
        """The bytes as they were uploaded."""
        return self._answer("GET", f"{self._path(image)}/original").data

    def archive(self, images: list[dict[str, Any]]) -> str:
        """Where a zip of the originals is fetched."""
        headers = {"Content-Type": "application/json"}
        body = json.dumps({"ids": [image["id"] for image in images]})
        url: str = self._json("POST", "/api/archives", body=body, headers=headers)["url"]
        return url

    def fetch(self, path: str) -> bytes:
        return self._answer("GET", path).data

    def request(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """What the gallery answers, refusals too."""
        return self._pool.request(method, self.address + path, **options)

    def purge_all(self) -> None:
        """Leaves nothing, not even in the trash."""
        with ThreadPoolExecutor(4) as purging:
            for images in (self.list(), self.list(status="trashed")):
                list(purging.map(self.purge, images))

    def purge(self, image: dict[str, Any]) -> None:
        """Deletes for ever."""
        self._answer("DELETE", f"{self._path(image)}?permanent=true")

    def _path(self, image: dict[str, Any]) -> str:
        return f"/api/images/{image['id']}"

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        told: dict[str, Any] = self._answer(method, path, **options).json()
        return told

    def _answer(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        answer = self.request(method, path, **options)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.data!r}"
        return answer
