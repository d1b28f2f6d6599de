"""The program as a whole: how it starts, survives, and ends. Real processes, real signals."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.programs import Program, eventually, free_port, is_gone, state_of

ELSEWHERE = {"MONGO_URI": "mongodb://127.0.0.1:9/vitrine", "SECRET_KEY": "k" * 32}
"""Settings under which no MongoDB is started. The small gallery needs none to answer."""


def test_answers_and_says_which_database_and_store_are_in_use(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port()) as gallery:
        assert gallery.process.stdout is not None
        said = [gallery.process.stdout.readline() for _ in range(3)]
        gallery.until_it_answers()
        gallery.send(signal.SIGTERM)
        assert gallery.end() == (0, "", "")
    assert re.match(rf"Database: embedded MongoDB [0-9.]+ in {tmp_path}/mongodb", said[0])
    assert said[1] == f"Images:   local disk, {tmp_path}/originals\n"
    assert f"http://127.0.0.1:{gallery.port} " in said[2]


def test_ends_within_5_s_with_three_open_pages_and_leaves_no_mongod(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port()) as gallery:
        gallery.until_it_answers()
        pages = [urlopen(f"http://127.0.0.1:{gallery.port}/events", timeout=10) for _ in range(3)]
        assert [page.readline() for page in pages] == [b"retry: 1000\n"] * 3
        children = gallery.children()
        assert len(children) == 3, "a mongod and two workers"
        gallery.send(signal.SIGTERM)
        assert gallery.end(within_s=5)[0] == 0
        assert all(is_gone(child) for child in children)
        for page in pages:
            page.close()


def test_its_processes_share_one_session_and_each_gets_its_signals_alone(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port()) as gallery:
        gallery.until_it_answers()
        main, children = gallery.process.pid, gallery.children()
        assert {os.getsid(child) for child in children} == {os.getsid(main)}
        assert len({os.getpgid(each) for each in (main, *children)}) == 1 + len(children)


def test_leaves_nothing_running_when_the_main_process_alone_is_killed(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port()) as gallery:
        gallery.until_it_answers()
        children = gallery.children()
        gallery.send(signal.SIGKILL)
        eventually(lambda: all(is_gone(child) for child in children), 2)


def test_starts_again_after_kill_with_everything_there(tmp_path: Path) -> None:
    port = free_port()
    with Program(tmp_path, port=port) as gallery:
        assert gallery.until_it_answers().get("/count") == "1"
        gallery.send(signal.SIGKILL)
        gallery.process.wait()
        # At once: the mongod of the killed program may still be dying.
        with Program(tmp_path, port=port) as second:
            assert second.until_it_answers().get("/count") == "2"


def test_refuses_data_that_another_gallery_uses(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port()) as gallery:
        gallery.until_it_answers()
        with Program(tmp_path, port=free_port()) as second:
            code, out, err = second.end()
        assert (code, out) == (2, "")
        assert (
            err
            == f"GALLERY_DATA: another gallery runs on {tmp_path}; stop it, or choose another.\n"
        )
        assert gallery.get("/count") == "1"


def test_two_galleries_run_side_by_side(tmp_path: Path) -> None:
    with (
        Program(tmp_path / "one", port=free_port()) as one,
        Program(tmp_path / "two", port=free_port()) as two,
    ):
        assert one.until_it_answers().get("/count") == "1"
        assert two.until_it_answers().get("/count") == "1"


def test_starts_mongod_again_when_it_was_killed(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port()) as gallery:
        assert gallery.until_it_answers().get("/count") == "1"
        mongod = gallery.mongod()
        os.kill(mongod, signal.SIGKILL)
        eventually(lambda: is_gone(mongod), 2)
        assert gallery.get("/count") == "2"
        gallery.send(signal.SIGTERM)
        assert gallery.end()[::2] == (0, "MongoDB ended; it is started again\n")


def test_refuses_a_port_on_which_something_else_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Program(tmp_path, port=port, **ELSEWHERE) as gallery:
            code, out, err = gallery.end()
    assert (code, out) == (2, "")
    assert err == f"PORT: something else answers on {port}; stop it, or set another PORT.\n"


def test_refuses_a_port_that_another_gallery_serves(tmp_path: Path) -> None:
    port = free_port()
    with Program(tmp_path, port=port, **ELSEWHERE) as gallery:
        gallery.until_it_answers()
        with Program(tmp_path / "two", port=port, **ELSEWHERE) as second:
            assert second.end()[0] == 2


def test_stops_with_one_line_at_a_bad_setting(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), module="app", MAX_PIXELS="many") as gallery:
        code, out, err = gallery.end()
    assert (code, out) == (2, "")
    assert err == "MAX_PIXELS: must be a whole number from 1 to 1000000000, not 'many'.\n"


@pytest.mark.parametrize(
    ("start", "line"),
    [
        ("refuse", "SECRET_KEY: another one is in use.\n"),
        ("offline", "MONGO_URI: the database does not answer; start it, or mend the address.\n"),
    ],
)
def test_stops_with_one_line_when_the_application_cannot_start(
    start: str, line: str, tmp_path: Path
) -> None:
    with Program(tmp_path, port=free_port(), SMALL_GALLERY=start, **ELSEWHERE) as gallery:
        assert gallery.end() == (2, "", line)


def test_stops_when_workers_end_before_they_are_ready(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), SMALL_GALLERY="crash", **ELSEWHERE) as gallery:
        code, _, err = gallery.end()
    assert (code, err) == (1, "A server worker ended before it was ready\n")


def test_starts_a_worker_again_when_it_was_killed(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), **ELSEWHERE) as gallery:
        gallery.until_it_answers()
        workers, killed = set(gallery.children()), int(gallery.get())
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: len(set(gallery.children()) - workers) == 1, 10)
        answered: set[int] = set()

        def both_answer() -> bool:
            answered.add(int(gallery.get()))
            return answered - {killed} == set(gallery.children())

        eventually(both_answer, 10)


def test_who_waits_for_a_killed_worker_is_served_by_the_next(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), **ELSEWHERE) as gallery, ExitStack() as open_:
        stopped = int(gallery.until_it_answers().get("/"))
        os.kill(stopped, signal.SIGSTOP)
        eventually(lambda: state_of(stopped) == "T", 10)
        waiting = [HTTPConnection("127.0.0.1", gallery.port, timeout=20) for _ in range(16)]
        for each in waiting:
            open_.callback(each.close)
            each.request("GET", "/")
        os.kill(stopped, signal.SIGKILL)
        served = {int(each.getresponse().read()) for each in waiting}
    assert len(served) == 2
    assert stopped not in served


def test_opens_as_many_files_as_the_system_allows(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        gallery = Program(tmp_path, port=free_port(), **ELSEWHERE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with gallery:
        worker = int(gallery.until_it_answers().get())
        allowed, _ = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    assert allowed == min(hard, 65_536)


def test_a_request_that_runs_is_finished_before_the_end(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), **ELSEWHERE) as gallery:
        gallery.until_it_answers()
        with urlopen(f"http://127.0.0.1:{gallery.port}/slow", timeout=10) as answer:
            begun = answer.read(6)
            gallery.send(signal.SIGTERM)
            assert begun + answer.read() == b"begun done"
        assert gallery.end()[0] == 0


def test_what_works_beside_requests_comes_to_its_end(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), SMALL_GALLERY="settle", **ELSEWHERE) as gallery:
        gallery.until_it_answers()
        workers = gallery.children()
        eventually(lambda: len(list(tmp_path.glob("begun-*"))) == len(workers), 10)
        gallery.send(signal.SIGTERM)
        assert gallery.end()[0] == 0
    assert {path.name for path in tmp_path.glob("settled-*")} == {
        f"settled-{pid}" for pid in workers
    }


def test_ctrl_c_and_a_closed_terminal_end_it_in_order(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        with Program(tmp_path, port=free_port(), **ELSEWHERE) as gallery:
            gallery.until_it_answers()
            os.killpg(gallery.process.pid, number)
            assert gallery.end()[::2] == (0, "")


def test_two_signals_at_once_are_one_wish(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), **ELSEWHERE) as gallery:
        gallery.until_it_answers()
        with urlopen(f"http://127.0.0.1:{gallery.port}/slow", timeout=10) as answer:
            begun = answer.read(6)
            gallery.send(signal.SIGTERM)
            gallery.send(signal.SIGTERM)
            assert begun + answer.read() == b"begun done"
        assert gallery.end()[0] == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with Program(tmp_path, port=free_port(), **ELSEWHERE) as gallery:
        gallery.until_it_answers()
        with urlopen(f"http://127.0.0.1:{gallery.port}/stuck", timeout=10) as answer:
            children = gallery.children()
            assert answer.read(6) == b"begun "

            def told_again_it_ends() -> bool:
                gallery.send(signal.SIGTERM)
                return gallery.process.poll() is not None

            eventually(told_again_it_ends, 2)
            eventually(lambda: all(is_gone(child) for child in children), 2)
        assert gallery.end()[0] == 1
