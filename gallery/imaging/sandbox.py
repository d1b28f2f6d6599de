"""The imaging engine: pictures are decoded in disposable processes, whose death costs one request.

A decoding process gets an open file and a question, and answers with bytes. It cannot open files or
connect anywhere, and it has limits of memory, processor time and time (``confine``, ``limits``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, TypeVar

from gallery.errors import (
    BadTransformationError,
    BrokenImageError,
    ConfigError,
    DecoderFailedError,
    TooLargeError,
)
from gallery.imaging import answers, formats, wire
from gallery.imaging.copies import CopyOf
from gallery.imaging.limits import Limits
from gallery.imaging.made import Derived, Details, Look
from gallery.imaging.pool import Pool
from gallery.model import Facts
from gallery.transformation import Transformation

__all__ = ["Engine", "Limits"]

T = TypeVar("T")
_NO_LAYERS: Mapping[str, Path] = MappingProxyType({})


class Engine:
    """Looks at originals and derives variants, ``children`` of them at a time.

    Safe between threads; make it after forking. Costs nothing until it is first used, and little
    when it has been idle for ``limits.idle_s``.
    """

    def __init__(self, limits: Limits, *, children: int) -> None:
        self._limits = limits
        self._pool = Pool(limits, size=children)

    def check(self) -> None:
        """Returns when a decoding process starts and has what it needs; raises ConfigError."""
        try:
            with self._pool.child() as child:
                child.get_ready()
        except wire.ConnectionLostError as error:
            raise ConfigError("The processes that decode pictures do not start.") from error

    def inspect(self, path: Path) -> Facts:
        """What a strict look at every pixel of the file finds.

        Raises UnsupportedFormatError, BrokenImageError, ImageTooLargeError or TooLargeError, whose
        words name the limit and the mend but not the file; DecoderFailedError when the decoder died
        of it; BusyError when no process was free for ``limits.wait_s``.
        """
        return self._ask([path], {"do": "inspect", "copy": False}, answers.facts_in)

    def look(self, path: Path) -> Look:
        """The same, with a mid-size copy of a large original (``copies``)."""
        return self._ask([path], {"do": "inspect", "copy": True}, answers.look_in)

    def derive(
        self,
        path: Path,
        wanted: Transformation,
        *,
        bucket: str,
        layers: Mapping[str, Path] = _NO_LAYERS,
        copy_of: CopyOf | None = None,
    ) -> Derived:
        """The variant of the original in ``path``, in exactly the size of ``wanted.size_of``.

        ``bucket`` is what the client accepts (``formats.accept_bucket``); it decides where
        ``wanted`` leaves the format open. ``layers`` are the originals that it lays over or under
        this one, by their public ids; all are held to the same limits. ``copy_of``: what the file
        is only a copy of, which ``copies.serves``. Raises as ``inspect`` does, and
        BadTransformationError.
        """
        if len(layers) >= wire.MAX_FILES:
            raise BadTransformationError(
                f"At most {wire.MAX_FILES - 1} other pictures can be laid over or under one."
            )
        question = {
            "do": "derive",
            "transformation": str(wanted),
            "bucket": bucket,
            "layers": list(layers),
            "copy_of": asdict(copy_of) if copy_of else None,
        }
        return self._ask([path, *layers.values()], question, answers.derived_in)

    def details(self, path: Path, *, colors: bool, phash: bool, metadata: bool) -> Details:
        """What a closer look at the file finds, as far as it is asked for.

        Raises as ``inspect`` does.
        """
        wanted = {"colors": colors, "phash": phash, "names": metadata}
        return self._ask([path], {"do": "details", "wanted": wanted}, answers.details_in)

    def close(self) -> None:
        """Ends every decoding process; requests at work fail."""
        self._pool.close()

    def _ask(
        self, paths: list[Path], question: dict[str, Any], read: Callable[[wire.Frame], T]
    ) -> T:
        with ExitStack() as open_files:
            files = [open_files.enter_context(path.open("rb")) for path in paths]
            for file in files:
                self._check_head(file)
            try:
                with self._pool.child() as child:
                    answer = child.ask(question, [file.fileno() for file in files])
                    answers.raise_failure(answer)
                    return read(answer)
            except wire.ConnectionLostError as error:
                raise DecoderFailedError(
                    "Decoding this picture took too much time or memory. Make it smaller, "
                    "or save it anew."
                ) from error

    def _check_head(self, file: BinaryIO) -> None:
        """Refuses what needs no decoding to be refused."""
        size = os.fstat(file.fileno()).st_size
        if size > self._limits.max_bytes:
            raise TooLargeError(
                f"The file has {size:,} bytes; at most {self._limits.max_bytes:,} are taken."
            )
        if size == 0:
            raise BrokenImageError("The file is empty.")
        formats.identify(file.read(formats.HEAD_BYTES))
