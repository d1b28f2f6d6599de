"""S3 on loopback, for the tests: moto behind a real HTTP server, and whatever can go wrong.

with S3Server() as server:
    bucket = server.bucket()      # a new one, and how it is spoken for
    server.script("PutObject", Stall(kept=True))
    …
    server.requests("PutObject")  # what it was asked

moto believes every signature and holds nobody to the conditions of a form.
"""

from tests.s3_server.faults import Drop, Fail, Garble, Pass, Stall, Truncate
from tests.s3_server.server import S3Server

__all__ = ["Drop", "Fail", "Garble", "Pass", "S3Server", "Stall", "Truncate"]
