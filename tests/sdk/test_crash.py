"""The gallery is killed while SDKs write to it: what was acknowledged is there, nothing half."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from cloudinary import exceptions, uploader

from tests import pictures
from tests.client import Client
from tests.programs import Program, eventually, free_port
from tests.sdk.conftest import KEY, LIMIT_BYTES, SECRET, Sdk, noise
from tests.sdk.test_python_chunks import CHUNK, Sender

NAMES = ("one", "two", "three")


class Gallery:
    """One gallery on one folder and port, started and killed at will."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.sdk = Sdk(f"http://127.0.0.1:{self.port}")
        self.program = self.start()

    def start(self) -> Program:
        settings = {
            "CDN_API_KEY": KEY,
            "CDN_API_SECRET": SECRET,
            "MAX_UPLOAD_BYTES": str(LIMIT_BYTES),
        }
        log = self._folder / "log"
        program = Program(self._folder / "data", port=self.port, module="app", log=log, **settings)
        self.program = program.until_it_answers()
        return program

    def kill(self) -> None:
        os.killpg(self.program.process.pid, signal.SIGKILL)
        self.program.process.wait()

    def originals(self) -> list[Path]:
        folder = self._folder / "data" / "originals"
        return [path for path in folder.glob("??/*") if path.is_file()]


@pytest.fixture
def gallery(tmp_path: Path) -> Any:
    gallery = Gallery(tmp_path)
    yield gallery
    gallery.kill()


class Writer:
    """Overwrites one asset again and again, and knows what may be there."""

    def __init__(self, sdk: Sdk, name: str) -> None:
        self._sdk, self._name = sdk, name
        self.acknowledged = ""
        self.acknowledgements = 0
        self.sent = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        for seed in range(1, 1000):
            content = pictures.photo(seed=seed + hash(self._name) % 1000).content
            self.sent = hashlib.md5(content, usedforsecurity=False).hexdigest()
            try:
                answer = self._sdk.upload(content, public_id=self._name, timeout=20)
            except exceptions.Error:
                return
            assert answer["etag"] == self.sent
            self.acknowledged = self.sent
            self.acknowledgements += 1
            if self._stopped.is_set():
                return

    def end(self) -> None:
        self._stopped.set()
        self._thread.join()


@pytest.mark.parametrize("round", range(3))
def test_what_was_acknowledged_outlives_a_kill(gallery: Gallery, round: int) -> None:
    writers = [Writer(gallery.sdk, name) for name in NAMES]
    eventually(lambda: all(writer.acknowledgements > 2 for writer in writers), within_s=60)
    time.sleep(0.013 * round)  # Each round meets another moment.
    gallery.kill()
    for writer in writers:
        writer.end()

    gallery.start()

    client = Client(gallery.sdk.address)
    for writer, name in zip(writers, NAMES, strict=True):
        asset = gallery.sdk.call(uploader.explicit, name, type="upload")
        content = gallery.sdk.original(name)
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == asset["etag"]
        assert asset["etag"] in (writer.acknowledged, writer.sent)
    # The sweep puts the rest right: an object for each image, and no other.
    eventually(lambda: len(gallery.originals()) == len(client.list()) == len(NAMES), within_s=30)
    for name in NAMES:
        replaced = gallery.sdk.upload(pictures.photo(seed=7).content, public_id=name)
        assert replaced["overwritten"] is True
    assert len(gallery.originals()) == len(NAMES)
    client.close()


def test_a_chunked_upload_goes_on_after_a_kill(gallery: Gallery) -> None:
    content = noise().content
    sender = Sender(gallery.sdk, content, public_id="big")
    assert sender.send(0, CHUNK)[0] == 200
    gallery.kill()
    gallery.start()

    for first in range(CHUNK, len(content), CHUNK):
        status, told = sender.send(first, first + CHUNK)
        assert status == 200

    assert told["public_id"] == "big"
    assert gallery.sdk.original("big") == content
    answer = gallery.sdk.call(
        uploader.upload_large, io.BytesIO(content), chunk_size=CHUNK, resource_type="image"
    )
    assert answer["bytes"] == len(content)
