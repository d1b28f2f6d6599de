"""Fetching and posting: what comes whole, what is cut off, where redirects and names may lead."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from gallery.errors import AddressRefusedError, FetchFailedError, TooLargeError
from gallery.outgoing import Answered, Outgoing
from tests.conftest import OutsideNetworkError
from tests.outgoing.peers import CERTIFICATE, Peer, Talk, answer, redirect, saying, silent

PICTURE = bytes(range(256)) * 1000


def trusting(*peers: Peer, **options: float) -> Outgoing:
    """May reach these peers, though they are here."""
    return Outgoing(trusted=tuple(f"127.0.0.1:{peer.port}" for peer in peers), **options)


def test_a_file_comes_whole_and_hashed(tmp_path: Path) -> None:
    with Peer(saying(answer(PICTURE))) as peer:
        got = trusting(peer).download(
            f"{peer.url}/a/beach%20day.jpg?x=1", to=tmp_path / "f", max_bytes=len(PICTURE)
        )

    assert (tmp_path / "f").read_bytes() == PICTURE
    assert (got.filename, got.bytes) == ("beach day.jpg", len(PICTURE))
    assert got.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert got.md5 == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()


def test_what_is_sent_names_nobody(tmp_path: Path) -> None:
    with Peer(saying(answer(b"x"))) as peer:
        trusting(peer).download(f"{peer.url}/p?q=1", to=tmp_path / "f", max_bytes=10)

    line, *headers = peer.requests[0].decode().strip().split("\r\n")
    assert line == "GET /p?q=1 HTTP/1.1"
    assert {each.partition(":")[0].lower() for each in headers} == {
        *("host", "user-agent", "accept-encoding"),
    }
    assert f"Host: 127.0.0.1:{peer.port}" in headers


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    ],
)
def test_an_endless_body_is_cut_off_at_the_limit(head: bytes, tmp_path: Path) -> None:
    sent = count()

    def talk(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head)
        for _ in range(2000):
            next(sent)
            connection.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")

    with Peer(talk) as peer, pytest.raises(TooLargeError):
        trusting(peer).download(f"{peer.url}/", to=tmp_path / "f", max_bytes=1_000_000)

    assert not list(tmp_path.iterdir())
    assert next(sent) < 1000, "read on beyond the limit"


def dripping(head: bytes) -> Talk:
    """After the head, a byte every 50 ms: no single read ever takes long."""

    def talk(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    return talk


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n",
    ],
    ids=["status", "header", "endless", "length", "chunked"],
)
def test_what_drips_in_is_cut_off_in_time(head: bytes, tmp_path: Path) -> None:
    begun = time.monotonic()

    with Peer(dripping(head)) as peer, pytest.raises(FetchFailedError):
        trusting(peer, download_s=0.5).download(f"{peer.url}/", to=tmp_path / "f", max_bytes=9999)

    assert time.monotonic() - begun < 3
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "said",
    [
        answer(PICTURE)[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        answer(b"x", headers="Content-Encoding: gzip\r\n"),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_what_does_not_come_whole_leaves_nothing(said: bytes, tmp_path: Path) -> None:
    with Peer(saying(said)) as peer, pytest.raises(FetchFailedError):
        trusting(peer).download(f"{peer.url}/", to=tmp_path / "f", max_bytes=10**6)

    assert not list(tmp_path.iterdir())


def test_redirects_are_followed_three_times_and_no_further(tmp_path: Path) -> None:
    def hops(connection: socket.socket, head: bytes) -> None:
        left = int(head.split(b"/")[1].split()[0])
        connection.sendall(redirect(f"/{left - 1}#x") if left else answer(b"there"))

    with Peer(hops) as peer:
        outgoing = trusting(peer)
        assert outgoing.download(f"{peer.url}/3", to=tmp_path / "f", max_bytes=10).bytes == 5
        assert peer.connections == 4
        with pytest.raises(FetchFailedError, match="redirects"):
            outgoing.download(f"{peer.url}/4", to=tmp_path / "g", max_bytes=10)
        assert peer.connections == 8


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://0x7f000001:{port}/",
        "http://localhost:{port}/",
        "http://me@127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_this_machine_is_refused(to: str, tmp_path: Path) -> None:
    with Peer(silent) as canary:
        leading = saying(redirect(to.format(port=canary.port)))
        with Peer(leading) as peer, pytest.raises(AddressRefusedError):
            trusting(peer).download(f"{peer.url}/", to=tmp_path / "f", max_bytes=10)

    assert canary.connections == 0


def test_a_name_is_looked_up_once_and_that_address_is_connected_to(tmp_path: Path) -> None:
    """A name server that tells something else the second time finds nobody asking."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    with (
        Peer(silent) as canary,
        pytest.raises(OutsideNetworkError, match=r"93\.184\.216\.34"),
    ):
        Outgoing(resolve=lambda *_: next(answers)).download(
            f"http://rebinding.example:{canary.port}/", to=tmp_path / "f", max_bytes=10
        )

    assert canary.connections == 0
    assert next(answers) == ["127.0.0.1"], "it was asked a second time"


@pytest.mark.parametrize("found", [["93.184.216.34", "127.0.0.1"], ["::1", "93.184.216.34"]])
def test_one_address_that_is_not_public_spoils_all(found: list[str], tmp_path: Path) -> None:
    with pytest.raises(AddressRefusedError):
        Outgoing(resolve=lambda *_: found).download(
            "http://mixed.example/", to=tmp_path / "f", max_bytes=10
        )


def _missing(*_: object) -> list[str]:
    raise socket.gaierror(-2, "Name or service not known")


def _slow(*_: object) -> list[str]:
    time.sleep(2)
    return ["127.0.0.1"]


@pytest.mark.parametrize("resolve", [_missing, _slow, lambda *_: []])
def test_a_name_that_is_not_found_in_time_fails(
    resolve: Callable[[str, int], list[str]], tmp_path: Path
) -> None:
    begun = time.monotonic()

    with pytest.raises(FetchFailedError):
        Outgoing(resolve=resolve, download_s=0.3).download(
            "http://nowhere.example/", to=tmp_path / "f", max_bytes=10
        )

    assert time.monotonic() - begun < 1.5


def test_a_trusted_host_is_reached_by_its_name_alone(tmp_path: Path) -> None:
    with Peer(saying(answer(b"x"))) as peer:
        outgoing = Outgoing(trusted=("nas.local",), resolve=lambda *_: ["127.0.0.1"])
        outgoing.download(f"http://nas.local:{peer.port}/", to=tmp_path / "f", max_bytes=10)
        with pytest.raises(AddressRefusedError):
            outgoing.download(f"http://other.local:{peer.port}/", to=tmp_path / "f", max_bytes=10)
        with pytest.raises(AddressRefusedError):
            outgoing.download(f"{peer.url}/", to=tmp_path / "f", max_bytes=10)

    assert f"Host: nas.local:{peer.port}".encode() in peer.requests[0]


def test_tls_asks_for_the_name_and_checks_it(tmp_path: Path) -> None:
    with Peer(saying(answer(b"x")), tls=True) as peer:
        outgoing = Outgoing(
            trusted=("photos.test", "other.test"),
            resolve=lambda *_: ["127.0.0.1"],
            ca_file=str(CERTIFICATE),
        )
        outgoing.download(f"https://photos.test:{peer.port}/", to=tmp_path / "f", max_bytes=10)
        with pytest.raises(FetchFailedError):
            outgoing.download(f"https://other.test:{peer.port}/", to=tmp_path / "g", max_bytes=10)

    assert peer.asked_for == ["photos.test", "other.test"]
    assert len([each for each in peer.requests if each]) == 1, (
        "a request was sent to a machine of another name"
    )


def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    with Peer(saying(answer(b"x")), tls=True) as peer, pytest.raises(FetchFailedError):
        Outgoing(trusted=("photos.test",), resolve=lambda *_: ["127.0.0.1"]).download(
            f"https://photos.test:{peer.port}/", to=tmp_path / "f", max_bytes=10
        )


def test_json_is_posted_and_the_status_comes_back() -> None:
    body = json.dumps({"a": "b"}).encode()
    with Peer(saying(answer(b"thanks", status="202 Accepted"))) as peer:
        told = trusting(peer).post_json(f"{peer.url}/hook", body, {"X-Cld-Timestamp": "1"})

    assert told == Answered(status=202, retry_after_s=None)
    head, _, sent = peer.requests[0].partition(b"\r\n\r\n")
    assert sent == body
    assert {b"Content-Type: application/json", b"X-Cld-Timestamp: 1"} <= set(head.split(b"\r\n"))


def test_a_post_follows_no_redirect() -> None:
    with Peer(silent) as canary, Peer(saying(redirect(f"{canary.url}/"))) as peer:
        assert trusting(peer, canary).post_json(f"{peer.url}/", b"{}", {}).status == 302

    assert canary.connections == 0


def test_a_status_is_told_without_going_further() -> None:
    endless = dripping(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000000\r\n\r\n")
    with Peer(silent) as canary, Peer(saying(redirect(f"{canary.url}/"))) as peer:
        assert trusting(peer, canary).status(f"{peer.url}/") == 302
    with Peer(endless) as peer:
        assert trusting(peer).status(f"{peer.url}/") == 404
    with Peer(silent) as peer, pytest.raises(AddressRefusedError):
        Outgoing().status(f"{peer.url}/")

    assert canary.connections == 0


@pytest.mark.parametrize(
    ("said", "pause_s"),
    [
        ("120", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 6 * 3600),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_the_pause_that_an_answer_asks_for_is_told(said: str, pause_s: float | None) -> None:
    later = answer(b"", status="503 Later", headers=f"Retry-After: {said}\r\n")
    with Peer(saying(later)) as peer:
        told = trusting(peer).post_json(f"{peer.url}/", b"{}", {})

    assert (told.status, told.retry_after_s) == (503, pause_s)


def test_a_post_that_nobody_answers_fails_in_time() -> None:
    begun = time.monotonic()

    with Peer(dripping(b"")) as peer, pytest.raises(FetchFailedError):
        trusting(peer, post_s=0.3).post_json(f"{peer.url}/", b"{}", {})

    assert time.monotonic() - begun < 2
