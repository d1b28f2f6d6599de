"""The disk is full: that of the originals, that of what comes in, that of the database."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from tests.chaos import history
from tests.chaos.cells import Cell, LeftOutError
from tests.chaos.databases import ANSWERED_WITHIN_S
from tests.chaos.history import Told, Upload
from tests.chaos.scene import LOCAL, Scene
from tests.programs import eventually

_MB = 1024 * 1024
_SIZES = {"incoming": 16 * _MB, "originals": 16 * _MB, "mongodb": 400 * _MB}
"""mongod keeps files of 100 MB for its journal."""

_FULL = {503, 507}

_BOUND = 300_000
"""Bytes: a small photograph has less, a large one more."""


class Cramped(Scene):
    """A gallery whose folders lie on small disks of their own."""

    def __init__(self, folder: Path, store: str, *disks: str) -> None:
        super().__init__(folder, store, CHAOS_FLOOR_BYTES="0")
        self._disks = disks

    def _set_up(self) -> None:
        for name in self._disks:
            self._mount(self.data / name, _SIZES[name])
        super()._set_up()

    def _mount(self, place: Path, size: int) -> None:
        place.mkdir(parents=True, mode=0o700)
        options = f"size={size},mode=700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            raise LeftOutError("no disk can be mounted here") from None
        self._open.callback(subprocess.run, ["umount", "--lazy", str(place)], check=True)

    @contextmanager
    def full(self, name: str) -> Iterator[None]:
        """That disk has no room meanwhile."""
        ballast = self.data / name / "ballast"
        try:
            _fill(ballast)
            yield
        finally:
            ballast.unlink()


def of_what_comes_in(scene: Cramped) -> None:
    """Nothing is kept, not even in part, and what is there can be looked at."""
    upload, before = history.large(), scene.add()
    with scene.full("incoming"):
        assert scene.sender.send(upload, chunked=True).status in _FULL
        assert not [*(scene.data / "incoming").glob("upload-*")]
        assert scene.sender.ask("GET", f"/api/images/{before}/original")[0] == 200
    assert scene.sender.settle(upload).id


def of_the_originals(scene: Cramped) -> None:
    """The same, where the original cannot be copied to its place."""
    upload, before = history.large(), scene.add()
    with scene.full("originals"):
        assert scene.send(upload).status in _FULL
        assert not [*(scene.data / "incoming").glob("upload-*")]
        assert scene.sender.ask("GET", f"/api/images/{before}/original")[0] == 200
    assert scene.sender.settle(upload).id


def of_the_database(scene: Cramped) -> None:
    """Uploads fail while there is no room for their documents, and are taken when there is.

    mongod ends when it cannot write; the program starts it again, and gives up when that is in
    vain, as whoever looks after the program is told.
    """
    uploads = [history.small() for _ in range(10)]
    with MongoClient[dict[str, Any]](scene.uri, timeoutMS=5_000) as client:
        ballast = client["ballast"]["ballast"]
        ballast.insert_one({})  # A collection that has its files when there is no room for more.
        with scene.full("mongodb"):
            _write_until_refused(ballast)
            for upload in uploads:
                entry = scene.send(upload)
                assert entry.told in (Told.UNKNOWN, Told.BUSY), entry
                assert entry.took_s < ANSWERED_WITHIN_S, entry
    eventually(lambda: _settles(scene, uploads[0]), 120.0)
    for upload in uploads:
        scene.sender.settle(upload)


class Bounded(Scene):
    """A gallery none of whose files may grow beyond a bound: a full disk, without one."""

    def __init__(self, folder: Path, store: str) -> None:
        super().__init__(folder, store)
        self._own["CHAOS_FILE_BYTES"] = str(_BOUND)

    def lift(self) -> None:
        """From now on they may."""
        del self._own["CHAOS_FILE_BYTES"]
        self.renew()

    def set(self) -> None:
        """Nor may they again."""
        self._own["CHAOS_FILE_BYTES"] = str(_BOUND)
        self.renew()


def of_what_does_not_fit(scene: Bounded) -> None:
    """What is larger is refused and leaves nothing; what is smaller is taken all the same."""
    upload = history.large()
    assert len(upload.content) > _BOUND
    for chunked in (False, True):
        assert scene.sender.send(upload, chunked=chunked).status in _FULL
        assert not [*(scene.data / "incoming").glob("upload-*")]
    assert scene.send(history.small()).told is Told.OK
    scene.lift()
    assert scene.sender.settle(upload).told is Told.OK
    scene.recover()
    scene.set()


def _write_until_refused(ballast: Collection[dict[str, Any]]) -> None:
    """Fills the files that mongod has room in already."""
    with suppress(PyMongoError):
        while True:
            ballast.insert_one({"_": os.urandom(1_000_000)})


def _settles(scene: Scene, upload: Upload) -> bool:
    scene.ensure()
    return scene.send(upload).told is Told.OK


def _fill(file: Path) -> None:
    piece = bytes(64 * 1024)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while True:
            os.write(handle, piece)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(handle)


def _stage(*disks: str) -> partial[Cramped]:
    return partial(_cramped, disks=disks)


def _cramped(folder: Path, store: str, *, disks: tuple[str, ...]) -> Cramped:
    return Cramped(folder, store, *disks)


_FILES, _DATABASE = _stage("incoming", "originals"), _stage("mongodb")

CELLS = (
    Cell("disk full", "of what comes in", of_what_comes_in, (LOCAL,), _FILES, short=True),
    Cell("disk full", "of the originals", of_the_originals, (LOCAL,), _FILES, short=True),
    Cell("disk full", "of what does not fit", of_what_does_not_fit, (LOCAL,), Bounded, short=True),
    Cell("disk full", "of the database", of_the_database, (LOCAL,), _DATABASE),
)
