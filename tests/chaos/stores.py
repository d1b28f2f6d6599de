"""The store is slow, fails, resets connections, or keeps what it was sent and never says so."""

from __future__ import annotations

from functools import partial

from tests.chaos import history
from tests.chaos.cells import Cell
from tests.chaos.history import Told
from tests.chaos.scene import CLOUDINARY, Scene
from tests.cloudinary_server import Fail, Garble, Reset, Stall, Truncate
from tests.provider.wire import Fault

OFTEN = 8
"""More failures than anybody tries again after."""

PASSING: dict[str, Fault] = {
    "an error 500": Fail(),
    "an error 503 that says when": Fail(status=503, headers={"Retry-After": "1"}),
    "a reset": Reset(),
    "kept, then a reset": Reset(kept=True),
    "kept, then nonsense": Garble(kept=True),
    "kept, then half an answer": Truncate(announced=True),
}

LASTING: dict[str, Fault] = {
    "errors 500": Fail(),
    "errors 503": Fail(status=503),
    "resets": Reset(),
    "kept, then resets": Reset(kept=True),
    "kept, then nonsense again and again": Garble(kept=True),
    "no answer": Stall(),
    "kept, then no answer": Stall(kept=True),
}


SHORT = ("kept, then a reset", "errors 500", "kept, then no answer")


def once(fault: Fault, scene: Scene) -> None:
    """It is tried again, and the upload is taken."""
    assert scene.twin
    scene.renew()
    scene.twin.script("upload", fault)
    entry = scene.send(history.large())
    assert entry.told is Told.OK, entry


def again_and_again(fault: Fault, scene: Scene) -> None:
    """The upload may fail; when the store answers again, the same is taken."""
    assert scene.twin
    scene.renew()
    upload = history.large()
    scene.twin.script("upload", *[fault] * OFTEN)
    entry = scene.send(upload)
    assert entry.told is not Told.REFUSED, entry
    scene.twin.script("upload")
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def at_the_sweep(fault: Fault, scene: Scene) -> None:
    """It fails for the sweep, too, which leaves the matter to the next one."""
    assert scene.twin
    upload = history.large()
    scene.order("before flip")
    scene.send(upload)
    scene.until_dead()
    scene.twin.script("resource", *[fault] * OFTEN)
    scene.start()
    scene.twin.script("resource")
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


CELLS = (
    *(
        Cell("store", name, partial(once, fault), (CLOUDINARY,), short=name in SHORT)
        for name, fault in PASSING.items()
    ),
    *(
        Cell("store", name, partial(again_and_again, fault), (CLOUDINARY,), short=name in SHORT)
        for name, fault in LASTING.items()
    ),
    Cell("store", "errors 500 at the sweep", partial(at_the_sweep, Fail()), (CLOUDINARY,)),
)
