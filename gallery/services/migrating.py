"""Moves all images of one store to another, while the gallery is in use.

An order is given once (``begin``) and lies in the database; whatever programs of the gallery run do
the work (``moving``), image by image, at the rate that it allows. It can be paused, resumed, and
turned back; killed at any moment, the next program goes on. What an image leaves behind stays for a
while, so that addresses that are out in pages go on answering.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gallery.catalog.images import ImageCatalog
from gallery.catalog.migration_moves import Extent
from gallery.catalog.migrations import Migration, Migrations, State
from gallery.catalog.moves import Move
from gallery.errors import ConflictError, InvalidInputError, NotFoundError
from gallery.stores import spool
from gallery.stores.abilities import StoreLimits, SupportsLimits
from gallery.stores.base import MediaStore
from gallery.stores.registry import Stores

LATELY_S = 60.0
"""What moved in the last minute tells how long the rest will take."""

MOST_A_SECOND = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a migration is."""

    order: Migration
    moved: int
    left: int
    """Not moved yet, or never: the refused ones are among them."""
    refused: int
    """The store that they should go to does not take them."""
    eta_s: float | None
    """About how long it will take, where that can be told."""

    @property
    def is_running(self) -> bool:
        """Whether images move."""
        return self.order.state is State.RUNNING

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.order.state is not State.DONE

    @property
    def total(self) -> int:
        """All that it is about."""
        return self.moved + self.left


class Migrating:
    """Gives orders, and tells movers what to move by them."""

    def __init__(self, *, catalog: ImageCatalog, orders: Migrations, stores: Stores) -> None:
        self._catalog = catalog
        self._orders = orders
        self._stores = stores
        self._lock = threading.Lock()
        self._tidied: tuple[str | None] | None = None
        """The way of which nothing is left but what belongs to it."""

    def begin(self, *, from_: str, to: str, keep_s: float, rate: float | None) -> Migration:
        """The order, running. One that is open already goes on, with these bounds.

        Raises InvalidInputError for what are no two stores of this gallery, StoreError and its kin
        when the one that images are to go to does not answer, ConflictError while another migration
        is open.
        """
        self._checked(from_, to)
        if rate is not None and not 0 < rate <= MOST_A_SECOND:
            raise InvalidInputError(f"The rate is above 0 and at most {MOST_A_SECOND:g} a second.")
        self._stores.named(to).probe()
        order = self._orders.open()
        if order is None:
            return self._orders.begin(from_=from_, to=to, keep_s=keep_s, rate=rate)
        if (order.from_, order.to, order.is_back) != (from_, to, False):
            raise ConflictError(
                f"A migration from {order.source} to {order.target} is {order.state.value}: "
                "let it come to its end, or turn it back, first."
            )
        return self._orders.adjust(order, keep_s=keep_s, rate=rate)

    def extent(self, *, from_: str, to: str) -> Extent:
        """What there is to move. Raises as ``begin`` does."""
        self._checked(from_, to)
        target = self._stores.named(to)
        target.probe()
        limits = target.limits() if isinstance(target, SupportsLimits) else StoreLimits()
        return self._catalog.extent(
            store=from_,
            images_only=target.makes_variants,
            max_bytes=limits.max_bytes,
            max_pixels=limits.max_pixels,
            max_side=limits.max_side,
        )

    def pause(self) -> Migration:
        """The open migration, paused. Raises NotFoundError."""
        return self._orders.pause(self._open())

    def resume(self) -> Migration:
        """The open migration, running. Raises NotFoundError."""
        return self._orders.resume(self._open())

    def turn_back(self) -> Migration:
        """The last migration, running back: all that it has moved moves home. One that runs back
        already goes on. Raises NotFoundError, and ConflictError for one that is back already."""
        order = self._orders.last()
        if order is None:
            raise NotFoundError("There has been no migration.")
        if not order.is_back:
            self._stores.named(order.from_).probe()
            return self._orders.turn_back(order)
        if order.state is State.DONE:
            raise ConflictError("The last migration has been turned back already.")
        return self._orders.resume(order)

    def progress(self) -> Progress | None:
        """How far the last migration is; ``None`` if there was none."""
        order = self._orders.last()
        if order is None:
            return None
        standing = self._catalog.standing(
            order, images_only=self._images_only(order), lately_s=LATELY_S
        )
        is_done = order.state is State.DONE
        refused = order.refused if is_done else standing.refused
        left = refused if is_done else standing.left
        eta_s = None
        if order.state is State.RUNNING and standing.moved_a_second > 0:
            eta_s = math.ceil((left - refused) / standing.moved_a_second)
        return Progress(order=order, moved=standing.moved, left=left, refused=refused, eta_s=eta_s)

    def claim(
        self, *, may_use: Callable[[str], bool], holder: str, lease_s: float
    ) -> tuple[Move | None, float | None]:
        """An image to move now; or else in how many seconds there may be one, where it is known.

        ``may_use`` tells whether a store is set up here and answers.
        """
        order = self._orders.open()
        self._tidy(order)
        if order is None or order.state is not State.RUNNING or order.rests_s:
            return None, None
        if not (may_use(order.source) and may_use(order.target)):
            return None, None
        if wait_s := self._orders.permit(order):
            return None, wait_s
        move = self._catalog.claim_move(
            to=[order.target], leg=order.leg, holder=holder, lease_s=lease_s
        ) or self._catalog.begin_move(
            order, images_only=self._images_only(order), holder=holder, lease_s=lease_s
        )
        if move is None:
            self._end(order)
        return move, None

    def note(self, move: Move, *, problem: str = "") -> None:
        """Tells the order of a move whether it came to its end, and what may be wrong with the
        store."""
        order_id = move.leg.partition(".")[0]
        if problem:
            self._orders.note_failure(order_id, problem)
        else:
            self._orders.note_success(order_id)

    def _end(self, order: Migration) -> None:
        """Ends it when nothing is left but what is refused."""
        images_only = self._images_only(order)
        left, refused = self._catalog.remaining(order, images_only=images_only)
        if left <= refused:
            self._orders.end(
                order,
                moved=self._catalog.count_moved(order),
                refused=refused,
                refusals=self._catalog.refusals(order),
            )

    def _tidy(self, order: Migration | None) -> None:
        """Forgets what was begun for the way back or forth that is over."""
        leg = (order.leg if order else None,)
        with self._lock:
            if self._tidied != leg:
                self._tidied = leg if self._catalog.drop_moves(but=leg[0]) else None

    def _open(self) -> Migration:
        order = self._orders.open()
        if order is None:
            raise NotFoundError("No migration is under way.")
        return order

    def _images_only(self, order: Migration) -> bool:
        """Raw files stay where they are: what makes variants keeps pictures alone."""
        store = self._found(order.target)
        return store is None or store.makes_variants

    def _found(self, name: str) -> MediaStore | None:
        return next((store for store in self._stores.all() if store.name == name), None)

    def _checked(self, from_: str, to: str) -> None:
        known = [store.name for store in self._stores.all() if store.name != spool.NAME]
        for each in (from_, to):
            if each not in known:
                raise InvalidInputError(
                    f"There is no store {each!r} here. Set up are: {', '.join(sorted(known))}."
                )
        if from_ == to:
            raise InvalidInputError("Name two stores that are not the same.")


def told(progress: Progress) -> dict[str, Any]:
    """How far it is, as commands and the API tell it."""
    order = progress.order
    return {
        "from": order.source,
        "to": order.target,
        "back": order.is_back,
        "state": order.state.value,
        "begun_at": order.begun_at,
        "ended_at": order.ended_at,
        "moved": progress.moved,
        "left": progress.left,
        "refused": progress.refused,
        "eta_s": progress.eta_s,
        "rate": order.rate,
        "problem": order.problem,
    }
