"""The example of the docs: a vision service joined to the gallery by its API alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gallery.config import ROOT
from tests.client import Client
from tests.pictures import photo
from tests.programs import Program, eventually, free_port

SOON_S = 60.0
SEEN = {"alt": "A red gate", "tags": ["garden", "gate"]}


class Vision:
    """A service that says the same of every picture."""

    def __init__(self) -> None:
        self.pictures: list[bytes] = []
        self.meanwhile: Callable[[], Any] | None = None
        """Happens once, while the service looks."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.pictures.append(self.rfile.read(int(self.headers["Content-Length"])))
                happens, outer.meanwhile = outer.meanwhile, None
                if happens:
                    happens()
                body = json.dumps(SEEN).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def vision() -> Iterator[Vision]:
    service = Vision()
    yield service
    service.stop()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Program(tmp_path, port=free_port(), module="app") as program:
        program.until_it_answers()
        with closing(Client(f"http://127.0.0.1:{program.port}")) as client:
            yield client


@contextmanager
def example(client: Client, vision: Vision) -> Iterator[None]:
    """The program of the docs runs."""
    running = subprocess.Popen(
        [sys.executable, "docs/examples/vision.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "GALLERY": client.address, "VISION_URL": vision.url},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        assert running.poll() is None
    finally:
        running.kill()
        _, errors = running.communicate()
    assert errors == ""


def is_described(client: Client, image: dict[str, Any]) -> bool:
    return bool(client.find(image)["alt"])


def test_photographs_that_are_here_and_that_arrive_get_words_and_tags(
    client: Client, vision: Vision
) -> None:
    early = client.add(photo(seed=1), tags=("spring",))
    with example(client, vision):
        eventually(lambda: is_described(client, early), SOON_S)
        late = client.add(photo(seed=2))
        eventually(lambda: is_described(client, late), SOON_S)

    now = client.find(early)
    assert (now["alt"], now["tags"]) == ("A red gate", ["spring", "garden", "gate"])
    assert [image["id"] for image in client.list(q="gate")] == [late["id"], early["id"]]
    assert [picture[:3] for picture in vision.pictures] == [b"\xff\xd8\xff"] * 2


def test_what_a_person_changes_meanwhile_stays(client: Client, vision: Vision) -> None:
    image = client.add(photo(seed=1))
    vision.meanwhile = lambda: client.edit(image, tags=["mine"], description="The old gate")
    with example(client, vision):
        eventually(lambda: is_described(client, image), SOON_S)

    now = client.find(image)
    assert (now["description"], now["tags"]) == ("The old gate", ["mine", "garden", "gate"])


def test_what_arrives_while_the_list_is_looked_at_is_not_missed(
    client: Client, vision: Vision
) -> None:
    client.add(photo(seed=1))
    late: list[dict[str, Any]] = []
    vision.meanwhile = lambda: late.append(client.add(photo(seed=2)))
    with example(client, vision):
        eventually(lambda: bool(late) and is_described(client, late[0]), SOON_S)


def test_a_photograph_with_words_of_its_own_is_not_even_sent(
    client: Client, vision: Vision
) -> None:
    worded = client.add(photo(seed=1), alt="Ours")
    other = client.add(photo(seed=2))
    with example(client, vision):
        eventually(lambda: is_described(client, other), SOON_S)

    assert client.find(worded)["alt"] == "Ours"
    assert len(vision.pictures) == 1
