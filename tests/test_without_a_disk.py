"""A container without a lasting disk: MongoDB and a cloud keep everything, whatever happens to the
data folder, while the program runs and between two runs."""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from pymongo.database import Database

from gallery import embedded
from tests.client import Client
from tests.cloudinary_server import CloudinaryServer, Fail
from tests.pictures import Picture, photo
from tests.programs import Program, eventually, free_port

SOON_S = 180.0
AWAY = 10_000
"""Requests that Cloudinary refuses while it is away."""


class Container:
    """A gallery whose data folder may go at any moment."""

    def __init__(
        self, disks: Path, database: Database[dict[str, Any]], environ: dict[str, str]
    ) -> None:
        self._disks = disks
        self._database = database
        self._environ = environ
        self.port = free_port()
        self.sent: dict[str, bytes] = {}
        """What was acknowledged, by its id."""

    @contextmanager
    def started(self) -> Iterator[tuple[Program, Client]]:
        """It runs, on a disk that nobody used before."""
        disk = self._disks / secrets.token_hex(4)
        log = self._disks / f"{disk.name}.log"
        with Program(disk, port=self.port, module="app", log=log, **self._environ) as program:
            program.until_it_answers()
            with closing(Client(f"http://127.0.0.1:{self.port}")) as client:
                yield program, client

    def add(self, client: Client, seed: int) -> dict[str, Any]:
        picture = drawn(seed)
        image = client.add(picture)
        self.sent[image["id"]] = picture.content
        return image

    def send_in_pieces(self, client: Client, seed: int) -> None:
        content = drawn(seed).content
        name = base64.b64encode(b"pieces.jpg").decode()
        headers = {"Tus-Resumable": "1.0.0"}
        begun = client.request(
            "POST",
            "/api/tus",
            headers={
                **headers,
                "Upload-Length": str(len(content)),
                "Upload-Metadata": f"filename {name}",
            },
        )
        assert begun.status == 201, begun.data
        where = urlsplit(begun.headers["Location"]).path
        for offset in (0, len(content) // 2):
            piece = content[offset:] if offset else content[: len(content) // 2]
            kind = "application/offset+octet-stream"
            told = client.request(
                "PATCH",
                where,
                body=piece,
                headers={**headers, "Upload-Offset": str(offset), "Content-Type": kind},
            )
            assert told.status == 204, told.data
        before = set(self.sent)
        eventually(lambda: len(client.list()) == len(before) + 1, SOON_S)
        [new] = {image["id"] for image in client.list()} - before
        self.sent[new] = content

    def due(self) -> None:
        """Whatever was put off may be tried now."""
        self._database["images"].update_many({}, {"$unset": {"migrating.not_before": ""}})

    def check_all(self, client: Client) -> None:
        """Nothing is missing: documents, originals, what is shown, the page itself."""
        images = {image["id"]: image for image in client.list()}
        assert images.keys() == self.sent.keys()
        for id, image in images.items():
            assert client.original(image) == self.sent[id]
            for variant in image["variants"].values():
                assert status_of(variant["url"]) == 200
            assert client.request("GET", f"/i/{id}/card").status in (200, 302)
        check_pages(client)


def drawn(seed: int) -> Picture:
    return photo(width=300, height=200, seed=seed)


def status_of(url: str) -> int:
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        return pool.request("GET", url).status


def check_pages(client: Client) -> None:
    """The page, and a static file that it names: those come with the program."""
    page = client.fetch("/").decode()
    script = page.partition('src="/static/')[2].partition('"')[0]
    assert client.fetch(f"/static/{script}")
    client.fetch("/metrics")  # It finds out here that it must count anew.
    client.fetch("/api/images")
    assert b'vitrine_requests_total{method="GET",route="/api/images"' in client.fetch("/metrics")
    assert client.request("GET", "/readyz").status == 200


def waiting(client: Client) -> int:
    told: dict[str, Any] = client.request("GET", "/api/status").json()
    return int(told["moving"]["images"])


@pytest.fixture
def cloudinary() -> Iterator[CloudinaryServer]:
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def container(
    tmp_path: Path, mongod: embedded.Embedded, mongo_client: Any, cloudinary: CloudinaryServer
) -> Iterator[Container]:
    database = f"test_{secrets.token_hex(6)}"
    yield Container(
        tmp_path,
        mongo_client[database],
        {
            "MONGO_URI": mongod.uri.replace("/vitrine?", f"/{database}?"),
            "SECRET_KEY": "k" * 32,
            "CLOUDINARY_URL": cloudinary.url,
        },
    )
    mongo_client.drop_database(database)


def test_nothing_is_missing_though_the_disk_is_thrown_away_while_it_runs_and_between_runs(
    container: Container, cloudinary: CloudinaryServer
) -> None:
    with container.started() as (program, client):
        container.add(client, 1)
        shutil.rmtree(program.data)
        container.check_all(client)
        container.add(client, 2)
        shutil.rmtree(program.data)
        container.send_in_pieces(client, 3)

        cloudinary.script("upload", *[Fail(status=503)] * AWAY)
        for seed in (4, 5, 6):
            container.add(client, seed)
        shutil.rmtree(program.data)
        assert waiting(client) == 3
        container.check_all(client)
        container.add(client, 7)
        program.send(signal.SIGTERM)  # As containers are ended.
        assert program.process.wait(timeout=SOON_S) == 0

    with container.started() as (_, client):
        assert waiting(client) == 4
        container.check_all(client)
        cloudinary.script("upload")
        container.due()
        eventually(lambda: waiting(client) == 0, SOON_S)
        container.check_all(client)
        assert {image["store"] for image in client.list()} == {"cloudinary"}
        assert len(cloudinary.account.assets) == len(container.sent)


def test_an_upload_in_pieces_goes_on_after_the_container_was_thrown_away(
    container: Container,
) -> None:
    content = drawn(1).content
    half = len(content) // 2
    headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    with container.started() as (program, client):
        begun = client.request(
            "POST",
            "/api/tus",
            body=content[:half],
            headers={**headers, "Upload-Length": str(len(content))},
        )
        assert begun.status == 201
        program.send(signal.SIGKILL)
        program.process.wait()

    where = urlsplit(begun.headers["Location"]).path
    with container.started() as (_, client):
        told = client.request("HEAD", where, headers={"Tus-Resumable": "1.0.0"})
        assert told.headers["Upload-Offset"] == str(half)
        rest = client.request(
            "PATCH", where, body=content[half:], headers={**headers, "Upload-Offset": str(half)}
        )
        assert rest.status == 204
        eventually(lambda: len(client.list()) == 1, SOON_S)
        [image] = client.list()
        assert client.original(image) == content
