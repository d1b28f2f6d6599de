"""All images go from disk to a bucket, to Cloudinary and home again, with kills on the way, while
visitors ask for everything that the gallery ever told them."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from pymongo import MongoClient

from gallery import config
from gallery.config import ROOT
from gallery.factory.opening import open_gallery
from tests.chaos import history
from tests.chaos.cells import Cell
from tests.chaos.points import WORKER
from tests.chaos.scene import LOCAL, Scene
from tests.cloudinary_server import CloudinaryServer
from tests.programs import eventually
from tests.s3_server import S3Server

VISITORS = 3
_LEADS_FURTHER = {301, 302, 303, 307, 308}
_PAST = datetime(2020, 1, 1, tzinfo=UTC)


class Abroad(Scene):
    """A gallery on its own disk that has a bucket and an account at Cloudinary besides."""

    def __init__(self, folder: Path, store: str) -> None:
        super().__init__(folder, store)
        self.twin = CloudinaryServer()
        self.bucket = S3Server()

    def _set_up(self) -> None:
        self._open.enter_context(self.bucket)
        bucket = self.bucket.bucket()
        self._settings |= {
            "MEDIA_STORE": LOCAL,
            "S3_BUCKET": bucket.name,
            "S3_ENDPOINT_URL": self.bucket.url,
            "AWS_ACCESS_KEY_ID": bucket.access_key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.secret_access_key,
        }
        super()._set_up()

    def fill(self, count: int) -> None:
        """So many images, sent several at a time."""
        sending = [self.later(self.sender.settle, history.small()) for _ in range(count)]
        ids = {each.result().id for each in sending}
        assert len(ids) == count

    def begin(self, from_: str, to: str) -> None:
        """Gives the order; the program does the work."""
        settings = config.read({"GALLERY_DATA": str(self.data), **self._settings})
        with open_gallery(settings) as gallery:
            gallery.migrating.begin(from_=from_, to=to, keep_s=24 * 3600, rate=None)

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        """What an operator types, as a process of its own."""
        environ = {"GALLERY_DATA": str(self.data), "PATH": "/usr/bin:/bin", **self._settings}
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "gallery", *words],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def until_all_are_in(self, store: str, *, within_s: float) -> None:
        """Returns when the migration is done and every image in that store."""
        elsewhere = {"store": {"$ne": store}}
        eventually(
            lambda: self._state() == (store, "done") and self._count(elsewhere) == 0, within_s
        )

    def until_some_are_in(self, store: str, *, within_s: float) -> None:
        eventually(lambda: self._count({"store": store}) > 0, within_s)

    def _state(self) -> tuple[str, str] | None:
        """Where to, and how it is; ``None`` from a worker that was killed and not quite gone."""
        self.free_the_dead()
        try:
            migration = self.sender.json("/api/status")["migration"]
        except OSError:
            return None
        return migration["to"], migration["state"]

    def _count(self, wanted: dict[str, Any]) -> int:
        with MongoClient[dict[str, Any]](self.uri, timeoutMS=20_000) as client:
            return client.get_default_database()["images"].count_documents(wanted)

    def free_the_dead(self) -> None:
        """A lease ends at once, also of one who lives: others then do the same beside him."""
        with MongoClient[dict[str, Any]](self.uri, timeoutMS=20_000) as client:
            client.get_default_database()["images"].update_many(
                {"migrating.lease": {"$exists": True}},
                {"$set": {"migrating.lease.lasts_s": 0}, "$unset": {"migrating.not_before": ""}},
            )

    def end_stays(self) -> None:
        """A day has passed: what stayed behind goes."""
        with MongoClient[dict[str, Any]](self.uri, timeoutMS=20_000) as client:
            images = client.get_default_database()["images"]
            images.update_many(
                {"staying": {"$exists": True}}, {"$set": {"staying.$[].until": _PAST}}
            )
            images.update_many(
                {"leaving": {"$exists": True}}, {"$unset": {"leaving.$[].until": ""}}
            )
        settings = config.read({"GALLERY_DATA": str(self.data), **self._settings})
        with open_gallery(settings) as gallery:
            while gallery.sweep.run(grace_s=0).purged:
                pass
            assert list(gallery.stores.named("s3").list()) == []
            assert list(gallery.stores.named("cloudinary").list()) == []


class Visitors:
    """Ask for addresses that the gallery tells them now, and for those that it told them before."""

    def __init__(self, scene: Abroad) -> None:
        self._scene = scene
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.told: dict[str, None] = {}
        """Every address that was ever told, in its order."""
        self.answered = 0
        self.broken: list[str] = []

    def __enter__(self) -> Self:
        self._working = [
            self._scene.later(self._look_around, random.Random(number))  # noqa: S311
            for number in range(VISITORS)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for each in self._working:
            each.result()

    def look_at_all(self) -> None:
        """Asks for every address that there is or was."""
        for image in self._list():
            self._remember(image)
        for address in list(self.told):
            self._ask(address)

    def _look_around(self, chance: random.Random) -> None:
        while not self._ended.is_set():
            images = list(self._list())
            for image in chance.sample(images, min(10, len(images))):
                for address in self._remember(image):
                    self._ask(address)
            with self._lock:
                told = list(self.told)
            for address in chance.sample(told, min(20, len(told))):
                self._ask(address)

    def _list(self) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None and not self._ended.is_set():
            status, page = self._patiently(self._page, cursor)
            if status != 200:
                self._note(f"/api/images?cursor={cursor}", status)
                return
            yield from page["images"]
            cursor = page["next_cursor"]

    def _page(self, cursor: str) -> tuple[int, dict[str, Any]]:
        more = f"&cursor={cursor}" if cursor else ""
        status, body = self._scene.sender.ask("GET", f"/api/images?limit=100{more}")
        return status, json.loads(body) if status == 200 else {}

    def _remember(self, image: dict[str, Any]) -> list[str]:
        path = f"/api/images/{image['id']}"
        addresses = [path, f"{path}/original", f"/i/{image['id']}", f"/i/{image['id']}/card"]
        addresses += [image["url"], *(each["url"] for each in image["variants"].values())]
        with self._lock:
            self.told |= dict.fromkeys(addresses)
        return addresses

    def _ask(self, address: str) -> None:
        if not self._ended.is_set():
            status, _ = self._patiently(self._followed, address)
            self._note(address, status)

    def _note(self, address: str, status: int) -> None:
        if self._ended.is_set():
            return
        with self._lock:
            self.answered += 1
            if status != 200:
                self.broken.append(f"{address} answers {status}")

    def _patiently(self, ask: Callable[[str], tuple[int, Any]], what: str) -> tuple[int, Any]:
        """The answer, once there is one: nobody answers while the program is dead, and until it is
        ready again it says so."""
        while True:
            try:
                status, told = ask(what)
                if status != 503 or self._scene._is_ready() or self._ended.is_set():
                    return status, told
            except (OSError, http.client.HTTPException):
                if self._ended.is_set():
                    return 0, {}
            time.sleep(0.05)

    def _followed(self, address: str) -> tuple[int, bytes]:
        """Status and body of where the address leads."""
        here = f"http://127.0.0.1:{self._scene.sender.port}"
        for _ in range(5):
            parts = urlsplit(urljoin(here, address))
            with closing(http.client.HTTPConnection(parts.netloc, timeout=60)) as connection:
                connection.request(
                    "GET", f"{parts.path}?{parts.query}" if parts.query else parts.path
                )
                answer = connection.getresponse()
                body = answer.read()
            if answer.status not in _LEADS_FURTHER:
                return answer.status, body
            address = urljoin(parts.geturl(), answer.headers["Location"])
        return answer.status, body


def around(count: int, scene: Abroad) -> None:
    """Three ways, each with its own deaths; then nothing is left but what was there at first."""
    scene.fill(count)
    patience_s = 120 + count / 2
    with Visitors(scene) as visitors:
        _killed_at(scene, LOCAL, "s3", ("begun to move", "moved, not flipped"))
        scene.until_all_are_in("s3", within_s=patience_s)
        visitors.look_at_all()
        _command_killed(scene, "s3", "cloudinary", within_s=patience_s)
        scene.until_all_are_in("cloudinary", within_s=patience_s)
        visitors.look_at_all()
        _killed_at(scene, "cloudinary", LOCAL, ("moved and flipped",), worker="moved, not flipped")
        scene.until_all_are_in(LOCAL, within_s=patience_s)
        visitors.look_at_all()
    assert visitors.broken == [], visitors.broken[:20]
    assert visitors.answered > count
    scene.end_stays()


def _killed_at(
    scene: Abroad, from_: str, to: str, points: tuple[str, ...], *, worker: str = ""
) -> None:
    """The program dies at each of these moments, a worker of it at the other."""
    scene.order(points[0])
    scene.begin(from_, to)
    scene.until_dead()
    for point in points[1:]:
        scene.order(point)
        scene.start_to_die()
    scene.start()
    if worker:
        scene.order(worker, WORKER)


def _command_killed(scene: Abroad, from_: str, to: str, *, within_s: float) -> None:
    """The command dies while it works beside the program; given again, it goes on with what is
    left, if the program has left anything."""
    words = ("migrate", "--from", from_, "--to", to)
    with scene.command(*words) as command:
        scene.until_some_are_in(to, within_s=within_s)
        command.send_signal(signal.SIGKILL)
    with scene.command(*words) as command:

        def has_ended() -> bool:
            scene.free_the_dead()
            return command.poll() is not None

        eventually(has_ended, within_s)
        assert command.returncode == 0


CELLS = tuple(
    Cell(
        "migrated",
        f"{count:,} images",
        partial(around, count),
        (LOCAL,),
        Abroad,
        short=not long,
        long=long,
    )
    for count, long in ((12, False), (1000, True))
)
