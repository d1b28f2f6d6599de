from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gallery.errors import DatabaseUnavailableError
from gallery.services.upkeep import Duty, Upkeep

PATIENCE_S = 30.0


class Work:
    """Counts its runs; ``failure`` is raised in each."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.ran = threading.Semaphore(0)
        self.failure = failure
        self.ends: list[str] = []

    def run(self) -> None:
        self.ran.release()
        if self.failure:
            raise self.failure

    def stop(self) -> None:
        self.ends.append("stopped")

    def release(self) -> None:
        self.ends.append("released")

    def has_run(self) -> bool:
        return self.ran.acquire(timeout=PATIENCE_S)


class Bell:
    """Wakes whoever listens."""

    def __init__(self) -> None:
        self.rung = threading.Semaphore(0)

    def watch(self, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            if self.rung.acquire(timeout=0.01):
                yield


def test_each_duty_is_done_at_the_start_and_by_its_clock() -> None:
    often, seldom = Work(), Work()
    duties = [
        Duty(name="often", work=often, every_s=0.001),
        Duty(name="seldom", work=seldom, every_s=3600),
    ]
    upkeep = Upkeep(duties, wakes=Bell().watch)
    upkeep.start()

    assert [often.has_run() for _ in range(3)] == [True] * 3
    assert seldom.has_run()
    upkeep.close()

    assert not seldom.ran.acquire(blocking=False)


def test_only_who_waits_for_it_is_woken() -> None:
    woken, other, bell = Work(), Work(), Bell()
    duties = [
        Duty(name="woken", work=woken, every_s=3600, is_woken=True),
        Duty(name="other", work=other, every_s=3600),
    ]
    upkeep = Upkeep(duties, wakes=bell.watch)
    upkeep.start()
    assert woken.has_run()
    assert other.has_run()

    bell.rung.release()

    assert woken.has_run()
    upkeep.close()
    assert not other.ran.acquire(blocking=False)


@pytest.mark.parametrize("failure", [DatabaseUnavailableError(), RuntimeError("a mistake")])
def test_a_failure_is_not_the_end_of_a_duty(failure: Exception) -> None:
    work = Work(failure)
    upkeep = Upkeep([Duty(name="failing", work=work, every_s=0.001)], wakes=Bell().watch)
    upkeep.start()

    assert [work.has_run() for _ in range(3)] == [True] * 3

    upkeep.close()


def test_what_does_not_end_in_time_gives_back_what_it_holds() -> None:
    ended = threading.Event()

    class Endless(Work):
        def run(self) -> None:
            super().run()
            ended.wait(PATIENCE_S)

    work = Endless()
    upkeep = Upkeep([Duty(name="endless", work=work)], wakes=Bell().watch)
    upkeep.start()
    assert work.has_run()

    upkeep.close(within_s=0)

    assert work.ends == ["stopped", "released"]
    ended.set()
    upkeep.close()
