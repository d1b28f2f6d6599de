"""Which addresses the server follows on somebody's word: plain ones of public machines."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.errors import AddressRefusedError, FetchFailedError
from gallery.outgoing import Outgoing
from gallery.outgoing.fence import is_public, read
from tests.outgoing.peers import Peer, silent

SPELLINGS = [
    # Loopback by name and by number.
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://a.localhost:{port}/",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.1.2.3:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port6}/",
    "http://[::]:{port6}/",
    "http://[0:0:0:0:0:0:0:1]:{port6}/",
    "http://[::1%25lo]:{port6}/",
    "http://[::1%lo]:{port6}/",
    # Decimal, octal, hexadecimal, short, mixed, too long.
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7F.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0177.0.0.01:{port}/",
    "http://00000177.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.0x1:{port}/",
    "http://0:{port}/",
    "http://0x:{port}/",
    "http://0x0.0:{port}/",
    "http://127.000.000.001:{port}/",
    "http://4294967296127.0.0.1:{port}/",
    # IPv4 hidden in IPv6: mapped, compatible, 6to4, NAT64, Teredo, ISATAP.
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::5efe:127.0.0.1]:{port}/",
    "http://[2606:4700::5efe:127.0.0.1]:{port}/",
    # Somebody before the @, something after the #, a second authority.
    "http://good.example@127.0.0.1:{port}/",
    "http://good.example:80@127.0.0.1:{port}/",
    "http://user:pass@localhost:{port}/",
    "http://127.0.0.1:{port}#@good.example/",
    "http://good.example#@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@good.example/",
    "http:\\\\127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    # International names and digits, which some libraries fold into ASCII.
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://loca\u2113host:{port}/",
    "http://\uff4cocalhost:{port}/",
    "http://loca\u00adlhost:{port}/",
    "http://127.0.0.1\u200b:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127.0.0.1%2f:{port}/",
    # Line ends and blanks, by which one request becomes two.
    "http://127.0.0.1:{port}/\r\nHost: good.example\r\n\r\n",
    "http://127.0.0.1\r\n:{port}/",
    "http://127.0.0.1:{port}/ HTTP/1.1\nX: y",
    " http://127.0.0.1:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1 :{port}/",
    "http://127.0.0.1\x00.good.example:{port}/",
    # Ports and schemes.
    "http://127.0.0.1:0{port}/",
    "http://127.0.0.1:+{port}/",
    "gopher://127.0.0.1:{port}/_GET%20/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "data:text/plain,hello",
    "unix:///var/run/docker.sock",
]


def careless(host: str, port: int) -> list[str]:
    """A resolver as obliging as the C library's, in a world where every name leads here."""
    del port
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except OSError:
        return ["127.0.0.1", "::1"]


@pytest.fixture
def canary() -> Iterator[Peer]:
    with Peer(silent) as peer:
        yield peer


@pytest.fixture
def canary6() -> Iterator[Peer]:
    with Peer(silent, family=socket.AF_INET6) as peer:
        yield peer


def test_no_spelling_of_this_machine_reaches_it(
    canary: Peer, canary6: Peer, tmp_path: Path
) -> None:
    outgoing = Outgoing(resolve=careless)
    assert len(SPELLINGS) >= 60

    for spelling in SPELLINGS:
        url = spelling.replace("{port6}", str(canary6.port)).replace("{port}", str(canary.port))
        with pytest.raises((AddressRefusedError, FetchFailedError)):
            outgoing.download(url, to=tmp_path / "file", max_bytes=1000)
        with pytest.raises((AddressRefusedError, FetchFailedError)):
            outgoing.post_json(url, b"{}", {})

    assert (canary.connections, canary6.connections) == (0, 0)
    assert not list(tmp_path.iterdir())


def test_the_canary_sings_when_it_is_reached(canary: Peer, tmp_path: Path) -> None:
    outgoing = Outgoing(trusted=(f"127.0.0.1:{canary.port}",))

    with pytest.raises(FetchFailedError):
        outgoing.download(f"{canary.url}/", to=tmp_path / "file", max_bytes=1000)

    assert canary.connections == 1


@pytest.mark.parametrize("spelling", [each for each in SPELLINGS if "::" not in each])
def test_odd_spellings_are_refused_before_any_name_is_looked_up(spelling: str) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        del port
        asked.append(host)
        return ["127.0.0.1"]

    with pytest.raises((AddressRefusedError, FetchFailedError)):
        Outgoing(resolve=resolve).post_json(spelling.replace("{port}", "8080"), b"", {})

    assert set(asked) <= {"localhost", "a.localhost"}


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1"),
        *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8"),
        *("192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"),
        *("198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "::ffff:10.0.0.1"),
        *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1"),
        *("2001:10::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1"),
        *("fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2a00::5efe:808:808"),
        *("2a00::200:5efe:a00:1", "not an address", ""),
    ],
)
def test_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "9.255.255.255", "100.63.255.255", "100.128.0.1", "126.1.1.1"),
        *("172.15.1.1", "172.32.0.1", "192.0.1.1", "193.0.0.1", "198.17.1.1", "223.255.255.254"),
        *("2606:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888", "2003::1"),
    ],
)
def test_is_public(address: str) -> None:
    assert is_public(address)


def test_a_plain_address_is_read_as_it_is_written() -> None:
    found = read("HTTPS://Photos.Example.org:8443/a%20b/@me/ü.jpg?size=1&q=@x")

    assert (found.scheme, found.host, found.port) == ("https", "photos.example.org", 8443)
    assert found.target == "/a%20b/@me/%C3%BC.jpg?size=1&q=@x"
    assert found.authority == "photos.example.org:8443"
    assert read("http://[2606:4700::1111]").authority == "[2606:4700::1111]"
    assert read("http://example.org?x=1").target == "/?x=1"


def test_an_address_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(AddressRefusedError):
        read("http://example.org/" + "a" * 5000)
