"""Alive, ready, and what there is: for machines, and for people who ask how it is."""

import threading

import pytest

from gallery.errors import DatabaseUnavailableError, StoreUnavailableError
from gallery.factory import create_app
from gallery.services import health
from gallery.stores.local import LocalStore
from gallery.web import status
from tests.web.conftest import client_of


@pytest.fixture(autouse=True)
def _ask_every_time(monkeypatch):
    monkeypatch.setattr(status, "_KEPT_S", 0.0)


def unavailable(error):
    def fail(*_):
        raise error("mongodb://user:password@10.0.0.5 timed out") from OSError("10.0.0.5")

    return fail


def test_says_that_it_is_alive_and_ready(owner):
    assert owner.get("/healthz").json == {"status": "alive"}
    assert owner.get("/readyz").json == {"status": "ready"}


@pytest.mark.parametrize(
    ("where", "name", "error"),
    [
        (health, "check_writable", DatabaseUnavailableError),
        (LocalStore, "probe", StoreUnavailableError),
    ],
    ids=["database", "store"],
)
def test_is_alive_but_not_ready_without_what_it_stands_on(owner, monkeypatch, where, name, error):
    monkeypatch.setattr(where, name, unavailable(error))

    answer = owner.get("/readyz")

    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert "10.0.0.5" not in answer.text
    assert "password" not in answer.text
    assert owner.get("/healthz").status_code == 200
    assert owner.get("/api/status").json["ready"] is False


def test_many_who_ask_are_answered_by_one_look(make_gallery, monkeypatch):
    monkeypatch.setattr(status, "_KEPT_S", 60.0)
    looks = []
    monkeypatch.setattr(health.Health, "failure", lambda _: looks.append("looked"))
    client = client_of(make_gallery())

    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert looks == ["looked"]


def test_says_what_there_is(owner):
    owner.uploaded()

    assert owner.get("/api/status").json == {
        "images": 1,
        "images_capped": False,
        "store": "local",
        "stores": ["local"],
        "health": {},
        "moving": {"images": 0, "refused": 0, "problem": ""},
        "plans": {},
        "migration": None,
        "ready": True,
        "audit": None,
    }


def test_says_how_far_a_migration_is(make_gallery):
    gallery = make_gallery()
    client = client_of(gallery)
    client.uploaded()
    orders = gallery._gallery.migrating._orders
    orders.begin(from_="local", to="cloudinary", keep_s=60, rate=3)

    migration = client.get("/api/status").json["migration"]

    assert migration.pop("begun_at").endswith("Z")
    assert migration == {
        "from": "local",
        "to": "cloudinary",
        "back": False,
        "state": "running",
        "ended_at": None,
        "moved": 0,
        "left": 1,
        "refused": 0,
        "eta_s": None,
        "rate": 3,
        "problem": "",
    }


def test_says_what_the_last_audit_found(make_gallery):
    gallery = make_gallery()
    client = client_of(gallery)
    image = client.uploaded()
    gallery._gallery.stores.named("local").delete(image["id"])
    gallery._gallery.auditor.run()

    audit = client.get("/api/status").json["audit"]

    assert (audit["drift"], audit["kinds"]) == (1, {"missing": 1})
    assert audit["audited_at"].endswith("Z")


def test_is_not_ready_while_it_shuts_down(settings):
    draining = threading.Event()
    gallery = create_app(settings, draining=draining)
    client = client_of(gallery)
    try:
        assert client.get("/readyz").status_code == 200
        draining.set()
        refused = client.get("/readyz")
        assert (refused.status_code, refused.json["code"]) == (503, "busy")
        assert client.get("/healthz").status_code == 200
        assert client.get("/api/images").status_code == 200
    finally:
        gallery.close()
