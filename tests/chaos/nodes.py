"""Two programs of one gallery side by side, on one database and one store."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from gallery import embedded
from tests.chaos import history
from tests.chaos.cells import Cell
from tests.chaos.history import Told
from tests.chaos.moves import ALL, ON_ITS_WAY
from tests.chaos.points import ORDERS
from tests.chaos.scene import CLOUDINARY, Scene
from tests.chaos.sender import Sender
from tests.cloudinary_server import Fail
from tests.programs import Program, eventually, free_port

_SOON_S = 90.0
"""A lease, and what a busy machine takes for the rest."""


class Pair(Scene):
    """The first node can be killed like any; the second goes on."""

    def __init__(self, folder: Path, store: str) -> None:
        database = embedded.start(folder / "elsewhere")
        self._open_database = database
        super().__init__(folder, store, MONGO_URI=database.uri, SECRET_KEY="s" * 32)
        self._open.callback(database.stop)
        self._second_data = folder / "second"
        self._second_log = folder / "second.log"
        self._second_port = free_port()
        self.second = Sender(self._second_port, self.history)

    def _set_up(self) -> None:
        self._open_database.wait_until_ready()
        super()._set_up()
        program = Program(
            self._second_data,
            port=self._second_port,
            module="tests.chaos.program",
            log=self._second_log,
            **self._settings,
            **{ORDERS: str(self._second_data / "no orders")},
        )
        self._open.enter_context(program)
        program.until_it_answers()

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.data, self._second_data)

    @property
    def uri(self) -> str:
        return self._open_database.uri

    def waits_for_nothing(self) -> bool:
        """Whether no image waits for its store any more."""
        with MongoClient[dict[str, Any]](self.uri, timeoutMS=20_000) as client:
            images = client.get_default_database()["images"]
            return images.find_one({"migrating": {"$exists": True}}) is None

    def workers(self) -> list[int]:
        return self.program.children()


def the_same_to_both(scene: Pair) -> None:
    """The same request to both at once is done by one of them."""
    upload = history.small()
    sending = [scene.later(scene.sender.send_at_once, [upload] * 20)]
    sending.append(scene.later(scene.second.send_at_once, [upload] * 20))
    entries = [entry for each in sending for entry in each.result()]
    assert {entry.told for entry in entries} <= {Told.OK, Told.BUSY}, entries
    settled = scene.second.settle(upload)
    assert {entry.id for entry in entries if entry.told is Told.OK} <= {settled.id}


def one_is_killed(point: str, scene: Pair) -> None:
    """The other goes on meanwhile; the same request, sent to it, is done once."""
    upload = history.large()
    scene.order(point)
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_dead()
    assert scene.second.settle(history.small()).told is Told.OK
    scene.sweep()
    assert scene.second.settle(upload).told is Told.OK


def one_is_replaced(scene: Pair) -> None:
    """A node is stopped in order and another started, while uploads go on: none fails."""
    uploads = [history.small() for _ in range(20)]
    sending = scene.later(lambda: [scene.second.send(upload) for upload in uploads])
    scene.stop()
    scene.start()
    assert {entry.told for entry in sending.result()} == {Told.OK}


def the_store_is_away(point: str, scene: Pair) -> None:
    """What the first node was sent waits in the database; it dies, and the second moves it on."""
    assert scene.twin
    scene.renew()
    scene.twin.script("upload", *[Fail()] * ALL)
    upload = history.large()
    if point in ON_ITS_WAY:
        assert scene.send(upload).told is Told.OK
        scene.order(point)
        scene.twin.script("upload")
    else:
        scene.order(point)
        assert scene.send(upload).told is Told.UNKNOWN
        scene.until_dead()
        assert scene.second.settle(upload, within_s=_SOON_S).told is Told.OK
        scene.twin.script("upload")
    eventually(scene.waits_for_nothing, 240.0)
    if not scene.forget_order():  # The second may have been faster.
        scene.until_dead()
    assert scene.second.settle(upload).told is Told.OK


CELLS = (
    Cell("two nodes", "the same request to both", the_same_to_both, (CLOUDINARY,), Pair),
    *(
        Cell("two nodes, one killed", point, partial(one_is_killed, point), (CLOUDINARY,), Pair)
        for point in ("mid-body", "after intent", "before flip", "answer kept")
    ),
    *(
        Cell(
            "two nodes, store away, one killed",
            point,
            partial(the_store_is_away, point),
            (CLOUDINARY,),
            Pair,
        )
        for point in ("to be spooled", "before flip", *ON_ITS_WAY)
    ),
    Cell("two nodes", "one is replaced", one_is_replaced, (CLOUDINARY,), Pair),
)
