"""What lies in MongoDB where several nodes share it: photographs that wait, pieces of uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from pymongo.database import Database


def spooled(database: Database[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Place and SHA-256 of every photograph that waits there."""
    for blob in database["spool.blobs"].find():
        chunks = database["spool.chunks"].find({"_id.of": blob["content"]})
        in_order = sorted(chunks, key=lambda chunk: int(chunk["_id"]["n"]))
        digest = hashlib.sha256(b"".join(chunk["data"] for chunk in in_order))
        yield ("spool", blob["_id"]), digest.hexdigest()


def nobodys(database: Database[dict[str, Any]], parts: set[str]) -> Iterator[str]:
    """What lies there and should have gone with whoever brought it; uploads name ``parts``."""
    for name in ("spool", "parts"):
        whole = set(database[f"{name}.blobs"].distinct("content"))
        for content in set(database[f"{name}.chunks"].distinct("_id.of")) - whole:
            yield f"chunks of {content} in {name}"
    for key in set(database["parts.blobs"].distinct("_id")) - parts:
        yield f"part {key}"
