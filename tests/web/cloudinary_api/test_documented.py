"""``docs/cdn.md`` is true: what is called spoken is, and what refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from gallery.config import ROOT
from gallery.errors import BadTransformationError
from gallery.transformation import Crop, parse
from gallery.transformation.grammar import KEYS
from gallery.transformation.values import BLENDING, EFFECTS, FLAGS, FORMATS

TOLD = (ROOT / "docs" / "cdn.md").read_text(encoding="utf-8")
CLOUD = "/cdn/v1_1/vitrine"
LANGUAGE = ("size and cut", "looks", "format", "layers and names")


class Row(NamedTuple):
    """A row of the table: the words between backticks in each of its cells."""

    spoken: list[str]
    differs: list[str]
    refused: list[str]


def table() -> Iterator[tuple[str, Row]]:
    for line in TOLD.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] not in ("Part", "---"):
            yield cells[0], Row(*(re.findall(r"`([^`]+)`", cell) for cell in cells[1:]))


TABLE = dict(table())
SPOKEN = [word for part in LANGUAGE for word in TABLE[part].spoken]
REFUSED = [word for part in LANGUAGE for word in TABLE[part].refused]


def told(key: str) -> set[str]:
    """The values of a key that the table calls spoken, without their levels."""
    words = (word.partition("_") for word in SPOKEN)
    return {value.partition(":")[0] for name, _, value in words if name == key}


def read(word: str) -> None:
    """Reads a word of the language where it can stand: what is about a layer, with one."""
    if word == "fl_layer_apply":
        word = f"l_logo/{word}"
    elif word.removeprefix("e_") in BLENDING:
        word = f"l_logo,{word}"
    parse(word)


@pytest.mark.parametrize("word", SPOKEN)
def test_what_is_spoken_is_read(word: str) -> None:
    read(word)


@pytest.mark.parametrize("word", REFUSED)
def test_what_is_refused_is_named(word: str) -> None:
    with pytest.raises(BadTransformationError) as refusal:
        read(word)

    assert word.partition(":")[0] in refusal.value.detail


def test_every_key_is_told_and_what_it_takes() -> None:
    assert {word.partition("_")[0] for word in SPOKEN} == set(KEYS)
    assert told("c") == set(Crop)
    assert told("f") == set(FORMATS)
    assert told("e") == set(EFFECTS)
    assert told("fl") <= set(FLAGS)


@pytest.mark.parametrize("action", TABLE["Upload API"].spoken)
def test_actions_that_are_spoken_want_a_signature(owner, action: str) -> None:
    if action == "delete_by_token":
        answer = owner.post(f"{CLOUD}/delete_by_token", data={"token": "none"})
    elif action == "download":
        answer = owner.get(f"{CLOUD}/image/download")
    else:
        answer = owner.post(f"{CLOUD}/image/{action}", data={"public_id": "any"})

    assert answer.status_code in (400, 401)
    assert "Unknown action" not in answer.json["error"]["message"]


@pytest.mark.parametrize("action", TABLE["Upload API"].refused)
def test_actions_that_are_refused_say_so(owner, action: str) -> None:
    answer = owner.post(f"{CLOUD}/image/{action}")

    assert answer.status_code == 501
    assert "not spoken" in answer.json["error"]["message"]


@pytest.fixture
def keyed(owner, kept):
    """Asks the Admin API with the account's key and secret."""
    keys = kept.settings.cdn_api_key, kept.settings.cdn_api_secret
    return lambda path: owner.get(f"{CLOUD}/{path}", auth=keys)


@pytest.mark.parametrize("collection", TABLE["Admin API"].spoken)
def test_collections_that_are_spoken_answer(keyed, collection: str) -> None:
    path = f"{collection}/image" if collection == "tags" else collection

    assert keyed(path).status_code == 200


@pytest.mark.parametrize("collection", TABLE["Admin API"].refused)
def test_collections_that_are_refused_say_so(keyed, collection: str) -> None:
    assert keyed(collection).status_code == 501
