"""The use cases without HTTP: beside the program that serves them, and without it."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

import pytest

from gallery import config, embedded
from gallery.config import Settings
from gallery.errors import ConfigError
from gallery.factory import open_gallery
from gallery.factory.building import Gallery
from gallery.factory.operating import incoming_folder
from gallery.model import Edit, Filter, Image, Received, Sort
from tests.pictures import photo
from tests.programs import Program, free_port


def settings_of(data: Path, **more: str) -> Settings:
    return config.read({"GALLERY_DATA": str(data), **more})


def take(gallery: Gallery, settings: Settings) -> Image:
    """A picture, taken in as an upload is."""
    content = photo().content
    path = incoming_folder(settings) / f"upload-{secrets.token_hex(4)}"
    path.write_bytes(content)
    received = Received(
        path=str(path),
        filename="beach.jpg",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return gallery.ingest.take(received, Edit(description="A beach")).image


def test_starts_the_database_when_no_gallery_runs_and_finds_everything_again(
    tmp_path: Path,
) -> None:
    settings = settings_of(tmp_path)
    with open_gallery(settings) as gallery:
        image = take(gallery, settings)
    with open_gallery(settings) as gallery:
        page, _ = gallery.library.page(Filter(), Sort.NEWEST, cursor=None, limit=10)
        assert [each.id for each in page.images] == [image.id]
        assert gallery.library.find(image.id).description == "A beach"


def test_works_beside_a_gallery_that_runs(tmp_path: Path) -> None:
    settings, port = settings_of(tmp_path), free_port()
    with Program(tmp_path, port=port, module="app").until_it_answers() as program:
        with open_gallery(settings) as gallery:
            image = take(gallery, settings)
        assert json.loads(program.get(f"/api/images/{image.id}"))["description"] == "A beach"
        program.process.terminate()
        assert program.end()[0] == 0


def test_works_on_a_server_of_ones_own(tmp_path: Path, mongod: embedded.Embedded) -> None:
    uri = mongod.uri.replace("/vitrine?", f"/test_{secrets.token_hex(6)}?")
    settings = settings_of(tmp_path, MONGO_URI=uri, SECRET_KEY="k" * 32)
    with open_gallery(settings) as gallery:
        assert gallery.health.failure() is None
    assert not (tmp_path / "mongodb").exists()


def test_says_in_one_line_that_the_database_lets_nobody_in(
    tmp_path: Path, mongod: embedded.Embedded
) -> None:
    address = mongod.uri.rpartition("@")[2]
    settings = settings_of(
        tmp_path, MONGO_URI=f"mongodb://nobody:wrong@{address}", SECRET_KEY="k" * 32
    )
    refused = pytest.raises(ConfigError, match=r"^MONGO_URI: the database refuses the gallery")
    with refused, open_gallery(settings):
        pass


def test_its_audit_knows_pieces_that_no_upload_names(tmp_path: Path) -> None:
    with open_gallery(settings_of(tmp_path)) as gallery:
        (tmp_path / "uploads").mkdir(exist_ok=True)
        (tmp_path / "uploads" / "AAAAAAAAAAAAAAAAAAAAAA.left").touch()

        assert gallery.auditor.run().total_drift == 0
        [finding] = gallery.auditor.run(grace_s=0).findings

    assert finding.name == "AAAAAAAAAAAAAAAAAAAAAA.left"
