"""``GET /api/events``: every open page is told what changed, and one that was away is told too."""

import json
import threading
import time
from dataclasses import replace

import pytest

from gallery.factory import create_app
from gallery.signing import seal
from gallery.web import events
from tests import pictures
from tests.web.conftest import client_of, settings_in
from tests.web.page import Page

PATIENCE_BEATS = 100


@pytest.fixture(autouse=True)
def _short_heartbeat(monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.2)


@pytest.fixture(scope="module")
def live_settings(tmp_path_factory, mongod, mongo_client):
    name = "test_events"
    yield settings_in(tmp_path_factory.mktemp("live"), mongod, mongo_client[name])
    mongo_client.drop_database(name)


@pytest.fixture(scope="module")
def live(live_settings):
    gallery = create_app(live_settings, stream_cap=3).start()
    yield gallery
    gallery.close()


@pytest.fixture
def owner(live):
    client = client_of(live)
    yield client
    for image in client.listed()["images"]:
        client.delete(f"/api/images/{image['id']}?permanent=true")


class Stream:
    """An open stream, read event by event; it goes on from now where nothing else is said."""

    def __init__(self, client, *, after=None, query=""):
        headers = {} if query else {"Last-Event-ID": after or position(client)}
        self.answer = client.get(f"/api/events{query}", buffered=False, headers=headers)
        self._chunks = iter(self.answer.response)

    def __enter__(self):
        assert self.answer.status_code == 200
        return self

    def __exit__(self, *_):
        self.answer.close()

    def chunk(self):
        return next(self._chunks).decode()

    def event(self, image=None):
        """The next event, about that image if one is given, as id, name and data."""
        for _ in range(PATIENCE_BEATS):
            lines = self.chunk().splitlines()
            told = dict(line.split(": ", 1) for line in lines if line and not line.startswith(":"))
            data = json.loads(told.get("data", "null"))
            if data is not None and (image is None or data.get("id") == image["id"]):
                return told["id"], told["event"], data
        pytest.fail("no such event came")

    def rest(self):
        return [chunk.decode() for chunk in self._chunks]


def position(client):
    island = Page(client.get("/")).one("script", id="gallery-data").text
    return json.loads(island)["position"]


def test_an_open_page_is_told_what_is_added_changed_hidden_shown_and_removed(owner):
    with Stream(owner) as stream:
        image = owner.uploaded(pictures.photo().content, description="The old cherry")
        path = f"/api/images/{image['id']}"
        assert stream.event(image)[1:] == ("image.created", image)

        edited = owner.patch(path, json={"alt": "A tree"}).json
        assert stream.event(image)[1:] == ("image.updated", edited)

        owner.delete(path)
        assert stream.event(image)[1:] == ("image.deleted", {"id": image["id"]})

        restored = owner.post(f"{path}/restore").json
        assert stream.event(image)[1:] == ("image.created", restored)

        owner.delete(f"{path}?permanent=true")
        assert stream.event(image)[1:] == ("image.deleted", {"id": image["id"]})


def test_a_stream_is_kept_by_nobody_and_says_when_to_come_back(owner):
    with Stream(owner) as stream:
        headers = stream.answer.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert stream.chunk() == f"retry: {events.RETRY_MS}\n\n"


def test_a_silent_stream_says_that_it_is_still_there(owner):
    with Stream(owner) as stream:
        stream.chunk()
        assert stream.chunk() == stream.chunk() == ": still here\n\n"


def test_words_cannot_end_an_event(owner):
    words = "one\n\nevent: image.deleted\r\ndata: {}\u2028"
    with Stream(owner) as stream:
        image = owner.uploaded(description=words)
        assert stream.event(image)[1:] == ("image.created", image)


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_page_that_comes_back_is_told_what_it_missed_and_no_more(owner, by):
    with Stream(owner) as stream:
        first = owner.uploaded(pictures.photo(seed=1).content)
        last_id, *_ = stream.event(first)
    missed = owner.uploaded(pictures.photo(seed=2).content)
    owner.delete(f"/api/images/{first['id']}")

    place = {"after": last_id} if by == "header" else {"query": f"?last_event_id={last_id}"}
    with Stream(owner, **place) as stream:
        assert stream.event()[1:] == ("image.created", missed)
        assert stream.event()[1:] == ("image.deleted", {"id": first["id"]})


def test_a_page_misses_nothing_between_its_list_and_its_stream(owner):
    before = position(owner)
    image = owner.uploaded()

    with Stream(owner, after=before) as stream:
        assert stream.event(image)[1:] == ("image.created", image)


def test_what_was_missed_is_not_told_again(owner):
    with Stream(owner) as stream:
        first = owner.uploaded(pictures.photo(seed=1).content)
        last_id, *_ = stream.event(first)
    with Stream(owner, after=last_id) as unread, Stream(owner) as witness:
        images = [owner.uploaded(pictures.photo(seed=seed).content) for seed in (2, 3, 4)]
        for image in images:
            witness.event(image)

        assert [unread.event()[2] for _ in images] == images
        assert unread.chunk() == ": still here\n\n"


def test_an_id_is_good_in_a_process_that_began_later(owner, live_settings):
    with Stream(owner) as stream:
        first = owner.uploaded(pictures.photo(seed=1).content)
        last_id, *_ = stream.event(first)
    missed = owner.uploaded(pictures.photo(seed=2).content)

    later = create_app(live_settings).start()
    try:
        with Stream(client_of(later), after=last_id) as stream:
            assert stream.event()[1:] == ("image.created", missed)
            owner.delete(f"/api/images/{missed['id']}")
            assert stream.event()[1:] == ("image.deleted", {"id": missed["id"]})
    finally:
        later.close()


@pytest.mark.parametrize(
    "nonsense",
    [
        "nonsense",
        "82" + "0" * 110,
        "82" + "F" * 110,
        "x" * 999,
        "%00",
        seal("another key", "place in the stream", {"t": "82" + "0" * 110}),
    ],
)
def test_a_place_that_is_none_of_ours_is_answered_with_look_anew(owner, nonsense):
    with Stream(owner, after=nonsense) as stream:
        new_id, name, told = stream.event()
        assert (name, told) == ("reload", {})
        image = owner.uploaded()
        assert stream.event(image)[1:] == ("image.created", image)

    with Stream(owner, after=new_id) as stream:
        assert stream.event(image)[1:] == ("image.created", image)


def test_beyond_the_cap_pages_are_asked_to_come_back_and_nothing_else_suffers(owner):
    streams = [Stream(owner) for _ in range(3)]
    try:
        refused = owner.get("/api/events")
        assert (refused.status_code, refused.json["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert owner.get("/api/images").status_code == 200
        assert owner.get("/").status_code == 200
    finally:
        for stream in streams:
            stream.answer.close()

    with Stream(owner) as stream:
        assert stream.chunk().startswith("retry:")


def test_a_page_that_left_before_the_first_word_frees_its_place(owner):
    for method in ["GET", "HEAD"] * 5:
        answer = owner.open("/api/events", method=method, buffered=False)
        assert answer.status_code == 200
        answer.close()


def test_draining_ends_streams_at_once_and_takes_no_more(live_settings, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_S", 60)
    draining = threading.Event()
    gallery = create_app(live_settings, draining=draining).start()
    try:
        with Stream(client_of(gallery)) as stream:
            assert stream.chunk().startswith("retry:")
            draining.set()
            began = time.monotonic()
            assert stream.rest() == []
            assert time.monotonic() - began < 10

        refused = client_of(gallery).get("/api/events")
        assert (refused.status_code, refused.json["code"]) == (503, "busy")
        assert client_of(gallery).get("/readyz").status_code == 503
        assert client_of(gallery).get("/healthz").status_code == 200
    finally:
        gallery.close()


def test_what_another_node_deletes_is_forgotten_here(owner, live_settings, tmp_path):
    image = owner.uploaded()
    path = image["variants"]["card"]["url"].removeprefix("http://localhost")
    other = create_app(replace(live_settings, gallery_data=tmp_path))
    try:
        with Stream(owner) as stream:
            assert owner.get(path).status_code == 200
            client_of(other).delete(f"/api/images/{image['id']}")
            while stream.event(image)[1] != "image.deleted":
                pass
        assert owner.get(path).status_code == 404
    finally:
        other.close()
