"""The gallery's main process around an application of a few lines.

Run it with ``python -m tests.small_gallery``.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gallery import config, embedded, serving
from gallery.errors import ConfigError, DatabaseUnavailableError


def _import_app() -> Any:
    starts = {
        "refuse": _refuse, "offline": _miss_the_database, "crash": _crash, "settle": _Settling
    }  # fmt: skip
    return starts.get(os.environ.get("SMALL_GALLERY", ""), _create)


def _refuse(settings: config.Settings, *, draining: threading.Event) -> Any:
    del settings, draining
    raise ConfigError("SECRET_KEY: another one is in use.")


def _miss_the_database(settings: config.Settings, *, draining: threading.Event) -> Any:
    del settings, draining
    raise DatabaseUnavailableError()


def _crash(settings: config.Settings, *, draining: threading.Event) -> Any:
    del settings, draining
    os._exit(7)


class _Settling:
    """Works beside its requests, and takes a while to come to an end."""

    def __init__(self, settings: config.Settings, *, draining: threading.Event) -> None:
        self._settled = settings.gallery_data / f"settled-{os.getpid()}"
        self._draining = draining
        self._settled.with_name(f"begun-{os.getpid()}").touch()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        del environ
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"here"]

    def settle(self) -> None:
        assert self._draining.is_set()
        time.sleep(0.5)
        self._settled.touch()


def _create(settings: config.Settings, *, draining: threading.Event) -> Any:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        match environ["PATH_INFO"]:
            case "/count":
                return [str(_count(settings)).encode()]
            case "/events":
                return _events()
            case "/stuck":
                return _slowly(60)
            case "/slow":
                return _slowly(1)
            case _:
                return [str(os.getpid()).encode()]

    def _events() -> Iterator[bytes]:
        yield b"retry: 1000\n\n"
        draining.wait()

    return answer


def _slowly(seconds: float) -> Iterator[bytes]:
    yield b"begun "
    time.sleep(seconds)
    yield b"done"


def _count(settings: config.Settings) -> int:
    """How often this was asked, in all runs on these data."""
    from pymongo import MongoClient

    uri = settings.mongo_uri or embedded.uri_of(settings.gallery_data)
    with MongoClient[dict[str, Any]](uri, timeoutMS=30_000) as client:
        asked = client.get_database("vitrine")["asked"]
        asked.insert_one({})
        return asked.count_documents({})


if __name__ == "__main__":
    try:
        sys.exit(serving.run(config.read(os.environ), _import_app))
    except ConfigError as error:
        sys.stderr.write(f"{error.detail}\n")
        sys.exit(serving.BAD_SETTING)
