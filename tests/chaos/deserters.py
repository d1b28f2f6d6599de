"""Clients vanish while they send; others ask for the same thing many times at once."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from gallery.config import BODY_CAP
from gallery.serving.workers import WORKERS
from tests.chaos import history
from tests.chaos.cells import BOTH, Cell, LeftOutError
from tests.chaos.history import Told
from tests.chaos.scene import LOCAL, Scene
from tests.programs import eventually

PERCENT = (0, 1, 50, 99, 100)
"""How much of the body was sent; after all of it only the answer is not waited for."""

FORGOTTEN_WITHIN_S = 60.0
AT_ONCE = 50
_SILENT = 40

_TCP_REPAIR = 19
"""An option of Linux: a connection that is closed under repair says nothing to its peer."""


def vanish(percent: int, scene: Scene, *, reset: bool) -> None:
    """The connection breaks; what had arrived goes with it."""
    upload = history.large()
    scene.sender.vanish(upload, percent=percent, reset=reset)
    until_forgotten(scene)
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def fall_silent(percent: int, scene: Scene) -> None:
    """Connections stay, and nothing comes on them any more: others are served meanwhile, and
    nothing is kept once they end.

    They hold a thread each until then, or for the minutes after which they are hung up on.
    """
    upload = history.large()
    with ExitStack() as silent:
        for each in (upload, *(history.large() for _ in range(_SILENT - 1))):
            silent.enter_context(scene.sender.begin(each, percent=percent))
        assert scene.send(history.small()).told is Told.OK
    until_forgotten(scene)
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def crowds_fall_silent(scene: Scene) -> None:
    """More than are read at once: nobody else can add, everybody can look, until they end."""
    uploads = [history.small() for _ in range(WORKERS * BODY_CAP + 200)]
    with ExitStack() as silent:
        for each in uploads:
            silent.enter_context(scene.sender.begin(each, percent=50))
        eventually(lambda: scene.send(history.small()).told is Told.BUSY, FORGOTTEN_WITHIN_S)
        began = time.monotonic()
        assert scene.sender.json("/api/images")["images"] is not None
        assert time.monotonic() - began < 2
    until_forgotten(scene)
    scene.recover()
    assert scene.send(history.small()).told is Told.OK


class Unplugged(Scene):
    """Connections can be taken away without a word to the gallery: neither FIN nor RST."""

    def _set_up(self) -> None:
        with socket.socket() as probe:
            try:
                probe.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
            except OSError:
                raise LeftOutError("no connection may be repaired here (CAP_NET_ADMIN)") from None
        super()._set_up()


def be_unplugged(percent: int, scene: Scene) -> None:
    """The sender is gone, and says nothing: the kernel asks for it, and ends what it left."""
    upload = history.large()
    with scene.sender.begin(upload, percent=percent) as connection:
        eventually(lambda: any((scene.data / "incoming").iterdir()), FORGOTTEN_WITHIN_S)
        connection.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    until_forgotten(scene)
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def until_forgotten(scene: Scene) -> None:
    """Returns when nothing lies in the way in any more."""
    incoming = scene.data / "incoming"
    eventually(lambda: not any(incoming.iterdir()), FORGOTTEN_WITHIN_S)


def the_same_at_once(scene: Scene) -> None:
    """The same request with the same key: one image, one object, one event."""
    upload = history.small()
    entries = scene.sender.send_at_once([upload] * AT_ONCE)
    assert {entry.told for entry in entries} <= {Told.OK, Told.BUSY}, entries
    settled = scene.sender.settle(upload)
    assert {entry.id for entry in entries if entry.told is Told.OK} <= {settled.id}
    scene.recover()
    assert len(scene.listener.created[settled.id or ""]) == 1


def many_vanish(count: int, scene: Scene) -> None:
    """In crowds: no file, no descriptor and no thread is left of them."""
    workers = scene.workers()
    scene.sender.settle(history.small())
    before = sum(map(descriptors, workers))
    for number in range(count):
        percent = PERCENT[number % len(PERCENT)]
        scene.sender.vanish(history.large(), percent=percent, reset=number % 2 == 0)
    until_forgotten(scene)
    eventually(
        lambda: sum(map(descriptors, workers)) <= before + 5 * len(workers), FORGOTTEN_WITHIN_S
    )
    assert scene.workers() == workers
    assert scene.send(history.small()).told is Told.OK


def descriptors(pid: int) -> int:
    """How many files and connections a process has open."""
    return len(os.listdir(Path(f"/proc/{pid}/fd")))  # noqa: PTH208


CELLS = (
    *(
        Cell(
            "client vanishes",
            f"{'reset' if reset else 'closed'} at {percent} %",
            partial(vanish, percent, reset=reset),
            BOTH,
            short=True,
        )
        for percent in PERCENT
        for reset in (True, False)
    ),
    *(
        Cell("client falls silent", f"at {percent} %", partial(fall_silent, percent), (LOCAL,))
        for percent in (0, 50, 99)
    ),
    Cell("client falls silent", "more than are read at once", crowds_fall_silent, (LOCAL,)),
    *(
        Cell(
            "client is unplugged",
            f"at {percent} %",
            partial(be_unplugged, percent),
            (LOCAL,),
            stage=Unplugged,
        )
        for percent in (50, 99)
    ),
    Cell("same request", f"{AT_ONCE} at once", the_same_at_once, BOTH, short=True),
    Cell("client vanishes", "500 of them", partial(many_vanish, 500), (LOCAL,)),
)
