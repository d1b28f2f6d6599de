"""How many wait for a variant, how long a failure lasts, and how large the cache grows."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from gallery.errors import BrokenImageError, BusyError
from gallery.services.derived import DerivedFiles, Name, note_use
from gallery.services.eviction import Eviction
from gallery.services.flights import FAILED_FOR_S, Flights
from tests.catalog.making import at_once

NAME = Name("image", "upload", "x", "1", "public", ())


def test_those_who_come_when_too_many_wait_are_sent_away_at_once(tmp_path: Path) -> None:
    flights, go = Flights(tmp_path, at_most=3), threading.Event()

    def slow() -> bytes:
        go.wait(10)
        return b"made"

    def ask(number: int) -> bytes:
        if number == 3:
            while len(flights._flying) < 1 or flights._places._value:
                time.sleep(0.001)
            with pytest.raises(BusyError) as refused:
                flights.content(tmp_path / "b", find=lambda: None, make=slow)
            go.set()
            return str(refused.value.retry_after_s).encode()
        return flights.content(tmp_path / "a", find=lambda: None, make=slow)

    assert at_once(4, ask) == [b"made", b"made", b"made", b"2"]


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    go = threading.Event()
    here, there = Flights(tmp_path, wait_s=30), Flights(tmp_path, wait_s=0.05)

    def ask(number: int) -> bytes:
        if number == 0:
            return here.content(tmp_path / "a", find=lambda: None, make=lambda: _once(go))
        while not here._flying:
            time.sleep(0.001)
        time.sleep(0.05)
        with pytest.raises(BusyError):
            there.content(tmp_path / "a", find=lambda: None, make=lambda: b"twice")
        go.set()
        return b""

    assert at_once(2, ask) == [b"once", b""]


def _once(go: threading.Event) -> bytes:
    go.wait(10)
    return b"once"


def test_a_failure_lasts_for_a_while(tmp_path: Path) -> None:
    now, tries = [0.0], []
    flights = Flights(tmp_path, now=lambda: now[0])

    def broken() -> bytes:
        tries.append(1)
        raise BrokenImageError

    for at, expected in ((0.0, 1), (FAILED_FOR_S - 1, 1), (FAILED_FOR_S + 1, 2)):
        now[0] = at
        with pytest.raises(BrokenImageError):
            flights.content(tmp_path / "a", find=lambda: None, make=broken)
        assert len(tries) == expected


@pytest.fixture
def cache(tmp_path: Path) -> DerivedFiles:
    (tmp_path / "derived" / "locks").mkdir(parents=True)
    return DerivedFiles(tmp_path / "derived")


def fill(cache: DerivedFiles, *, count: int, size: int = 1000) -> list[Path]:
    """Variants of as many images; the first was used longest ago."""
    paths = [cache.path_of(f"image{number}", NAME, "v") for number in range(count)]
    now = time.time()
    for number, path in enumerate(paths):
        assert cache.keep(path, bytes(size))
        os.utime(path, (now, now - (count - number) * 120))
    return paths


def test_what_was_not_used_for_longest_goes_first(cache: DerivedFiles) -> None:
    paths = fill(cache, count=20)

    assert Eviction(cache.root, max_bytes=10_000).run() == 11_000

    assert [path.exists() for path in paths] == [False] * 11 + [True] * 9
    assert not paths[0].parent.parent.exists()


def test_of_one_minute_no_more_goes_than_must(cache: DerivedFiles) -> None:
    paths = fill(cache, count=20)
    for path in paths:
        os.utime(path, (0, 1_000_000))

    assert Eviction(cache.root, max_bytes=10_000).run() == 11_000
    assert sum(path.exists() for path in paths) == 9


def test_nothing_goes_while_there_is_room_and_nobody_walks_for_nothing(
    cache: DerivedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache, count=5)
    eviction = Eviction(cache.root, max_bytes=10_000)
    assert eviction.run() == 0

    with monkeypatch.context() as patch:
        patch.setattr(Eviction, "_files", lambda _: pytest.fail("it walked"))
        assert eviction.run() == 0
        cache.keep(cache.path_of("another", NAME, "v"), bytes(4_000))
        assert eviction.run() == 0
    cache.keep(cache.path_of("third", NAME, "v"), bytes(4_000))
    assert eviction.run() > 0


def test_less_room_than_before_is_seen_at_the_next_start(cache: DerivedFiles) -> None:
    fill(cache, count=5)
    assert Eviction(cache.root, max_bytes=10_000).run() == 0

    assert Eviction(cache.root, max_bytes=2_000).run() == 4_000


def test_a_cache_that_was_deleted_is_begun_anew(cache: DerivedFiles) -> None:
    fill(cache, count=5)
    eviction = Eviction(cache.root, max_bytes=2_000)
    shutil.rmtree(cache.root)

    assert eviction.run() == 0
    (cache.root / "locks").mkdir(parents=True)
    fill(cache, count=5)
    assert eviction.run() == 4_000


def test_what_a_crash_left_on_its_way_is_cleared(cache: DerivedFiles) -> None:
    [path] = fill(cache, count=1)
    old, young = path.with_name(".old"), path.with_name(".young")
    old.touch()
    young.touch()
    os.utime(old, (0, 0))

    Eviction(cache.root, max_bytes=10_000).run()

    assert (old.exists(), young.exists(), path.exists()) == (False, True, True)


def test_a_use_is_noted_once_an_hour(cache: DerivedFiles) -> None:
    [path] = fill(cache, count=1)
    before = path.stat().st_mtime

    note_use(str(path), before)
    assert path.stat().st_mtime == before
    note_use(str(path), time.time() - 4000)
    assert path.stat().st_mtime > before
