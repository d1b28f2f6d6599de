"""Where an address given by somebody may lead: to public machines, spelled in one plain way.

What cannot be read without guessing is refused before any name is looked up: resolvers, proxies
and URL libraries disagree on odd spellings, and each such disagreement was somebody's way in.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

from gallery.errors import AddressRefusedError

MAX_LENGTH = 4096

_SHAPE = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<target>(?:/[^?]*)?(?:\?.*)?)",
    re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_REFUSED_CHARACTERS = re.compile(r"[\x00-\x20\x7f-\xa0\\#\u2028\u2029\ud800-\udfff]")

_NOT_PUBLIC = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given out. Outside lie loopback, mapped and compatible IPv4, NAT64 (``64:ff9b::``),
unique local, link-local and multicast addresses."""

_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Teredo and other tunnels, examples, 6to4: the first and third lead to an IPv4 address inside."""

_ISATAP = {0x00005EFE, 0x02005EFE}
"""The third quarter of an address whose last one is IPv4: RFC 5214."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An address taken apart; nothing is known yet of where its host is."""

    scheme: str
    host: str
    """Lower-case name or IP address, without brackets."""
    port: int
    target: str
    """Path and query, percent-encoded."""

    @property
    def authority(self) -> str:
        """Host and, if unusual, port: the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        return host if usual else f"{host}:{self.port}"

    @property
    def names(self) -> frozenset[str]:
        """The spellings by which the operator may have named this host: with and without port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset((host, f"{host}:{self.port}"))


def read(url: str) -> Destination:
    """The destination that the URL names. Raises AddressRefusedError for any odd spelling."""
    if len(url) > MAX_LENGTH or _REFUSED_CHARACTERS.search(url):
        raise _refused("it is too long, or has a character that belongs in no address")
    found = _SHAPE.fullmatch(url)
    if found is None:
        raise _refused("write http:// or https://, a plain host name, and a path")
    scheme = found["scheme"].lower()
    port = int(found["port"] or (443 if scheme == "https" else 80))
    if port > 65_535:
        raise _refused("there is no such port")
    return Destination(
        scheme=scheme,
        host=_host(found["host"].lower()),
        port=port,
        target=_target(found["target"]),
    )


def is_public(address: str) -> bool:
    """Whether the IP address is one that anybody on the Internet can reach."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC)
    if ip.scope_id or ip not in _GLOBAL_UNICAST:
        return False
    hidden = int(ip) >> 32 & 0xFFFFFFFF in _ISATAP
    return not hidden and not any(ip in network for network in _NOT_PUBLIC_6)


def literal(host: str) -> str | None:
    """The host itself if it is an IP address, which no resolver is asked about."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise _refused("that is no IPv6 address") from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("that is no host name")
    if _NUMBER.fullmatch(labels[-1]) and literal(host) is None:
        # 2130706433, 0x7f.1, 0177.0.0.1, 127.1: libraries read them as 127.0.0.1.
        raise _refused("write an IPv4 address as four decimal numbers")
    return host


def _target(text: str) -> str:
    """Path and query as they go over the wire: what is not ASCII is percent-encoded."""
    target = text if text.startswith("/") else f"/{text}"
    return quote(target, safe="/?%:@!$&'()*+,;=~-._[]")


def _refused(why: str) -> AddressRefusedError:
    return AddressRefusedError(f"That address cannot be used: {why}.")
