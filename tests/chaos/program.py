"""The whole gallery, as ``python app.py`` starts it, which can be killed at named moments.

Run it with ``python -m tests.chaos.program``. ``CHAOS_PUT_S`` shortens the patience of uploads to
Cloudinary, ``CHAOS_FLOOR_BYTES`` lowers the room below which nothing is taken, ``CHAOS_LEASE_S``
shortens leases, ``CHAOS_FILE_BYTES`` bounds the size of files.
"""

from __future__ import annotations

import os
import resource
import select
import sys
import time
from typing import Any

from gallery import config, serving
from gallery.errors import ConfigError
from tests.chaos import points


def _import_app() -> Any:
    from gallery.services import holding

    if lease := os.environ.get("CHAOS_LEASE_S"):
        # Before anybody has read them.
        holding.LEASE_S, holding.RENEWED_EVERY_S = float(lease), float(lease) / 4
    if "FAKETIME_TIMESTAMP_FILE" in os.environ:
        # libfaketime mistakes the moment until which Python sleeps.
        time.sleep = lambda seconds: select.select((), (), (), seconds)  # type: ignore[assignment]
    if file_bytes := os.environ.get("CHAOS_FILE_BYTES"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_bytes), int(file_bytes)))
    from gallery.factory import start_app
    from gallery.stores.cloudinary.store import CloudinaryStore
    from gallery.web import receive

    points.arm()
    if floor := os.environ.get("CHAOS_FLOOR_BYTES"):
        receive.FREE_SPACE_FLOOR_BYTES = int(floor)
    if patience := os.environ.get("CHAOS_PUT_S"):
        CloudinaryStore.__init__.__kwdefaults__ |= {
            "put_s": float(patience),
            "call_s": float(patience),
        }
    return start_app


if __name__ == "__main__":
    try:
        sys.exit(serving.run(config.read(os.environ), _import_app))
    except ConfigError as error:
        sys.stderr.write(f"{error.detail}\n")
        sys.exit(serving.BAD_SETTING)
