"""The census of derived variants: whose folders lie here, and which of them are nobody's."""

from __future__ import annotations

import re
import time
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gallery.services.derived import SHELF, folder_of, inside

_FOLDER = re.compile(r"[0-9a-f]{32}")
_DIGITS = 16
"""Hexadecimal digits of a folder's name that fit into eight bytes: enough to tell images apart."""


class Census:
    """Is told of every image that may be seen, and then tells which folders have none.

    Folders that were changed since it was made are left out: their images may be newer than what
    it was told of.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._since = time.time()
        self._shown: dict[str, array[int]] = defaultdict(lambda: array("Q"))
        self.folders = 0
        """How many it has seen."""

    def belongs(self, id: str) -> None:
        """The image's variants may lie here."""
        name = folder_of(self._root, id).name
        self._shown[name[:SHELF]].append(int(name[:_DIGITS], 16))

    def strays(self) -> Iterator[Path]:
        """Folders of images that were not told of."""
        for shelf in inside(self._root):
            if len(shelf.name) != SHELF:
                continue
            shown = set(self._shown[shelf.name])
            for folder in inside(shelf):
                if not _FOLDER.fullmatch(folder.name):
                    continue
                self.folders += 1
                if int(folder.name[:_DIGITS], 16) not in shown and self._has_old_files(folder):
                    yield folder

    def _has_old_files(self, folder: Path) -> bool:
        with suppress(FileNotFoundError):
            return folder.stat().st_mtime < self._since and any(
                map(Path.is_file, folder.rglob("*"))
            )
        return False
