"""Named transformations in the database: one of a name, in the order of their names."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.transformations import NamedTransformation, NamedTransformations
from gallery.errors import ConflictError, NotFoundError


@pytest.fixture
def named(either_database: Database[dict[str, Any]]) -> NamedTransformations:
    return NamedTransformations(either_database)


def small(name: str) -> NamedTransformation:
    return NamedTransformation(name=name, definition="c_fill,h_10,w_10")


def test_is_found_as_it_was_recorded(named: NamedTransformations) -> None:
    named.record(small("small"))

    assert named.find("small") == small("small")
    with pytest.raises(NotFoundError):
        named.find("other")


def test_a_name_is_taken_once(named: NamedTransformations) -> None:
    named.record(small("small"))

    with pytest.raises(ConflictError):
        named.record(NamedTransformation(name="small", definition="w_20"))

    assert named.find("small").definition == "c_fill,h_10,w_10"


def test_only_what_is_told_changes(named: NamedTransformations) -> None:
    named.record(small("small"))

    changed = named.change("small", allowed_for_strict=False)
    assert (changed.allowed_for_strict, changed.definition) == (False, "c_fill,h_10,w_10")
    assert named.change("small", definition="w_20").definition == "w_20"
    assert not named.change("small", used=True).allowed_for_strict
    assert named.change("small") == named.find("small")
    with pytest.raises(NotFoundError):
        named.change("other", used=True)


def test_what_is_deleted_is_gone(named: NamedTransformations) -> None:
    named.record(small("small"))

    named.delete("small")

    with pytest.raises(NotFoundError):
        named.delete("small")


def test_pages_follow_each_other_in_the_order_of_names(named: NamedTransformations) -> None:
    for name in ("c", "a", "d", "b"):
        named.record(small(name))

    first = named.page(after="", limit=3)

    assert [each.name for each in first] == ["a", "b", "c"]
    assert [each.name for each in named.page(after="c", limit=3)] == ["d"]
    assert named.count(most=3) == 3
    assert named.count(most=10) == 4
