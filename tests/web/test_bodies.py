"""So many bodies are read at once; a refused client that still sends is heard out for a while."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, request

from gallery.errors import BusyError
from gallery.web import bodies
from tests.programs import Program, free_port

MB = 1024 * 1024


class Endless:
    """A body without an end."""

    def __init__(self):
        self.bytes_read = 0

    def read(self, size=-1):
        assert 0 < size <= MB
        self.bytes_read += size
        return bytes(size)


@pytest.fixture
def client():
    app = Flask(__name__)
    bodies.register(app, at_most=2)
    app.add_url_rule("/taken", view_func=lambda: "taken", methods=["GET", "POST"])
    app.add_url_rule("/waiting", view_func=waiting, methods=["POST"])
    app.register_error_handler(BusyError, lambda error: (error.detail, error.status))
    return app.test_client()


def waiting():
    """Answers once there is nothing more to read."""
    while request.environ["wsgi.input"].read(1):
        pass
    return "read"


class Silent:
    """A body of which nothing comes until its sender hangs up."""

    def __init__(self):
        self.is_read = threading.Event()
        self.is_over = threading.Event()

    def read(self, size=-1):
        self.is_read.set()
        assert self.is_over.wait(timeout=20)
        return b""


def sent(client, body, path="/refused", **headers):
    headers = headers or {"Transfer-Encoding": "chunked"}
    return client.post(path, environ_overrides={"wsgi.input": body}, headers=headers)


def test_reads_on_up_to_a_limit_of_bytes(client, monkeypatch):
    monkeypatch.setattr(bodies, "LINGER_BYTES", 3 * MB)
    body = Endless()

    assert sent(client, body).status_code == 404
    assert body.bytes_read == 3 * MB


def test_reads_on_up_to_a_limit_of_time(client, monkeypatch):
    monkeypatch.setattr(bodies, "LINGER_S", 0)
    body = Endless()

    assert sent(client, body).status_code == 404
    assert body.bytes_read == 0


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/taken", {}, 200),
        ("/refused", {"Expect": "100-continue"}, 404),
        ("/refused", {"Content-Length": str(bodies.LINGER_BYTES + 1)}, 404),
    ],
    ids=["taken", "asks whether to send", "sends too much in any case"],
)
def test_reads_nothing_where_nobody_needs_it(client, path, headers, status):
    body = Endless()

    assert sent(client, body, path, **headers).status_code == status
    assert body.bytes_read == 0


def test_who_looks_is_served_whatever_others_send(client):
    silent = [Silent(), Silent()]
    with ThreadPoolExecutor() as senders:
        answers = [senders.submit(sent, client, body, "/waiting") for body in silent]
        try:
            assert all(body.is_read.wait(timeout=20) for body in silent)
            refused = Endless()
            assert sent(client, refused, "/taken").status_code == 503
            assert refused.bytes_read == 0
            assert client.get("/taken").status_code == 200
        finally:
            for body in silent:
                body.is_over.set()
        assert [answer.result().status_code for answer in answers] == [200, 200]
    assert sent(client, Endless(), "/taken").status_code == 200


def test_whoever_sends_a_large_body_hears_the_refusal(tmp_path):
    with Program(tmp_path, port=free_port(), module="app").until_it_answers() as program:
        for _ in range(5):
            line = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
            line.request("POST", "/api/images", bytes(40 * MB), {"Content-Type": "text/plain"})
            answer = line.getresponse()
            assert answer.status == 400
            assert b"multipart/form-data" in answer.read()
            line.close()
