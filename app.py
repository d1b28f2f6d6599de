"""Serves the gallery; ``flask --app app gallery`` has its commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gallery import serving

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    """The commands, for Flask's own command line."""
    from gallery import cli  # What serves need not wait for it.

    return cli.app()


if __name__ == "__main__":
    sys.exit(serving.main())
