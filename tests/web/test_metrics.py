"""Figures for Prometheus: right over all processes, and for those who may see them."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gallery.config import counting
from gallery.errors import DatabaseUnavailableError
from gallery.web.metrics import Asked
from tests import pictures
from tests.programs import Program, eventually, free_port
from tests.web.conftest import client_of


def figures(text):
    """Every sample by its name and labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def asked(client, **options):
    answer = client.get("/metrics", **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return figures(answer.text)


def test_counts_requests_by_route_and_status(make_gallery):
    client = client_of(make_gallery())
    before = asked(client)
    image = client.uploaded()
    for path in (f"/api/images/{image['id']}", "/api/images/AAAAAAAAAAAAAAAAAAAAAA", "/nothing"):
        client.get(path)

    now = asked(client)

    def more(name, *labels):
        key = (name, *sorted(labels))
        return now.get(key, 0) - before.get(key, 0)

    route = "/api/images/<image_id>"
    assert more("vitrine_requests_total", route, "GET", "200") == 1
    assert more("vitrine_requests_total", route, "GET", "404") == 1
    assert more("vitrine_requests_total", "none", "GET", "404") == 1
    assert more("vitrine_request_seconds_count", route) == 2
    assert more("vitrine_request_seconds_sum", route) > 0


def test_counts_uploads_by_what_became_of_them(make_gallery):
    client = client_of(make_gallery())
    client.uploaded()
    client.upload()
    client.upload(pictures.photo(seed=2).cut_off(300).content)

    now = asked(client)

    outcomes = ("created", "duplicate", "refused")
    assert [now["vitrine_uploads_total", each] for each in outcomes] == [1, 1, 1]


def test_counts_what_is_derived_and_what_is_cached(make_gallery):
    client = client_of(make_gallery())
    image = client.uploaded()
    url = image["variants"]["thumb"]["url"]
    for _ in range(4):
        assert client.get(url).status_code == 200

    now = asked(client)

    assert now["vitrine_derivations_total", "made"] == 1
    assert now["vitrine_cached_variants_total",] == 3


def test_counts_what_sweeps_mend_and_tells_what_there_is(make_gallery):
    gallery = make_gallery()
    client = client_of(gallery)
    image, gone = client.uploaded(), client.uploaded(pictures.photo(seed=2).content)
    client.delete(f"/api/images/{gone['id']}")
    gallery._gallery.stores.named("local").delete(image["id"])
    gallery._gallery.auditor.run()
    gallery._gallery.library._catalog.mark_deleting(gone["id"])
    gallery._gallery.sweep.run()

    now = asked(client)

    assert now["vitrine_swept_total", "purged"] == 1
    assert now["vitrine_images", "ready"] == 1
    assert 'vitrine_images{state="ready"} 1.0' in client.get("/metrics").text
    assert now["vitrine_audit_drift",] == 1
    assert 0 <= now["vitrine_audit_age_seconds",] < 60
    assert now["vitrine_database_up",] == 1


def test_tells_of_streams_that_are_open(make_gallery):
    gallery = make_gallery()
    client = client_of(gallery)
    subscription = gallery._gallery.feed.subscribe()
    assert asked(client)["vitrine_event_streams",] == 1
    gallery._gallery.feed.leave(subscription)
    assert asked(client)["vitrine_event_streams",] == 0


def test_without_a_database_the_rest_is_told(make_gallery, monkeypatch):
    gallery = make_gallery()
    client = client_of(gallery)

    def away(*_):
        raise DatabaseUnavailableError

    monkeypatch.setattr(gallery._gallery.figures._catalog, "count_states", away)

    now = asked(client)
    assert now["vitrine_database_up",] == 0
    assert ("vitrine_images", "ready") not in now


def test_what_must_be_asked_for_is_believed_for_a_while():
    now = [0.0]
    times = []

    def facts():
        times.append(now[0])
        return {"images": {"ready": 1.0}}

    told = Asked(facts, now=lambda: now[0])
    threads = [threading.Thread(target=lambda: list(told.collect())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now[0] = 31.0
    list(told.collect())

    assert times == [0.0, 31.0]


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 401),
        ("10.0.0.7", {}, 401),
        ("", {}, 401),
    ],
)
def test_with_accounts_only_this_machine_itself_may_ask(guarded, address, headers, status):
    answer = client_of(guarded).get(
        "/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}
    )

    assert answer.status_code == status


def test_with_accounts_the_owner_may_ask_from_anywhere(signed_in):
    asked(signed_in, environ_base={"REMOTE_ADDR": "10.0.0.7"})


def test_all_processes_of_a_program_count_together(tmp_path):
    with Program(tmp_path / "data", port=free_port(), module="app").until_it_answers() as program:
        before = figures(program.get("/metrics"))
        for _ in range(40):
            program.get("/healthz")

        def answered(text):
            key = ("vitrine_requests_total", *sorted(("/healthz", "GET", "200")))
            return figures(text).get(key, 0)

        assert answered(program.get("/metrics")) == 40
        folder = counting.folder(tmp_path / "data")
        eventually(lambda: len(list(folder.glob("counter_*.db"))) == 2, 20)
        assert before["vitrine_database_up",] == 1


def test_machines_that_share_their_data_count_apart(tmp_path, monkeypatch):
    folders = []
    for machine in ("one", "two", "gone"):
        monkeypatch.setattr(socket, "gethostname", lambda machine=machine: machine)
        folders.append(counting.folder(tmp_path))
        folders[-1].mkdir(parents=True)
    one, two, gone = folders
    monkeypatch.setattr(socket, "gethostname", lambda: "one")
    long_ago = time.time() - 2 * counting.STALE_S
    os.utime(gone, (long_ago, long_ago))

    counting.begin_anew(tmp_path)

    assert [folder.exists() for folder in (one, two, gone)] == [False, True, False]


def test_a_program_begins_to_count_anew(tmp_path):
    port = free_port()
    for _ in range(2):
        with Program(tmp_path / "data", port=port, module="app").until_it_answers() as program:
            text = program.get("/metrics")
            counted = figures(text).get(
                ("vitrine_requests_total", *sorted(("/metrics", "GET", "200"))), 0
            )
            assert counted == 0
            program.process.terminate()
            program.end()
