"""MongoDB is killed, or stands still, while an upload is under way."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

from tests.chaos import history
from tests.chaos.cells import BOTH, Cell
from tests.chaos.history import Told
from tests.chaos.scene import LOCAL, Scene

MOMENTS = (
    "mid-body",
    "in the decoder",
    "before intent",
    "after intent",
    "before flip",
    "after flip, before the answer",
)

SHORT = ("before intent", "before flip")

ANSWERED_WITHIN_S = 10.0
"""Every request, also while the database is away."""

SHORT_S, LONG_S = 2.0, 15.0
"""Stops that an upload sits out, and those that it cannot."""


def killed(point: str, scene: Scene) -> None:
    """It is started again; the upload was taken, or the same again is."""
    upload = history.large()
    scene.hit_database(point, signal.SIGKILL)
    entry = scene.send(upload)
    scene.until_killed()
    assert entry.took_s < ANSWERED_WITHIN_S, entry
    assert entry.told is not Told.REFUSED, entry
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def stopped(point: str, seconds: float, scene: Scene) -> None:
    """It stands still for a while; nobody waits for it longer than is said."""
    upload = history.large()
    mongod = scene.hit_database(point, signal.SIGSTOP)
    sending = scene.later(scene.send, upload)
    scene.until_killed()
    try:
        time.sleep(seconds)
    finally:
        os.kill(mongod, signal.SIGCONT)
    entry = sending.result()
    assert entry.took_s < max(ANSWERED_WITHIN_S, seconds), entry
    assert entry.told is not Told.REFUSED, entry
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


CELLS = (
    *(
        Cell("database killed", point, partial(killed, point), BOTH, short=point in SHORT)
        for point in MOMENTS
    ),
    *(
        Cell(
            f"database stopped {seconds:g} s",
            point,
            partial(stopped, point, seconds),
            (LOCAL,),
            short=seconds == SHORT_S and point in SHORT,
        )
        for seconds in (SHORT_S, LONG_S)
        for point in MOMENTS
    ),
)
