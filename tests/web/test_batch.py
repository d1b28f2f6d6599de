"""``POST /api/images/batch``: a result for each id, and nothing that one spoils for the others."""

import pytest

from gallery.errors import DatabaseUnavailableError, StoreUnavailableError
from gallery.services.library import Library
from gallery.stores.local import LocalStore
from tests import pictures
from tests.web.conftest import client_of
from tests.web.hostile import NOT_IDS, OPERATORS

NOBODY = "x" * 22


@pytest.fixture
def three(owner):
    """Three images; the first has a tag, an album and words already."""
    told = ({"description": "Old", "tags": ["a"], "album": "2026"}, {}, {})
    return [
        owner.uploaded(pictures.photo(seed=seed).content, **fields)
        for seed, fields in enumerate(told)
    ]


@pytest.fixture
def batch(owner):
    """What the gallery answers to an action on images, or on ids."""

    def send(action, images, **told):
        ids = [each["id"] if isinstance(each, dict) else each for each in images]
        return owner.post("/api/images/batch", json={"ids": ids, "action": action, **told})

    return send


def results(answer):
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


def test_tags_are_added_to_those_that_are_there(owner, batch, three):
    told = results(batch("tag", three, tags=["b", "a"]))

    assert [each["id"] for each in told] == [image["id"] for image in three]
    assert [each["status"] for each in told] == [200, 200, 200]
    assert [each["image"]["tags"] for each in told] == [["a", "b"], ["b", "a"], ["b", "a"]]
    for each in told:
        assert owner.get(f"/api/images/{each['id']}").json == each["image"]
    assert owner.get("/api/tags").json["tags"] == [
        {"tag": "a", "count": 3},
        {"tag": "b", "count": 3},
    ]


def test_what_is_so_already_is_left_as_it_is(batch, three):
    first, second, _ = results(batch("tag", three, tags=["a"]))

    assert first["image"] == three[0]
    assert second["image"]["version"] == three[1]["version"] + 1


def test_tags_are_taken_off(batch, three):
    told = results(batch("untag", three, tags=["a", "b"]))

    assert [each["image"]["tags"] for each in told] == [[], [], []]
    assert [each["image"]["version"] for each in told] == [2, 1, 1]


def test_albums_take_images_in_and_give_them_back(owner, batch, three):
    told = results(batch("add_to_album", three, album="Lisbon"))

    assert [each["image"]["albums"] for each in told] == [
        ["2026", "Lisbon"],
        ["Lisbon"],
        ["Lisbon"],
    ]
    assert len(owner.listed("?album=Lisbon")["images"]) == 3

    told = results(batch("remove_from_album", three[:2], album="Lisbon"))

    assert [each["image"]["albums"] for each in told] == [["2026"], []]


def test_all_get_the_same_words_and_keep_the_others(batch, three):
    told = results(batch("describe", three, alt="A wall"))

    assert [each["image"]["alt"] for each in told] == ["A wall"] * 3
    assert [each["image"]["description"] for each in told] == ["Old", "", ""]
    told = results(batch("describe", three, description=""))
    assert [each["image"]["description"] for each in told] == [""] * 3


def test_to_the_trash_and_back(owner, batch, three):
    assert results(batch("delete", three)) == [
        {"id": image["id"], "status": 204} for image in three
    ]
    assert owner.listed()["images"] == []

    told = results(batch("restore", three))

    assert [each["image"]["status"] for each in told] == ["ready"] * 3
    assert len(owner.listed()["images"]) == 3


def test_deleted_for_ever_nothing_is_left(owner, kept, batch, three):
    owner.delete(f"/api/images/{three[0]['id']}")

    assert [each["status"] for each in results(batch("delete_forever", three))] == [204] * 3

    assert kept.everything() == []


def test_one_that_fails_spoils_nothing(owner, batch, three):
    owner.patch(f"/api/images/{three[1]['id']}", json={"tags": [str(n) for n in range(20)]})
    ids = [NOBODY, three[0], "no id", three[1], "", three[2]]

    told = results(batch("tag", ids, tags=["b"]))

    assert [each["status"] for each in told] == [404, 200, 404, 422, 404, 200]
    assert [each["id"] for each in told][::2] == [NOBODY, "no id", ""]
    assert told[0]["problem"]["code"] == "not_found"
    assert told[3]["problem"]["errors"] == {"tags": "too many"}
    assert "image" not in told[3]
    assert owner.get(f"/api/images/{three[2]['id']}").json["tags"] == ["b"]


def test_an_image_that_has_too_many_tags_can_still_lose_some(kept, batch, three):
    many = [str(n) for n in range(30)]
    kept.database["images"].update_one({"id": three[1]["id"]}, {"$set": {"tags": many}})

    [told] = results(batch("untag", [three[1]], tags=["0", "1"]))

    assert told["image"]["tags"] == many[2:]


def test_an_id_that_comes_twice_is_worked_on_once_and_told_twice(batch, three):
    one = three[0]["id"]

    assert [each["status"] for each in results(batch("delete", [one, one]))] == [204, 204]


def test_a_hundred_images_are_done_in_one_call(owner, batch, three):
    ids = [image["id"] for image in three] + [f"{n:022d}" for n in range(97)]

    told = results(batch("tag", ids, tags=["many"]))

    assert [each["id"] for each in told] == ids
    assert [each["status"] for each in told] == [200] * 3 + [404] * 97
    assert batch("tag", [*ids, NOBODY], tags=["x"]).status_code == 422


def test_a_store_that_is_away_is_told_for_each_image_of_it(owner, batch, three, monkeypatch):
    def away(store, key):
        raise StoreUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", away)
        told = results(batch("delete_forever", three[:2]))

    assert [each["status"] for each in told] == [503, 503]
    assert {each["problem"]["code"] for each in told} == {"store_unavailable"}
    assert [each["status"] for each in results(batch("delete_forever", three[:2]))] == [204, 204]


def test_once_the_database_is_away_the_rest_is_not_tried(owner, batch, monkeypatch):
    asked = []

    def away(library, image_id):
        asked.append(image_id)
        raise DatabaseUnavailableError

    monkeypatch.setattr(Library, "restore", away)
    told = results(batch("restore", [f"{n:022d}" for n in range(100)]))

    assert {each["problem"]["code"] for each in told} == {"database_unavailable"}
    assert len(told) == 100
    assert len(asked) <= 8


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "delete",
        {"action": "delete"},
        {"ids": [], "action": "delete"},
        {"ids": NOBODY, "action": "delete"},
        {"ids": [5], "action": "delete"},
        {"ids": [[NOBODY]], "action": "delete"},
        {"ids": [{"$ne": ""}], "action": "delete"},
        {"ids": ["x" * 65], "action": "delete"},
        {"ids": [NOBODY]},
        {"ids": [NOBODY], "action": "explode"},
        {"ids": [NOBODY], "action": ["delete"]},
        {"ids": [NOBODY], "action": "delete", "tags": ["a"]},
        {"ids": [NOBODY], "action": "delete", "permanent": True},
        {"ids": [NOBODY], "action": "tag"},
        {"ids": [NOBODY], "action": "tag", "tags": []},
        {"ids": [NOBODY], "action": "tag", "tags": "a"},
        {"ids": [NOBODY], "action": "tag", "tags": [""]},
        {"ids": [NOBODY], "action": "tag", "tags": ["x" * 65]},
        {"ids": [NOBODY], "action": "tag", "tags": [str(n) for n in range(21)]},
        {"ids": [NOBODY], "action": "add_to_album", "album": ""},
        {"ids": [NOBODY], "action": "add_to_album", "album": ["a"]},
        {"ids": [NOBODY], "action": "describe"},
        {"ids": [NOBODY], "action": "describe", "description": 5},
        {"ids": [NOBODY], "action": "describe", "alt": "x" * 2001},
        *({"ids": [NOBODY], "action": each} for each in OPERATORS[::8]),
        *({"ids": [NOBODY], "action": "delete", each: 1} for each in OPERATORS[::8]),
    ],
)
def test_refuses_what_means_nothing(owner, three, body):
    answer = owner.post("/api/images/batch", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.json["code"] == "invalid_input"
    assert len(owner.listed()["images"]) == 3


def test_says_which_field_is_wrong(owner):
    asked = {"ids": [NOBODY], "action": "tag", "tags": ["x" * 65], "album": "y"}

    errors = owner.post("/api/images/batch", json=asked).json["errors"]

    assert errors.keys() == {"tags.0", "album"}
    assert owner.post("/api/images/batch", json={}).json["errors"].keys() == {"action"}


@pytest.mark.parametrize("body", [b"", b"{", b'{"ids": ["\\ud800"], "action": "delete"}', b"\xff"])
def test_refuses_what_is_no_json(owner, body):
    answer = owner.post("/api/images/batch", data=body, content_type="application/json")

    assert answer.status_code in (400, 422)


def test_what_is_no_id_is_told_so(batch, three):
    told = results(batch("delete", [each for each in NOT_IDS if len(each) <= 64]))

    assert {each["status"] for each in told} == {404}


def test_strangers_change_nothing(guarded, signed_in):
    image = signed_in.uploaded()
    stranger = client_of(guarded)

    for action, told in (("delete", {}), ("tag", {"tags": ["x"]}), ("delete_forever", {})):
        asked = {"ids": [image["id"]], "action": action, **told}
        assert stranger.post("/api/images/batch", json=asked).status_code == 401
    assert signed_in.get(f"/api/images/{image['id']}").json == image


def test_other_sites_pages_change_nothing(owner, three):
    asked = {"ids": [three[0]["id"]], "action": "delete"}
    headers = {"Sec-Fetch-Site": "cross-site"}

    assert owner.post("/api/images/batch", json=asked, headers=headers).status_code == 403
    assert len(owner.listed()["images"]) == 3
