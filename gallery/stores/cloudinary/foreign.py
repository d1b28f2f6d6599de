"""What lies in a Cloudinary account that this gallery did not put there: images of the type
``upload``, as apps and people leave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, BinaryIO

from cloudinary import api

from gallery.stores.abilities import Foreign
from gallery.stores.cloudinary.account import Account
from gallery.stores.cloudinary.answers import reading

PAGE = 500
"""Images on a page of the Admin API: its largest."""

_TYPE = "upload"
"""All of ours are ``private``."""


class Foreigners:
    """Lists them and reads them."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def all(self, prefix: str) -> Iterator[Foreign]:
        """Those whose public ids begin so; one counted call for each 500."""
        cursor: str | None = None
        while True:
            answer = self._account.call(
                api.resources,
                type=_TYPE,
                prefix=prefix,
                max_results=PAGE,
                next_cursor=cursor,
                context=True,
                tags=True,
            )
            with reading():
                found = [_foreign(each) for each in answer["resources"]]
                cursor = answer.get("next_cursor")
            yield from found
            if cursor is None:
                return

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of one, as they arrive."""
        return self._account.open(name, kind=_TYPE)


def _foreign(answer: Mapping[str, Any]) -> Foreign:
    context = answer.get("context", {}).get("custom", {})
    return Foreign(
        name=str(answer["public_id"]),
        bytes=int(answer["bytes"]),
        modified_at=datetime.fromisoformat(answer["created_at"]).astimezone(UTC),
        description=str(context.get("caption", "")),
        alt=str(context.get("alt", "")),
        tags=tuple(map(str, answer.get("tags", ()))),
    )
