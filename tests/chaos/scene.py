"""What a cell plays on: a gallery that may die, those who speak to it, and the judge."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient

from gallery import config, embedded
from gallery.factory.building import Gallery
from gallery.factory.opening import open_gallery
from tests.chaos import history
from tests.chaos.history import Entry, History, Upload
from tests.chaos.judge import Judge, Verdict
from tests.chaos.listener import Listener
from tests.chaos.points import DECODER, ORDERS, OTHER, PROGRAM, WORKER, Order
from tests.chaos.sender import Sender
from tests.cloudinary_server import CloudinaryServer
from tests.programs import Program, eventually, free_port, is_gone

LOCAL, CLOUDINARY = "local", "cloudinary"
PUT_S = 3.0
"""The patience of uploads to the double of Cloudinary: long enough for it, short enough for us."""

_HITS = 3
_READY_WITHIN_S = 120.0
"""Patience for machines that have much else to do; what it takes is noted."""


class Scene:
    """One gallery with one store, from its first start to its end. Use as a context manager."""

    def __init__(self, folder: Path, store: str, **settings: str) -> None:
        self.data = folder / "data"
        self.store = store
        self.twin = CloudinaryServer() if store == CLOUDINARY else None
        self._folder = folder
        self._port = free_port()
        self._settings = settings
        self._own: dict[str, str] = {}
        """More of them, for the program alone."""
        self._background = ThreadPoolExecutor(64)
        self._open = ExitStack()
        self._known, self._new = Verdict(), Verdict()
        self.history = History(folder / "history.jsonl")
        self.sender = Sender(self._port, self.history)

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._open.close()
            raise
        return self

    def _set_up(self) -> None:
        self._open.callback(self.history.close)
        if self.twin:
            self._open.enter_context(self.twin)
            self._settings |= {"CLOUDINARY_URL": self.twin.url, "CHAOS_PUT_S": str(PUT_S)}
        self._open.callback(self._background.shutdown)
        self._open.callback(self.kill)
        self.start()
        self.listener = Listener(self._port, since=self._place())
        self._open.callback(self.listener.close)
        self._judge = Judge(
            data=self.folders,
            uri=self.uri,
            port=self._port,
            history=self.history,
            listener=self.listener,
            twin=self.twin,
        )

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The data of every node; the first has the originals."""
        return (self.data,)

    @property
    def uri(self) -> str:
        """The connection string of the database."""
        return embedded.uri_of(self.data)

    # The gallery.

    def start(self) -> None:
        """Starts it, and returns when it is ready."""
        self._launch()
        self.until_ready()

    def _launch(self) -> None:
        self._hits = 0
        self.program = Program(
            self.data,
            port=self._port,
            module="tests.chaos.program",
            log=self._folder / "log",
            **self._settings,
            **self._own,
            **{ORDERS: str(self._orders)},
        )

    def start_to_die(self) -> None:
        """Starts it with an order that it comes by soon, whether or not it is ready by then."""
        self.program.process.communicate()
        self._launch()
        self.until_dead()

    def until_ready(self) -> None:
        """Returns when it answers that it is; fails when it has ended."""
        eventually(lambda: self._is_ready() or not self.alive, _READY_WITHIN_S)
        assert self.alive, self.log[-2000:]

    def kill(self) -> None:
        """Kills the whole program, and returns when nothing of it is left."""
        children = self.program.children() if self.alive else []
        self.program.process.kill()
        self.program.process.communicate()
        eventually(lambda: all(map(is_gone, children)), 20.0)

    def stop(self) -> int:
        """Tells it to end, as an operator does; the exit code."""
        self.program.send(signal.SIGTERM)
        return self.program.end(within_s=60.0)[0]

    def renew(self) -> None:
        """A program that remembers nothing of what it has met."""
        self.kill()
        self.start()

    @property
    def alive(self) -> bool:
        return self.program.process.poll() is None

    def ensure(self) -> None:
        """Starts it anew if it has died."""
        if not self.alive:
            self.program.process.communicate()
            self.start()

    def workers(self) -> list[int]:
        """The processes that serve."""
        mongod = self.program.mongod()
        return [pid for pid in self.program.children() if pid != mongod]

    def order(self, point: str, victim: str = PROGRAM, **more: int) -> None:
        """Whoever comes by that moment next is hit."""
        if victim in (WORKER, DECODER):
            self._spare_the_program()
        self._orders.with_suffix(".taken").unlink(missing_ok=True)
        Order(point, victim, **more).give(self._orders)

    def forget_order(self) -> bool:
        """Nobody is hit who comes by from now on; whether nobody was."""
        try:
            self._orders.unlink()
        except FileNotFoundError:
            return False
        return True

    def hit_database(self, point: str, number: signal.Signals) -> int:
        """mongod gets the signal at that moment; its process id."""
        self._spare_the_program()
        mongod = self.program.mongod()
        self.order(point, OTHER, pid=mongod, signal=number)
        return mongod

    def _spare_the_program(self) -> None:
        """It gives up when too many of its processes die, which is another matter."""
        self._hits += 1
        if self._hits > _HITS:
            self.renew()

    def until_killed(self, *, within_s: float = 60.0) -> None:
        """Returns when the order was carried out."""
        eventually(self._orders.with_suffix(".taken").exists, within_s)

    def until_dead(self, *, within_s: float = 60.0) -> None:
        """Returns when the program has ended, killed at the moment that was ordered."""
        self.program.process.wait(within_s)

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text()

    # Clients.

    def later(self, work: Callable[..., Any], *given: Any, **named: Any) -> Future[Any]:
        """The work, begun beside us."""
        return self._background.submit(work, *given, **named)

    def send(self, upload: Upload) -> Entry:
        return self.sender.send(upload)

    def add(self) -> str:
        """The id of an image that is there."""
        entry = self.sender.settle(history.large())
        assert entry.id, entry
        return entry.id

    # What follows every fault.

    def recover(self) -> float:
        """Starts what died, waits until it is ready, sweeps, judges; the seconds until ready."""
        began = time.monotonic()
        self.ensure()
        self.until_ready()
        ready_s = time.monotonic() - began
        self.until_arrived()
        self._until_whole()
        return ready_s

    def _until_whole(self, *, within_s: float = 60.0) -> None:
        """Sweeps and judges. What is half done may be what the gallery itself works at, and a sweep
        that gives nobody grace takes that from it: what stays half done is a fault."""
        deadline = time.monotonic() + within_s
        while True:
            found = self.sweep()
            found.add(self._judge.verdict())
            if not found.beyond(self._known).half or time.monotonic() > deadline:
                self._add(found)
                return
            time.sleep(1)

    def until_arrived(self, *, within_s: float = 120.0) -> None:
        """Returns when no image waits for its store any more."""
        eventually(lambda: self._waiting() == 0, within_s)

    def _waiting(self) -> int | None:
        """How many; ``None`` from a worker that was killed and has not quite gone."""
        try:
            waiting: int = self.sender.json("/api/status")["moving"]["images"]
        except OSError:
            return None
        return waiting

    def sweep(self) -> Verdict:
        """One sweep with no grace for anybody, since nobody works here now; then the gallery's own
        audit, and its findings."""
        settings = config.read({"GALLERY_DATA": str(self.data), **self._settings})
        with open_gallery(settings) as gallery:
            swept = gallery.sweep.run(grace_s=0)
            assert not swept.failed, swept
            finishing = gallery.uploading.finishing
            finishing._alone_since = datetime.now(UTC)  # All who held something are dead.
            finishing.run()
            self._let_all_arrive(gallery)
            audit = gallery.auditor.run(grace_s=0, record=False)
        return Verdict(half=[f"the audit says {finding}" for finding in audit.findings])

    def _let_all_arrive(self, gallery: Gallery) -> None:
        """What waits in the spool goes to its store, however often that did not answer before."""
        with MongoClient[dict[str, Any]](self.uri, timeoutMS=20_000) as client:
            images = client.get_default_database()["images"]
            waiting = {"migrating": {"$exists": True}}
            now = {"$set": {"migrating.lease.lasts_s": 0}, "$unset": {"migrating.not_before": ""}}

            def arrived() -> bool:
                if images.count_documents(waiting) == 0:
                    return True
                images.update_many({"migrating.lease": {"$exists": True}}, now)
                gallery.moving.run()
                return False

            eventually(arrived, 60.0)

    def _add(self, found: Verdict) -> None:
        new = found.beyond(self._known)
        self._known.add(new)
        self._new.add(new)

    def verdict(self) -> Verdict:
        """Lets it recover; what was wrong since this was asked last."""
        self.recover()
        verdict, self._new = self._new, Verdict()
        return verdict

    @property
    def _orders(self) -> Path:
        return self._folder / "orders"

    def _is_ready(self) -> bool:
        try:
            return self.sender.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def _place(self) -> str:
        """Where in the stream of events a page is that is opened now."""
        page = self.program.get()
        found = re.search(r'"position": ?"([^"]+)"', page)
        assert found, page
        return found[1]
