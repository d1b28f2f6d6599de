"""Names for transformations: presets first, remembered for seconds, never one of another."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.transformations import NamedTransformation, NamedTransformations
from gallery.errors import (
    BadTransformationError,
    ConflictError,
    DatabaseUnavailableError,
    NotFoundError,
)
from gallery.services import named as module
from gallery.services.named import REMEMBERED_S, Named
from gallery.transformation import BUILT_IN, parse

PRESETS = {preset.name: preset for preset in BUILT_IN}


class Ticks:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def catalog(database: Database[dict[str, Any]]) -> NamedTransformations:
    return NamedTransformations(database)


@pytest.fixture
def named(catalog: NamedTransformations, ticks: Ticks) -> Named:
    return Named(catalog=catalog, presets=PRESETS, clock=ticks)


def test_presets_are_there_under_their_names_and_allowed(named: Named) -> None:
    assert named.definitions(["thumb", "full"]) == {
        "thumb": PRESETS["thumb"].largest,
        "full": PRESETS["full"].largest,
    }
    assert named.is_allowed("thumb")


def test_a_new_one_is_kept_in_its_canonical_spelling_and_allowed(named: Named) -> None:
    created = named.create("square-2", "w_100,h_100,c_fill/e_grayscale")

    assert created.definition == "c_fill,h_100,w_100/e_grayscale"
    assert (created.allowed_for_strict, created.used) == (True, False)
    assert named.definitions(["square-2"]) == {"square-2": parse("c_fill,h_100,w_100/e_grayscale")}
    assert named.is_allowed("square-2")
    assert named.find("square-2").used, "it was asked for"


def test_an_unknown_name_means_nothing(named: Named) -> None:
    assert not named.is_allowed("nothing")
    with pytest.raises(NotFoundError):
        named.definitions(["thumb", "nothing"])


@pytest.mark.parametrize("definition", ["", "t_thumb", "w_100/t_thumb", "w_100,q_zero"])
def test_what_a_name_may_not_stand_for_is_refused(named: Named, definition: str) -> None:
    with pytest.raises(BadTransformationError):
        named.create("bad", definition)
    named.create("good", "w_10")
    with pytest.raises(BadTransformationError):
        named.change("good", definition=definition)

    assert named.find("good").definition == str(parse("w_10"))
    assert not named.is_allowed("bad")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a/b", "a,b", "-a", "ä", "a" * 101])
def test_what_is_no_name_is_refused(named: Named, name: str) -> None:
    with pytest.raises(BadTransformationError):
        named.create(name, "w_10")


def test_presets_are_not_changed_here(named: Named) -> None:
    for change in (
        lambda: named.create("thumb", "w_10"),
        lambda: named.change("thumb", allowed_for_strict=False),
        lambda: named.delete("thumb"),
    ):
        with pytest.raises(ConflictError):
            change()


def test_a_change_is_seen_at_once_here_and_in_seconds_elsewhere(
    named: Named, catalog: NamedTransformations, ticks: Ticks
) -> None:
    other = Named(catalog=catalog, presets=PRESETS, clock=ticks)
    named.create("one", "w_10")
    assert other.is_allowed("one")

    named.change("one", allowed_for_strict=False, definition="w_20")

    assert not named.is_allowed("one")
    assert named.definitions(["one"]) == {"one": parse("w_20")}
    assert other.is_allowed("one"), "remembered for a while"
    ticks.seconds += REMEMBERED_S + 1
    assert not other.is_allowed("one")
    named.delete("one")
    with pytest.raises(NotFoundError):
        named.definitions(["one"])


def test_names_that_are_made_up_cost_the_database_nothing(
    named: Named, catalog: NamedTransformations, monkeypatch: pytest.MonkeyPatch
) -> None:
    named.is_allowed("thumb")

    def away(**_: object) -> list[NamedTransformation]:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(catalog, "page", away)
    assert not any(named.is_allowed(f"made-up-{number}") for number in range(1000))


def test_while_the_database_is_away_what_was_known_holds(
    named: Named,
    catalog: NamedTransformations,
    ticks: Ticks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named.create("one", "w_10")
    assert named.is_allowed("one")
    ticks.seconds += REMEMBERED_S + 1

    def away(**_: object) -> list[NamedTransformation]:
        raise DatabaseUnavailableError

    monkeypatch.setattr(catalog, "page", away)

    assert named.is_allowed("one")
    assert named.definitions(["thumb"])


def test_there_is_an_end_to_names(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NAMED", 2)
    named.create("one", "w_10")
    named.create("two", "w_10")

    with pytest.raises(ConflictError):
        named.create("three", "w_10")


def test_pages_show_presets_among_the_others(named: Named) -> None:
    named.create("big", "w_1000")
    named.create("zoom", "w_10")

    first = [each.name for each in named.page(after="", limit=4)]

    assert first == ["avatar", "big", "card", "full"]
    assert [each.name for each in named.page(after="full", limit=4)] == ["thumb", "zoom"]
