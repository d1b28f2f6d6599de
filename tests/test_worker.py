"""``python -m gallery.worker`` as real processes, beside a gallery whose store was away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from gallery import config, embedded
from gallery.factory import Application, create_app
from tests import pictures
from tests.cloudinary_server import CloudinaryServer, Fail, Stall
from tests.programs import eventually
from tests.web.conftest import client_of

PATIENCE_S = 60.0


@pytest.fixture
def cloudinary() -> Iterator[CloudinaryServer]:
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def given(
    tmp_path: Path,
    mongod: embedded.Embedded,
    database: Database[dict[str, Any]],
    cloudinary: CloudinaryServer,
) -> dict[str, str]:
    return {
        "GALLERY_DATA": str(tmp_path / "data"),
        "MONGO_URI": mongod.uri.replace("/vitrine?", f"/{database.name}?"),
        "SECRET_KEY": "k" * 32,
        "CLOUDINARY_URL": cloudinary.url,
    }


@pytest.fixture
def gallery(given: dict[str, str]) -> Iterator[Application]:
    """The gallery itself does nothing beside its requests here."""
    application = create_app(config.read(given), stream_cap=3)
    yield application
    application.close()


@contextmanager
def worker(given: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A worker that is at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gallery.worker"],
        cwd=config.ROOT,
        env={"PATH": os.environ["PATH"], **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert "at work" in process.stdout.readline(), process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate()


def spooled(gallery: Application, cloudinary: CloudinaryServer) -> dict[str, Any]:
    """An image that waits for Cloudinary, which answers again by now."""
    cloudinary.script("upload", *[Fail()] * 4)
    image: dict[str, Any] = client_of(gallery).uploaded(pictures.photo().content)
    assert image["store"] == "spool"
    cloudinary.script("upload")
    return image


def has_moved(gallery: Application, image: dict[str, Any]) -> Callable[[], bool]:
    client = client_of(gallery)
    return lambda: client.get(f"/api/images/{image['id']}").json["store"] == "cloudinary"


def test_moves_what_waits_and_ends_in_order(
    gallery: Application, given: dict[str, str], cloudinary: CloudinaryServer
) -> None:
    with worker(given) as process:
        image = spooled(gallery, cloudinary)
        eventually(has_moved(gallery, image), PATIENCE_S)
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, rest) == (0, ("", ""))
    assert len(cloudinary.account.assets) == 1


def test_when_one_is_killed_another_goes_on(
    gallery: Application,
    given: dict[str, str],
    cloudinary: CloudinaryServer,
    database: Database[dict[str, Any]],
) -> None:
    image = spooled(gallery, cloudinary)
    cloudinary.script("upload", Stall(kept=True))
    with worker(given) as killed:
        eventually(lambda: len(cloudinary.account.assets) == 1, PATIENCE_S)
        killed.kill()
        killed.wait()
    assert "lease" in database["images"].find_one({})["migrating"]  # type: ignore[index]
    database["images"].update_one({}, {"$set": {"migrating.lease.lasts_s": 0}})

    with worker(given):
        eventually(has_moved(gallery, image), PATIENCE_S)
        spool = gallery._gallery.stores.named("spool")
        eventually(lambda: list(spool.list()) == [], PATIENCE_S)

    assert len(cloudinary.account.assets) == 1


def test_what_it_cannot_finish_in_time_it_gives_back(
    gallery: Application,
    given: dict[str, str],
    cloudinary: CloudinaryServer,
    database: Database[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spooled(gallery, cloudinary)
    cloudinary.script("upload", *[Stall()] * 40)
    impatient = Path(given["GALLERY_DATA"]).parent / "impatient.py"
    impatient.write_text(
        "import sys\nfrom gallery import worker\nworker.SETTLE_S = 0.2\nsys.exit(worker.main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(impatient)],
        cwd=config.ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(config.ROOT), **given},
    )
    try:
        eventually(lambda: len(cloudinary.requests("upload")) >= 5, PATIENCE_S)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0
        assert time.monotonic() - began < PATIENCE_S / 2
    finally:
        process.kill()
        process.wait()

    [document] = database["images"].find()
    assert "lease" not in document["migrating"]


def test_a_wrong_setting_ends_it_with_one_line(given: dict[str, str]) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "gallery.worker"],
        cwd=config.ROOT,
        env={"PATH": os.environ["PATH"], **given, "MAX_PIXELS": "many"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert process.returncode == 2
    assert process.stderr.startswith("MAX_PIXELS: ")
    assert process.stderr.count("\n") == 1
