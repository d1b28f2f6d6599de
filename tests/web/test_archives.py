"""``/api/archives``: originals as one zip, for those who may have them."""

import io
import tracemalloc
import zipfile
from datetime import timedelta

import pytest

from gallery.catalog import archives as orders
from gallery.services import archiving
from gallery.services.library import Library
from tests import pictures
from tests.web.conftest import client_of

NOBODY = "x" * 22


@pytest.fixture
def photos():
    return [
        pictures.photo(seed=1, metadata=True),
        pictures.png_filled(30, 20),
        pictures.photo(seed=3),
    ]


@pytest.fixture
def three(owner, photos):
    names = ("beach.jpg", "plan.png", "Beach.JPG")
    return [
        owner.uploaded(photo.content, filename=name)
        for photo, name in zip(photos, names, strict=True)
    ]


def order(client, images):
    ids = [each["id"] if isinstance(each, dict) else each for each in images]
    return client.post("/api/archives", json={"ids": ids})


def fetched(client, images):
    answer = client.get(order(client, images).json["url"])
    assert answer.status_code == 200, answer.text
    return answer


def test_the_originals_as_uploaded_in_the_order_asked_for(owner, three, photos):
    answer = fetched(owner, three[::-1])

    with zipfile.ZipFile(io.BytesIO(answer.data)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["Beach.JPG", "plan.png", "beach (2).jpg"]
        assert [opened.read(name) for name in opened.namelist()] == [
            photo.content for photo in photos[::-1]
        ]
        assert opened.getinfo("beach (2).jpg").date_time[:3] == (2024, 5, 6)


def test_says_beforehand_what_comes(owner, three):
    ordered = order(owner, three)

    assert ordered.status_code == 201
    assert ordered.headers["Location"] == ordered.json["url"]
    answer = owner.get(ordered.json["url"])
    assert len(answer.data) == ordered.json["bytes"] == answer.content_length
    assert ordered.json["files"] == 3
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="Vitrine, 3 photos.zip"; '
        "filename*=UTF-8''Vitrine%2C%203%20photos.zip"
    )
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert owner.head(ordered.json["url"]).content_length == len(answer.data)
    assert owner.get(ordered.json["url"]).data == answer.data


def test_an_image_in_the_trash_comes_too_and_twice_is_once(owner, three):
    owner.delete(f"/api/images/{three[0]['id']}")

    with zipfile.ZipFile(io.BytesIO(fetched(owner, [three[0], three[0]]).data)) as opened:
        assert opened.namelist() == ["beach.jpg"]


def test_one_that_is_gone_is_told_instead_of_left_out(owner, three):
    refused = order(owner, [*three, NOBODY])
    assert (refused.status_code, refused.json["detail"]) == (
        404,
        "1 of these photos is not here any more.",
    )
    url = order(owner, three).json["url"]
    for image in three[:2]:
        owner.delete(f"/api/images/{image['id']}?permanent=true")

    answer = owner.get(url)

    assert (answer.status_code, answer.json["detail"]) == (
        404,
        "2 of these photos are not here any more.",
    )


def test_an_order_expires(owner, three, kept):
    url = order(owner, three).json["url"]
    kept.database["archives"].update_one({}, [{"$set": {"expires_at": "$$NOW"}}])

    assert owner.get(url).status_code == 404
    assert timedelta(hours=1) >= orders.KEPT


def test_it_is_nobody_elses(guarded, signed_in):
    image = signed_in.uploaded()
    url = order(signed_in, [image]).json["url"]
    stranger = client_of(guarded)

    assert order(stranger, [image]).status_code == 401
    assert stranger.get(url).status_code == 401
    assert signed_in.get(url).status_code == 200


def test_the_places_for_those_on_their_way_are_given_back(owner, three, monkeypatch):
    url = order(owner, three).json["url"]
    under_way = [owner.open(url, buffered=False) for _ in range(archiving.AT_ONCE)]

    busy = owner.get(url)

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    for answer in under_way:
        answer.close()
    for _ in range(archiving.AT_ONCE + 1):
        assert owner.head(url).status_code == 200
        assert owner.get(url).status_code == 200


def test_memory_stays_flat(owner, three, kept, monkeypatch):
    large = 8 * 1024 * 1024
    kept.database["images"].update_many({}, {"$set": {"bytes": large}})
    monkeypatch.setattr(Library, "original", lambda library, image: io.BytesIO(bytes(large)))
    url = order(owner, three).json["url"]

    tracemalloc.start()
    answer = owner.open(url, buffered=False)
    sent = sum(len(chunk) for chunk in answer.iter_encoded())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    answer.close()

    assert sent > 3 * large
    assert peak < large + 4 * 1024 * 1024  # One file of ours, which no store would hold.


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"ids": []},
        {"ids": NOBODY},
        {"ids": ["x"]},
        {"ids": ["../../etc/passwd"]},
        {"ids": [5]},
        {"ids": [{"$ne": ""}]},
        {"ids": [NOBODY] * 1001},
        {"ids": [NOBODY], "name": "x"},
    ],
)
def test_refuses_what_means_nothing(owner, body):
    assert owner.post("/api/archives", json=body).status_code == 422


def test_other_orders_are_not_there(owner):
    for name in (NOBODY, "x", "$ne", "%00", "..%2f"):
        assert owner.get(f"/api/archives/{name}").status_code == 404
