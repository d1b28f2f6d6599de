"""Cloudinary on loopback, for the tests: its wire, strictly, and whatever can go wrong with it.

with CloudinaryServer() as server:
    server.script("upload", Stall(kept=True))
    …                      # a client set up with server.url
    server.account.assets  # what Cloudinary has
    server.seen            # what it was asked
"""

from tests.cloudinary_server.account import Account
from tests.cloudinary_server.faults import Fail, Garble, Pass, Reset, Stall, Truncate
from tests.cloudinary_server.server import CloudinaryServer

__all__ = ["Account", "CloudinaryServer", "Fail", "Garble", "Pass", "Reset", "Stall", "Truncate"]
