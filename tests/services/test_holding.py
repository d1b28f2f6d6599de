"""Leases are renewed while the work lives, and by nobody once it has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gallery.errors import DatabaseUnavailableError
from gallery.model import Image
from gallery.services import holding, ingest, once, replacing
from gallery.services.holding import Holding
from gallery.services.reconcile import Swept
from tests import pictures
from tests.programs import eventually
from tests.services.conftest import Parts
from tests.services.test_once import send
from tests.services.uploading import uploading_on


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "RENEWED_EVERY_S", 0.01)
    monkeypatch.setattr(holding, "_AGAIN_AFTER_S", 0.01)


def test_it_is_renewed_again_and_again_until_the_block_ends() -> None:
    renewed: list[int] = []

    with Holding().renewed(lambda: renewed.append(1)):
        eventually(lambda: len(renewed) > 3, 30)
    count = len(renewed)

    assert not threading.Event().wait(0.1)
    assert len(renewed) == count


def test_many_are_renewed_by_one_thread_which_ends_with_them() -> None:
    lease, threads = Holding(), set[threading.Thread]()

    def renew() -> None:
        threads.add(threading.current_thread())

    with lease.renewed(renew), lease.renewed(renew), lease.renewed(renew):
        eventually(lambda: len(threads) > 0, 30)

    [thread] = threads
    eventually(lambda: not thread.is_alive(), 30)
    with lease.renewed(renew):
        eventually(lambda: len(threads) > 1, 30)


@pytest.mark.parametrize("failure", [DatabaseUnavailableError("Away."), RuntimeError("A mistake.")])
def test_what_fails_is_tried_again_and_keeps_no_other_from_it(failure: Exception) -> None:
    lease, tried, others = Holding(), list[int](), list[int]()

    def fails() -> None:
        tried.append(1)
        raise failure

    with lease.renewed(fails), lease.renewed(lambda: others.append(1)):
        eventually(lambda: len(tried) > 2 and len(others) > 2, 30)


def test_nobody_goes_on_while_it_is_just_being_renewed() -> None:
    begun, goes_on, ended = threading.Event(), threading.Event(), threading.Event()

    def renew() -> None:
        begun.set()
        goes_on.wait(30)

    def work() -> None:
        with Holding().renewed(renew):
            begun.wait(30)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(30)
    assert not ended.wait(0.05)
    goes_on.set()
    thread.join(30)
    assert ended.is_set()


def slowly(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, renewals: Callable[[], int]
) -> Callable[[], None]:
    """A put that takes so long that its lease is renewed; what comes of it is judged then."""
    put = parts.store.put
    swept: list[Swept] = []

    def slow(key: str, original: Any) -> Any:
        before = renewals()
        eventually(lambda: renewals() >= before + 2, 30)
        swept.append(parts.sweep.run())
        return put(key, original)

    monkeypatch.setattr(parts.store, "put", slow)

    def judged() -> None:
        assert swept == [Swept()]

    return judged


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Callable[[], int]:
    """How often that was called."""
    works, calls = getattr(owner, name), list[int]()

    def call(*given: Any, **named: Any) -> Any:
        calls.append(1)
        return works(*given, **named)

    monkeypatch.setattr(owner, name, call)
    return lambda: len(calls)


def test_an_upload_keeps_what_is_its_own_as_long_as_it_takes(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "LEASE_S", 5)
    judged = slowly(parts, monkeypatch, counted(monkeypatch, parts.catalog, "renew"))

    assert parts.take().image.id == parts.ready()["id"]
    judged()


def test_a_request_keeps_its_key_as_long_as_it_takes(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "LEASE_S", 5)
    judged = slowly(parts, monkeypatch, counted(monkeypatch, parts.keys, "renew"))

    assert send(parts).image.id == parts.ready()["id"]
    judged()


def test_a_replacement_keeps_what_is_its_own_as_long_as_it_takes(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "LEASE_S", 5)
    image: Image = parts.take().image
    judged = slowly(parts, monkeypatch, counted(monkeypatch, parts.catalog, "renew_replacement"))

    now = parts.replacing.replace(image, parts.receive(pictures.photo(seed=2)))

    assert parts.ready()["sha256"] == now.sha256
    judged()


def test_an_upload_in_pieces_is_kept_while_it_is_finished(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    pieces = uploading_on(parts, where=where)
    upload = pieces.sent(pictures.photo().content)
    judged = slowly(parts, monkeypatch, counted(monkeypatch, pieces.catalog, "renew"))

    assert pieces.finishing.finish(upload).image_id == parts.ready()["id"]
    judged()
