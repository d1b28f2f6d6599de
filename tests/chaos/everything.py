"""All cells there are."""

from __future__ import annotations

from tests.chaos import (
    background,
    clocks,
    crowds,
    databases,
    deserters,
    disks,
    kills,
    migrated,
    moves,
    nodes,
    resumed,
    stores,
    survivors,
    tickets,
)
from tests.chaos.cells import Cell


def cells(minutes: float) -> list[Cell]:
    """Every cell; those that can take any time take that long."""
    groups = (
        *(kills, survivors, databases, stores, deserters, background, disks, nodes, moves),
        *(migrated, resumed, tickets, clocks),
    )
    return [*(cell for group in groups for cell in group.CELLS), *crowds.cells(minutes)]
