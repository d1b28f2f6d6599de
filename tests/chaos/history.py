"""What clients asked for and what they were told: the history that the judge compares with."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from tests import pictures


class Told(StrEnum):
    """What a client knows after a request. ``unknown``: no whole answer, or one of 5xx."""

    OK = "ok"
    REFUSED = "refused"
    BUSY = "busy"
    """Refused for now: the same again may succeed."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody wants to have kept, under a key of its own."""

    content: bytes = field(repr=False)
    key: str = field(default_factory=lambda: secrets.token_hex(12))
    keep_duplicates: bool = False
    format: str = "jpeg"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def path(self) -> str:
        """Where it is sent to."""
        return "/api/images" + ("?duplicates=keep" if self.keep_duplicates else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request and its outcome."""

    at: float
    key: str
    sha256: str
    told: Told
    status: int | None = None
    id: str | None = None
    took_s: float = 0.0
    refused: bool = False
    """Nobody listened: nothing was sent."""


class History:
    """All requests of all clients, in a file that outlives us. Safe between threads."""

    def __init__(self, file: Path) -> None:
        self.uploads: dict[str, Upload] = {}
        """By key."""
        self.entries: list[Entry] = []
        self._of_key: defaultdict[str, list[Entry]] = defaultdict(list)
        self.gone: set[str] = set()
        """Ids of images that somebody deleted for ever, whether or not that was acknowledged."""
        self.expected: dict[str, set[str | None]] = {}
        """What images may hold that were replaced since."""
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lock = threading.Lock()

    def close(self) -> None:
        os.close(self._file)

    def begin(self, upload: Upload) -> None:
        with self._lock:
            self.uploads[upload.key] = upload

    def note(
        self,
        upload: Upload,
        told: Told,
        *,
        began: float,
        status: int | None,
        id: str | None,
        refused: bool = False,
    ) -> Entry:
        """Writes it down, durably."""
        now = time.time()
        entry = Entry(
            at=now,
            key=upload.key,
            sha256=upload.sha256,
            told=told,
            status=status,
            id=id,
            took_s=now - began,
            refused=refused,
        )
        with self._lock:
            self.entries.append(entry)
            self._of_key[entry.key].append(entry)
            os.write(self._file, json.dumps(asdict(entry)).encode() + b"\n")
            os.fsync(self._file)
        return entry

    def expect(self, image_id: str, *alternatives: Upload) -> None:
        """From now on the image has the bytes of one of these."""
        with self._lock:
            self.expected[image_id] = {upload.sha256 for upload in alternatives}

    def told(self, key: str) -> list[Entry]:
        with self._lock:
            return list(self._of_key[key])

    def acknowledged(self) -> list[Entry]:
        with self._lock:
            return [entry for entry in self.entries if entry.told is Told.OK]


_LARGE = pictures.noise(1024, 1024).content


def small() -> Upload:
    """A photograph of a few kilobytes, unlike any other."""
    return Upload(_commented(pictures.photo().content))


def large() -> Upload:
    """One of more than half a megabyte: it arrives in several pieces."""
    return Upload(_commented(_LARGE))


def _commented(jpeg: bytes) -> bytes:
    """The same picture with a comment that no other file has."""
    comment = secrets.token_hex(16).encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
