"""``python -m tests.chaos``: every cell of the matrix, again and again; the table; the verdict."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
from collections.abc import Sequence

from tests.chaos import everything
from tests.chaos.cells import BOTH, Cell
from tests.chaos.matrix import NUMBERS, Matrix, Score


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays what is asked for; 0 when nothing was lost and every cell ended as it must."""
    asked = _asked(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # What was started is ended then.
    cells = [cell for cell in everything.cells(asked.minutes) if _wanted(cell, asked.cells)]
    matrix = Matrix(cells, asked.stores, seed=asked.seed, say=_say)
    _say(f"{len(matrix.scores)} cells x {asked.repeats} repeats, seed {asked.seed}")
    began = time.monotonic()
    try:
        for repeat in range(1, asked.repeats + 1):
            matrix.play(repeat)
            took_s = time.monotonic() - began
            _say(f"repeat {repeat} of {asked.repeats} played, {took_s:.0f} s, {matrix.numbers()}")
    finally:  # Also of what was played before it was told to end.
        _say(table(matrix))
    return 0 if matrix.clean else 1


def table(matrix: Matrix) -> str:
    """Cells with their repeats and six numbers; below, all of them together."""
    heads = ("cell", "store", "clean", *NUMBERS, "acknowledged", "longest")
    rows = [_row(score) for score in matrix.scores]
    played = sum(score.played for score in matrix.scores)
    passed = sum(score.passed for score in matrix.scores)
    acknowledged = sum(score.acknowledged for score in matrix.scores)
    whole = ("all", "", f"{passed}/{played}", *map(str, matrix.numbers()), str(acknowledged), "")
    lines = [heads, *rows, whole]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _row(score: Score) -> tuple[str, ...]:
    clean = score.left_out or f"{score.passed}/{score.played}"
    numbers = map(str, score.numbers)
    longest = f"{score.longest_s:.1f} s"
    return (str(score.cell), score.store, clean, *numbers, str(score.acknowledged), longest)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the cells")
    parser.add_argument("--stores", nargs="*", choices=BOTH, default=BOTH)
    parser.add_argument(
        "--cells",
        nargs="*",
        default=[],
        metavar="PATTERN",
        help="only those in whose name it is found",
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the soak takes")
    asked = parser.parse_args(arguments)
    asked.stores = asked.stores or BOTH
    return asked


def _wanted(cell: Cell, patterns: Sequence[str]) -> bool:
    return any(re.search(each, str(cell)) for each in patterns) if patterns else not cell.long


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
