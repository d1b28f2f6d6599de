"""Files that went straight to the store: the gallery is killed while it makes images of them."""

from __future__ import annotations

import http.client
import json
import time
from functools import partial
from typing import Any

import urllib3
from pymongo import MongoClient

from tests.chaos import history
from tests.chaos.cells import Cell
from tests.chaos.history import Told, Upload
from tests.chaos.points import PROGRAM, WORKER
from tests.chaos.scene import CLOUDINARY, Scene
from tests.cloudinary_server import Fail, Reset, Stall
from tests.programs import eventually
from tests.provider.wire import Fault

MOMENTS = (
    "ticket, looked at",
    "ticket, fetched",
    "after intent",
    "ticket, marked",
    "ticket, settled",
    "before flip",
    "after flip, before the answer",
    "tus, taken",
    "tus, ended",
    "ticket, discarded",
    "ticket, remembered",
)

SHORT = ("ticket, marked", "ticket, settled", "ticket, discarded")

FAULTS: dict[tuple[str, str], Fault] = {
    ("errors 500", "explicit"): Fail(),
    ("named, then resets", "rename"): Reset(kept=True),
    ("no answer", "rename"): Stall(),
    ("named, then no answer", "rename"): Stall(kept=True),
}
_OFTEN = 8

_STORE_IS_BACK_WITHIN_S = 60.0

_FINISHED_WITHIN_S = 180.0
"""What a moment keeps from being finished is tried again after some seconds, by the next round."""


def killed(point: str, victim: str, scene: Scene) -> None:
    """What had arrived becomes one image, and nothing is left where it arrived."""
    ticket = _Ticket(scene)
    ticket.send()
    scene.order(point, victim)
    ticket.complete()
    scene.until_killed()
    if victim == PROGRAM:
        scene.until_dead()
    scene.recover()
    ticket.until_ready()


def store_fails(action: str, fault: Fault, scene: Scene) -> None:
    """While it is to be settled, again and again: it waits in the spool, and moves on."""
    assert scene.twin
    scene.renew()
    ticket = _Ticket(scene)
    ticket.send()
    scene.twin.script(action, *[fault] * _OFTEN)
    ticket.complete()
    scene.twin.script(action)
    scene.recover()
    ticket.until_ready()


def sent_late(scene: Scene) -> None:
    """Once more, when its upload has ended: that is removed when nothing more can come."""
    ticket = _Ticket(scene)
    ticket.send()
    ticket.complete()
    ticket.until_ready()
    ticket.send()
    with MongoClient[dict[str, Any]](scene.uri, timeoutMS=20_000) as client:
        uploads = client.get_default_database()["uploads"]
        over = {"$set": {"expires_at": "$$NOW", "due_at": "$$NOW"}}
        uploads.update_one({"_id": ticket.id}, [over])


class _Ticket:
    """One upload by a ticket."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._upload: Upload = history.large()
        scene.history.begin(self._upload)
        self._given: dict[str, Any] = {}
        eventually(self._leads_to_the_store, _STORE_IS_BACK_WITHIN_S)
        self.id = str(self._given["id"])

    def _leads_to_the_store(self) -> bool:
        """Not while the gallery remembers that the store failed in the cell before."""
        told = {"bytes": len(self._upload.content), "sha256": self._upload.sha256}
        answer = self._ask("POST", "/api/uploads", told)
        assert answer
        self._given = json.loads(answer[1])
        if self._given["method"] == "form":
            return True
        self._ask("DELETE", f"/api/uploads/{self._given['id']}")
        return False

    def send(self) -> None:
        """Brings the file to the store."""
        file = (self._given["file_field"], ("blob", self._upload.content))
        with urllib3.PoolManager(retries=False) as pool:
            fields = [*self._given["fields"].items(), file]
            answer = pool.request("POST", self._given["url"], fields=fields)
        assert answer.status == 200, answer.data

    def complete(self) -> None:
        """Says so; nobody may live to answer."""
        self._ask("POST", f"/api/uploads/{self.id}/complete")

    def until_ready(self) -> None:
        """Returns when it is an image, and writes down that the client was told of it."""
        path = f"/api/uploads/{self.id}"

        def is_ready() -> bool:
            status = self._scene.sender.json(path)["status"]
            assert status in ("pending", "processing", "ready"), status
            if status == "pending":
                self.complete()
            return bool(status == "ready")

        eventually(is_ready, _FINISHED_WITHIN_S)
        image = self._scene.sender.json(path)["image"]
        self._scene.history.note(
            self._upload, Told.OK, began=time.time(), status=201, id=image["id"]
        )

    def _ask(
        self, method: str, path: str, told: dict[str, Any] | None = None
    ) -> tuple[int, bytes] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._scene.sender.port, timeout=60)
        body = None if told is None else json.dumps(told)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


CELLS = (
    *(
        Cell(
            "ticket, killed",
            point,
            partial(killed, point, PROGRAM),
            (CLOUDINARY,),
            short=point in SHORT,
        )
        for point in MOMENTS
    ),
    *(
        Cell("ticket, worker killed", point, partial(killed, point, WORKER), (CLOUDINARY,))
        for point in MOMENTS
    ),
    *(
        Cell("ticket, store", name, partial(store_fails, action, fault), (CLOUDINARY,))
        for (name, action), fault in FAULTS.items()
    ),
    Cell("ticket", "sent late", sent_late, (CLOUDINARY,), short=True),
)
