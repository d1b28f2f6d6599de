"""Clocks are wrong, and are put right at once: that of the machine, or that of one node of two.

The program runs under libfaketime (``apt-get install faketime``), which reads from a file how far
its clock is off; what measures durations is not touched, as when an operator sets a clock. Only
signatures may suffer from a clock that is off, and nobody may wait for it to come round again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.chaos import history
from tests.chaos.cells import BOTH, Cell, LeftOutError
from tests.chaos.history import Told
from tests.chaos.nodes import Pair
from tests.chaos.points import WORKER
from tests.chaos.scene import CLOUDINARY, LOCAL, Scene

SMALL_JUMPS = ("+10m", "-10m")
JUMPS = (*SMALL_JUMPS, "+3h", "-3h")
"""Cloudinary refuses what was signed more than an hour ago, or ahead: there, small ones."""

MOMENTS = ("after intent", "before flip", "answer kept")

_PLACES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
_SOON_S = 90.0
"""A lease, and what a busy machine takes for the rest."""


def _settings(folder: Path) -> dict[str, str]:
    """What makes the clock of a program that of the file ``clock`` in the folder."""
    found = next(Path("/").glob(_PLACES.lstrip("/")), None)
    if found is None:
        raise LeftOutError("no libfaketime is here (apt-get install faketime)")
    (folder / "clock").write_text("+0")
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


class Adrift(Scene):
    """The clock of the machine can be set: the program and its database have it both."""

    def __init__(self, folder: Path, store: str) -> None:
        self._clock = folder / "clock"
        super().__init__(folder, store, **_settings(folder))

    def set_clock(self, ahead: str) -> None:
        """From now on, for whoever looks."""
        draft = self._clock.with_suffix(".draft")
        draft.write_text(ahead)
        draft.replace(self._clock)

    @contextmanager
    def clock(self, ahead: str) -> Iterator[None]:
        """It is off for so long as the block lasts."""
        self.set_clock(ahead)
        try:
            yield
        finally:
            self.set_clock("+0")


class PairAdrift(Pair):
    """The clock of the first node can be set, and is: those of the other and the database go on."""

    def __init__(self, folder: Path, store: str, ahead: str) -> None:
        own = _settings(folder)
        super().__init__(folder, store)
        self._own |= own
        (folder / "clock").write_text(ahead)


def under_way(ahead: str, scene: Adrift) -> None:
    """It jumps while a file arrives, and back again when the next one does."""
    for jump in (ahead, "+0"):
        upload = history.large()
        with scene.sender.begin(upload, percent=50) as connection:
            scene.set_clock(jump)
            form = scene.sender.form(upload)
            connection.sendall(form.body[len(form.body) * 50 // 100 :])
            connection.settimeout(_SOON_S)
            connection.recv(1)
        assert scene.sender.settle(upload).told is Told.OK


def between_death_and_retry(point: str, ahead: str, scene: Adrift) -> None:
    """One process is killed, the clock jumps, and nobody waits for it to come round."""
    upload = history.large()
    scene.order(point, WORKER)
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_killed()
    with scene.clock(ahead):
        assert scene.sender.settle(upload, within_s=_SOON_S).told is Told.OK
        scene.recover()


def at_the_start(point: str, ahead: str, scene: Adrift) -> None:
    """The program is killed, and starts again by another clock; then that is put right."""
    upload = history.large()
    scene.order(point)
    assert scene.send(upload).told is Told.UNKNOWN
    scene.until_dead()
    with scene.clock(ahead):
        scene.start()
        assert scene.sender.settle(upload, within_s=_SOON_S).told is Told.OK
        scene.recover()
    assert scene.sender.settle(history.large()).told is Told.OK


def of_one_node(scene: PairAdrift) -> None:
    """Both nodes take what they are sent, and the same but once; when the one whose clock is off
    dies, the other goes on."""
    assert scene.send(history.small()).told is Told.OK
    assert scene.second.send(history.small()).told is Told.OK
    upload = history.small()
    assert scene.second.settle(upload).id == scene.sender.settle(upload).id
    left = history.large()
    scene.order("before flip")
    assert scene.send(left).told is Told.UNKNOWN
    scene.until_dead()
    assert scene.second.settle(left, within_s=_SOON_S).told is Told.OK


def _ahead(ahead: str) -> partial[PairAdrift]:
    return partial(PairAdrift, ahead=ahead)


CELLS = (
    *(
        Cell(
            "clock jumps, a file arrives",
            ahead,
            partial(under_way, ahead),
            BOTH if ahead in SMALL_JUMPS else (LOCAL,),
            Adrift,
        )
        for ahead in JUMPS
    ),
    *(
        Cell(
            f"clock jumps {ahead}, worker killed",
            point,
            partial(between_death_and_retry, point, ahead),
            (LOCAL,),
            Adrift,
        )
        for ahead in JUMPS
        for point in MOMENTS
    ),
    *(
        Cell(
            f"clock jumps {ahead}, killed",
            point,
            partial(at_the_start, point, ahead),
            (LOCAL,),
            Adrift,
        )
        for ahead in JUMPS
        for point in MOMENTS
    ),
    *(
        Cell("clock of one node is off", ahead, of_one_node, (CLOUDINARY,), _ahead(ahead))
        for ahead in SMALL_JUMPS
    ),
)
