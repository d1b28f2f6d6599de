"""The matrix in short: one repeat of the cells that take no time. ``make chaos`` plays all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import everything
from tests.chaos.cells import Cell, LeftOutError
from tests.chaos.scene import CLOUDINARY, LOCAL, Scene

SHORT = [cell for cell in everything.cells(0) if cell.short and cell.stage is Scene]
ON_DISK = [cell for cell in SHORT if LOCAL in cell.stores]
ELSEWHERE = [cell for cell in SHORT if cell.stores == (CLOUDINARY,)]

ON_STAGES_OF_THEIR_OWN = [cell for cell in everything.cells(0) if cell.short and cell not in SHORT]


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("chaos"), LOCAL) as scene:
        yield scene


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("chaos"), CLOUDINARY) as scene:
        yield scene


@pytest.mark.parametrize("cell", ON_DISK, ids=str)
def test_nothing_is_lost_or_left_behind(on_disk: Scene, cell: Cell) -> None:
    cell.play(on_disk)
    assert on_disk.verdict().problems() == []


@pytest.mark.parametrize("cell", ELSEWHERE, ids=str)
def test_nothing_is_lost_or_left_behind_elsewhere(elsewhere: Scene, cell: Cell) -> None:
    cell.play(elsewhere)
    assert elsewhere.verdict().problems() == []


@pytest.mark.parametrize("cell", ON_STAGES_OF_THEIR_OWN, ids=str)
def test_nothing_is_lost_or_left_behind_on_another_stage(tmp_path: Path, cell: Cell) -> None:
    try:
        with cell.stage(tmp_path, cell.stores[0]) as scene:
            cell.play(scene)
            assert scene.verdict().problems() == []
    except LeftOutError as reason:
        pytest.skip(str(reason))
