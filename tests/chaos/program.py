"""The whole gallery, as ``python app.py`` starts it, which can be killed at named moments.

Run it with ``python -m tests.chaos.program``. ``CHAOS_PUT_S`` shortens the patience of uploads to
Cloudinary, ``CHAOS_FLOOR_BYTES`` lowers the room below which nothing is taken.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from gallery import config, serving
from gallery.errors import ConfigError
from tests.chaos import points


def _import_app() -> Any:
    from gallery.factory import start_app
    from gallery.stores.cloudinary import CloudinaryStore
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
