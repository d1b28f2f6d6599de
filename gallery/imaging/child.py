"""A decoding process: reads questions, answers them one after another, and dies with the gallery.

``pool`` starts it as ``python -m gallery.imaging.child CHANNEL PARENT``: the number of its end of a
socket pair, and the process id of the gallery.
"""

from __future__ import annotations

import socket
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gallery.errors import ConfigError, DecoderFailedError, GalleryError
from gallery.imaging import answers, confine, wire
from gallery.imaging.copies import CopyOf
from gallery.imaging.limits import Limits
from gallery.lifeline import die_with
from gallery.transformation import parse

Answer = tuple[dict[str, Any], bytes]
Answerer = Callable[[wire.Frame], Answer]


def main(channel: socket.socket) -> None:
    """Answers until the other end is closed."""
    hello = wire.receive_with_files(channel)
    if hello is None:
        return
    limits = Limits(**hello.header)
    try:
        answer = _answerer(limits)
    except GalleryError as error:
        wire.send(channel, answers.of_failure(error))
        return
    confine.confine(address_space_bytes=limits.address_space_bytes)
    wire.send(channel, {})
    while question := wire.receive_with_files(channel):
        confine.allow_processor_time(limits.cpu_s)
        wire.send(channel, *_guarded(answer, question))


def _guarded(answer: Answerer, question: wire.Frame) -> Answer:
    """The answer, or the failure: named, or as the traceback that the log should have."""
    try:
        return answer(question)
    except GalleryError as error:
        return answers.of_failure(error), b""
    except Exception:  # noqa: BLE001 (told to the parent, which raises and ends this process)
        return answers.of_failure(DecoderFailedError(), cause=traceback.format_exc()), b""
    finally:
        question.close_files()


def _answerer(limits: Limits) -> Answerer:
    """What answers questions. The decoders are imported here, so that their absence is told in
    words."""
    try:
        from gallery.imaging.details import details
        from gallery.imaging.inspect import inspect
        from gallery.imaging.original import close_other_loaders
        from gallery.imaging.pipeline import derive
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"A decoder cannot be used: {error}. Install pyvips, pyvips-binary and pillow-heif."
        ) from error
    close_other_loaders()

    def answer(question: wire.Frame) -> Answer:
        asked, (fd, *others) = question.header, question.fds
        if asked["do"] == "inspect":
            look = inspect(fd, limits, now=datetime.now(UTC), copy=asked["copy"])
            return answers.of_facts(look.facts), look.copy or b""
        if asked["do"] == "details":
            return answers.of_details(details(fd, limits, **asked["wanted"])), b""
        # A little before the gallery stops waiting, so that it hears of it.
        deadline = time.monotonic() + 0.9 * limits.wall_s
        wanted = parse(asked["transformation"])
        copy_of = CopyOf(**asked["copy_of"]) if asked["copy_of"] else None
        layers = dict(zip(asked["layers"], others, strict=True))
        derived = derive(
            fd,
            wanted,
            limits,
            bucket=asked["bucket"],
            deadline=deadline,
            layers=layers,
            copy_of=copy_of,
        )
        return answers.of_derived(derived), derived.bytes

    return answer


if __name__ == "__main__":
    die_with(int(sys.argv[2]))
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        main(ours)
