"""The gallery believes a decoding process no more than it believes an upload."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import BrokenImageError, DecoderFailedError, ImageTooLargeError
from gallery.imaging import answers, wire
from gallery.imaging.made import Derived, Details, Look
from gallery.imaging.wire import ConnectionLostError, Frame
from gallery.model import Camera, Facts
from tests import pictures

Pair = tuple[socket.socket, socket.socket]

FACTS = Facts(
    format="jpeg",
    width=4032,
    height=3024,
    frames=1,
    color="#8a6f4d",
    placeholder="HvgBDQKnizkqZMSZJFaZ918sCZ5m",
    phash="c0ffee00c0ffee00",
    taken_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    camera=Camera(model="Canon EOS R6", lens="RF35mm", exposure="1/250 s"),
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def _soon() -> float:
    return time.monotonic() + 5


def _lengths(header: int, body: int) -> bytes:
    return struct.pack(">II", header, body)


def test_carries_a_header_and_many_bytes(pair: Pair) -> None:
    ours, theirs = pair
    body = bytes(range(256)) * 20_000
    sender = threading.Thread(target=wire.send, args=(theirs, {"a": "ü"}, body))
    sender.start()
    assert wire.receive(ours, deadline=_soon()) == Frame({"a": "ü"}, body)
    sender.join()


@pytest.mark.parametrize("count", [1, 3, wire.MAX_FILES])
def test_carries_open_files_in_their_order(pair: Pair, tmp_path: Path, count: int) -> None:
    ours, theirs = pair
    paths = [tmp_path / str(number) for number in range(count)]
    with ExitStack() as files:
        for path in paths:
            path.write_text(path.name)
        fds = [files.enter_context(path.open()).fileno() for path in paths]
        wire.send(ours, {"do": "derive"}, fds=fds)
    frame = wire.receive_with_files(theirs)
    assert frame
    assert [os.read(fd, 9) for fd in frame.fds] == [path.name.encode() for path in paths]
    frame.close_files()
    for fd in frame.fds:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_sends_no_more_files_than_the_other_side_takes(pair: Pair) -> None:
    with pytest.raises(ValueError, match="more than 8 files"):
        wire.send(pair[0], {}, fds=[0] * (wire.MAX_FILES + 1))


def test_closes_files_that_came_with_half_a_frame(pair: Pair, tmp_path: Path) -> None:
    ours, theirs = pair
    (tmp_path / "file").write_bytes(b"content")
    with (tmp_path / "file").open() as file:
        socket.send_fds(ours, [_lengths(10, 0)], [file.fileno()])
    ours.close()
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(ConnectionLostError):
        wire.receive_with_files(theirs)
    assert set(Path("/proc/self/fd").iterdir()) <= before


def test_tells_the_end_of_the_connection(pair: Pair) -> None:
    ours, theirs = pair
    ours.close()
    assert wire.receive_with_files(theirs) is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0\0",
        _lengths(2**32 - 1, 0),
        _lengths(2, 2**32 - 1) + b"{}",
        _lengths(10, 0) + b"{}",
        _lengths(2, 10) + b"{}abc",
        _lengths(2, 0) + b"[]",
        _lengths(4, 0) + b"nul!",
        _lengths(2, 0) + b"\xff\xfe",
        _lengths(60_000, 0) + b"[" * 60_000,
        _lengths(6_000, 0) + b"9" * 6_000,
    ],
)
def test_takes_nothing_that_is_no_frame(pair: Pair, said: bytes) -> None:
    ours, theirs = pair
    theirs.sendall(said)
    theirs.close()
    with pytest.raises(ConnectionLostError):
        wire.receive(ours, deadline=_soon())


def test_waits_no_longer_than_the_deadline(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(_lengths(2, 10) + b"{}abc")
    with pytest.raises(ConnectionLostError):
        wire.receive(ours, deadline=time.monotonic() + 0.05)
    with pytest.raises(ConnectionLostError):
        wire.receive(ours, deadline=time.monotonic() - 1)


def test_tells_facts() -> None:
    header = json.loads(json.dumps(answers.of_facts(FACTS)))
    assert answers.facts_in(Frame(header)) == FACTS


@pytest.mark.parametrize(
    "lie",
    [
        {"format": "svg"},
        {"format": ["jpeg"]},
        {"width": 0},
        {"width": -1},
        {"width": 1.5},
        {"width": True},
        {"height": 2**40},
        {"frames": None},
        {"color": "red"},
        {"color": "#8a6f4d;}"},
        {"placeholder": "<script>"},
        {"placeholder": "A" * 200},
        {"phash": "C0FFEE00C0FFEE00"},
        {"phash": None},
        {"taken_at": "yesterday"},
        {"taken_at": "2024-05-06T07:08:09"},
        {"taken_at": 5},
        {"camera": "Canon"},
        {"camera": {"model": 5}},
        {"camera": {"model": "x" * 500}},
        {"camera": {"lens": "a\nb"}},
    ],
    ids=str,
)
def test_believes_no_facts_that_cannot_be(lie: dict[str, Any]) -> None:
    with pytest.raises(ConnectionLostError):
        answers.facts_in(Frame(answers.of_facts(FACTS) | lie))


@pytest.mark.parametrize("copy", [None, pictures.photo("jpeg").content])
def test_tells_a_copy(copy: bytes | None) -> None:
    frame = Frame(answers.of_facts(FACTS), copy or b"")
    assert answers.look_in(frame) == Look(facts=FACTS, copy=copy)


def test_believes_no_copy_that_is_not_what_it_should_be() -> None:
    with pytest.raises(ConnectionLostError):
        answers.look_in(Frame(answers.of_facts(FACTS), b"<script>"))


DETAILS = Details(
    colors=(("#8A6F4D", 80.5), ("#000000", 19.5)),
    phash="0123456789abcdef",
    metadata={"Make": "Canon", "Caption-Abstract": "Käse"},
)


@pytest.mark.parametrize("details", [DETAILS, Details()])
def test_tells_details(details: Details) -> None:
    header = json.loads(json.dumps(answers.of_details(details)))
    assert answers.details_in(Frame(header)) == details


@pytest.mark.parametrize(
    "lie",
    [
        {"colors": None},
        {"colors": [["#8A6F4D", 1.0]] * 33},
        {"colors": [["red", 1.0]]},
        {"colors": [["#8A6F4D", 101]]},
        {"colors": [["#8A6F4D", float("nan")]]},
        {"colors": [["#8A6F4D", "1"]]},
        {"colors": [["#8A6F4D"]]},
        {"colors": ["#8A6F4D"]},
        {"phash": "0123"},
        {"phash": 5},
        {"metadata": []},
        {"metadata": {"<b>": "x"}},
        {"metadata": {"Make": None}},
        {"metadata": {"Make": "a\nb"}},
        {"metadata": {"Make": "x" * 10_000}},
    ],
    ids=str,
)
def test_believes_no_details_that_cannot_be(lie: dict[str, Any]) -> None:
    header = json.loads(json.dumps(answers.of_details(DETAILS) | lie))
    with pytest.raises(ConnectionLostError):
        answers.details_in(Frame(header))


def test_tells_a_variant() -> None:
    derived = Derived(bytes=pictures.photo("webp").content, format="webp", width=120, height=80)
    assert answers.derived_in(Frame(answers.of_derived(derived), derived.bytes)) == derived


@pytest.mark.parametrize("body", [b"", b"<script>alert(1)</script>", pictures.photo("png").content])
def test_believes_no_variant_that_is_not_what_it_claims(body: bytes) -> None:
    with pytest.raises(ConnectionLostError):
        answers.derived_in(Frame({"format": "webp", "width": 120, "height": 80}, body))


def test_raises_the_failure_that_was_told() -> None:
    told = answers.of_failure(ImageTooLargeError("It has 200 megapixels."))
    with pytest.raises(ImageTooLargeError, match="200 megapixels"):
        answers.raise_failure(Frame(told))
    with pytest.raises(BrokenImageError):
        answers.raise_failure(Frame({"failure": "broken_image"}))
    answers.raise_failure(Frame({}))


def test_keeps_the_fault_of_a_decoder_for_the_log() -> None:
    told = answers.of_failure(DecoderFailedError(), cause="Traceback: ZeroDivisionError")
    with pytest.raises(DecoderFailedError) as failure:
        answers.raise_failure(Frame(told))
    assert "Traceback" not in failure.value.detail
    assert "ZeroDivisionError" in str(failure.value.__cause__)


@pytest.mark.parametrize("failure", ["store_failed", "unheard of", 5, None, ["x"]])
def test_takes_a_failure_that_is_not_of_decoding_for_the_decoders(failure: object) -> None:
    with pytest.raises(DecoderFailedError):
        answers.raise_failure(Frame({"failure": failure, "detail": 7}))
