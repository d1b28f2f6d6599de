"""The store is away, and the program is killed while an image waits for it or is on its way."""

from __future__ import annotations

from functools import partial

from tests.chaos import history
from tests.chaos.cells import Cell
from tests.chaos.history import Told
from tests.chaos.scene import CLOUDINARY, Scene
from tests.cloudinary_server import Fail, Reset
from tests.provider.wire import Fault

ALL = 200
"""More failures than the store is asked for while it is away."""

ON_ITS_WAY = ("claimed to move", "moved, not flipped", "moved and flipped", "spool left")
INTO_THE_SPOOL = ("about to spool", "to be spooled", "mid-put", "before flip")


def on_its_way(point: str, scene: Scene) -> None:
    """It is taken; the program dies while it moves; it arrives once."""
    assert scene.twin
    scene.renew()
    scene.twin.script("upload", *[Fail()] * ALL)
    upload = history.large()
    assert scene.send(upload).told is Told.OK
    scene.order(point)
    scene.twin.script("upload")
    scene.until_dead()
    scene.recover()
    assert scene.sender.settle(upload).told is Told.OK


def into_the_spool(point: str, fault: Fault, scene: Scene) -> None:
    """The program dies before the spool has it; the same is taken while the store is still away."""
    assert scene.twin
    scene.renew()
    upload = history.large()
    scene.twin.script("upload", *[fault] * ALL)
    scene.order(point)
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_dead()
    scene.start()
    assert scene.sender.settle(upload).told is Told.OK
    scene.twin.script("upload")


CELLS = (
    *(
        Cell(
            "store away, killed",
            point,
            partial(on_its_way, point),
            (CLOUDINARY,),
            short=point == "moved, not flipped",
        )
        for point in ON_ITS_WAY
    ),
    *(
        Cell(
            f"store away{name}, killed",
            point,
            partial(into_the_spool, point, fault),
            (CLOUDINARY,),
            short=bool(name) and point == "to be spooled",
        )
        for name, fault in (("", Fail()), (" but keeping", Reset(kept=True)))
        for point in INTO_THE_SPOOL
    ),
)
