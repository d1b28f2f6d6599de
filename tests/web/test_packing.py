"""Pages and JSON travel packed, where the client takes that and nobody can learn from it."""

import gzip

import brotli
import pytest
from flask import Flask, Response, jsonify

from gallery.web import packing

LONG = "The old cherry tree. " * 200


@pytest.fixture
def client():
    app = Flask(__name__, static_folder=None)
    packing.register(app)
    for path, answer in {
        "/page": lambda: LONG,
        "/list": lambda: jsonify(LONG),
        "/short": lambda: LONG[:1000],
        "/picture": lambda: Response(LONG, mimetype="image/svg+xml"),
        "/versioned": lambda: Response(LONG, headers={"ETag": '"3"'}),
        "/stream": lambda: Response(iter([LONG]), mimetype="text/html"),
    }.items():
        app.add_url_rule(path, endpoint=path, view_func=answer)
    return app.test_client()


@pytest.mark.parametrize("path", ["/page", "/list"])
@pytest.mark.parametrize(
    ("takes", "encoding", "unpack"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip", "gzip", gzip.decompress),
    ],
)
def test_pages_and_json_are_packed_as_the_client_takes_them(client, path, takes, encoding, unpack):
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": takes})

    assert packed.headers["Content-Encoding"] == encoding
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 5
    assert unpack(packed.data) == plain.data


@pytest.mark.parametrize("path", ["/short", "/picture", "/versioned", "/stream"])
def test_nothing_else_is_touched(client, path):
    answer = client.get(path, headers={"Accept-Encoding": "gzip, br"})

    assert answer.data.decode() == (LONG[:1000] if path == "/short" else LONG)
    assert {"Content-Encoding", "Vary"}.isdisjoint(answer.headers.keys())


@pytest.mark.parametrize("takes", ["", "identity", "zstd", "gzip;q=0, br;q=0"])
def test_who_takes_nothing_packed_gets_it_plain(client, takes):
    answer = client.get("/page", headers={"Accept-Encoding": takes})

    assert answer.data.decode() == LONG
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("site", "packed"),
    [("none", True), ("same-origin", True), ("same-site", False), ("cross-site", False)],
)
def test_what_another_sites_page_asks_for_is_not_packed(client, site, packed):
    """Its size would tell what stands in it beside the words that the other page chose."""
    answer = client.get("/page", headers={"Accept-Encoding": "gzip", "Sec-Fetch-Site": site})

    assert ("Content-Encoding" in answer.headers) is packed


def test_a_head_tells_what_a_get_would(client):
    asked = {"Accept-Encoding": "br"}
    head, get = client.head("/page", headers=asked), client.get("/page", headers=asked)

    assert head.data == b""
    assert head.headers == get.headers
