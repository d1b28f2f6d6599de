"""Decoding processes: what one may not do, and that its end costs one request and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gallery.config import ROOT
from gallery.errors import (
    BadTransformationError,
    BrokenImageError,
    BusyError,
    DecoderFailedError,
    UnsupportedFormatError,
)
from gallery.imaging.sandbox import Engine
from gallery.transformation import parse
from tests import pictures
from tests.imaging.judging import LIMITS
from tests.programs import eventually, is_gone

SOON_S = 10.0
SLOW = parse("c_limit,f_gif,h_4000,w_4000")
"""What makes a noisy original keep its process busy for seconds, also on a fast machine."""

MakeEngine = Callable[..., Engine]


def decoders_of(parent: int) -> list[int]:
    """The decoding processes that are children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent_of_it = int(stat.read_text().rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent_of_it == parent and b"gallery.imaging.child" in command:
            found.append(int(stat.parent.name))
    return found


def _ticks(pid: int) -> int:
    """Processor time of a process, in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    """Makes engines with limits of their own, and ends them afterwards."""
    engines: list[Engine] = []

    def make(*, children: int = 1, **limits: Any) -> Engine:
        engines.append(Engine(replace(LIMITS, **limits), children=children))
        return engines[-1]

    before = set(decoders_of(os.getpid()))
    yield make
    for engine in engines:
        engine.close()
    assert set(decoders_of(os.getpid())) <= before


@pytest.fixture
def new_decoders(engine: Engine) -> Callable[[], list[int]]:
    """The decoding processes that the test itself brought to life."""
    before = set(decoders_of(os.getpid()))
    return lambda: sorted(set(decoders_of(os.getpid())) - before)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return pictures.photo("jpeg").saved_in(tmp_path)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return pictures.photo("png").cut_off(20).saved_in(tmp_path)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.noise(4000, 4000).saved_in(tmp_path_factory.mktemp("noise"))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def _at_work(
    engine: Engine, noisy: Path, threads: ThreadPoolExecutor, new_decoders: Callable[[], list[int]]
) -> tuple[Future[Any], int]:
    """A request in the middle of its work, and the process that works on it."""
    engine.check()
    (pid,) = new_decoders()
    idle = _ticks(pid)
    request = threads.submit(engine.derive, noisy, SLOW, bucket="base")
    eventually(lambda: _ticks(pid) > idle + 10, SOON_S)
    return request, pid


def test_starts_no_process_until_it_is_needed(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine(children=2)
    assert new_decoders() == []
    engine.inspect(photo)
    assert len(new_decoders()) == 1


def test_uses_a_process_again_and_replaces_it_in_time(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine(images_per_child=2)
    engine.inspect(photo)
    first = new_decoders()
    engine.derive(photo, parse("w_20"), bucket="webp")
    assert is_gone(first[0])
    engine.inspect(photo)
    assert new_decoders() != first


def test_keeps_a_process_whose_first_user_thread_has_ended(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine()
    with ThreadPoolExecutor(1) as short_lived:
        short_lived.submit(engine.check).result()
    first = new_decoders()
    engine.inspect(photo)
    assert new_decoders() == first


def test_replaces_a_process_after_any_failure(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path, broken: Path
) -> None:
    engine = make_engine()
    engine.inspect(photo)
    (first,) = new_decoders()
    with pytest.raises(BrokenImageError):
        engine.inspect(broken)
    assert is_gone(first)
    engine.inspect(photo)


def test_a_process_killed_at_work_costs_one_request(
    make_engine: MakeEngine,
    new_decoders: Callable[[], list[int]],
    threads: ThreadPoolExecutor,
    noisy: Path,
    photo: Path,
) -> None:
    engine = make_engine()
    request, pid = _at_work(engine, noisy, threads, new_decoders)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(DecoderFailedError):
        request.result()
    assert engine.inspect(photo).width == 120


def test_a_process_killed_at_rest_costs_nothing(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine()
    engine.check()
    (pid,) = new_decoders()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: is_gone(pid), SOON_S)
    assert engine.inspect(photo).width == 120


def test_a_process_that_hangs_is_killed_at_the_limit_of_time(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine(wall_s=0.5)
    engine.check()
    (pid,) = new_decoders()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DecoderFailedError, match="time"):
        engine.inspect(photo)
    assert is_gone(pid)
    assert engine.inspect(photo).width == 120


@pytest.mark.parametrize("fault", [signal.SIGSEGV, signal.SIGSTOP, signal.SIGKILL])
def test_a_decoder_that_crashes_hangs_or_is_killed_costs_one_request_while_others_go_on(
    make_engine: MakeEngine,
    new_decoders: Callable[[], list[int]],
    threads: ThreadPoolExecutor,
    noisy: Path,
    photo: Path,
    fault: signal.Signals,
) -> None:
    engine = make_engine(children=2, wall_s=4)
    request, pid = _at_work(engine, noisy, threads, new_decoders)
    others = [threads.submit(engine.inspect, photo) for _ in range(30)]
    assert others[0].result().width == 120
    os.kill(pid, fault)
    others += [threads.submit(engine.derive, photo, parse("w_20"), bucket="webp")]
    with pytest.raises(DecoderFailedError):
        request.result()
    assert {other.result().width for other in others} == {120, 20}
    assert is_gone(pid)
    both = [threads.submit(engine.inspect, photo) for _ in range(4)]
    assert {each.result().width for each in both} == {120}
    assert pid not in new_decoders()
    assert 1 <= len(new_decoders()) <= 2


def test_a_decoder_that_eats_memory_costs_one_request_while_others_go_on(
    make_engine: MakeEngine, threads: ThreadPoolExecutor, tmp_path: Path, photo: Path
) -> None:
    engine = make_engine(children=2, memory_bytes=150 * 1024 * 1024)
    whole_in_memory = pictures.in_sixteen_bits("png", width=4000, height=4000)
    greedy = threads.submit(engine.inspect, whole_in_memory.saved_in(tmp_path))
    others = [threads.submit(engine.inspect, photo) for _ in range(30)]
    with pytest.raises(DecoderFailedError, match="memory"):
        greedy.result()
    assert {other.result().width for other in others} == {120}


def test_a_process_that_eats_memory_costs_one_request(
    make_engine: MakeEngine, tmp_path: Path, photo: Path
) -> None:
    engine = make_engine(memory_bytes=120 * 1024 * 1024)
    whole_in_memory = pictures.in_sixteen_bits("png", width=4000, height=4000)
    with pytest.raises(DecoderFailedError, match="memory"):
        engine.inspect(whole_in_memory.saved_in(tmp_path))
    assert engine.inspect(photo).width == 120


def test_a_process_that_uses_too_much_processor_time_costs_one_request(
    make_engine: MakeEngine, noisy: Path, photo: Path
) -> None:
    engine = make_engine(cpu_s=0, wall_s=60)
    with pytest.raises(DecoderFailedError):
        engine.derive(noisy, SLOW, bucket="base")
    assert engine.inspect(photo).width == 120


def test_nobody_waits_for_ever_for_a_free_process(
    make_engine: MakeEngine,
    new_decoders: Callable[[], list[int]],
    threads: ThreadPoolExecutor,
    noisy: Path,
    photo: Path,
) -> None:
    engine = make_engine(wait_s=0.05)
    request, pid = _at_work(engine, noisy, threads, new_decoders)
    with pytest.raises(BusyError) as refusal:
        engine.inspect(photo)
    assert refusal.value.retry_after_s
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(DecoderFailedError):
        request.result()


def test_works_on_no_more_pictures_at_once_than_it_may(
    make_engine: MakeEngine,
    new_decoders: Callable[[], list[int]],
    threads: ThreadPoolExecutor,
    photo: Path,
) -> None:
    engine = make_engine(children=2)
    requests = [threads.submit(engine.inspect, photo) for _ in range(20)]
    assert {request.result().width for request in requests} == {120}
    assert len(new_decoders()) <= 2


def test_ends_processes_that_have_nothing_to_do(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine(idle_s=0.1)
    engine.inspect(photo)
    eventually(lambda: new_decoders() == [], SOON_S)
    assert engine.inspect(photo).width == 120


def test_closing_ends_every_process_and_what_it_works_on(
    make_engine: MakeEngine,
    new_decoders: Callable[[], list[int]],
    threads: ThreadPoolExecutor,
    noisy: Path,
    photo: Path,
) -> None:
    engine = make_engine(children=2)
    request, pid = _at_work(engine, noisy, threads, new_decoders)
    engine.close()
    with pytest.raises(DecoderFailedError):
        request.result()
    assert is_gone(pid)
    with pytest.raises(BusyError, match="stopping"):
        engine.inspect(photo)


_PARENT = """
import os, sys
from gallery.imaging.sandbox import Engine, Limits
engine = Engine(Limits(max_bytes=1_000_000, max_pixels=1_000_000), children=1)
engine.check()
print("ready", flush=True)
sys.stdin.read()
"""


def test_dies_with_the_gallery_even_when_it_hangs() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        (pid,) = decoders_of(parent.pid)
        os.kill(pid, signal.SIGSTOP)
        parent.kill()
        eventually(lambda: is_gone(pid), SOON_S)


def test_tells_its_processes_no_secret(
    make_engine: MakeEngine,
    new_decoders: Callable[[], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush-hush")
    make_engine().check()
    (pid,) = new_decoders()
    told = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"hush" not in told
    assert b"VIPS_CONCURRENCY=1" in told


def test_limits_what_its_processes_may_use(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]]
) -> None:
    make_engine(memory_bytes=512 * 1024 * 1024).check()
    (pid,) = new_decoders()
    limits = Path(f"/proc/{pid}/limits").read_text()
    soft = {line[:26].strip(): line[26:47].strip() for line in limits.splitlines()}
    assert soft["Max core file size"] == "0"
    assert soft["Max file size"] == "0"
    assert int(soft["Max open files"]) <= 32
    assert soft["Max address space"] == str(512 * 1024 * 1024)
    assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 10


def test_closes_every_file_it_was_lent(
    make_engine: MakeEngine, new_decoders: Callable[[], list[int]], photo: Path
) -> None:
    engine = make_engine()
    engine.inspect(photo)
    (pid,) = new_decoders()
    before = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    for _ in range(5):
        engine.inspect(photo)
        engine.derive(photo, parse("w_20"), bucket="webp")
    assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == before


def test_looks_at_the_head_of_every_layer(make_engine: MakeEngine, photo: Path) -> None:
    text = photo.with_name("text")
    text.write_text("no picture")
    with pytest.raises(UnsupportedFormatError):
        make_engine().derive(photo, parse("w_20"), bucket="webp", layers={"text": text})


def test_takes_seven_layers_at_most(make_engine: MakeEngine, photo: Path) -> None:
    many = {f"layer-{number}": photo for number in range(8)}
    with pytest.raises(BadTransformationError, match="7"):
        make_engine().derive(photo, parse("w_20"), bucket="webp", layers=many)
