"""The named moments at which the gallery can be killed, and the call of ours that each lies by.

``arm`` wraps those calls. A wrapper does nothing until an order lies in the file that the
environment variable ``CHAOS_ORDERS`` names: then whoever comes by the moment takes the order, once,
and kills. The gallery itself knows none of this.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ORDERS = "CHAOS_ORDERS"

PROGRAM, WORKER, DECODER, OTHER = "program", "worker", "decoder", "other"
"""Who is hit: all of it, the process that serves the request, the one that decodes for it, or a
process that the order names."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment just before or just after a call; ``nth`` counts calls from the order on."""

    name: str
    call: str
    after: bool = False
    nth: int = 1


POINTS = (
    Point("headers read", "gallery.web.receive:Receiver._check_head", after=True),
    Point("mid-body", "gallery.web.spool:Spool.write", nth=2),
    Point("body read", "gallery.web.spool:Spool.received", after=True),
    Point("in the decoder", "gallery.imaging.wire:receive"),
    Point("before intent", "gallery.catalog.intents:Intents.record_intent"),
    Point("after intent", "gallery.catalog.intents:Intents.record_intent", after=True),
    Point("mid-put", "gallery.stores.local:_flush_file", after=True),
    Point("put done, not verified", "gallery.stores.local:LocalStore.put", after=True),
    Point("put done elsewhere", "gallery.stores.cloudinary.store:CloudinaryStore.put", after=True),
    Point("before flip", "gallery.catalog.intents:Intents.make_ready"),
    Point("after flip, before the answer", "gallery.catalog.intents:Intents.make_ready", True),
    Point("answer kept", "gallery.catalog.idempotency:IdempotencyKeys.finish", after=True),
    Point("mid-answer", "gallery.factory.application:Application.__call__", after=True),
    Point("inside the sweep", "gallery.services.mending:Mending.whole"),
    Point("sweep, before it forgets", "gallery.catalog.intents:Intents.remove_aborted"),
    Point("tus, in a part", "gallery.stores.parts:DiskPart.write"),
    Point("tus, part flushed", "gallery.stores.parts:DiskPart.keep", after=True),
    Point("tus, offset moved", "gallery.catalog.uploads:UploadCatalog.add", after=True),
    Point("tus, whole", "gallery.services.assembling:_hashed", after=True),
    Point("tus, taken", "gallery.catalog.uploads:UploadCatalog.end"),
    Point("tus, ended", "gallery.catalog.uploads:UploadCatalog.end", after=True),
    Point(
        "ticket, looked at", "gallery.stores.cloudinary.store:CloudinaryStore.arrived", after=True
    ),
    Point("ticket, fetched", "gallery.services.arrivals:_copied", after=True),
    Point("ticket, marked", "gallery.stores.cloudinary.arrivals:described", after=True, nth=2),
    Point("ticket, settled", "gallery.stores.cloudinary.store:CloudinaryStore.settle", after=True),
    Point(
        "ticket, discarded", "gallery.stores.cloudinary.store:CloudinaryStore.discard", after=True
    ),
    Point("ticket, remembered", "gallery.catalog.uploads:UploadCatalog.look_again", after=True),
    Point("hidden for good", "gallery.catalog.changing:Changing.mark_deleting", after=True),
    Point("object deleted", "gallery.stores.local:LocalStore.delete", after=True),
    Point(
        "object deleted elsewhere",
        "gallery.stores.cloudinary.store:CloudinaryStore.delete",
        after=True,
    ),
    Point("before the document goes", "gallery.catalog.changing:Changing.remove"),
    Point("claimed to move", "gallery.catalog.moves:Moves.claim_move", after=True),
    Point("begun to move", "gallery.catalog.migration_moves:MigrationMoves.begin_move", after=True),
    Point("moved, not flipped", "gallery.catalog.moves:Moves.finish_move"),
    Point("moved and flipped", "gallery.catalog.moves:Moves.finish_move", after=True),
    Point("spool left", "gallery.catalog.leaving:Leaving.forget_left"),
    Point("about to spool", "gallery.catalog.moves:Moves.spool_intent"),
    Point("to be spooled", "gallery.catalog.moves:Moves.spool_intent", after=True),
    Point(
        "after replacing intent",
        "gallery.catalog.replacing:Replacing.record_replacement",
        after=True,
    ),
    Point("before replacing flip", "gallery.catalog.replacing:Replacing.finish_replacement"),
    Point(
        "after replacing flip",
        "gallery.catalog.replacing:Replacing.finish_replacement",
        after=True,
    ),
)
"""All but those of stores elsewhere: there the double of the store says when."""

BY_NAME = {point.name: point for point in POINTS}


@dataclass(frozen=True, slots=True)
class Order:
    """Who shall be hit, when, and by which signal."""

    point: str
    victim: str = PROGRAM
    pid: int = 0
    signal: int = signal.SIGKILL

    def give(self, file: Path) -> None:
        """Lets it be taken from now on."""
        if self.point not in BY_NAME:
            raise KeyError(self.point)
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(file)


def arm() -> None:
    """Wraps every call that a point lies by."""
    orders = Path(os.environ[ORDERS])
    for point in POINTS:
        module, _, path = point.call.partition(":")
        owner, _, name = path.rpartition(".")
        holder: Any = importlib.import_module(module)
        holder = getattr(holder, owner) if owner else holder
        wrap = _WRAPPERS.get(point.name, _wrapped)
        setattr(holder, name, wrap(getattr(holder, name), point, _Killer(point, orders)))


def _no_decoder() -> None:
    raise LookupError("nobody decodes at that moment")


class _Killer:
    """Takes an order for its point, if there is one, and carries it out."""

    def __init__(self, point: Point, orders: Path) -> None:
        self._point = point
        self._orders = orders
        self._passed = 0

    def come_by(self, decoder: Callable[[], None] = _no_decoder) -> None:
        """Does not return when it is our turn to die."""
        if (order := self.order()) is None:
            return
        self._passed += 1
        if self._passed >= self._point.nth:
            self._passed = 0
            self.carry_out(order, decoder)

    def order(self) -> Order | None:
        """The order that lies there for this point."""
        try:
            order = Order(**json.loads(self._orders.read_text()))
        except FileNotFoundError:
            return None
        return order if order.point == self._point.name else None

    def carry_out(self, order: Order, decoder: Callable[[], None]) -> None:
        try:
            self._orders.rename(self._orders.with_suffix(".taken"))
        except FileNotFoundError:
            return  # Another one was faster.
        if order.victim == DECODER:
            decoder()
            return
        if order.victim == OTHER:
            os.kill(order.pid, order.signal)
            return
        if order.victim == PROGRAM:
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), order.signal)


def _wrapped(call: Callable[..., Any], point: Point, killer: _Killer) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapped(*given: Any, **named: Any) -> Any:
        if not point.after:
            killer.come_by()
        result = call(*given, **named)
        if point.after:
            killer.come_by()
        return result

    return wrapped


def _in_decoder(receive: Callable[..., Any], point: Point, killer: _Killer) -> Callable[..., Any]:
    """Comes by once a decoder was asked, while it works."""

    @functools.wraps(receive)
    def wrapped(*given: Any, **named: Any) -> Any:
        asking = sys._getframe(1)
        if asking.f_code.co_name == "ask":
            killer.come_by(asking.f_locals["self"].kill)
        return receive(*given, **named)

    return wrapped


def _mid_answer(answer: Callable[..., Any], point: Point, killer: _Killer) -> Callable[..., Any]:
    """Comes by when half of the answer to an upload was handed to the server."""

    def halved(body: Iterable[bytes]) -> Iterator[bytes]:
        with contextlib.ExitStack() as closing:
            closing.callback(getattr(body, "close", lambda: None))
            whole = b"".join(body)
        yield whole[: len(whole) // 2]
        killer.come_by()
        yield whole[len(whole) // 2 :]

    @functools.wraps(answer)
    def wrapped(app: Any, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body: Iterable[bytes] = answer(app, environ, start)
        if environ["REQUEST_METHOD"] == "POST" and killer.order():
            return halved(body)
        return body

    return wrapped


_WRAPPERS = {"in the decoder": _in_decoder, "mid-answer": _mid_answer}
