"""An image whose variants are asked for the first time, again and again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench.report import BenchError, clocked
from bench.servers import CDN_SECRET, Server
from bench.uploads import send_form
from gallery.services.derived import folder_of
from gallery.signing import sign_delivery
from gallery.transformation import parse


@dataclass(frozen=True, slots=True)
class Cold:
    """One image of a gallery."""

    id: str
    version: str
    folder: Path
    """Where all that was derived from it lies."""
    copy: frozenset[Path]
    """Its mid-size copy, if it has one."""

    def path(self, transformation: str) -> str:
        """The signed address of any variant."""
        wanted = str(parse(transformation))
        signature = sign_delivery(CDN_SECRET, f"{wanted}/{self.id}")
        return f"/cdn/vitrine/image/upload/s--{signature}--/{wanted}/v{self.version}/{self.id}"

    def forget(self) -> None:
        """Every variant is gone; the next request for one is the first again."""
        for file in _files(self.folder) - self.copy:
            file.unlink()

    def cold_ms(self, connection: HTTPConnection, path: str, accept: str = "*/*") -> float:
        """Milliseconds of the first request for a variant."""
        self.forget()
        return clocked(lambda: ask(connection, path, accept))


def upload(gallery: Server, data: Path, file: Path, *, copy: bool) -> Cold:
    """The file as a new image of the gallery, whose data folder that is. Without its mid-size copy
    all variants are made from the original."""
    image = json.loads(send_form(gallery, "/api/images?duplicates=keep", file.read_bytes()))
    version = re.search(r"/v(\d+)/", image["variants"]["thumb"]["url"])
    if version is None:
        raise BenchError(f"no version in the addresses of {image['id']}")
    folder = folder_of(data / "derived", image["id"])
    left = _files(folder)  # Nobody has asked for a variant yet.
    if not copy:
        for each in left:
            each.unlink()
    return Cold(image["id"], version[1], folder, left if copy else frozenset())


def ask(connection: HTTPConnection, path: str, accept: str = "*/*") -> bytes:
    """What is answered. Raises BenchError unless it is a variant."""
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise BenchError(f"{path} is answered with {answer.status}: {content[:300]!r}")
    return content


def _files(folder: Path) -> frozenset[Path]:
    return frozenset(each for each in folder.rglob("*") if each.is_file())
