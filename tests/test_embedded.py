"""The embedded MongoDB, as a real process."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from gallery import embedded
from gallery.errors import ConfigError
from tests.programs import eventually, is_gone


def documents(uri: str) -> int:
    """How many documents there are after one more was added."""
    with MongoClient[dict[str, Any]](uri, timeoutMS=30_000) as client:
        kept = client.get_default_database()["kept"]
        kept.insert_one({})
        return kept.count_documents({})


@pytest.fixture
def running(tmp_path: Path) -> Iterator[embedded.Embedded]:
    mongod = embedded.start(tmp_path)
    try:
        mongod.wait_until_ready()
        yield mongod
    finally:
        mongod.stop()


def test_it_is_a_replica_set_that_wants_a_password_and_compresses_nothing(
    running: embedded.Embedded, tmp_path: Path
) -> None:
    with MongoClient[dict[str, Any]](running.uri, timeoutMS=30_000) as client:
        hello = client.admin.command("hello")
        client.get_default_database().watch().close()
        options = client.admin.command("getCmdLineOpts")["parsed"]
    assert (hello["setName"], hello["isWritablePrimary"]) == ("rs0", True)
    assert options["net"]["bindIp"] == "127.0.0.1"
    assert options["net"]["compression"]["compressors"] == "disabled"
    port = running.uri.split("@")[1].split("/")[0]
    with (
        MongoClient[dict[str, Any]](f"mongodb://{port}/vitrine", directConnection=True) as stranger,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        stranger["vitrine"]["kept"].find_one()


def test_workers_and_commands_find_it_and_others_may_not_look(
    running: embedded.Embedded, tmp_path: Path
) -> None:
    assert embedded.uri_of(tmp_path) == running.uri
    for name in ("uri", "keyfile"):
        assert stat.S_IMODE((tmp_path / "mongodb" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "mongodb").stat().st_mode) == 0o700
    with embedded.connect_or_start(tmp_path) as uri:
        assert uri == running.uri


def test_a_command_starts_it_when_no_gallery_runs_and_stops_it_after(tmp_path: Path) -> None:
    with embedded.connect_or_start(tmp_path) as uri:
        assert documents(uri) == 1
    with pytest.raises(ConfigError, match="no embedded MongoDB is ready"):
        embedded.uri_of(tmp_path)
    with embedded.connect_or_start(tmp_path) as uri:
        assert documents(uri) == 2


def test_one_command_lets_another_finish_before_it_stops_what_it_started(tmp_path: Path) -> None:
    starter = embedded.connect_or_start(tmp_path)
    visitor = embedded.connect_or_start(tmp_path)
    starter.__enter__()
    uri = visitor.__enter__()
    ended = Thread(target=starter.__exit__, args=(None, None, None))
    ended.start()
    assert documents(uri) == 1
    assert ended.is_alive()
    visitor.__exit__(None, None, None)
    ended.join()
    with pytest.raises(ConfigError, match="no embedded MongoDB is ready"):
        embedded.uri_of(tmp_path)


def test_a_command_waits_for_a_gallery_that_is_just_starting(tmp_path: Path) -> None:
    starting = embedded.start(tmp_path)
    found: list[str] = []

    def look() -> None:
        with embedded.connect_or_start(tmp_path) as uri:
            found.append(uri)

    command = Thread(target=look)
    command.start()
    starting.wait_until_ready()
    command.join()
    starting.stop()
    assert found == [starting.uri]


def test_moves_to_another_port_with_its_data_when_its_own_is_taken(tmp_path: Path) -> None:
    with embedded.connect_or_start(tmp_path) as uri:
        assert documents(uri) == 1
    port = int((tmp_path / "mongodb" / "port").read_text())
    with another_program_on(port), embedded.connect_or_start(tmp_path) as moved:
        assert f":{port}/" not in moved
        assert documents(moved) == 2
    with embedded.connect_or_start(tmp_path) as again:
        assert again == moved


class _Server(ThreadingTCPServer):
    allow_reuse_address = True


@contextmanager
def another_program_on(port: int) -> Iterator[None]:
    """Something that listens there, and hangs up on whoever calls."""
    with _Server(("127.0.0.1", port), BaseRequestHandler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_brings_the_library_that_bare_debian_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_libcurl(tmp_path, monkeypatch)
    with embedded.connect_or_start(tmp_path / "data") as uri:
        assert documents(uri) == 1


def test_names_the_library_when_there_is_none_to_bring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_libcurl(tmp_path, monkeypatch)
    mongod = embedded.start(tmp_path / "data")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ConfigError, match=r"^MONGO_URI: .*libcurl4.*$"):
        mongod.wait_until_ready()
    mongod.stop()


def hide_libcurl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What mongod finds first under the library's name is no library."""
    (folder / "broken").mkdir()
    (folder / "broken" / "libcurl.so.4").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder / "broken"))


def test_says_in_one_line_what_to_do_where_there_is_no_mongod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"^MONGO_URI: .* or run: docker compose up$"):
        embedded.start(tmp_path / "data")
    monkeypatch.undo()
    with embedded.connect_or_start(tmp_path / "data") as uri:
        assert documents(uri) == 1, "the lock was given back"


@pytest.fixture
def other_mongod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a script that stands for mongod is found, without its run bit."""
    program = tmp_path / "fiftyone/db/bin/mongod"
    program.parent.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return program


def test_lets_a_mongod_run_that_lost_its_run_bit(tmp_path: Path, other_mongod: Path) -> None:
    other_mongod.write_text("#!/bin/sh\nexit 3\n")
    mongod = embedded.start(tmp_path / "data")
    with pytest.raises(ConfigError, match=r"MongoDB ended \(3\); its log is .*mongod\.log"):
        mongod.wait_until_ready()
    mongod.stop()
    assert os.access(other_mongod, os.X_OK)


def test_names_the_processor_that_mongod_cannot_run_on(tmp_path: Path, other_mongod: Path) -> None:
    other_mongod.write_text("#!/bin/sh\nkill -ILL $$\n")
    mongod = embedded.start(tmp_path / "data")
    with pytest.raises(ConfigError, match=r"^MONGO_URI: .* processor with AVX.*$"):
        mongod.wait_until_ready()
    mongod.stop()


def test_survives_a_kill_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    mongod = embedded.start(tmp_path)
    mongod.wait_until_ready()
    assert documents(mongod.uri) == 1
    os.kill(mongod.pid, signal.SIGKILL)
    eventually(lambda: mongod.exit_code() is not None, 2)
    mongod.restart()
    assert documents(mongod.uri) == 2
    mongod.stop()
    assert is_gone(mongod.pid)
