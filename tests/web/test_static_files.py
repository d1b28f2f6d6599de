"""Static files: an address changes with the tree, so that a cache may keep it for a year."""

import gzip
from pathlib import Path

import brotli
import pytest
from flask import Flask

from gallery.errors import NotFoundError
from gallery.web import errors, static_files
from gallery.web.static_files import StaticFiles
from tests.web.conftest import client_of

SCRIPT = "import { dom } from './lib/dom.js';\n" * 20
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture(autouse=True)
def _look_at_every_request(monkeypatch):
    monkeypatch.setattr(static_files, "_LOOK_AGAIN_S", -1.0)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "static"
    for name, content in {
        "js/main.js": SCRIPT,
        "css/gallery.css": "a { color: red }",
        "icons/v.svg": "<svg/>",
        ".hidden": "secret",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "beside.css").write_text("outside")
    return root


@pytest.fixture
def files(root, tmp_path):
    return StaticFiles(root, extra={"vendor/style.css": tmp_path / "beside.css"})


@pytest.fixture
def browser(files):
    app = Flask(__name__, static_folder=None)
    errors.register(app)
    app.register_blueprint(static_files.blueprint(files))
    return client_of(app)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("css/gallery.css", "text/css; charset=utf-8"),
        ("icons/v.svg", "image/svg+xml"),
        ("photo.jpg", "image/jpeg"),
        ("vendor/style.css", "text/css; charset=utf-8"),
    ],
)
def test_a_file_is_served_as_what_it_is_for_a_year(files, browser, root, name, content_type):
    answer = browser.get(files.url(name))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == YEAR
    assert answer.headers["Vary"] == "Accept-Encoding"
    path = root / name
    assert answer.data == (path.read_bytes() if path.exists() else b"outside")


@pytest.mark.parametrize(
    ("accepted", "encoding", "decode"),
    [
        ("br, gzip", "br", brotli.decompress),
        ("gzip, deflate, br;q=1.0", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
        ("", None, bytes),
        ("br;q=0, gzip", "gzip", gzip.decompress),
    ],
)
def test_every_encoding_is_the_same_file(files, browser, accepted, encoding, decode):
    answer = browser.get(files.url("js/main.js"), headers={"Accept-Encoding": accepted})

    assert answer.headers.get("Content-Encoding") == encoding
    assert decode(answer.data) == SCRIPT.encode()
    assert encoding is None or len(answer.data) < len(SCRIPT) / 2
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_what_is_compressed_already_is_not_compressed_again(files, browser):
    answer = browser.get(files.url("photo.jpg"), headers={"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "css/gallery.css").write_text("a { color: blue }"),
        lambda root: (root / "js/new.js").write_text(""),
        lambda root: (root / "photo.jpg").unlink(),
        lambda root: (root / "photo.jpg").rename(root / "other.jpg"),
    ],
    ids=["edited", "added", "removed", "renamed"],
)
def test_any_change_gives_every_file_a_new_address(files, root, change):
    before = files.url("js/main.js")

    change(root)

    assert files.url("js/main.js") != before


def test_the_hash_is_the_same_in_every_process_and_ignores_hidden_files(files, root, tmp_path):
    (root / ".hidden").write_text("changed")

    assert StaticFiles(root, extra={"vendor/style.css": tmp_path / "beside.css"}).tree_hash() == (
        files.tree_hash()
    )


def test_an_older_address_leads_to_todays_file_which_is_to_be_asked_for_again(files, browser, root):
    older = files.url("js/main.js")
    (root / "js/main.js").write_text("changed")

    answer = browser.get(older)

    assert (answer.text, answer.headers["Cache-Control"]) == ("changed", "no-cache")
    etag = answer.headers["ETag"]
    assert browser.get(older, headers={"If-None-Match": etag}).status_code == 304
    (root / "js/main.js").write_text("changed again")
    assert browser.get(older, headers={"If-None-Match": etag}).text == "changed again"


@pytest.mark.parametrize("accepted", ["br", "gzip", ""])
def test_each_encoding_has_an_etag_of_its_own(files, browser, accepted):
    url, headers = files.url("js/main.js"), {"Accept-Encoding": accepted}
    etag = browser.get(url, headers=headers).headers["ETag"]

    assert browser.get(url, headers=headers | {"If-None-Match": etag}).status_code == 304
    others = {"br", "gzip", ""} - {accepted}
    for other in others:
        answer = browser.get(url, headers={"Accept-Encoding": other, "If-None-Match": etag})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "../app.py",
        "js/../../app.py",
        "%2e%2e/app.py",
        "%2e%2e%2fapp.py",
        "%252e%252e%252fapp.py",
        "..%5capp.py",
        "..\\app.py",
        "%c0%ae%c0%ae/app.py",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "js/main.js/",
        "js/main.js%00",
        "js/main.js%00.css",
        "js//main.js",
        "./js/main.js",
        "js/./main.js",
        "JS/main.js",
        "js",
        "js/",
        ".hidden",
        "css/.hidden",
        "nowhere.js",
        "~root",
    ],
)
def test_a_name_that_is_not_in_the_tree_leads_nowhere(owner, name):
    tree = owner.get("/").text.split("/static/")[1].split("/")[0]

    answer = owner.get(f"/static/{tree}/{name}")

    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_beside_the_tree_is_there_only_where_it_was_put(files):
    files.tree_hash()
    with pytest.raises(NotFoundError):
        files.file("beside.css")
    assert files.file("vendor/style.css").plain == b"outside"


def test_the_gallery_serves_its_own_tree(owner):
    ours = StaticFiles(Path(static_files.__file__).parents[2] / "static", extra={})
    names = [name for name in ours._paths() if not name.startswith("vendor/")]
    tree = owner.get("/").text.split("/static/")[1].split("/")[0]

    for name in names:
        answer = owner.get(f"/static/{tree}/{name}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, YEAR), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Vary"] == "Accept-Encoding"
