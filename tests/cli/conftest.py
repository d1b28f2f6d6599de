"""Commands in this process, on a real MongoDB and a data folder of the test's own."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from pymongo.database import Database

from gallery import cli, config, embedded
from gallery.config import Settings
from gallery.factory import open_gallery
from gallery.factory.building import Gallery
from gallery.factory.operating import incoming_folder
from gallery.model import Edit, Image, Received
from tests.pictures import Picture, photo


@dataclass(frozen=True)
class Here:
    """A gallery, what an operator types, and what is behind it."""

    settings: Settings
    database: Database[dict[str, Any]]

    def run(self, *words: str) -> Result:
        """What ``flask --app app gallery`` does."""
        return cli.app().test_cli_runner().invoke(args=["gallery", *words])

    def run_json(self, *words: str) -> dict[str, Any]:
        """What it tells with ``--json``."""
        told: dict[str, Any] = json.loads(self.run(*words, "--json").stdout)
        return told

    def opened(self) -> AbstractContextManager[Gallery]:
        return open_gallery(self.settings)

    def add(self, picture: Picture | None = None, **told: Any) -> Image:
        """An image in the gallery."""
        content = (picture or photo()).content
        path = incoming_folder(self.settings) / f"upload-{secrets.token_hex(4)}"
        path.write_bytes(content)
        received = Received(
            path=str(path),
            filename="beach.jpg",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        with self.opened() as gallery:
            image = gallery.ingest.take(received, Edit(**told)).image
        path.unlink()
        return image

    def original(self, image: Image) -> Path:
        return self.settings.gallery_data / "originals" / image.key[:2] / image.key


@pytest.fixture
def make_here(
    mongod: embedded.Embedded,
    mongo_client: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Here]]:
    """Makes galleries by a name; what is typed is typed in the last one."""
    made: list[str] = []

    def make(name: str) -> Here:
        database = f"test_{secrets.token_hex(6)}"
        made.append(database)
        environ = {
            "GALLERY_DATA": str(tmp_path / name),
            "MONGO_URI": mongod.uri.replace("/vitrine?", f"/{database}?"),
            "SECRET_KEY": "k" * 32,
        }
        for each, value in environ.items():
            monkeypatch.setenv(each, value)
        return Here(config.read(environ), mongo_client[database])

    yield make
    for database in made:
        mongo_client.drop_database(database)


@pytest.fixture
def here(make_here: Callable[[str], Here]) -> Here:
    return make_here("data")
