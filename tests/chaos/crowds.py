"""Many clients at once, while parts of the gallery die, or while it is told to end."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from functools import partial
from typing import Self

from tests.chaos import history
from tests.chaos.cells import BOTH, Cell
from tests.chaos.history import Told, Upload
from tests.chaos.scene import LOCAL, Scene
from tests.cloudinary_server import Fail, Pass
from tests.programs import eventually, is_mongod

CLIENTS = 8

_PAUSES_S = (5.0, 15.0)
"""Between two kills."""

_ENDS_WITHIN_S = 30.0
_ONE_IN = 10
"""So many requests to the store, and one of them fails."""


class Crowd:
    """Clients that upload one small photograph after another, each until it is taken."""

    def __init__(self, scene: Scene, clients: int = CLIENTS) -> None:
        self._scene = scene
        self._ended = threading.Event()
        self.unsettled: list[Upload] = []
        """What a client had to give up."""
        self.acknowledged = 0
        self._working = [scene.later(self._work) for _ in range(clients)]

    def _work(self) -> None:
        while not self._ended.is_set():
            upload = history.small()
            while self._scene.send(upload).told is not Told.OK:
                if self._ended.wait(0.2):
                    self.unsettled.append(upload)
                    return
            self.acknowledged += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Lets each finish what it is at."""
        self._ended.set()
        for each in self._working:
            each.result()


def soak(minutes: float, scene: Scene) -> None:
    """The program, a worker or mongod is killed every few seconds; one call in ten to the store
    fails."""
    chance = random.Random(scene.store)  # noqa: S311 (repeatable on purpose)
    ends_at = time.monotonic() + minutes * 60
    with Crowd(scene) as crowd:
        while (left_s := ends_at - time.monotonic()) > 0:
            if scene.twin:
                scene.twin.script("upload", *[*[Pass()] * (_ONE_IN - 1), Fail()] * 1000)
            time.sleep(min(left_s, chance.uniform(*_PAUSES_S)))
            _kill_one(chance, scene)
            scene.ensure()
    if scene.twin:
        scene.twin.script("upload")
    scene.recover()
    for upload in crowd.unsettled:
        scene.sender.settle(upload)
    assert crowd.acknowledged > 0


def _kill_one(chance: random.Random, scene: Scene) -> None:
    victim = chance.choice(("program", "worker", "mongod"))
    if victim == "program":
        scene.kill()
    elif pids := [pid for pid in _children(scene) if is_mongod(pid) is (victim == "mongod")]:
        os.kill(chance.choice(pids), signal.SIGKILL)


def _children(scene: Scene) -> list[int]:
    """None of a program that has ended: too much of it was killed within a minute."""
    return scene.program.children() if scene.alive else []


def told_to_end(scene: Scene) -> None:
    """SIGTERM under load: what runs is finished, what comes is turned away, and it ends well."""
    before = len(scene.history.entries)
    with Crowd(scene) as crowd:
        eventually(lambda: crowd.acknowledged >= CLIENTS, 60.0)
        began = time.monotonic()
        assert scene.stop() == 0
        assert time.monotonic() - began < _ENDS_WITHIN_S
    entries = scene.history.entries[before:]
    broken = [entry for entry in entries if entry.told is Told.UNKNOWN and not entry.refused]
    assert not broken, broken
    scene.recover()
    for upload in crowd.unsettled:
        scene.sender.settle(upload)


def storm(keys: int, scene: Scene) -> None:
    """The same request fifty times at once, for many keys one after another."""
    for _ in range(keys):
        upload = history.small()
        entries = scene.sender.send_at_once([upload] * 50)
        settled = scene.sender.settle(upload)
        assert {entry.id for entry in entries if entry.told is Told.OK} <= {settled.id}
    scene.recover()
    created = [places for places in scene.listener.created.values() if len(places) > 1]
    assert not created, created


def cells(minutes: float) -> list[Cell]:
    """Those that take as long as they are told."""
    return [
        Cell("told to end", "under load", told_to_end, BOTH),
        Cell("same request", "50 at once, 100 keys", partial(storm, 100), (LOCAL,)),
        Cell("soak", f"{minutes:g} min", partial(soak, minutes), BOTH),
    ]
