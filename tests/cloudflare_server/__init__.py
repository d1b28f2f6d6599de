"""Cloudflare Images on loopback, for the tests: its API, its batch host, its CDN, and whatever can
go wrong with them. Checked with Cloudflare's own SDK (``tests/stores/cloudflare/test_twin.py``).

with CloudflareServer() as server:
    server.script("upload", Stall(kept=True))
    …                      # a client set up with server.settings
    server.account.images  # what Cloudflare has
    server.seen            # what it was asked
"""

from tests.cloudflare_server.account import Account
from tests.cloudflare_server.server import CloudflareServer, Fail
from tests.provider.faults import Garble, Pass, Reset, Stall, Truncate

__all__ = ["Account", "CloudflareServer", "Fail", "Garble", "Pass", "Reset", "Stall", "Truncate"]
