"""The sockets that workers listen on, and what the connections have that are accepted on them."""

import socket
import sys

from gallery.serving import listening
from tests.programs import free_port


def test_what_is_accepted_is_probed_within_a_minute():
    port = free_port()
    [ours] = listening.listen("127.0.0.1", port, workers=1, backlog=8)
    with ours:
        ours.setblocking(True)
        with socket.create_connection(("127.0.0.1", port)), ours.accept()[0] as accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle_s, every_s, probes = (
                accepted.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
    assert idle_s + every_s * probes <= 60


def test_what_is_answered_leaves_at_once():
    port = free_port()
    [ours] = listening.listen("127.0.0.1", port, workers=1, backlog=8)
    with ours:
        ours.setblocking(True)
        with socket.create_connection(("127.0.0.1", port)), ours.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_workers_share_their_port():
    port = free_port()
    first, second = listening.listen("127.0.0.1", port, workers=2, backlog=8)
    with first, second:
        assert first is not second
        assert first.getsockname() == second.getsockname()


def test_where_the_kernel_deals_out_nothing_they_share_the_socket(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    first, second = listening.listen("127.0.0.1", free_port(), workers=2, backlog=8)
    with first:
        assert first is second
