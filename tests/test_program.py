"""``python app.py`` as its users meet it: it is killed, full of visitors, told to stop."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import signal
import statistics
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.client import Client
from tests.pictures import photo
from tests.programs import Program, eventually, free_port, is_gone

VISITORS = 50


class Event(NamedTuple):
    """One change, as a page hears of it."""

    id: str
    name: str
    image: dict[str, Any]


class Visitor:
    """An open page, as far as the server sees one: a stream of events."""

    def __init__(self, port: int, *, after: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {"Last-Event-ID": after} if after else {}
        self._connection.request("GET", "/api/events", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._line().startswith("retry: ")

    def hears(self) -> Event:
        """The next event."""
        said = dict(line.split(": ", 1) for line in iter(self._line, "") if line)
        return Event(said["id"], said["event"], json.loads(said["data"])) if said else self.hears()

    def close(self) -> None:
        self._connection.close()

    def _line(self) -> str:
        line = self._answer.readline()
        assert line, "the stream has ended"
        return line.decode().rstrip("\n")


@contextmanager
def visitors(program: Program, count: int) -> Iterator[list[Visitor]]:
    opened = [Visitor(program.port) for _ in range(count)]
    try:
        yield opened
    finally:
        for visitor in opened:
            visitor.close()


@contextmanager
def gallery(folder: Path, *, port: int = 0) -> Iterator[tuple[Program, Client]]:
    """A gallery that runs, and a client of it."""
    with Program(folder, port=port or free_port(), module="app") as program:
        program.until_it_answers()
        with closing(Client(f"http://127.0.0.1:{program.port}")) as client:
            yield program, client


def kill(program: Program) -> None:
    program.send(signal.SIGKILL)
    program.process.wait()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_nothing_acknowledged_is_lost_when_it_is_killed_between_uploads(tmp_path):
    port = free_port()
    sent: dict[str, str] = {}
    for life in range(3):
        with gallery(tmp_path, port=port) as (program, client):
            assert {image["id"] for image in client.list()} == set(sent)
            for seed in range(3):
                picture = photo(width=300, height=200, seed=10 * life + seed)
                sent[client.add(picture)["id"]] = digest(picture.content)
            kill(program)  # The very moment the last answer was there.
    with gallery(tmp_path, port=port) as (_, client):
        kept = client.list()
        assert {image["id"]: digest(client.original(image)) for image in kept} == sent


def test_a_page_hears_after_a_kill_what_it_missed_and_nothing_twice(tmp_path):
    port = free_port()
    with gallery(tmp_path, port=port) as (program, client):
        with closing(Visitor(port)) as visitor:
            client.add(photo(seed=1))
            last = visitor.hears()
        missed = client.add(photo(seed=2))
        kill(program)
    with gallery(tmp_path, port=port) as (_, client):
        later = client.add(photo(seed=3))
        with closing(Visitor(port, after=last.id)) as visitor:
            events = [visitor.hears(), visitor.hears()]
    assert [event.image["id"] for event in events] == [missed["id"], later["id"]]
    assert {event.name for event in events} == {"image.created"}


def test_fifty_open_pages_hear_of_a_change_within_a_second_and_the_rest_stays_fast(tmp_path):
    with gallery(tmp_path) as (program, client), visitors(program, VISITORS) as watching:
        image = client.add(photo())
        answered = time.monotonic()
        heard = [visitor.hears() for visitor in watching]
        assert time.monotonic() - answered < 1
        assert {event.name for event in heard} == {"image.created"}
        assert {event.image["id"] for event in heard} == {image["id"]}
        assert statistics.median(list_takes_s(client) for _ in range(20)) < 0.1


def list_takes_s(client: Client) -> float:
    begun = time.perf_counter()
    client.list()
    return time.perf_counter() - begun


def test_ends_in_order_within_5_s_though_three_pages_are_open(tmp_path):
    with gallery(tmp_path) as (program, _):
        children = program.children()
        with visitors(program, 3):
            program.send(signal.SIGTERM)
            code, _, errors = program.end(within_s=5)
        assert (code, errors) == (0, "")
        eventually(lambda: all(is_gone(child) for child in children), 2)


def test_an_archive_that_a_store_breaks_off_does_not_pass_for_whole(tmp_path):
    with gallery(tmp_path) as (program, client):
        images = [client.add(photo("png", width=700, height=700, seed=n)) for n in range(3)]
        url = client.archive(images)
        whole = client.fetch(url)
        file = next((tmp_path / "originals").rglob(images[1]["id"]))
        file.unlink()
        with closing(http.client.HTTPConnection("127.0.0.1", program.port, timeout=10)) as line:
            line.request("GET", url)
            # Nothing at all, where the line broke before what was first sent had left.
            broken_off = (http.client.IncompleteRead, http.client.RemoteDisconnected)
            with pytest.raises(broken_off) as broken:
                line.getresponse().read()
        came = getattr(broken.value, "partial", b"")
        assert len(came) < len(whole)
        assert not zipfile.is_zipfile(io.BytesIO(came))
        assert zipfile.is_zipfile(io.BytesIO(whole))
