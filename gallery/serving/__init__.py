"""The main process: starts MongoDB and the server's workers, keeps both running, ends them.

It does nothing else. Workers are forked from it, so it has no threads and no clients, and imports
what they need once, while mongod starts.
"""

from __future__ import annotations

import contextlib
import gc
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gallery import config, embedded
from gallery.config import Settings, counting
from gallery.errors import ConfigError
from gallery.serving import listening

if TYPE_CHECKING:
    from gallery.serving.workers import CreateApp

BAD_SETTING = 2
"""The exit code after a setting that cannot be used."""

_OPEN_FILES = 65_536
"""As MongoDB wants them, too."""

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
    _open_as_many_files_as_allowed()
    mongod = None if settings.mongo_uri else embedded.start(settings.gallery_data)
    try:
        listening.refuse_taken_port(settings)
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


def _open_as_many_files_as_allowed() -> None:
    """Each open page and each sender is one: the 1,024 that most shells give are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


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
