"""The cells of the matrix: what happens to whom, on which stores, and how it is played."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.scene import CLOUDINARY, LOCAL, Scene

Play = Callable[[Any], object]
Stage = Callable[[Path, str], AbstractContextManager[Scene]]

BOTH = (LOCAL, CLOUDINARY)


class LeftOutError(Exception):
    """A stage cannot be set up on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``play`` makes the fault and lets the gallery recover; the judge comes after it."""

    row: str
    name: str
    play: Play
    stores: tuple[str, ...] = BOTH
    stage: Stage = Scene
    """What it is played on; cells that share one are played on it one after another."""
    short: bool = False
    """Whether the tests play it, too."""
    long: bool = False
    """Whether it is played only by whoever names it."""

    def __str__(self) -> str:
        return f"{self.row}: {self.name}"
