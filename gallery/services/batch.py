"""The same done to many images: to each by itself, so that one that fails spoils nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gallery.errors import DatabaseUnavailableError, GalleryError
from gallery.model import Image

_AT_ONCE = 8
"""Images that one batch works on at a time: most of what each takes is waiting for the disk."""

Act = Callable[[str], Image | None]
"""What is done to the image with that id; what it is afterwards, if it is still to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one image."""

    id: str
    image: Image | None = None
    problem: GalleryError | None = None


def do_to_each(ids: Sequence[str], act: Act) -> list[Done]:
    """What became of each id, in their order. One that stands there twice is worked on once."""
    distinct = list(dict.fromkeys(ids))
    round_ = _Round(act)
    with ThreadPoolExecutor(min(_AT_ONCE, len(distinct) or 1)) as working:
        done = dict(zip(distinct, working.map(round_.one, distinct), strict=True))
    return [done[id] for id in ids]


class _Round:
    """One batch. Once the database is away the rest is not tried: each would wait as long again."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._away = threading.Event()

    def one(self, id: str) -> Done:
        try:
            if self._away.is_set():
                raise DatabaseUnavailableError
            return Done(id=id, image=self._act(id))
        except GalleryError as error:
            if isinstance(error, DatabaseUnavailableError):
                self._away.set()
            return Done(id=id, problem=error)
