"""What was answered lately, by the path that was asked for: bounded, and never the last word.

An entry says where the bytes lie and under which headers. Whoever uses it opens that file first:
when an image goes, or is not for everybody any more, its files go, and the entry is worth nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from gallery.services.meanings import Client
from gallery.web.media import Headers, Media

MAX_ENTRIES = 4096
"""About a kilobyte each, and as many in each process."""

BRIEFLY_S = 5.0
"""For answers that hang on more than the image: what is not allowed any more, is so by then."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Remembered:
    """One answer."""

    media: Media
    length: int
    headers: Headers
    """Of the whole."""
    until: float
    """On ``time.monotonic``."""


class Memory:
    """Answers by path, and by what of the client they hang on."""

    def __init__(
        self, client_of: Callable[[Mapping[str, Any]], Client], *, size: int = MAX_ENTRIES
    ) -> None:
        self._client_of = client_of
        self._size = size
        self._lock = threading.Lock()
        self._varies: dict[str, frozenset[str]] = {}
        self._entries: dict[tuple[str, object], Remembered] = {}
        self._buckets: dict[str, str] = {}

    def find(self, environ: Mapping[str, Any]) -> Remembered | None:
        """What was answered to such a request."""
        path = environ["PATH_INFO"]
        varies = self._varies.get(path)
        if varies is None:
            return None
        return self._entries.get((path, self._variation(environ, varies)))

    def learn(
        self,
        environ: Mapping[str, Any],
        media: Media,
        length: int,
        *,
        varies: frozenset[str],
        lasting: bool,
    ) -> None:
        """Remembers an answer; briefly, if it is not lasting."""
        path = environ["PATH_INFO"]
        entry = Remembered(
            media=media,
            length=length,
            headers=media.whole(length),
            until=float("inf") if lasting else time.monotonic() + BRIEFLY_S,
        )
        key = path, self._variation(environ, varies)
        with self._lock:
            _put(self._varies, path, varies, self._size)
            _put(self._entries, key, entry, self._size)

    def _variation(self, environ: Mapping[str, Any], varies: frozenset[str]) -> object:
        if not varies:
            return None
        if varies == {"bucket"}:
            return self._bucket(environ)
        client = self._client_of(environ)
        return tuple(getattr(client, each) for each in sorted(varies))

    def _bucket(self, environ: Mapping[str, Any]) -> str:
        accept = environ.get("HTTP_ACCEPT", "")
        bucket = self._buckets.get(accept)
        if bucket is None:
            bucket = self._client_of(environ).bucket
            with self._lock:
                _put(self._buckets, accept, bucket, self._size // 16)
        return bucket


def _put(entries: dict[K, V], key: K, value: V, size: int) -> None:
    """Adds it as the youngest, in the place of the oldest."""
    entries.pop(key, None)
    entries[key] = value
    while len(entries) > size:
        del entries[next(iter(entries))]
