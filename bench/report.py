"""What a bench says: our figure, a peer's, their ratio, the goal, and whether it is met."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

T = TypeVar("T")

NOT_INSTALLED = "not installed"
TIMES = "\N{MULTIPLICATION SIGN}"


class BenchError(Exception):
    """The bench itself failed; the message says of what."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and its unit."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{_digits(self.value)} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on a line's ratio, or on our own figure."""

    of: Literal["ratio", "figure"]
    bound: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether the value keeps to the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def shown(self, unit: str) -> str:
        """The goal as text; ``unit`` is that of our figure."""
        suffix = TIMES if self.of == "ratio" else f" {unit}".rstrip()
        return f"{'≥' if self.at_least else '≤'} {_digits(self.bound)}{suffix}"


def ratio_at_most(bound: float) -> Goal:
    """Our figure is no more than so many of the peer's."""
    return Goal("ratio", bound)


def ratio_at_least(bound: float) -> Goal:
    """Our figure is so many of the peer's, or more."""
    return Goal("ratio", bound, at_least=True)


def at_most(bound: float) -> Goal:
    """Our figure is no more than that, in its own unit."""
    return Goal("figure", bound)


def at_least(bound: float) -> Goal:
    """Our figure is that, or more, in its own unit."""
    return Goal("figure", bound, at_least=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result. Without ``theirs`` the peer is named but was not there, or there is none."""

    subject: str
    what: str
    ours: Figure
    peer: str = ""
    theirs: Figure | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """Our figure in the peer's."""
        if self.theirs is None or not self.theirs.value:
            return None
        return self.ours.value / self.theirs.value

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` when there is none, or no peer to compare with."""
        if self.goal is None:
            return None
        value = self.ours.value if self.goal.of == "figure" else self.ratio
        return None if value is None else self.goal.met_by(value)

    def cells(self) -> tuple[str, ...]:
        """The line as the columns of the table."""
        theirs = self.theirs or (NOT_INSTALLED if self.peer else "")
        return (
            self.what,
            str(self.ours),
            f"{theirs}{f' ({self.peer})' if self.peer else ''}",
            "" if self.ratio is None else f"{_digits(self.ratio)}{TIMES}",
            "" if self.goal is None else self.goal.shown(self.ours.unit),
            {True: "met", False: "NOT MET", None: "not judged" if self.goal else ""}[self.met],
        )

    def as_json(self) -> dict[str, Any]:
        """The line for a program."""
        return {
            "subject": self.subject,
            "what": self.what,
            "figure": self.ours.value,
            "unit": self.ours.unit,
            "peer": self.peer,
            "peer_figure": self.theirs.value if self.theirs else None,
            "ratio": self.ratio,
            "goal": self.goal.shown(self.ours.unit) if self.goal else None,
            "met": self.met,
        }


_WIDTHS = (50, 13, 42, 9, 10)


@dataclass(slots=True)
class Bench:
    """What a subject needs: how thorough to be, a folder, and where to tell its lines."""

    folder: Path
    quick: bool = False
    lines: list[Line] = field(default_factory=list)
    _subject: str = ""

    def rounds(self, thorough: int) -> int:
        """How often to repeat what a thorough run repeats so often."""
        return max(1, thorough // 3) if self.quick else thorough

    @contextmanager
    def about(self, subject: str, headline: str) -> Iterator[None]:
        """The lines told inside belong to the subject."""
        self._subject, began = subject, time.monotonic()
        print(f"\n{subject}: {headline}")
        print(_row(("", "ours", "peer", "ratio", "goal", "")))
        yield
        print(f"  ({time.monotonic() - began:.0f} s)")

    def tell(
        self,
        what: str,
        ours: Figure,
        *,
        peer: str = "",
        theirs: Figure | None = None,
        goal: Goal | None = None,
    ) -> None:
        """Prints a result and keeps it."""
        line = Line(
            subject=self._subject, what=what, ours=ours, peer=peer, theirs=theirs, goal=goal
        )
        self.lines.append(line)
        print(_row(line.cells()), flush=True)

    def remark(self, text: str) -> None:
        """Prints what a reader of the lines must know."""
        print(f"  · {text}", flush=True)

    def summary(self) -> str:
        """How many goals are met, and which are not."""
        judged = [line for line in self.lines if line.met is not None]
        missed = [line for line in judged if not line.met]
        text = f"{len(judged) - len(missed)} of {len(judged)} goals met"
        return "\n  ".join([text, *(f"not met: {line.subject}: {line.what}" for line in missed)])

    def write(self, file: Path, machine: dict[str, str]) -> None:
        """Keeps everything as JSON."""
        content = {"machine": machine, "lines": [line.as_json() for line in self.lines]}
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def in_turns(rounds: int, *runs: Callable[[], T]) -> list[list[T]]:
    """Calls the runs in turns, A B A B …: what disturbs the machine, disturbs all of them."""
    results: list[list[T]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, kept in zip(runs, results, strict=True):
            kept.append(run())
    return results


def medians(rounds: int, *runs: Callable[[], float]) -> list[float]:
    """The median of each run, called in turns."""
    return [statistics.median(each) for each in in_turns(rounds, *runs)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def clocked(work: Callable[[], object]) -> float:
    """Milliseconds that it took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _digits(value: float) -> str:
    """Three digits that count, and no exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.1g}"


def _row(cells: Sequence[str]) -> str:
    first, *rest = cells
    columns = [f"{cell:<{width}}" for cell, width in zip(rest, (*_WIDTHS[1:], 0), strict=True)]
    return f"  {first:<{_WIDTHS[0]}} {' '.join(columns)}".rstrip()
