"""``flask --app app gallery …``: what an operator does beside the page, a command a module.

Exit codes: 0 done, 1 only where a command says what for, 2 it could not run.
"""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup

from gallery.cli.account import cloudinary_url, embedded_account
from gallery.cli.adopt import adopt
from gallery.cli.audit import audit
from gallery.cli.export import export
from gallery.cli.hooks import hooks
from gallery.cli.importing import import_
from gallery.cli.migrate import migrate
from gallery.cli.prepare import prepare
from gallery.cli.receipts import receipts
from gallery.cli.sweep import sweep

__all__ = ["app", "embedded_account"]

commands = AppGroup("gallery", help="What an operator does beside the page.")

for each in (
    adopt,
    audit,
    cloudinary_url,
    export,
    hooks,
    import_,
    migrate,
    prepare,
    receipts,
    sweep,
):
    commands.add_command(each)


def app() -> Flask:
    """An application that has the commands and no routes."""
    flask = Flask("gallery", static_folder=None)
    flask.cli.add_command(commands)
    return flask
