"""Connections on which nothing came or went for long are ended; all others are left alone."""

import socket
import sys
import time
from contextlib import ExitStack

import pytest

from gallery.serving import listening, quiet
from tests.programs import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's own figures")

QUIET_S = 0.5


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def connect(port):
    """Opens connections to a port that is ours; both ends of each."""
    with ExitStack() as opened:
        [ours] = listening.listen("127.0.0.1", port, workers=1, backlog=8)
        opened.enter_context(ours).setblocking(True)

        def one():
            theirs = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            return theirs, opened.enter_context(ours.accept()[0])

        yield one


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True


def test_who_says_nothing_is_hung_up_on(connect, port):
    theirs, ours = connect()
    theirs.sendall(b"half of a body")
    time.sleep(2 * QUIET_S)

    assert quiet.end_quiet(port, quiet_s=QUIET_S) == 1

    assert not is_open(theirs)
    assert ours.recv(100) == b"half of a body"
    assert ours.recv(100) == b"", "whoever reads the body comes to its end"


def test_who_sends_or_is_sent_something_now_and_then_is_left_alone(connect, port):
    sender, listener = connect(), connect()
    for _ in range(10):
        sender[0].sendall(b"a little more")
        listener[1].sendall(b": heartbeat\n\n")
        time.sleep(QUIET_S / 5)

    assert quiet.end_quiet(port, quiet_s=QUIET_S) == 0

    assert is_open(sender[0])
    assert is_open(listener[0])


def test_connections_that_are_not_the_gallerys_are_left_alone(port):
    other = free_port()
    with (
        socket.create_server(("127.0.0.1", other)) as listening_elsewhere,
        socket.create_connection(("127.0.0.1", other)) as outgoing,
        listening_elsewhere.accept()[0],
    ):
        time.sleep(2 * QUIET_S)
        assert quiet.end_quiet(port, quiet_s=QUIET_S) == 0
        assert is_open(outgoing)
