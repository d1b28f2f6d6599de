"""What a folder that is imported holds, file by file; and what became of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from gallery.model import Edit
from gallery.services import manifest

NAMED = 200
"""Files that are named with what is wrong with them; more are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A file, and what is told of it."""

    path: Path
    told: Edit
    line: manifest.Line | None = None

    @property
    def name(self) -> str:
        """For people."""
        return str(self.path)

    @property
    def weight(self) -> int:
        """In bytes."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0


@dataclass(slots=True)
class Imported:
    """What one import did."""

    imported: int = 0
    duplicates: int = 0
    """Were here already."""
    hidden: int = 0
    """Files whose name begins with a dot: left out."""
    refused: int = 0
    """No pictures that are taken here."""
    failed: int = 0
    """May come in another time."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """The first of the files that were refused or failed, and why."""

    def problem(self, kind: str, name: str, why: str) -> None:
        """Counts one, and names it while there is room."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.problems) < NAMED:
            self.problems.append((name, why))


def wishes_in(folder: Path, tags: tuple[str, ...], imported: Imported) -> Iterator[Wish]:
    """The files of the folder's manifest, then all others below it; what is left out is counted."""
    named: set[int] = set()
    for line in manifest.lines_in(folder):
        if isinstance(line, str):
            imported.problem("failed", str(folder / manifest.NAME), line)
            continue
        path = folder / line.file
        named.add(hash(str(path)))
        all_tags = tuple(dict.fromkeys((*(line.told.tags or ()), *tags)))
        yield Wish(path=path, told=replace(line.told, tags=all_tags), line=line)
    for path in _files(folder, imported):
        if path != folder / manifest.NAME and hash(str(path)) not in named:
            yield Wish(path=path, told=Edit(tags=tags))


def _files(folder: Path, imported: Imported | None = None) -> Iterator[Path]:
    """Every file below the folder that is not hidden, in the order of their names."""
    for root, folders, names in os.walk(folder):
        hidden = Counter(name.startswith(".") for name in (*folders, *names))[True]
        if imported is not None:
            imported.hidden += hidden
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root) / name


def size_of(folder: Path) -> int:
    """The bytes of all files below the folder that are not hidden."""
    return sum(path.stat().st_size for path in _files(folder) if path.is_file())
