"""What commands share: the gallery that the settings name, and how they end and tell."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gallery import config
from gallery.config import Settings
from gallery.errors import ConfigError, DatabaseUnavailableError, GalleryError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from gallery.factory.building import Gallery

COULD_NOT_RUN = 2
"""The exit code of a command that did not come to its end."""

_INTERRUPTED = 128

log = logging.getLogger(__name__)


def settings_or_exit() -> Settings:
    """The settings of this process; a wrong one is said in one line."""
    try:
        return config.load()
    except ConfigError as error:
        _end(error.detail)


@contextmanager
def gallery_or_exit(settings: Settings) -> Iterator[Gallery]:
    """The gallery, for as long as a command works on it. What goes wrong is said in one line.

    A signal ends the command in order: it leaves nothing half done.
    """
    from gallery.factory import open_gallery  # What only tells of settings need not wait for it.

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with open_gallery(settings) as gallery:
            yield gallery
    except DatabaseUnavailableError:
        _end("MONGO_URI: the database does not answer; start it, or mend the address.")
    except GalleryError as error:
        _end(error.detail)
    except KeyboardInterrupt as interrupt:
        number = interrupt.args[0] if interrupt.args else signal.SIGINT
        click.echo("Interrupted.", err=True)
        sys.exit(_INTERRUPTED + number)
    except Exception:
        # A mistake of ours: it must not look like drift, which is another exit code.
        log.exception("a command failed")
        sys.exit(COULD_NOT_RUN)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how much is done of how much, with the time left, where somebody looks on."""
    hidden = not sys.stderr.isatty()
    bar: ProgressBar[int]
    with click.progressbar(
        length=1, label=label, file=sys.stderr, hidden=hidden, show_pos=True
    ) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield show


def echo_json(told: dict[str, Any]) -> None:
    """One line of JSON on standard output."""
    click.echo(json.dumps(told, default=_plain, ensure_ascii=False))


def counted(number: int, one: str, many: str = "") -> str:
    """``1 image``, ``1,234 images``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(type(value).__name__)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    raise KeyboardInterrupt(number)


def _end(line: str) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(COULD_NOT_RUN)
