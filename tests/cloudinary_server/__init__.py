"""Cloudinary on loopback, for the tests: its wire, strictly, and whatever can go wrong with it.

with CloudinaryServer() as server:
    server.script("upload", Stall(kept=True))
    …                      # a client set up with server.url
    server.account.assets  # what Cloudinary has
    server.seen            # what it was asked
"""

from tests.cloudinary_server.account import Account
from tests.cloudinary_server.server import CloudinaryServer, Fail
from tests.provider.faults import Garble, Pass, Reset, Stall, Truncate

__all__ = ["Account", "CloudinaryServer", "Fail", "Garble", "Pass", "Reset", "Stall", "Truncate"]
