"""``GET /api/images``: pages that neither skip nor repeat, filters that mean what they say."""

from urllib.parse import quote

import pytest

from gallery.web import schemas
from tests import pictures
from tests.web.conftest import client_of
from tests.web.hostile import OPERATORS


@pytest.fixture(scope="module")
def owner(standing):
    yield client_of(standing.application)
    standing.empty()


@pytest.fixture(scope="module", autouse=True)
def five(owner):
    """The ids of five images, newest first; only the barn knows when it was taken: years ago."""
    told = (
        {"description": "The old cherry", "tags": ["garden", "spring"]},
        {"description": "An old barn", "alt": "A cherry-red gate", "tags": ["garden"]},
        {"description": "Harbour", "tags": ["sea"]},
        {"description": "", "album": "2026"},
        {"description": "Cherries"},
    )
    ids = [
        owner.uploaded(pictures.photo(seed=seed, metadata=seed == 1).content, **fields)["id"]
        for seed, fields in enumerate(told)
    ]
    return ids[::-1]


def ids(listed):
    return [image["id"] for image in listed["images"]]


def test_shows_the_newest_first_as_they_are_shown_alone(owner, five):
    listed = owner.listed()

    assert ids(listed) == five
    assert listed["next_cursor"] is None
    assert listed["images"][0] == owner.get(f"/api/images/{five[0]}").json
    schemas.ListOut.model_validate(listed)


def test_where_nothing_is_found_the_list_is_empty(owner):
    assert owner.listed("?q=nowhere&counts=true") == {
        "images": [],
        "next_cursor": None,
        "counts": {"total": 0, "capped": False, "months": {}},
    }


@pytest.mark.parametrize("sort", ["newest", "oldest", "taken"])
def test_a_cursor_goes_on_where_the_page_ended_whatever_arrives_meanwhile(owner, five, sort):
    first = owner.listed(f"?sort={sort}&limit=2")
    newcomer = owner.uploaded(pictures.photo(seed=99).content)["id"]
    second = owner.listed(f"?sort={sort}&limit=2&cursor={first['next_cursor']}")
    third = owner.listed(f"?sort={sort}&limit=2&cursor={second['next_cursor']}")

    owner.delete(f"/api/images/{newcomer}?permanent=true")

    walked = [each for each in ids(first) + ids(second) + ids(third) if each != newcomer]
    cherries, nameless, harbour, barn, cherry = five
    assert (
        walked
        == {
            "newest": five,
            "oldest": five[::-1],
            "taken": [cherries, nameless, harbour, cherry, barn],
        }[sort]
    )
    assert len(first["images"]) == len(second["images"]) == 2
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=cherry", [1, 0]),
        ("?q=CHERRY+old", [1, 0]),
        ("?q=cherr", [4, 1, 0]),
        ("?q=spring", [0]),
        ("?tag=garden", [1, 0]),
        ("?tag=garden&tag=spring", [0]),
        ("?tag=Garden", []),
        ("?album=2026", [3]),
        ("?q=barn&tag=garden", [1]),
        ("?q=nowhere", []),
        ("?q=", [4, 3, 2, 1, 0]),
        ("?q=...", [4, 3, 2, 1, 0]),
        ("?status=trashed", []),
    ],
)
def test_finds_by_words_tags_and_album(owner, five, query, found):
    by_arrival = five[::-1]

    assert ids(owner.listed(query)) == [by_arrival[number] for number in found]


def test_counts_what_the_filter_finds_by_month(owner, five):
    listed = owner.listed("?tag=garden&counts=true&limit=1")

    month = listed["images"][0]["created_at"][:7]
    assert listed["counts"] == {"total": 2, "capped": False, "months": {month: 2}}
    schemas.ListOut.model_validate(listed)


def test_lists_the_tags_in_use_most_used_first(owner, five):
    tags = owner.get("/api/tags").json

    assert tags == {
        "tags": [
            {"tag": "garden", "count": 2},
            {"tag": "sea", "count": 1},
            {"tag": "spring", "count": 1},
        ]
    }


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("?limit=0", 422, "limit"),
        ("?limit=101", 422, "limit"),
        ("?limit=ten", 422, "limit"),
        ("?limit=1e1", 422, "limit"),
        ("?sort=best", 422, "sort"),
        ("?status=deleting", 422, "status"),
        ("?status=pending", 422, "status"),
        ("?counts=perhaps", 422, "counts"),
        (f"?q={'x' * 101}", 422, "q"),
        ("?" + "&".join(f"tag={n}" for n in range(21)), 422, "tag"),
        ("?tag=", 422, "tag.0"),
        ("?tag=a%00b", 422, "tag.0"),
        ("?page=2", 422, "page"),
        ("?limit=1&limit=2", 400, None),
        ("?q=a&q=b", 400, None),
    ],
)
def test_refuses_parameters_that_mean_nothing_by_name(owner, query, status, named):
    answer = owner.get(f"/api/images{query}")

    assert answer.status_code == status
    assert list(answer.json.get("errors", {})) == ([named] if named else [])


def test_a_cursor_with_any_character_changed_is_refused(owner, five):
    cursor = owner.listed("?limit=2")["next_cursor"]

    for at, character in enumerate(cursor):
        other = "A" if character != "A" else "B"
        answer = owner.get(f"/api/images?limit=2&cursor={cursor[:at]}{other}{cursor[at + 1 :]}")
        assert (at, answer.status_code, answer.json["code"]) == (at, 400, "invalid_cursor")
    for changed in (cursor[:-1], cursor[1:], cursor + "A", cursor * 2, "x"):
        assert owner.get(f"/api/images?cursor={changed}").status_code == 400
    assert owner.get(f"/api/images?limit=2&cursor={cursor}").status_code == 200


@pytest.mark.parametrize(
    "query", ["q=cherry", "tag=garden", "album=2026", "sort=oldest", "sort=taken", "status=trashed"]
)
def test_a_cursor_of_another_list_is_refused(owner, five, query):
    cursor = owner.listed("?limit=2")["next_cursor"]

    answer = owner.get(f"/api/images?{query}&cursor={cursor}")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("name", ["q", "tag", "album", "limit", "cursor", "sort", "status"])
def test_an_operator_in_the_name_of_a_parameter_is_refused(owner, name):
    for operator in OPERATORS:
        for spelling in (f"{name}[{operator}]", f"{name}.{operator}", operator):
            answer = owner.get(f"/api/images?{quote(spelling)}=x")
            assert (spelling, answer.status_code) == (spelling, 422)


@pytest.mark.parametrize("name", ["q", "tag", "album"])
def test_an_operator_in_a_text_is_text(owner, name):
    for operator in OPERATORS:
        for value in (f'{{"{operator}": "qqq"}}', f'{{"{operator}": {{"$qqq": 1}}}}'):
            assert ids(owner.listed(f"?{name}={quote(value)}")) == []


@pytest.mark.parametrize("name", ["limit", "cursor", "sort", "status", "counts"])
def test_an_operator_where_no_text_belongs_is_refused(owner, name):
    for operator in OPERATORS:
        value = quote(f'{{"{operator}": ""}}')
        assert owner.get(f"/api/images?{name}={value}").status_code == 422


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(ch+)+$", "ch"), (".*", ""), ("^[", ""), ("\\", ""), ("old|cherry", "old cherry")],
)
def test_a_pattern_in_a_search_is_no_more_than_its_words(owner, pattern, words):
    assert owner.listed(f"?q={quote(pattern)}") == owner.listed(f"?q={quote(words)}")
