"""``/api/hooks``: a store's notification has us look at what we wait for; nobody else's has any
effect."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest

from gallery.config import CloudinaryAccount
from gallery.factory.uploading import hook_token
from gallery.stores import registry
from tests.services.ticketed import TicketStore
from tests.web.conftest import client_of
from tests.web.tus import PHOTO, SIZE

SECRET, TOKEN = "the-account-s-secret", "a-secret-of-cloudflare"
HOUR = timedelta(hours=1)
ACCOUNT = CloudinaryAccount(cloud_name="demo", api_key="1", api_secret=SECRET)


class Elsewhere:
    """A gallery whose new images go to a store of that name, and what lies behind it."""

    def __init__(self, name, gallery, store, database, token):
        self.name, self.gallery, self.store = name, gallery, store
        self.client = client_of(gallery)
        self._uploads = database["uploads"]
        self._token = token

    def sent(self):
        """The id of an upload whose file has arrived, and of which nobody has told."""
        given = self.client.post("/api/uploads", json={"bytes": SIZE}).json
        self.store.came[given["id"]] = self.store.sent_as(PHOTO)
        return given["id"]

    def is_due(self, id):
        """Whether it is looked at now, and not later."""
        upload = self._uploads.find_one({"_id": id})
        return upload["due_at"].timestamp() < time.time() + 1

    def told(self, id):
        """What the provider's notification says of it."""
        if self.name == "cloudinary":
            return {"notification_type": "upload", "public_id": f"arrivals/{id}", "bytes": 1}
        if self.name == "cloudflare":
            return {"name": "x", "ts": 1, "data": {"image": [{"id": id}], "other": 5}}
        return {"Records": [{"s3": {"object": {"key": quote_plus(f"arrivals/{id}")}}}]}

    def notify(self, told, *, at=None, body=None, query=None, **headers):
        """What we answer to a notification that carries the provider's proof, but for changes."""
        sent = json.dumps(told).encode()
        proof = self._proof(sent, at)
        query = proof.pop("query", "") if query is None else query
        changes = {name.replace("_", "-"): value for name, value in headers.items()}
        proof = {k: v for k, v in (proof | changes).items() if v is not None}
        return self.client.post(
            f"/api/hooks/{self.name}{query}",
            data=sent if body is None else body,
            headers={"Content-Type": "application/json", **proof},
        )

    def _proof(self, body, at=None):
        if self.name == "cloudinary":
            return signed(body, at or int(time.time()))
        if self.name == "cloudflare":
            return {"cf-webhook-auth": TOKEN}
        return {"query": f"?token={self._token}"}


def signed(body, at, *, secret=SECRET, hashed=hashlib.sha1):
    signature = hashed(body + str(at).encode() + secret.encode()).hexdigest()
    return {"X-Cld-Timestamp": str(at), "X-Cld-Signature": signature}


@pytest.fixture
def build(make_gallery, settings, database, tmp_path, monkeypatch):
    def build(name):
        store = TicketStore(tmp_path / "elsewhere")
        store.name = name
        kept = tuple(each for each in registry._MAKERS if each.__name__ in ("_local",))
        monkeypatch.setattr(registry, "_MAKERS", (*kept, lambda *_: store))
        gallery = make_gallery(
            media_store=name, cloudinary=ACCOUNT, cloudflare_webhook_secret=TOKEN
        )
        return Elsewhere(name, gallery, store, database, hook_token(settings))

    return build


@pytest.fixture(params=["cloudinary", "cloudflare", "s3"])
def elsewhere(request, build):
    return build(request.param)


@pytest.fixture
def cloudinary(build):
    return build("cloudinary")


@pytest.fixture
def s3(build):
    return build("s3")


def test_what_has_arrived_is_looked_at_now(elsewhere):
    id, other = elsewhere.sent(), elsewhere.sent()

    answer = elsewhere.notify(elsewhere.told(id))

    assert (answer.status_code, answer.json) == (200, {"status": "heard"})
    assert elsewhere.is_due(id)
    assert not elsewhere.is_due(other)


def test_the_same_notification_again_has_no_effect(elsewhere, database):
    id, at = elsewhere.sent(), int(time.time())
    elsewhere.notify(elsewhere.told(id), at=at)
    later = elsewhere.sent()
    database["uploads"].update_many({}, {"$set": {"due_at": datetime.now(UTC) + HOUR}})

    answer = elsewhere.notify(elsewhere.told(id), at=at)

    assert answer.status_code == 200
    assert not elsewhere.is_due(id)
    assert not elsewhere.is_due(later)


@pytest.mark.parametrize("id", ["x" * 22, "../../etc/passwd", "", {"$gt": ""}, None, "x" * 5000])
def test_what_names_nothing_of_ours_has_no_effect(elsewhere, id):
    waits = elsewhere.sent()

    answer = elsewhere.notify(elsewhere.told(str(id) if elsewhere.name == "s3" else id))

    assert answer.status_code == 200
    assert not elsewhere.is_due(waits)


def test_a_notification_before_anything_has_arrived_loses_nothing(elsewhere):
    id = elsewhere.sent()
    came = elsewhere.store.came.pop(id)
    elsewhere.notify(elsewhere.told(id))

    elsewhere.gallery._gallery.uploading.finishing.run()
    assert elsewhere.client.get(f"/api/uploads/{id}").json["status"] == "pending"
    elsewhere.store.came[id] = came

    assert elsewhere.client.post(f"/api/uploads/{id}/complete").json["status"] == "ready"


def test_what_upkeep_does_with_it_is_an_image(elsewhere):
    id = elsewhere.sent()
    elsewhere.notify(elsewhere.told(id))

    elsewhere.gallery._gallery.uploading.finishing.run()

    assert elsewhere.client.get(f"/api/uploads/{id}").json["status"] == "ready"
    assert elsewhere.notify(elsewhere.told(id) | {"again": 1}).status_code == 200
    assert len(elsewhere.client.listed()["images"]) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_refused(elsewhere, body):
    given = elsewhere._proof(body)
    query = given.pop("query", "")

    answer = elsewhere.client.post(f"/api/hooks/{elsewhere.name}{query}", data=body, headers=given)

    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize("told", [[], 5, "text", None, {"Records": 5}, {"Records": [5]}])
def test_json_of_another_shape_has_no_effect(elsewhere, told):
    assert elsewhere.notify(told).status_code == 200


def test_a_body_that_never_ends_is_refused(elsewhere):
    assert elsewhere.notify({"x": "y" * 2**21}).status_code == 413


def test_stores_that_are_not_set_up_tell_nothing(owner):
    for store in ("cloudinary", "cloudflare", "s3", "local"):
        assert owner.post(f"/api/hooks/{store}", json={}).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"X_Cld_Signature": None},
        {"X_Cld_Timestamp": None},
        {"X_Cld_Signature": "0" * 40},
        {"X_Cld_Signature": "0" * 64},
        {"X_Cld_Signature": "ü" * 40},
        {"X_Cld_Signature": ""},
        {"X_Cld_Timestamp": "1"},
        {"X_Cld_Timestamp": "now"},
        {"X_Cld_Timestamp": "-5"},
    ],
)
def test_what_cloudinary_did_not_sign_is_refused(cloudinary, changes):
    id = cloudinary.sent()

    answer = cloudinary.notify(cloudinary.told(id), **changes)

    assert (answer.status_code, answer.json["code"]) == (401, "hook_refused")
    assert not cloudinary.is_due(id)


def test_a_body_that_was_changed_is_refused(cloudinary):
    told = cloudinary.told(cloudinary.sent())

    answer = cloudinary.notify(told, body=json.dumps(told).encode() + b" ")

    assert answer.status_code == 401


@pytest.mark.parametrize(("age_s", "status"), [(200, 200), (-200, 200), (310, 401), (-900, 401)])
def test_a_notification_is_believed_for_five_minutes(cloudinary, age_s, status):
    body = json.dumps(cloudinary.told(cloudinary.sent())).encode()

    answer = cloudinary.client.post(
        "/api/hooks/cloudinary", data=body, headers=signed(body, int(time.time()) - age_s)
    )

    assert answer.status_code == status


def test_both_of_cloudinarys_digests_are_known(cloudinary):
    id = cloudinary.sent()
    body = json.dumps(cloudinary.told(id)).encode()
    headers = signed(body, int(time.time()), hashed=hashlib.sha256)

    answer = cloudinary.client.post("/api/hooks/cloudinary", data=body, headers=headers)

    assert answer.status_code == 200
    assert cloudinary.is_due(id)


def test_other_news_of_cloudinary_has_no_effect(cloudinary):
    id = cloudinary.sent()

    answer = cloudinary.notify(cloudinary.told(id) | {"notification_type": "delete"})

    assert answer.status_code == 200
    assert not cloudinary.is_due(id)


@pytest.mark.parametrize("secret", [None, "", "guessed", "ü"])
def test_what_does_not_carry_cloudflares_secret_is_refused(build, secret):
    cloudflare = build("cloudflare")
    id = cloudflare.sent()

    answer = cloudflare.notify(cloudflare.told(id), cf_webhook_auth=secret)

    assert answer.status_code == 401
    assert not cloudflare.is_due(id)


@pytest.mark.parametrize(
    ("query", "authorization"),
    [("", None), ("?token=", None), ("?token=guessed", None), ("", "Bearer x"), ("", "Basic x")],
)
def test_what_does_not_carry_our_token_is_refused(s3, query, authorization):
    id = s3.sent()

    answer = s3.notify(s3.told(id), query=query, Authorization=authorization)

    assert answer.status_code == 401
    assert not s3.is_due(id)


def test_the_token_may_come_in_a_header(s3):
    id = s3.sent()

    answer = s3.notify(s3.told(id), query="", Authorization=f"Bearer {s3._token}")

    assert answer.status_code == 200
    assert s3.is_due(id)


def test_events_of_eventbridge_are_read(s3):
    id = s3.sent()

    s3.notify({"detail-type": "Object Created", "detail": {"object": {"key": f"arrivals/{id}"}}})

    assert s3.is_due(id)
