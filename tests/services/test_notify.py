"""Notifications: signed as the SDK checks it, told again until they are taken, whoever restarts."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import cloudinary
import cloudinary.utils
import pytest
from pymongo.database import Database

from gallery.catalog.notifications import Notifications
from gallery.errors import AddressRefusedError
from gallery.outgoing import Outgoing
from gallery.services import notify
from gallery.services.notify import Notify
from tests.outgoing.peers import Peer, answer, redirect
from tests.programs import eventually

SECRET = "a secret of the account"


class Listener:
    """Takes what comes after having refused some; remembers all of it."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.heard: list[tuple[dict[str, str], str]] = []

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        with self._lock:
            self.heard.append((dict(line.split(": ", 1) for line in lines), body.decode()))
            said = self._answers.pop(0) if self._answers else answer(b"ok")
        connection.sendall(said)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def outbox(database: Database[dict[str, Any]]) -> Notifications:
    outbox = Notifications(database)
    outbox.ensure_indexes()
    return outbox


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses of a day take no time, and nobody waits long before looking again."""
    monkeypatch.setattr(notify, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(notify, "POLL_S", 0.05)


def notifying(outbox: Notifications, peer: Peer, algorithm: str = "sha1") -> Notify:
    return Notify(
        outbox=outbox,
        outgoing=Outgoing(trusted=(f"127.0.0.1:{peer.port}",)),
        secret=SECRET,
        algorithm=algorithm,
        now=lambda: datetime.now(UTC),
    )


@contextmanager
def running(*each: Notify) -> Iterator[None]:
    """Runs as many processes would."""
    threads = [threading.Thread(target=one.run) for one in each]
    with ExitStack() as ending:
        for one, thread in zip(each, threads, strict=True):
            thread.start()
            ending.callback(thread.join)
            ending.callback(one.close)
        yield


def waiting(database: Database[dict[str, Any]]) -> int:
    return database["notifications"].count_documents({})


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_is_signed_as_the_sdk_checks_it(
    outbox: Notifications, algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener()
    with Peer(listener) as peer:
        told = notifying(outbox, peer, algorithm)
        told.send(f"{peer.url}/hook", {"notification_type": "upload", "public_id": "ä/b"})
        with running(told):
            eventually(lambda: bool(listener.heard), 5)

    headers, body = listener.heard[0]
    monkeypatch.setattr(cloudinary.config(), "api_secret", SECRET)
    timestamp, signature = headers["X-Cld-Timestamp"], headers["X-Cld-Signature"]
    check = cloudinary.utils.verify_notification_signature
    assert check(body, timestamp, signature, algorithm=algorithm)
    assert not check(body + " ", timestamp, signature, algorithm=algorithm)
    digest = hashlib.new(algorithm, f"{body}{timestamp}{SECRET}".encode())
    assert signature == digest.hexdigest()
    assert headers["Content-Type"] == "application/json"


def test_says_what_happened_when_and_under_which_id(outbox: Notifications) -> None:
    listener = Listener()
    with Peer(listener) as peer:
        told = notifying(outbox, peer)
        told.send(peer.url, {"notification_type": "upload", "public_id": "a"})
        with running(told):
            eventually(lambda: bool(listener.heard), 5)

    payload = listener.told[0]
    assert (payload["notification_type"], payload["public_id"]) == ("upload", "a")
    assert re.fullmatch(r"[0-9a-f]{32}", payload["request_id"])
    assert re.fullmatch(r"2[0-9-]{9}T[0-9:]{8}Z", payload["timestamp"])
    assert payload["notification_context"]["triggered_at"] == payload["timestamp"]


def test_is_told_again_alike_until_it_is_taken(
    outbox: Notifications, database: Database[dict[str, Any]]
) -> None:
    refusals = [
        answer(b"", status="500 Oh"),
        answer(b"", status="404 No"),
        redirect("/elsewhere"),
        b"",
    ]
    listener = Listener(*refusals)
    with Peer(listener) as peer:
        told = notifying(outbox, peer)
        told.send(peer.url, {"notification_type": "delete"})
        with running(told):
            eventually(lambda: len(listener.heard) == 5 and not waiting(database), 10)

    assert len({body for _, body in listener.heard}) == 1


def test_is_told_after_a_restart(outbox: Notifications, database: Database[dict[str, Any]]) -> None:
    listener = Listener()
    with Peer(listener) as peer:
        notifying(outbox, peer).send(peer.url, {"notification_type": "upload"})
        claimed = outbox.claim(holder="of a process that was killed", lease_s=0)
        assert claimed is not None
        with running(notifying(Notifications(database), peer)):
            eventually(lambda: not waiting(database), 5)

    assert len(listener.heard) == 1


def test_many_processes_tell_each_once(
    outbox: Notifications, database: Database[dict[str, Any]]
) -> None:
    listener = Listener()
    with Peer(listener) as peer:
        several = [notifying(outbox, peer) for _ in range(3)]
        for number in range(30):
            several[0].send(peer.url, {"notification_type": "upload", "number": number})
        with running(*several):
            eventually(lambda: not waiting(database), 10)

    assert sorted(each["number"] for each in listener.told) == list(range(30))


def test_a_listener_that_hangs_does_not_hold_up_the_others(outbox: Notifications) -> None:
    listener, let_go = Listener(), threading.Event()

    def hang(connection: socket.socket, request: bytes) -> None:
        del connection, request
        let_go.wait(5)

    with Peer(hang) as stuck, Peer(listener) as peer:
        told = Notify(
            outbox=outbox,
            outgoing=Outgoing(trusted=("127.0.0.1",)),
            secret=SECRET,
            algorithm="sha1",
            now=lambda: datetime.now(UTC),
        )
        told.send(stuck.url, {"notification_type": "upload"})
        told.send(peer.url, {"notification_type": "upload"})
        with running(told):
            eventually(lambda: bool(listener.heard), 3)
            let_go.set()


def due_in_s(database: Database[dict[str, Any]]) -> float:
    [document] = database["notifications"].find()
    return float((document["due_at"] - datetime.now(UTC)).total_seconds())


@pytest.mark.parametrize(("asked", "shortest_s"), [("600", 600), ("999999999", 6 * 3600)])
def test_a_listener_is_left_alone_as_long_as_it_asks_for(
    outbox: Notifications, database: Database[dict[str, Any]], asked: str, shortest_s: float
) -> None:
    busy = answer(b"", status="429 Slow down", headers=f"Retry-After: {asked}\r\n")
    listener = Listener(busy)
    with Peer(listener) as peer:
        told = notifying(outbox, peer)
        told.send(peer.url, {"notification_type": "upload"})
        with running(told):
            eventually(lambda: due_in_s(database) > notify.LEASE_S, 5)

    assert shortest_s - 30 < due_in_s(database) <= notify.LONGEST_PAUSE_S
    assert len(listener.heard) == 1


def test_is_given_up_after_about_a_day_with_a_line_in_the_log(
    outbox: Notifications,
    database: Database[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = Listener(*[answer(b"", status="503 Later")] * 100)
    with Peer(listener) as peer, caplog.at_level(logging.ERROR):
        told = notifying(outbox, peer)
        told.send(f"{peer.url}/hook?token=hidden", {"notification_type": "upload"})
        with running(told):
            eventually(lambda: not waiting(database), 20)

    assert len(listener.heard) == notify.ATTEMPTS
    [line] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert line.message == "notification given up"
    assert line.__dict__["attempts"] == notify.ATTEMPTS
    assert "hidden" not in str(line.__dict__)


def test_pauses_grow_to_about_a_day_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "FIRST_PAUSE_S", 10.0)
    longest = [
        max(notify.pause_s(tried) for _ in range(500)) for tried in range(1, notify.ATTEMPTS)
    ]

    assert longest[0] <= 10
    assert longest[5] <= 320 < longest[7]
    assert max(longest) <= notify.LONGEST_PAUSE_S
    assert 20 * 3600 < sum(longest) / 2 < 26 * 3600


def test_what_leads_inside_is_given_up_at_once(
    outbox: Notifications, database: Database[dict[str, Any]]
) -> None:
    with Peer(Listener()) as canary:
        told = Notify(
            outbox=outbox,
            outgoing=Outgoing(),
            secret=SECRET,
            algorithm="sha1",
            now=lambda: datetime.now(UTC),
        )
        told.send(canary.url, {"notification_type": "upload"})
        with running(told):
            eventually(lambda: not waiting(database), 5)

    assert canary.connections == 0


def test_an_odd_address_is_refused_before_anything_is_kept(
    outbox: Notifications, database: Database[dict[str, Any]]
) -> None:
    with Peer(Listener()) as peer, pytest.raises(AddressRefusedError):
        notifying(outbox, peer).send("http://me@127.0.0.1/", {"notification_type": "upload"})

    assert not waiting(database)


def test_tells_which_tags_and_which_context_changed() -> None:
    tags = notify.tags_changed({"a": (["new"], ["old"])})
    context = notify.context_changed({"a": ({"alt": "x", "gone": "y"}, {"alt": "z", "new": "w"})})

    assert tags["notification_type"] == "resource_tags_changed"
    assert tags["resources"] == {"a": {"added": ["new"], "removed": ["old"], "updated": []}}
    assert context["resources"]["a"] == {
        "added": [{"name": "new", "value": "w"}],
        "removed": [{"name": "gone", "value": "y"}],
        "updated": [{"name": "alt", "value": "z"}],
    }
