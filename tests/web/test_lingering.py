"""A refused client that still sends is heard out for a while, so that it hears why."""

import http.client

import pytest
from flask import Flask

from gallery.web import lingering
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
    lingering.register(app)
    app.add_url_rule("/taken", view_func=lambda: "taken", methods=["POST"])
    return app.test_client()


def sent(client, body, path="/refused", **headers):
    headers = headers or {"Transfer-Encoding": "chunked"}
    return client.post(path, environ_overrides={"wsgi.input": body}, headers=headers)


def test_reads_on_up_to_a_limit_of_bytes(client, monkeypatch):
    monkeypatch.setattr(lingering, "LINGER_BYTES", 3 * MB)
    body = Endless()

    assert sent(client, body).status_code == 404
    assert body.bytes_read == 3 * MB


def test_reads_on_up_to_a_limit_of_time(client, monkeypatch):
    monkeypatch.setattr(lingering, "LINGER_S", 0)
    body = Endless()

    assert sent(client, body).status_code == 404
    assert body.bytes_read == 0


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/taken", {}, 200),
        ("/refused", {"Expect": "100-continue"}, 404),
        ("/refused", {"Content-Length": str(lingering.LINGER_BYTES + 1)}, 404),
    ],
    ids=["taken", "asks whether to send", "sends too much in any case"],
)
def test_reads_nothing_where_nobody_needs_it(client, path, headers, status):
    body = Endless()

    assert sent(client, body, path, **headers).status_code == status
    assert body.bytes_read == 0


def test_whoever_sends_a_large_body_hears_the_refusal(tmp_path):
    with Program(tmp_path, port=free_port(), module="app").until_it_answers() as program:
        for _ in range(5):
            line = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
            line.request("POST", "/api/images", bytes(40 * MB), {"Content-Type": "text/plain"})
            answer = line.getresponse()
            assert answer.status == 400
            assert b"multipart/form-data" in answer.read()
            line.close()
