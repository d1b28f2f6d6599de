"""``docs/features.md``: every promise is kept by a test, and the test is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from gallery.config import ROOT

FEATURES = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")

ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in FEATURES.splitlines()
    if line.startswith("| ") and not line.startswith(("| It promised |", "| --- |"))
]


@cache
def defined_in(path: str) -> frozenset[str]:
    """The tests of a file, and its classes of tests, as pytest names them."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found.add(node.name)
            tests = (each for each in node.body if isinstance(each, ast.FunctionDef))
            found |= {f"{node.name}::{each.name}" for each in tests}
    return frozenset(found)


def test_every_promise_has_its_row() -> None:
    assert len(ROWS) >= 50
    assert {len(row) for row in ROWS} == {3}


@pytest.mark.parametrize(("promised", "built", "shown"), ROWS, ids=[row[0] for row in ROWS])
def test_each_row_is_shown_by_tests_that_are_there(promised: str, built: str, shown: str) -> None:
    assert promised
    assert built
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::([A-Za-z0-9_:]+)`", shown)
    assert " ".join(f"`{path}::{name}`" for path, name in named) == shown
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert name in defined_in(path), f"{path}::{name}"
        assert name.rpartition("::")[2].lower().startswith("test"), name
