"""One process of several dies, or stands still: the others go on, without a sweep and soon.

Whoever sends the same again is answered for good while the program runs as ever. Leases are shorter
here than in earnest, so that nobody waits for them; what they mean is the same.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

from tests.chaos import history
from tests.chaos.cells import BOTH, Cell
from tests.chaos.history import Told, Upload
from tests.chaos.kills import keeping, on
from tests.chaos.points import WORKER
from tests.chaos.scene import CLOUDINARY, LOCAL, Scene
from tests.cloudinary_server import Reset
from tests.programs import eventually
from tests.provider.wire import Exchange

LEASE_S = 4.0

_SOON_S = 60.0
_AT_ONCE = 12
"""Some of them come to the process that stands still."""

OF_A_DEATH = (
    "body read",
    "after intent",
    "put done, not verified",
    "before flip",
    "answer kept",
)
OF_A_PAUSE = ("before intent", "after intent", "put done, not verified", "before flip")

SHORT = ("after intent", "before flip")


def _stage(folder: Path, store: str) -> Scene:
    return Scene(folder, store, CHAOS_LEASE_S=str(LEASE_S))


def one_is_killed(point: str, scene: Scene, *, keep: bool = False) -> None:
    """The same is taken by those who are left: no sweep is asked for, nothing is started anew."""
    upload = keeping() if keep else history.large()
    scene.order(on(scene, point), WORKER)
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_killed()
    assert scene.sender.settle(upload, within_s=_SOON_S).told is Told.OK


def one_stands_still(point: str, scene: Scene) -> None:
    """Its lease runs out, the same is taken by another; then it goes on, and breaks nothing."""
    upload = history.large()
    scene.order(on(scene, point), WORKER, signal=signal.SIGSTOP)
    late = scene.later(scene.send, upload)
    scene.until_killed()
    [stopped] = _stopped(scene)
    try:
        time.sleep(LEASE_S + 1)
        crowds = [scene.later(scene.sender.send_at_once, [upload] * _AT_ONCE)]
        eventually(lambda: _is_taken(scene, upload, crowds), _SOON_S)
    finally:
        os.kill(stopped, signal.SIGCONT)
    late.result()
    for crowd in crowds:
        crowd.result()
    assert scene.sender.settle(upload).told is Told.OK


def its_object_comes_late(scene: Scene, *, same: bool) -> None:
    """What it had sent is kept by the store when the same, or somebody else with the same bytes,
    has been taken already."""
    assert scene.twin
    scene.renew()  # It gives up when too many of its processes die.
    upload, late = history.large(), Late(scene)
    scene.twin.script("upload", late)
    assert scene.send(upload).told is Told.UNKNOWN
    other = upload if same else Upload(upload.content)
    assert scene.sender.settle(other, within_s=_SOON_S).told is Told.OK
    late.comes.set()
    assert late.is_there.wait(20.0)
    scene.recover()
    assert scene.sender.settle(upload).id == scene.sender.settle(other).id
    scene.renew()


class Late:
    """A fault of the store: whoever sends is killed, and what was sent is kept later."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.comes, self.is_there = threading.Event(), threading.Event()

    def play(self, exchange: Exchange) -> None:
        for pid in self._scene.workers():
            os.kill(pid, signal.SIGKILL)
        self.comes.wait(2 * _SOON_S)
        Reset(kept=True).play(exchange)
        self.is_there.set()


def _is_taken(scene: Scene, upload: Upload, crowds: list[object]) -> bool:
    time.sleep(0.5)
    if any(entry.told is Told.OK for entry in scene.history.told(upload.key)):
        return True
    if len(crowds) < 4:  # Each may leave some with the one that stands still.
        crowds.append(scene.later(scene.sender.send_at_once, [upload] * _AT_ONCE))
    return False


def _stopped(scene: Scene) -> list[int]:
    def state(pid: int) -> str:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    found: list[int] = []

    def has_stopped() -> bool:
        found[:] = [pid for pid in scene.workers() if state(pid) == "T"]
        return bool(found)

    eventually(has_stopped, 20.0)
    return found


CELLS = (
    *(
        Cell(
            "worker killed, the same at once",
            point,
            partial(one_is_killed, point),
            BOTH,
            _stage,
            short=point in SHORT,
        )
        for point in OF_A_DEATH
    ),
    *(
        Cell(
            "worker killed, duplicates wanted",
            point,
            partial(one_is_killed, point, keep=True),
            (LOCAL,),
            _stage,
        )
        for point in OF_A_DEATH
    ),
    *(
        Cell(
            "workers killed, the object comes late",
            "the same was sent" if same else "the same bytes were sent",
            partial(its_object_comes_late, same=same),
            (CLOUDINARY,),
            _stage,
            short=same,
        )
        for same in (True, False)
    ),
    *(
        Cell("worker stands still", point, partial(one_stands_still, point), BOTH, _stage)
        for point in OF_A_PAUSE
    ),
)
