"""``/api/uploads``: tickets for resumable uploads, and what became of them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from gallery.services import uploads
from gallery.stores import registry
from gallery.stores.abilities import Ticket
from tests import pictures
from tests.services.ticketed import TicketStore
from tests.web.conftest import MAX_UPLOAD_BYTES, client_of
from tests.web.page import Page
from tests.web.tus import PHOTO, SIZE, Tus

SHA256 = hashlib.sha256(PHOTO).hexdigest()
OTHER = pictures.photo(seed=5).content


def ask(client, *, bytes=SIZE, filename="beach.jpg", **more):
    return client.post("/api/uploads", json={"filename": filename, "bytes": bytes, **more})


def ticket(client, **asked):
    answer = ask(client, **asked)
    assert answer.status_code == 201, answer.text
    return answer.json


def sent(client, given, content=PHOTO):
    """The state of an upload when all was sent."""
    Tus(client).append(given["url"], content)
    return client.get(f"/api/uploads/{given['id']}").json


def test_a_ticket_is_leave_to_send_one_file(owner):
    given = ticket(owner, content_type="image/jpeg")

    assert given["url"] == f"/api/tus/{given['id']}"
    assert len(given["id"]) == 22
    ends_in = datetime.fromisoformat(given.pop("expires_at")) - datetime.now(UTC)
    assert timedelta(hours=23) < ends_in <= timedelta(hours=24)
    del given["id"], given["url"]
    assert given == {
        "method": "tus",
        "fields": {},
        "file_field": None,
        "max_bytes": SIZE,
        "chunk_bytes": None,
        "similar": [],
    }


def test_the_file_becomes_the_image_that_was_told(owner):
    given = ticket(
        owner, sha256=SHA256, description="The sea", alt="Waves", tags=["a"], album="Summer"
    )
    state = owner.get(f"/api/uploads/{given['id']}").json
    assert state == {"id": given["id"], "status": "pending", "offset": 0, "bytes": SIZE}

    state = sent(owner, given)

    [image] = owner.listed()["images"]
    assert state == {
        "id": given["id"],
        "status": "ready",
        "offset": SIZE,
        "bytes": SIZE,
        "duplicate": False,
        "image": image,
    }
    assert (image["description"], image["alt"]) == ("The sea", "Waves")
    assert (image["tags"], image["albums"]) == (["a"], ["Summer"])


def test_bytes_that_are_here_need_not_be_sent(owner, image, kept):
    answer = ask(owner, sha256=SHA256)

    assert answer.status_code == 200
    assert answer.json == {"duplicate": True, "image": image}
    assert kept.database["uploads"].count_documents({}) == 0


def test_unless_a_second_is_wanted(owner, image):
    state = sent(owner, ticket(owner, sha256=SHA256, keep_duplicate=True))

    assert state["duplicate"] is False
    assert state["image"]["id"] != image["id"]
    assert len(owner.listed()["images"]) == 2


def test_another_picture_takes_the_place_of_one(owner, image):
    given = ticket(owner, bytes=len(OTHER), replaces=image["id"])

    state = sent(owner, given, OTHER)

    assert state["image"]["id"] == image["id"]
    assert state["image"]["version"] == image["version"] + 1
    assert state["image"]["description"] == image["description"]
    assert owner.get(f"/api/images/{image['id']}/original").data == OTHER
    assert len(owner.listed()["images"]) == 1


def test_the_same_picture_takes_no_place(owner, image):
    assert ask(owner, replaces=image["id"], sha256=SHA256).json["image"] == image
    assert ask(owner, replaces="x" * 22).status_code == 404


@pytest.fixture
def cloud(make_gallery, tmp_path, monkeypatch):
    """A store elsewhere that gives tickets, and a gallery whose new images go there."""
    store = TicketStore(tmp_path / "cloud")
    monkeypatch.setattr(registry, "_MAKERS", (*registry._MAKERS, lambda *_: store))
    store.client = client_of(make_gallery(media_store="cloud", public_url="http://localhost"))
    return store


def send(cloud, given, content=PHOTO):
    """What a browser does with a ticket."""
    expires_at = datetime.fromisoformat(given["expires_at"])
    cloud.send(
        Ticket(
            url=given["url"],
            fields=given["fields"],
            file_field=given["file_field"],
            max_bytes=given["max_bytes"],
            expires_at=expires_at,
        ),
        content,
    )


def test_the_page_knows_that_store_and_may_send_there(cloud):
    answer = cloud.client.get("/")

    assert json.loads(Page(answer).one("script", id="gallery-data").text)["sends_to"] == "cloud"
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self' https://cloud.example;" in policy


def test_a_file_goes_straight_to_a_store_that_gives_tickets(cloud):
    owner = cloud.client
    given = ticket(owner, content_type="Image/JPEG; x=y", sha256=SHA256, description="The sea")
    id = given.pop("id")
    ends_in = datetime.fromisoformat(given.pop("expires_at")) - datetime.now(UTC)
    assert timedelta(minutes=14) < ends_in <= timedelta(minutes=15)
    assert given == {
        "method": "form",
        "url": "https://cloud.example/upload",
        "fields": {"key": id},
        "file_field": "file",
        "max_bytes": SIZE,
        "chunk_bytes": None,
        "similar": [],
    }
    assert cloud.tickets[id].content_type == "image/jpeg"
    assert cloud.notified == [f"http://localhost/api/hooks/{cloud.name}"]
    state = owner.get(f"/api/uploads/{id}").json
    assert state == {"id": id, "status": "pending", "offset": 0, "bytes": SIZE}

    send(cloud, given | {"expires_at": "2100-01-01T00:00:00Z"})
    answer = owner.post(f"/api/uploads/{id}/complete")

    [image] = owner.listed()["images"]
    assert answer.status_code == 200, answer.text
    assert answer.json == {
        "id": id,
        "status": "ready",
        "offset": SIZE,
        "bytes": SIZE,
        "duplicate": False,
        "image": image,
    }
    assert (image["id"], image["store"], image["description"]) == (id, "cloud", "The sea")
    assert owner.post(f"/api/uploads/{id}/complete").json == answer.json


def test_a_ticket_whose_file_has_not_arrived_is_not_finished(cloud):
    given = ticket(cloud.client)

    answer = cloud.client.post(f"/api/uploads/{given['id']}/complete")

    assert (answer.status_code, answer.json["code"]) == (409, "not_arrived")
    assert cloud.client.get(f"/api/uploads/{given['id']}").json["status"] == "pending"


def test_what_arrived_and_is_no_picture_fails(cloud):
    given = ticket(cloud.client, bytes=5)
    send(cloud, given, b"<html")

    answer = cloud.client.post(f"/api/uploads/{given['id']}/complete")

    assert (answer.json["status"], answer.json["problem"]["status"]) == ("failed", 415)
    assert cloud.came == {}


def test_what_goes_to_a_store_is_not_taken_here(cloud):
    given = ticket(cloud.client)

    answer = Tus(cloud.client).append(f"/api/tus/{given['id']}", PHOTO)

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_a_cancelled_ticket_is_gone_with_what_it_brought(cloud):
    given = ticket(cloud.client)
    send(cloud, given)

    assert cloud.client.delete(f"/api/uploads/{given['id']}").status_code == 204

    assert cloud.client.get(f"/api/uploads/{given['id']}").status_code == 404
    assert cloud.came == {}


def test_whoever_asks_for_tus_sends_it_here(cloud):
    given = ticket(cloud.client, method="tus")

    assert (given["method"], given["url"]) == ("tus", f"/api/tus/{given['id']}")
    assert sent(cloud.client, given)["image"]["store"] == "cloud"


def test_many_tickets_come_in_one_call(cloud):
    files = [{"bytes": 9}, {"bytes": 9, "method": "tus"}, {"bytes": 0}]

    given = cloud.client.post("/api/uploads", json={"files": files}).json["uploads"]

    assert [each.get("method") for each in given] == ["form", "tus", None]


def test_what_looks_alike_is_named(owner, image, kept):
    [document] = kept.documents()
    near = f"{int(document['phash'], 16) ^ 0b101:016x}"
    far = f"{int(document['phash'], 16) ^ 0xFFFF0000FFFF0000:016x}"

    assert ticket(owner, phash=near)["similar"] == [image]
    assert ticket(owner, phash=far)["similar"] == []
    assert ticket(owner)["similar"] == []


def test_who_only_asks_is_given_no_ticket(owner, image, kept, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_OPEN", 1)
    [document] = kept.documents()
    files = [
        {"bytes": 9, "phash": document["phash"], "reserve": False},
        {"bytes": SIZE, "sha256": SHA256, "reserve": False},
        {"bytes": 9, "reserve": False},
    ]

    alike, here, new = owner.post("/api/uploads", json={"files": files}).json["uploads"]
    alone = ask(owner, reserve=False)

    assert alike == {"similar": [image]}
    assert here == {"duplicate": True, "image": image}
    assert new == {"similar": []}
    assert (alone.status_code, alone.json) == (200, {"similar": []})


def test_a_file_that_is_not_as_announced_fails(owner, kept):
    given = ticket(owner, sha256="0" * 64)

    answer = Tus(owner).append(given["url"], PHOTO)

    assert (answer.status_code, answer.json["code"]) == (422, "damaged_upload")
    state = owner.get(f"/api/uploads/{given['id']}").json
    assert (state["status"], state["problem"]) == ("failed", answer.json)
    assert kept.everything() == []


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"bytes": MAX_UPLOAD_BYTES + 1}, 413, "too_large"),
        ({"bytes": 0}, 422, "invalid_input"),
        ({"bytes": -1}, 422, "invalid_input"),
        ({"bytes": "many"}, 422, "invalid_input"),
        ({"bytes": {"$gt": 0}}, 422, "invalid_input"),
        ({"content_type": "video/mp4"}, 415, "unsupported_format"),
        ({"content_type": "image/svg+xml"}, 415, "unsupported_format"),
        ({"filename": "notes.pdf"}, 415, "unsupported_format"),
        ({"filename": "DRAWING.SVG"}, 415, "unsupported_format"),
        ({"filename": "x" * 256}, 422, "invalid_input"),
        ({"sha256": "x"}, 422, "invalid_input"),
        ({"sha256": {"$ne": ""}}, 422, "invalid_input"),
        ({"phash": "xyz"}, 422, "invalid_input"),
        ({"replaces": "../x"}, 422, "invalid_input"),
        ({"description": "x" * 2001}, 422, "invalid_input"),
        ({"unknown": 1}, 422, "invalid_input"),
        ({"method": "carrier pigeon"}, 422, "invalid_input"),
    ],
)
def test_what_will_be_refused_is_refused_before_it_is_sent(owner, kept, asked, status, code):
    answer = ask(owner, **asked)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert kept.database["uploads"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("photo.JPG", "image/jpeg"),
        ("photo", ""),
        ("photo.jpeg", "application/octet-stream"),
        ("photo.heic", "image/heif"),
        ("img.0001", "image/png; x=y"),
        ("", "image/webp"),
    ],
)
def test_names_of_pictures_are_welcome(owner, filename, content_type):
    assert ask(owner, filename=filename, content_type=content_type).status_code == 201


def test_many_ask_at_once(owner, image):
    files = [
        {"filename": "new.jpg", "bytes": 10},
        {"filename": "here.jpg", "bytes": SIZE, "sha256": SHA256},
        {"filename": "huge.jpg", "bytes": MAX_UPLOAD_BYTES + 1},
    ]

    answer = owner.post("/api/uploads", json={"files": files})

    assert answer.status_code == 201
    new, here, huge = answer.json["uploads"]
    assert new["method"] == "tus"
    assert here == {"duplicate": True, "image": image}
    assert (huge["code"], huge["status"]) == ("too_large", 413)
    assert huge["detail"].startswith("huge.jpg: ")


@pytest.mark.parametrize(
    "body",
    [
        {"files": []},
        {"files": [{"bytes": 1}] * 101},
        {"files": {"bytes": 1}},
        {"files": [{"bytes": "x"}]},
        {"files": [{"bytes": 1}], "bytes": 1},
        [],
        5,
    ],
)
def test_what_is_no_list_of_files_is_refused(owner, body):
    assert owner.post("/api/uploads", json=body).status_code == 422


def test_a_body_that_is_no_json_is_refused(owner):
    for body, kind in ((b"{", "application/json"), (b"bytes=1", "text/plain")):
        answer = owner.post("/api/uploads", data=body, content_type=kind)
        assert answer.status_code in (400, 422)


def test_too_many_unfinished_ones_are_refused(owner, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_OPEN", 2)

    given = owner.post("/api/uploads", json={"files": [{"bytes": 9}] * 3}).json["uploads"]

    assert [each.get("status") for each in given] == [None, None, 429]


def test_too_much_unfinished_is_refused(owner, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_RESERVED_BYTES", 100)

    assert ask(owner, bytes=60).status_code == 201
    assert ask(owner, bytes=41).status_code == 429
    assert ask(owner, bytes=40).status_code == 201


def test_an_upload_that_is_not_whole_is_not_finished(owner):
    given = ticket(owner)
    Tus(owner).append(given["url"], PHOTO[:100])

    answer = owner.post(f"/api/uploads/{given['id']}/complete")

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert f"100 of {SIZE}" in answer.json["detail"]


def test_finishing_twice_ends_in_one_image(owner):
    given = ticket(owner)
    state = sent(owner, given)

    for _ in range(2):
        answer = owner.post(f"/api/uploads/{given['id']}/complete")
        assert (answer.status_code, answer.json) == (200, state)
    assert len(owner.listed()["images"]) == 1


def test_a_failure_is_told_whenever_somebody_asks(owner):
    given = ticket(owner, bytes=5)
    Tus(owner).append(given["url"], b"hello")

    answer = owner.post(f"/api/uploads/{given['id']}/complete")

    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["problem"]["status"]) == ("failed", 415)
    assert "image" not in answer.json


def test_an_image_that_was_purged_is_no_longer_shown(owner):
    given = ticket(owner)
    image = sent(owner, given)["image"]
    owner.delete(f"/api/images/{image['id']}?permanent=true")

    state = owner.get(f"/api/uploads/{given['id']}").json

    assert state["status"] == "ready"
    assert "image" not in state


def test_a_cancelled_upload_is_gone(owner, kept):
    given = ticket(owner)
    Tus(owner).append(given["url"], PHOTO[:100])

    assert owner.delete(f"/api/uploads/{given['id']}").status_code == 204

    for call in (owner.get, owner.delete):
        assert call(f"/api/uploads/{given['id']}").status_code == 404
    assert owner.post(f"/api/uploads/{given['id']}/complete").status_code == 404
    assert Tus(owner).head(given["url"]).status_code == 404
    assert kept.database["parts.blobs"].count_documents({}) == 0


def test_strangers_get_no_ticket(stranger, signed_in):
    given = ticket(signed_in)

    assert ask(stranger).status_code == 401
    for answer in (
        stranger.get(f"/api/uploads/{given['id']}"),
        stranger.delete(f"/api/uploads/{given['id']}"),
        stranger.post(f"/api/uploads/{given['id']}/complete"),
    ):
        assert answer.status_code == 401


def test_other_sites_pages_get_no_ticket(gallery):
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = client_of(gallery).post("/api/uploads", json={"bytes": 1}, headers=foreign)
    assert answer.status_code == 403
