"""``python -m gallery.worker``: what works beside requests, in a process of its own.

Any number may run, beside the gallery or on other machines: leases in the documents keep them
apart, and when one is killed another goes on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from gallery import config
from gallery.config import Settings
from gallery.errors import ConfigError, DatabaseUnavailableError
from gallery.factory import open_gallery

BAD_SETTING = 2

SETTLE_S = 25.0
"""How long what is being done may take to come to an end."""


def main() -> int:
    """Works until told to stop; the exit code."""
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if told.is_set():
            os._exit(1)  # The second time: at once.
        told.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    try:
        work(config.load(), told)
    except ConfigError as error:
        sys.stderr.write(f"{error.detail}\n")
        return BAD_SETTING
    except DatabaseUnavailableError:
        sys.stderr.write(
            "MONGO_URI: the database does not answer; start it, or mend the address.\n"
        )
        return BAD_SETTING
    return 0


def work(settings: Settings, told: threading.Event) -> None:
    """Does all duties until ``told`` is set; then ends in order."""
    with open_gallery(settings) as gallery:
        notify = threading.Thread(target=gallery.notify.run, name="notify", daemon=True)
        notify.start()
        gallery.upkeep.start()
        sys.stdout.write("The worker is at work (Ctrl-C stops it)\n")
        sys.stdout.flush()
        told.wait()
        gallery.notify.close()
        gallery.upkeep.close(within_s=SETTLE_S)
        notify.join(timeout=2)


if __name__ == "__main__":
    sys.exit(main())
