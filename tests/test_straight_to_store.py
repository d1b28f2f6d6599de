"""A running gallery whose photographs go straight from their senders to Cloudinary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests import pictures
from tests.client import Client
from tests.cloudinary_server import CloudinaryServer
from tests.programs import Program, eventually, free_port

PHOTO = pictures.photo(width=320, height=180).content

SOON_S = 60.0
"""Within what is a matter of seconds, on a machine that is busy with other things."""


@pytest.fixture
def cloudinary() -> Iterator[CloudinaryServer]:
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def gallery(cloudinary: CloudinaryServer, tmp_path: Path) -> Iterator[Client]:
    port, log = free_port(), tmp_path / "log"
    address = f"http://127.0.0.1:{port}"
    settings = {"CLOUDINARY_URL": cloudinary.url, "PUBLIC_URL": address}
    with Program(tmp_path / "data", port=port, module="app", log=log, **settings) as program:
        program.until_it_answers()
        client = Client(address)
        yield client
        client.close()
        assert "Traceback" not in log.read_text(), log.read_text()


def ask(gallery: Client, **told: Any) -> dict[str, Any]:
    """A ticket for the photograph."""
    body = json.dumps({"bytes": len(PHOTO), "filename": "beach.jpg", **told})
    headers = {"Content-Type": "application/json"}
    answer = gallery.request("POST", "/api/uploads", body=body, headers=headers)
    assert answer.status == 201, answer.data
    given: dict[str, Any] = answer.json()
    return given


def send(given: dict[str, Any], content: bytes = PHOTO) -> int:
    """What a browser does with it; it has nothing of us but the ticket."""
    fields = [*given["fields"].items(), (given["file_field"], ("blob", content))]
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("POST", given["url"], fields=fields).status


def state(gallery: Client, given: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = gallery.request("GET", f"/api/uploads/{given['id']}").json()
    return told


def test_cloudinary_tells_that_a_file_has_come_and_nobody_else_needs_to(
    gallery: Client, cloudinary: CloudinaryServer
) -> None:
    given = ask(gallery, description="The sea")
    assert given["url"].startswith(f"http://{cloudinary.host}/")

    assert send(given) == 200

    eventually(lambda: state(gallery, given)["status"] == "ready", SOON_S)
    assert cloudinary.notifier.heard == [200]
    [image] = gallery.list()
    assert (image["id"], image["store"], image["width"]) == (given["id"], "cloudinary", 320)
    assert image["description"] == "The sea"
    assert gallery.original(image) == PHOTO
    assert [public_id for _, public_id in cloudinary.account.assets] == [given["id"]]


def test_its_sender_may_tell_too(gallery: Client, cloudinary: CloudinaryServer) -> None:
    given = ask(gallery)
    send(given)

    for _ in range(2):
        answer = gallery.request("POST", f"/api/uploads/{given['id']}/complete")
        assert answer.status == 200
    eventually(lambda: state(gallery, given)["status"] == "ready", SOON_S)

    assert len(gallery.list()) == 1
    uploads = cloudinary.requests("upload")
    assert len(uploads) == 1, "the photograph went there once, and not through the gallery"


def test_what_is_no_picture_of_ours_is_gone_from_there(
    gallery: Client, cloudinary: CloudinaryServer
) -> None:
    given = ask(gallery, sha256="0" * 64)
    assert send(given) == 200

    gallery.request("POST", f"/api/uploads/{given['id']}/complete")

    eventually(lambda: state(gallery, given)["status"] == "failed", SOON_S)
    assert state(gallery, given)["problem"]["code"] == "damaged_upload"
    eventually(lambda: not cloudinary.account.assets, SOON_S)
    assert gallery.list() == []


def test_workers_make_the_images_and_the_web_decodes_none(
    cloudinary: CloudinaryServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = {"CLOUDINARY_URL": cloudinary.url, "IMAGE_WORK": "workers"}
    data = tmp_path / "data"
    with Program(data, port=port, module="app", log=tmp_path / "log", **settings) as web:
        web.until_it_answers()
        gallery = Client(f"http://127.0.0.1:{port}")
        given = ask(gallery)
        send(given)
        for _ in range(2):
            gallery.request("POST", f"/api/uploads/{given['id']}/complete")
        assert state(gallery, given)["status"] == "processing"
        assert cloudinary.requests("download") == []

        with Program(
            data, port=port, module="gallery.worker", log=tmp_path / "worker-log", **settings
        ):
            eventually(lambda: state(gallery, given)["status"] == "ready", SOON_S)
        gallery.close()
