"""What the tests of the S3 store share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gallery.config import S3Bucket
from gallery.stores.s3.store import S3Store
from tests.store_contract import CALLS, Call, keys_of

NEVER_OVERWRITTEN = "what is there is never overwritten (If-None-Match)"
CLOSED = "originals are closed to everybody"
LET_IN = "take away the policy or the ACL that lets everybody in"
BLOCKED = "public access is blocked"
EMPTIED = "arrivals/ is emptied after a day"

Open = Callable[..., S3Store]

CALLS_BY_REQUEST: dict[str, Call] = {
    "PutObject": CALLS["put"],
    "HeadObject": CALLS["stat"],
    "GetObject": CALLS["open"],
    "DeleteObject": CALLS["delete"],
    "List": lambda store, _key, _original: keys_of(store),
    "HeadBucket": lambda store, _key, _original: store.probe(),
}
"""Every call of the contract by the request that it begins with."""


def open_to_all(client: Any, bucket: S3Bucket, names: str) -> None:
    """Lets everybody read objects of such names."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket.name}/{names}",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))
