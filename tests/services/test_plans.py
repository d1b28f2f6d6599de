"""What stores tell of their plans: asked beside requests, remembered, told with what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gallery.errors import StoreError
from gallery.services.plans import AGAIN_S, Plan, Plans
from gallery.stores.abilities import Quota, StoreLimits
from gallery.stores.base import BreakerState, StoreHealth
from gallery.stores.local import LocalStore
from gallery.stores.registry import Stores
from tests.conftest import Clock
from tests.programs import eventually
from tests.services.conftest import SECRET, Parts

SOON_S = 20.0
QUOTAS = (Quota(name="images", unit="", used=3, limit=100),)


class PaidStore(LocalStore):
    """A store with a plan, which it tells when it is let."""

    name = "paid"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.folder / "paid", cloud_name="vitrine", secret=SECRET)
        self.asked = 0
        self.may_tell = threading.Event()
        self.error: Exception | None = None
        self.heard = StoreLimits()
        self.is_resting = False

    def usage(self) -> tuple[Quota, ...]:
        self.asked += 1
        assert self.may_tell.wait(SOON_S)
        if self.error:
            raise self.error
        self.heard = StoreLimits(max_bytes=5_000, max_pixels=2_000)
        return QUOTAS

    def limits(self) -> StoreLimits:
        return self.heard

    def health(self) -> StoreHealth:
        return StoreHealth(
            state=BreakerState.CLOSED,
            requests=0,
            failures=0,
            since=Clock()(),
            is_away=False,
            is_resting=self.is_resting,
        )


def plans_of(
    parts: Parts, store: PaidStore, *, max_bytes: int = 9_000, now: Callable[[], float] = float
) -> Plans:
    stores = Stores([parts.store, store], for_new="paid")
    return Plans(stores, max_bytes=max_bytes, max_pixels=1_000, now=now)


def settle(plans: Plans, store: PaidStore) -> None:
    """Returns when what was asked has been answered."""
    store.may_tell.set()
    for question in plans._questions.values():
        question.asking.join(SOON_S)


def test_nobody_waits_for_a_limit_and_what_was_heard_holds(parts: Parts) -> None:
    store = PaidStore(parts)
    plans = plans_of(parts, store)

    assert (plans.max_bytes(), plans.max_pixels()) == (9_000, 1_000)

    settle(plans, store)
    assert (plans.max_bytes(), plans.max_pixels()) == (5_000, 1_000)


def test_our_own_limit_holds_where_a_store_takes_more(parts: Parts) -> None:
    store = PaidStore(parts)
    plans = plans_of(parts, store, max_bytes=100)
    plans.max_bytes()
    settle(plans, store)

    assert plans.max_bytes() == 100


def test_who_asks_for_the_usage_waits_for_a_first_answer_alone(parts: Parts) -> None:
    store = PaidStore(parts)
    plans = plans_of(parts, store)

    assert plans.told(wait_s=0)["paid"] == Plan(quotas=(), limits=StoreLimits(), problem="")
    store.may_tell.set()

    assert plans.told(wait_s=SOON_S) == {
        "paid": Plan(
            quotas=QUOTAS, limits=StoreLimits(max_bytes=5_000, max_pixels=2_000), problem=""
        )
    }
    assert store.asked == 1


def test_a_store_is_asked_again_after_a_while_and_its_last_word_stands_meanwhile(
    parts: Parts,
) -> None:
    moment = 1000.0
    store = PaidStore(parts)
    plans = plans_of(parts, store, now=lambda: moment)
    store.may_tell.set()
    plans.told(wait_s=SOON_S)
    for _ in range(50):
        plans.max_bytes()
    assert store.asked == 1

    moment += AGAIN_S
    store.may_tell.clear()
    assert plans.told(wait_s=SOON_S)["paid"].quotas == QUOTAS
    assert plans.told(wait_s=SOON_S)["paid"].quotas == QUOTAS
    eventually(lambda: store.asked == 2, SOON_S)
    settle(plans, store)


def test_a_store_that_does_not_tell_says_why_and_its_last_word_stands(parts: Parts) -> None:
    moment = 1000.0
    store = PaidStore(parts)
    plans = plans_of(parts, store, now=lambda: moment)
    store.may_tell.set()
    plans.told(wait_s=SOON_S)
    store.error = StoreError("The keys are wrong.")
    moment += AGAIN_S

    plans.max_bytes()
    settle(plans, store)

    told = plans.told(wait_s=SOON_S)["paid"]
    assert (told.quotas, told.problem) == (QUOTAS, "The keys are wrong.")
    assert plans.max_bytes() == 5_000


def test_a_mistake_of_ours_in_a_store_breaks_no_request(parts: Parts) -> None:
    store = PaidStore(parts)
    store.error = KeyError("credits")
    store.may_tell.set()

    told = plans_of(parts, store).told(wait_s=SOON_S)["paid"]

    assert told.problem == "The store's answer cannot be read."


def test_a_store_that_rests_is_left_alone(parts: Parts) -> None:
    moment = 1000.0
    store = PaidStore(parts)
    plans = plans_of(parts, store, now=lambda: moment)
    store.may_tell.set()
    plans.told(wait_s=SOON_S)
    store.is_resting = True
    moment += AGAIN_S

    assert plans.told(wait_s=SOON_S)["paid"].quotas == QUOTAS
    assert store.asked == 1


def test_a_store_on_our_disk_has_no_plan(parts: Parts) -> None:
    plans = Plans(parts.stores, max_bytes=100, max_pixels=10)

    assert plans.told(wait_s=SOON_S) == {}
    assert (plans.max_bytes(), plans.max_pixels()) == (100, 10)
