"""The bench's own logic: verdicts, taking turns, and what it reads from others. Its figures prove
themselves by being run."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import pyvips

from bench import image_peers, likeness, load, pictures, processes
from bench.cold import Cold
from bench.image_peers import Wanted
from bench.report import (
    BenchError,
    Figure,
    Goal,
    Line,
    at_least,
    at_most,
    in_turns,
    percentile,
    ratio_at_least,
    ratio_at_most,
)

BODY = b"x" * 300_000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """The client hangs up when its time is over, which is nobody's error."""


@pytest.fixture
def port() -> Iterator[int]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def a_line(ours: float, theirs: float | None, goal: Goal | None) -> Line:
    figure = None if theirs is None else Figure(theirs, "ms")
    return Line(subject="s", what="w", ours=Figure(ours, "ms"), peer="p", theirs=figure, goal=goal)


@pytest.mark.parametrize(
    ("ours", "theirs", "goal", "met"),
    [
        (115, 100, ratio_at_most(1.15), True),
        (116, 100, ratio_at_most(1.15), False),
        (35, 100, ratio_at_least(0.35), True),
        (34, 100, ratio_at_least(0.35), False),
        (60, 100, at_most(60), True),
        (61, None, at_most(60), False),
        (500, None, at_least(500), True),
        (1, None, ratio_at_most(1.15), None),
        (1, 2, None, None),
    ],
)
def test_a_goal_is_met_up_to_its_bound_and_judged_only_with_its_peer(ours, theirs, goal, met):
    assert a_line(ours, theirs, goal).met is met


def test_a_peer_that_is_missing_is_named():
    *_, theirs, ratio, _, verdict = a_line(1, None, ratio_at_most(2)).cells()
    assert (theirs, ratio, verdict) == ("not installed (p)", "", "not judged")


def test_a_line_shows_three_digits_and_its_goal():
    assert a_line(1234.5, 98.765, ratio_at_most(1.15)).cells() == (
        "w", "1,234 ms", "98.8 ms (p)", "12.5\N{MULTIPLICATION SIGN}",
        "≤ 1.15\N{MULTIPLICATION SIGN}", "NOT MET",
    )  # fmt: skip


def test_runs_take_turns():
    order = []
    in_turns(2, lambda: order.append("a"), lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]


def test_a_percentile_is_one_of_the_values():
    assert percentile(range(1, 101), 95) == 96
    assert percentile([7], 95) == 7


def test_reads_what_wrk_says():
    said = "  2 threads\n  26218 requests in 2.10s, 409.66MB read\nRequests/sec:  12484.76\n"
    assert load.read_wrk(said) == load.Load(26218, 2.1)


@pytest.mark.parametrize("trouble", ["Non-2xx or 3xx responses: 5", "Socket errors: connect 1"])
def test_a_load_that_met_failures_is_no_figure(trouble):
    with pytest.raises(BenchError, match=trouble):
        load.read_wrk(f"  10 requests in 2.00s, 1MB read\n  {trouble}\n")


def test_our_own_client_counts_whole_answers(port, monkeypatch):
    monkeypatch.setattr(load, "by_wrk", lambda: False)
    monkeypatch.setattr(load, "CONNECTIONS", 2)
    done = load.put_on(f"http://127.0.0.1:{port}/", seconds=0.2)
    assert done.requests > 0
    assert done.seconds >= 0.2


def test_our_own_client_refuses_another_status(port, monkeypatch):
    monkeypatch.setattr(load, "by_wrk", lambda: False)
    monkeypatch.setattr(load, "CONNECTIONS", 2)
    with pytest.raises(BenchError, match="200 OK"):
        load.put_on(f"http://127.0.0.1:{port}/", seconds=0.2, status=304)


def test_a_process_has_itself_in_its_tree_and_uses_memory():
    pids = processes.tree(os.getpid())
    assert os.getpid() in pids
    assert processes.resident_bytes([os.getpid()]) > 1_000_000
    assert processes.cpu_s([os.getpid()]) > 0


def test_finds_a_process_by_its_command_line():
    command = [sys.executable, "-c", "import time; time.sleep(60)", "waits for its end"]
    with subprocess.Popen(command) as waiting:
        assert waiting.pid in processes.running(os.getpid(), "waits for its end")
        waiting.kill()
    assert processes.running(os.getpid(), "no program is called so") == []


def test_forgetting_variants_leaves_the_copy(tmp_path):
    copy, variant = tmp_path / "name" / "copy", tmp_path / "name" / "variant"
    copy.parent.mkdir()
    for file in (copy, variant):
        file.write_bytes(b"x")
    Cold("id", "1", tmp_path, frozenset({copy})).forget()
    assert (copy.exists(), variant.exists()) == (True, False)


def test_the_worse_a_variant_the_less_it_is_like_its_original(tmp_path):
    file = pictures.draw(tmp_path, 2)[2]
    pixels = pyvips.Image.new_from_file(str(file)).resize(0.2)
    good, bad = (pixels.jpegsave_buffer(Q=quality) for quality in (95, 20))
    assert 0.5 < likeness.to_original(bad, file) < likeness.to_original(good, file) <= 1
    assert likeness.to_original(pixels.pngsave_buffer(), file) == pytest.approx(1, abs=0.001)


def test_peers_that_are_missing_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(image_peers, "_THUMBOR", tmp_path / "thumbor")
    monkeypatch.setattr(image_peers, "_NODE", tmp_path)
    with image_peers.started(tmp_path) as makers:
        assert makers == {"thumbor": None, "ipx": None, "sharp": None}


@pytest.mark.parametrize("name", image_peers.NAMES)
def test_a_peer_makes_what_is_wanted(tmp_path, name):
    file = pictures.draw(tmp_path, 2)[2]
    with image_peers.started(tmp_path) as makers:
        if (maker := makers[name]) is None:
            pytest.skip(f"not installed; {image_peers.HOW_TO_INSTALL} does that")
        made = maker(file, Wanted("webp", 400))
    pixels = pyvips.Image.new_from_buffer(made.content, "")
    assert (pixels.width, pixels.get("vips-loader")) == (400, "webpload_buffer")
    assert made.ms > 0
