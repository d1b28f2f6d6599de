"""The one way out for whatever the server fetches or posts because somebody said so.

Every host is looked up once, every address of it must be public, and the connection goes to exactly
the address that was looked at, so that no second answer of a name server can lead elsewhere. No
credentials, cookies or proxies; bytes and time are bounded over the whole of an exchange.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import unquote, urljoin

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry
from urllib3.util.ssl_match_hostname import CertificateError

from gallery.errors import AddressRefusedError, FetchFailedError, TooLargeError
from gallery.outgoing.fence import Destination, is_public, literal, read
from gallery.outgoing.files import Downloaded, keep

__all__ = ["Answered", "Downloaded", "Outgoing", "check"]

MAX_REDIRECTS = 3
CONNECT_S = 5.0
DOWNLOAD_S = 60.0
POST_S = 10.0
_CHUNK_BYTES = 64 * 1024
_AGENT = "Vitrine"

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a post was answered."""

    status: int
    retry_after_s: float | None
    """How long whoever answered wants to be left alone."""


def resolve(host: str, port: int) -> list[str]:
    """Every IP address of the host, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def check(url: str) -> None:
    """Returns when the URL is spelled as one may be. Raises AddressRefusedError."""
    read(url)


class Outgoing:
    """Fetches and posts. ``trusted`` are hosts, with a port or without, that may be reached though
    they are not public. Safe between threads."""

    def __init__(
        self,
        *,
        trusted: tuple[str, ...] = (),
        resolve: Resolve = resolve,
        ca_file: str | None = None,
        download_s: float = DOWNLOAD_S,
        post_s: float = POST_S,
    ) -> None:
        self._trusted = frozenset(trusted)
        self._resolve = resolve
        self._ca_file = ca_file or certifi.where()
        self._download_s = download_s
        self._post_s = post_s

    def download(
        self, url: str, *, to: Path, max_bytes: int, headers: Mapping[str, str] | None = None
    ) -> Downloaded:
        """What lies at the URL, written to ``to``; at most three redirects are followed.

        Raises AddressRefusedError, FetchFailedError and TooLargeError; the file is gone then.
        """
        ends_at = monotonic() + self._download_s
        asked = read(url)
        where = asked
        for _ in range(MAX_REDIRECTS + 1):
            with self._exchange("GET", where, ends_at=ends_at, headers=headers or {}) as answer:
                if answer.status == 200:
                    filename = unquote(asked.target.partition("?")[0]).rpartition("/")[2]
                    body = _chunks(answer, max_bytes=max_bytes, ends_at=ends_at)
                    return keep(body, to, filename=filename)
                where = read(_redirected(where, answer))
        raise FetchFailedError(f"That address redirects more than {MAX_REDIRECTS} times.")

    def status(self, url: str) -> int:
        """What the URL answers a GET with; redirects are not followed, and the body is not read.

        Raises AddressRefusedError, and FetchFailedError when there is no answer in time.
        """
        ends_at = monotonic() + self._post_s
        with self._exchange("GET", read(url), ends_at=ends_at) as answer:
            return int(answer.status)

    def post_json(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """How the URL answers the JSON; redirects are not followed.

        Raises AddressRefusedError, and FetchFailedError when there is no answer in time.
        """
        sent = {"Content-Type": "application/json", **headers}
        ends_at = monotonic() + self._post_s
        with self._exchange("POST", read(url), ends_at=ends_at, body=body, headers=sent) as answer:
            return Answered(status=answer.status, retry_after_s=_asked_s(answer))

    @contextmanager
    def _exchange(
        self, method: str, where: Destination, *, ends_at: float, **sent: Any
    ) -> Iterator[BaseHTTPResponse]:
        """The answer, its body not read yet. Everything inside ends by ``ends_at``."""
        headers = {
            "Host": where.authority,
            "User-Agent": _AGENT,
            "Accept-Encoding": "identity",
            **sent.get("headers", {}),
        }
        connection = self._connect(where, ends_at)
        try:
            with _cut_off(connection.sock, ends_at), _failures():
                connection.request(
                    method, where.target, sent.get("body"), headers, preload_content=False
                )
                yield connection.getresponse()
        finally:
            connection.close()

    def _connect(self, where: Destination, ends_at: float) -> HTTPConnection:
        """A connection to the first address of the host that takes it; all of them may be used."""
        failure: Exception | None = None
        for address in self._addresses(where, ends_at):
            connection = self._to(where, address, timeout_s=_left_s(ends_at, at_most=CONNECT_S))
            try:
                connection.connect()
                connection.sock.settimeout(_left_s(ends_at))
            except (HTTPError, CertificateError, OSError) as error:
                connection.close()
                failure = error
            else:
                return connection
        raise FetchFailedError("That address does not answer.") from failure

    def _to(self, where: Destination, address: str, *, timeout_s: float) -> HTTPConnection:
        if where.scheme == "http":
            return HTTPConnection(address, where.port, timeout=timeout_s)
        return HTTPSConnection(
            address,
            where.port,
            timeout=timeout_s,
            server_hostname=where.host,
            assert_hostname=where.host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self._ca_file,
        )

    def _addresses(self, where: Destination, ends_at: float) -> list[str]:
        """The addresses of the host, looked up once. Raises AddressRefusedError unless every one
        may be reached."""
        own = literal(where.host)
        addresses = [own] if own else self._look_up(where, ends_at)
        if not where.names & self._trusted and not all(map(is_public, addresses)):
            raise AddressRefusedError("That address does not lead to a public machine.")
        return addresses

    def _look_up(self, where: Destination, ends_at: float) -> list[str]:
        """Asks the resolver in a thread of its own: it may take longer than we have."""
        found: list[str] = []

        def ask() -> None:
            try:
                found.extend(self._resolve(where.host, where.port))
            except (OSError, UnicodeError):
                found.clear()

        asking = threading.Thread(target=ask, name="resolve", daemon=True)
        asking.start()
        asking.join(_left_s(ends_at, at_most=CONNECT_S))
        addresses = list(found)
        if not addresses:
            raise FetchFailedError("The host of that address cannot be found.")
        return addresses


def _left_s(ends_at: float, *, at_most: float = DOWNLOAD_S) -> float:
    left_s = ends_at - monotonic()
    if left_s <= 0:
        raise FetchFailedError("That address takes too long.")
    return min(left_s, at_most)


@contextmanager
def _cut_off(connected: socket.socket, ends_at: float) -> Iterator[None]:
    """Shuts the connection down at ``ends_at``: a time-out of single reads would start anew with
    every byte that drips in."""
    # Not the method of an SSLSocket, which changes what the reading thread is using.
    watch = threading.Timer(_left_s(ends_at), socket.socket.shutdown, (connected, socket.SHUT_RDWR))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (HTTPError, http.client.HTTPException, OSError) as error:
        raise FetchFailedError("That address did not answer as it should, or not in time.") from (
            error
        )


def _redirected(where: Destination, answer: BaseHTTPResponse) -> str:
    location = answer.headers.get("Location", "")
    if answer.status not in (301, 302, 303, 307, 308) or not location:
        raise FetchFailedError(f"That address answers with the status {answer.status}.")
    return urljoin(f"{where.scheme}://{where.authority}{where.target}", location.partition("#")[0])


def _asked_s(answer: BaseHTTPResponse) -> float | None:
    """The pause that ``Retry-After`` asks for; ``None`` for what is no time."""
    try:
        return Retry().get_retry_after(answer)
    except (HTTPError, ValueError, OverflowError):
        return None


def _chunks(answer: BaseHTTPResponse, *, max_bytes: int, ends_at: float) -> Iterator[bytes]:
    """The body as it comes. Raises TooLargeError and FetchFailedError at the bounds."""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailedError("That address sends its file compressed, which nobody asked for.")
    _check_fits(answer.length_remaining or 0, max_bytes)
    total = 0
    while chunk := answer.read1(_CHUNK_BYTES, decode_content=False):
        total += len(chunk)
        _check_fits(total, max_bytes)
        yield chunk
    _left_s(ends_at)  # A body without a length that was cut off looks as if it had ended.


def _check_fits(total: int, max_bytes: int) -> None:
    if total > max_bytes:
        raise TooLargeError(
            f"The file at that address is larger than {max_bytes} bytes, the most that is taken."
        )
