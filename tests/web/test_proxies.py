"""What proxies say of a client is believed only of those that are trusted."""

import ipaddress

import pytest

from gallery.web.proxies import TrustedProxies

TRUSTED = [ipaddress.ip_network("10.0.0.0/8")]

FORWARDED = {
    "HTTP_HOST": "inside:8000",
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "photos.example",
    "wsgi.url_scheme": "http",
}


def seen_by_the_app(**environ):
    seen = {}
    proxied = TrustedProxies(lambda given, _start: seen.update(given) or [], TRUSTED)
    proxied(FORWARDED | environ, lambda *_: None)
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen["HTTP_HOST"]


def test_a_trusted_proxy_tells_address_scheme_and_host():
    seen = seen_by_the_app(REMOTE_ADDR="10.1.2.3")

    assert seen == ("203.0.113.9", "https", "photos.example")


@pytest.mark.parametrize("address", ["192.0.2.7", "", "not an address"])
def test_nobody_else_is_believed(address):
    seen = seen_by_the_app(REMOTE_ADDR=address)

    assert seen == (address, "http", "inside:8000")


def test_what_the_client_put_in_front_itself_is_not_believed():
    seen = seen_by_the_app(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.9")

    assert seen[0] == "203.0.113.9"


def test_a_chain_of_trusted_proxies_is_followed_to_the_client():
    seen = seen_by_the_app(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="203.0.113.9, 10.9.9.9")

    assert seen[0] == "203.0.113.9"
