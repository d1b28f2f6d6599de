"""Uploads by tus are killed between their pieces and in them, and go on where they were."""

from __future__ import annotations

import http.client
import time
from functools import partial
from typing import Any

from tests.chaos import history
from tests.chaos.cells import BOTH, Cell
from tests.chaos.history import Told, Upload
from tests.chaos.points import PROGRAM, WORKER
from tests.chaos.scene import LOCAL, Scene
from tests.programs import eventually

MOMENTS = (
    "tus, in a part",
    "tus, part flushed",
    "tus, offset moved",
    "tus, whole",
    "after intent",
    "before flip",
    "tus, taken",
    "tus, ended",
)

SHORT = ("tus, in a part", "tus, part flushed", "before flip", "tus, taken")

_FIRST = 300_000
"""Bytes of the piece that is acknowledged before anything happens."""

_FINISHED_WITHIN_S = 180.0
"""What a moment keeps from being finished is tried again after some seconds, by the next round."""


def killed(point: str, victim: str, scene: Scene) -> None:
    """What was acknowledged of it is there; the rest is sent again, and it becomes one image."""
    upload = history.large()
    tus = _Tus(scene, upload)
    assert tus.append(0, _FIRST) == 204
    scene.order(point, victim)
    assert tus.append(_FIRST, len(upload.content)) is None
    scene.until_killed()
    if victim == PROGRAM:
        scene.until_dead()
    scene.recover()
    eventually(lambda: tus.goes_on(at_least=_FIRST), _FINISHED_WITHIN_S)
    tus.acknowledge()


class _Tus:
    """One upload."""

    def __init__(self, scene: Scene, upload: Upload) -> None:
        self._scene = scene
        self._upload = upload
        scene.history.begin(upload)
        connection = self._ask("POST", "/api/tus", Upload_Length=len(upload.content))
        assert connection
        self.path = connection[0].headers["Location"]

    def append(self, begin: int, end: int) -> int | None:
        """The status of the answer to a piece; ``None`` without one."""
        answer = self._ask(
            "PATCH",
            self.path,
            self._upload.content[begin:end],
            Upload_Offset=begin,
            Content_Type="application/offset+octet-stream",
        )
        return answer and answer[0].status

    def goes_on(self, *, at_least: int) -> bool:
        """Whether it has come to its end; sends what is missing."""
        state = self.state()
        if state["status"] == "ready":
            return True
        assert state["status"] in ("pending", "processing"), state
        offset = self.offset()
        if offset is None:
            return False  # Somebody who was killed still has it, for a few seconds.
        assert offset >= at_least, "acknowledged bytes are gone"
        if offset < len(self._upload.content):
            self.append(offset, len(self._upload.content))
        return False

    def offset(self) -> int | None:
        answer = self._ask("HEAD", self.path)
        if answer is None or answer[0].status != 200:
            return None
        return int(answer[0].headers["Upload-Offset"])

    def state(self) -> dict[str, Any]:
        return self._scene.sender.json(self.path.replace("/tus/", "/uploads/"))

    def acknowledge(self) -> None:
        """Writes down that the client was told of its image."""
        self._scene.history.note(
            self._upload, Told.OK, began=time.time(), status=201, id=self.state()["image"]["id"]
        )

    def _ask(
        self, method: str, path: str, body: bytes | None = None, **headers: object
    ) -> tuple[http.client.HTTPResponse, bytes] | None:
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self._scene.sender.port, timeout=60)
        try:
            connection.request(method, path, body, {"Tus-Resumable": "1.0.0", **named})
            answer = connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


CELLS = (
    *(
        Cell(
            "resumable, killed", point, partial(killed, point, PROGRAM), BOTH, short=point in SHORT
        )
        for point in MOMENTS
    ),
    *(
        Cell("resumable, worker killed", point, partial(killed, point, WORKER), (LOCAL,))
        for point in MOMENTS
    ),
)
