"""The main process: starts MongoDB and the server's workers, keeps both running, ends them.

It does nothing else. Workers are forked from it, so it has no threads and no clients, and imports
what they need once, while mongod starts.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gallery import config, embedded
from gallery.config import Settings, counting
from gallery.errors import ConfigError

if TYPE_CHECKING:
    from gallery.serving.workers import CreateApp

BAD_SETTING = 2
"""The exit code after a setting that cannot be used."""

_PORT_FREE_WITHIN_S = 1.0

_OLDEST_SUPPORTED = 7
"""The line of MongoDB before this one is past its support."""


def main() -> int:
    """Serves the gallery that the environment describes, until told to stop; the exit code."""
    try:
        return run(config.load(), _gallery)
    except ConfigError as error:
        sys.stderr.write(f"{error.detail}\n")
        return BAD_SETTING


def run(settings: Settings, import_app: Callable[[], CreateApp]) -> int:
    """Serves what ``import_app()`` creates. It is called once mongod is on its way; the exit code.

    Raises ConfigError when it cannot start.
    """
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _stop_starting)
    mongod = None if settings.mongo_uri else embedded.start(settings.gallery_data)
    try:
        _refuse_taken_port(settings)
        with _nothing_to_collect():
            create_app = import_app()
            from gallery.serving.workers import Server
        counting.begin_anew(settings.gallery_data)
        server = Server(settings, create_app, mongod, announce=lambda: _announce(settings, mongod))
        if mongod is not None:
            mongod.wait_until_ready()
        return server.run()
    finally:
        if mongod is not None:
            mongod.stop()


@contextlib.contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """What is made meanwhile stays, in pages that workers share.

    Looking for garbage in it again and again would cost an eighth of the time of the imports.
    """
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.enable()


def _gallery() -> CreateApp:
    from gallery.factory import start_app

    return start_app


def _stop_starting(number: int, frame: FrameType | None) -> None:
    """What a signal does before there are workers: nothing is lost, so the exit code is 0."""
    del number, frame
    sys.exit(0)


def _refuse_taken_port(settings: Settings) -> None:
    """Raises ConfigError unless workers can listen.

    They share their port by SO_REUSEPORT, with which they would share another gallery's port too.
    Workers of a program that was killed may take a moment to follow it.
    """
    deadline = time.monotonic() + _PORT_FREE_WITHIN_S
    while (error := _bind_error(settings)) is not None:
        if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise ConfigError(_why_not_bound(settings, error)) from error
        time.sleep(0.02)


def _bind_error(settings: Settings) -> OSError | None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return error
    return None


def _why_not_bound(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST: {settings.host} is no address of this machine; use 127.0.0.1."
    if error.errno == errno.EACCES:
        return f"PORT: {settings.port} is for the system's own programs; use one above 1023."
    return f"PORT: something else answers on {settings.port}; stop it, or set another PORT."


def _announce(settings: Settings, mongod: embedded.Embedded | None) -> None:
    """Says which database and which store are in use, and where the gallery is."""
    with contextlib.suppress(OSError):  # Nobody listens any more.
        sys.stdout.write(
            f"Database: {_database(settings, mongod)}\n"
            f"Images:   {_store(settings)}\n"
            f"{settings.gallery_title}: {_address(settings)} (Ctrl-C stops it)\n"
        )
        sys.stdout.flush()


def _database(settings: Settings, mongod: embedded.Embedded | None) -> str:
    if mongod is None:
        parts = urlsplit(settings.mongo_uri)
        return f"MongoDB, {parts.path[1:]} on {parts.netloc.rpartition('@')[2]}"
    text = f"embedded MongoDB {mongod.version} in {settings.gallery_data / 'mongodb'}"
    if int(mongod.version.partition(".")[0]) < _OLDEST_SUPPORTED:
        text += " (a line past its support: good on this machine alone)"
    return text


def _store(settings: Settings) -> str:
    if settings.media_store == "cloudinary" and settings.cloudinary is not None:
        return f"Cloudinary, cloud {settings.cloudinary.cloud_name}"
    if settings.media_store == "cloudflare" and settings.cloudflare is not None:
        return f"Cloudflare Images, account {settings.cloudflare.account_id}"
    if settings.media_store == "s3" and settings.s3 is not None:
        return f"S3, bucket {settings.s3.name} at {settings.s3.endpoint_url or 'Amazon'}"
    return f"local disk, {settings.gallery_data / 'originals'}"


def _address(settings: Settings) -> str:
    if settings.public_url is not None:
        return settings.public_url
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
