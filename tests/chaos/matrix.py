"""Plays cells again and again, in an order that a seed decides, and keeps what came of each."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.cells import Cell, LeftOutError, Stage
from tests.chaos.judge import Verdict
from tests.chaos.scene import Scene

NUMBERS = ("lost", "twins", "half", "orphans", "ghosts", "unheard")


@dataclass(slots=True)
class Score:
    """What came of one cell on one store."""

    cell: Cell
    store: str
    played: int = 0
    passed: int = 0
    left_out: str = ""
    """Why it cannot be played here."""
    numbers: list[int] = field(default_factory=lambda: [0] * len(NUMBERS))
    longest_s: float = 0.0
    acknowledged: int = 0

    @property
    def clean(self) -> bool:
        return self.played == self.passed and not any(self.numbers)


class Matrix:
    """The cells, and their scores so far."""

    def __init__(
        self, cells: Sequence[Cell], stores: Sequence[str], *, seed: int, say: Callable[[str], None]
    ) -> None:
        self.scores = [
            Score(cell, store) for store in stores for cell in cells if store in cell.stores
        ]
        self._chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        self._say = say

    @property
    def clean(self) -> bool:
        return all(score.clean for score in self.scores)

    def numbers(self) -> list[int]:
        """The six numbers of all cells together."""
        return [sum(each) for each in zip(*(score.numbers for score in self.scores), strict=True)]

    def play(self, repeat: int) -> None:
        """Each cell once; those that share a stage in an order of its own."""
        for stage, store, scores in self._by_stage():
            self._chance.shuffle(scores)
            while scores:
                self._play_on(stage, store, scores, repeat)

    def _by_stage(self) -> Iterator[tuple[Stage, str, list[Score]]]:
        places = {(score.cell.stage, score.store): None for score in self.scores}
        for stage, store in places:
            yield (
                stage,
                store,
                [s for s in self.scores if (s.cell.stage, s.store) == (stage, store)],
            )

    def _play_on(self, stage: Stage, store: str, scores: list[Score], repeat: int) -> None:
        """Plays them on a fresh stage, until all are played or one has spoilt it."""
        folder = Path(tempfile.mkdtemp(prefix="vitrine-chaos-"))
        clean = True
        try:
            with ExitStack() as open_:
                try:
                    scene = open_.enter_context(stage(folder, store))
                except LeftOutError as reason:
                    while scores:
                        scores.pop().left_out = str(reason)
                    return
                while scores and clean:
                    clean = self._play_one(scene, scores.pop(), repeat)
        finally:
            if clean:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                self._say(f"  what it left is in {folder}")

    def _play_one(self, scene: Scene, score: Score, repeat: int) -> bool:
        """Whether the gallery is whole afterwards."""
        began, acknowledged = time.monotonic(), len(scene.history.acknowledged())
        score.played += 1
        problem, verdict = "", Verdict()
        try:
            score.cell.play(scene)
        except Exception:  # noqa: BLE001 (a cell that fails is what we are looking for)
            problem = traceback.format_exc()
        try:
            verdict = scene.verdict()
        except Exception:  # noqa: BLE001
            problem += traceback.format_exc()
        score.longest_s = max(score.longest_s, time.monotonic() - began)
        score.acknowledged += len(scene.history.acknowledged()) - acknowledged
        score.numbers = [a + b for a, b in zip(score.numbers, verdict.counts(), strict=True)]
        clean = not problem and not verdict.problems()
        score.passed += clean
        if not clean:
            self._say(f"FAILED {score.cell} on {score.store}, repeat {repeat}")
            self._say("\n".join((*verdict.problems(), problem)))
        return clean
