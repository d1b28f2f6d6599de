"""The program is killed at the named moments of an upload; parts of it are, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.chaos import history
from tests.chaos.cells import Cell
from tests.chaos.history import Told, Upload
from tests.chaos.points import DECODER, WORKER
from tests.chaos.scene import CLOUDINARY, LOCAL, Scene
from tests.cloudinary_server import Reset
from tests.provider.wire import Exchange

OF_AN_UPLOAD = (
    "headers read",
    "mid-body",
    "body read",
    "in the decoder",
    "before intent",
    "after intent",
    "mid-put",
    "put done, not verified",
    "before flip",
    "after flip, before the answer",
    "answer kept",
    "mid-answer",
)

FORGETS = "sweep, before it forgets"

TOLD_TOO_LATE = ("before flip", "after flip, before the answer")
"""When a sender who wants duplicates could be given two of them."""


def at(point: str, scene: Scene, make: Callable[[], Upload] = history.large) -> None:
    """The program is killed there; the same request, sent again, is done once."""
    upload = make()
    if point == "mid-put" and scene.twin:
        scene.twin.script("upload", Killing(scene, kept=False))
    else:
        scene.order(on(scene, point))
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_dead()
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def in_the_sweep(point: str, scene: Scene) -> None:
    """Killed after the intent; then the sweep that looks after it is killed as well."""
    upload = history.large()
    scene.order("after intent" if point == FORGETS else "before flip")
    scene.send(upload)
    scene.until_dead()
    scene.order(point)
    scene.start_to_die()
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def kept_by_the_store(scene: Scene) -> None:
    """The store has the object, the program dies before it hears of it."""
    assert scene.twin
    upload = history.large()
    scene.twin.script("upload", Killing(scene, kept=True))
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_dead()
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def of_a_worker(point: str, scene: Scene) -> None:
    """One of the serving processes dies; the other goes on, and a third takes its place."""
    upload, bystander = history.large(), history.small()
    scene.order(on(scene, point), WORKER)
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_killed()
    assert scene.sender.settle(bystander).told is Told.OK
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def of_the_decoder(scene: Scene) -> None:
    """The process that decodes dies: one clean refusal, and the same again is taken."""
    upload = history.large()
    scene.order("in the decoder", DECODER)
    assert scene.send(upload).status in (422, 503)
    scene.until_killed()
    scene.recover()
    assert scene.send(upload).told is Told.OK


class Killing:
    """A fault of the store: the program dies while it waits for the answer."""

    def __init__(self, scene: Scene, *, kept: bool) -> None:
        self._scene = scene
        self._kept = kept

    def play(self, exchange: Exchange) -> None:
        self._scene.program.process.kill()
        self._scene.program.process.wait()
        Reset(kept=self._kept).play(exchange)


def keeping() -> Upload:
    """A photograph that may be here twice, if its sender sends it twice."""
    return Upload(history.large().content, keep_duplicates=True)


def on(scene: Scene, point: str) -> str:
    """The same moment on the scene's store."""
    if scene.store == CLOUDINARY and point == "put done, not verified":
        return "put done elsewhere"
    return point


CELLS = (
    *(Cell("killed", point, partial(at, point), short=True) for point in OF_AN_UPLOAD),
    Cell("killed", "inside the sweep", partial(in_the_sweep, "inside the sweep"), short=True),
    # Elsewhere it waits for what may still come before it undoes anything. It takes two sweeps.
    Cell("killed", FORGETS, partial(in_the_sweep, FORGETS), (LOCAL,)),
    Cell("killed", "mid-put, kept by the store", kept_by_the_store, (CLOUDINARY,), short=True),
    *(
        Cell(
            "killed, duplicates wanted",
            point,
            partial(at, point, make=keeping),
            (LOCAL,),
            short=point in TOLD_TOO_LATE,
        )
        for point in OF_AN_UPLOAD[5:]
    ),
    *(
        Cell("worker killed", point, partial(of_a_worker, point), (LOCAL,))
        for point in ("mid-body", "after intent", "before flip", "mid-answer")
    ),
    Cell("decoder killed", "in the decoder", of_the_decoder, (LOCAL,), short=True),
)
