"""Receiving a form: streamed to disk, bounded, and refused when it is not whole."""

import hashlib
import io
import tracemalloc

import pytest

from gallery.errors import (
    BadRequestError,
    IncompleteBodyError,
    InvalidInputError,
    LengthRequiredError,
    StorageFullError,
    TooLargeError,
)
from gallery.web import receive
from gallery.web.receive import Receiver
from gallery.web.spool import clean_filename

BOUNDARY = "----boundary"


def part(name, content, filename=None):
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    )


def form_of(*parts):
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def environ_of(body, **more):
    return {
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    } | more


@pytest.fixture
def incoming(tmp_path):
    return tmp_path


@pytest.fixture
def receiver(incoming):
    return Receiver(incoming, max_file_bytes=1_000_000)


def test_hands_over_the_file_and_the_fields_and_removes_the_file_afterwards(receiver, incoming):
    content = bytes(range(256)) * 3000
    body = form_of(
        part("description", "Grüße".encode()),
        part("image", content, filename="beach.jpg"),
        part("tags", b"sea"),
        part("tags", b"sand"),
    )

    with receiver.form(environ_of(body), file_field="image") as form:
        assert (incoming / form.received.path).read_bytes() == content
        assert form.received.sha256 == hashlib.sha256(content).hexdigest()
        assert (form.received.bytes, form.received.filename) == (len(content), "beach.jpg")
        assert form.fields == [("description", "Grüße"), ("tags", "sea"), ("tags", "sand")]

    assert list(incoming.iterdir()) == []


def test_takes_a_chunked_body_that_ends_with_its_boundary(receiver):
    body = form_of(part("image", b"abc", filename="a"))
    environ = environ_of(body, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")

    with receiver.form(environ, file_field="image") as form:
        assert form.received.bytes == 3


@pytest.mark.parametrize("percent", [0, 1, 50, 99])
def test_refuses_a_body_that_ends_early_and_leaves_nothing(receiver, incoming, percent):
    whole = form_of(part("image", b"x" * 500_000, filename="a.jpg"))
    cut = whole[: len(whole) * percent // 100]
    environ = environ_of(cut, CONTENT_LENGTH=str(len(whole)))

    with pytest.raises(IncompleteBodyError), receiver.form(environ, file_field="image"):
        pytest.fail("a cut body was taken")

    assert list(incoming.iterdir()) == []


def test_refuses_a_chunked_body_without_its_closing_boundary(receiver, incoming):
    body = part("image", b"x" * 1000, filename="a.jpg")
    environ = environ_of(body, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")

    with pytest.raises(IncompleteBodyError), receiver.form(environ, file_field="image"):
        pytest.fail("a cut body was taken")

    assert list(incoming.iterdir()) == []


def test_refuses_a_file_above_the_limit_before_reading_it(receiver):
    environ = environ_of(b"", CONTENT_LENGTH="50000000")

    with (
        pytest.raises(TooLargeError, match=r"0\.953674 MiB"),
        receiver.form(environ, file_field="image"),
    ):
        pytest.fail("too large a body was taken")


def test_refuses_a_file_above_the_limit_while_it_comes(receiver, incoming):
    body = form_of(part("image", b"x" * 1_000_001, filename="a.jpg"))

    with pytest.raises(TooLargeError), receiver.form(environ_of(body), file_field="image"):
        pytest.fail("too large a file was taken")

    assert list(incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("parts", "failure"),
    [
        ([part(f"tags{n}", b"") for n in range(40)], TooLargeError),
        ([part("description", b"x" * 70_000)], TooLargeError),
        ([part("description", b"\xff\xfe")], InvalidInputError),
        ([part("image", b"a", filename="a")] * 2, InvalidInputError),
        ([part("other", b"a", filename="a")], InvalidInputError),
        ([b"--" + BOUNDARY.encode() + b"\r\nNonsense\r\n\r\n\r\n"], IncompleteBodyError),
    ],
    ids=["parts", "text", "not utf-8", "two files", "file elsewhere", "headers"],
)
def test_refuses_a_malformed_form_and_leaves_nothing(receiver, incoming, parts, failure):
    environ = environ_of(form_of(*parts))

    with pytest.raises(failure), receiver.form(environ, file_field="image"):
        pytest.fail("a malformed form was taken")

    assert list(incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"CONTENT_TYPE": "application/json"}, BadRequestError),
        ({"CONTENT_TYPE": "multipart/form-data"}, BadRequestError),
        ({"CONTENT_LENGTH": ""}, LengthRequiredError),
        ({"CONTENT_LENGTH": "-5"}, BadRequestError),
        ({"CONTENT_LENGTH": "ten"}, BadRequestError),
    ],
)
def test_refuses_a_head_that_cannot_be_right(receiver, change, failure):
    environ = environ_of(form_of(), **change)

    with pytest.raises(failure), receiver.form(environ, file_field="image"):
        pytest.fail("a wrong head was taken")


def test_refuses_work_when_the_disk_is_nearly_full(receiver, monkeypatch):
    monkeypatch.setattr(receive, "FREE_SPACE_FLOOR_BYTES", 10**18)

    with pytest.raises(StorageFullError), receiver.form(environ_of(form_of()), file_field="image"):
        pytest.fail("taken without room")


def test_memory_does_not_grow_with_the_file(incoming):
    size = 30_000_000
    receiver = Receiver(incoming, max_file_bytes=size)
    head = part("image", b"", filename="a.jpg")[:-2]
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    environ = environ_of(b"", CONTENT_LENGTH=str(len(head) + size + len(tail)))
    environ["wsgi.input"] = _Stream([head, *[b"\1" * 100_000] * (size // 100_000), tail])

    tracemalloc.start()
    with receiver.form(environ, file_field="image") as form:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert form.received.bytes == size

    assert peak < 5_000_000


class _Stream:
    """A body that is never in memory as a whole."""

    def __init__(self, chunks):
        self._chunks = iter(chunks)

    def read(self, _size):
        return next(self._chunks, b"")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Photos\\me.png", "me.png"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie: x.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\x00", ""),
        ("", ""),
        ("x" * 300, "x" * 255),
        ("half\ud800", "half"),
    ],
)
def test_file_names_are_made_fit_to_be_shown(given, shown):
    assert clean_filename(given) == shown
