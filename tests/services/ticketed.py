"""A store that takes files from browsers by tickets, as the services see one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from gallery.errors import ObjectMissingError, TooLargeError
from gallery.model import Received, StoredObject
from gallery.stores.abilities import Announced, Ticket
from tests.services.remote import RemoteStore

HOLDS = timedelta(minutes=15)


@dataclass(frozen=True)
class Sent:
    """What somebody sent by a ticket."""

    content: bytes
    etag: str


class TicketStore(RemoteStore):
    """Keeps what comes by tickets apart until it is settled, and lets it be sent again, as an S3
    bucket does. Fails as ``kept.fails`` says."""

    upload_hosts: tuple[str, ...] = ("https://cloud.example",)
    max_bytes = 10**9

    def __init__(self, root: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        super().__init__(root)
        self._now = now
        self.tickets: dict[str, Announced] = {}
        self.notified: list[str | None] = []
        self.came: dict[str, Sent] = {}

    def send(self, ticket: Ticket, content: bytes) -> str:
        """What a browser does; the key that it used."""
        key = ticket.fields["key"]
        assert key in self.tickets
        self.came[key] = self.sent_as(content)
        return key

    @staticmethod
    def sent_as(content: bytes) -> Sent:
        return Sent(content, secrets.token_hex(8))

    def ticket(self, key: str, announced: Announced, *, notify: str | None) -> Ticket:
        with self.kept.perhaps("ticket"):
            if announced.bytes > self.max_bytes:
                raise TooLargeError("The cloud takes no such file.")
            self.tickets[key] = announced
            self.notified.append(notify)
            return Ticket(
                url="https://cloud.example/upload",
                fields={"key": key},
                file_field="file",
                max_bytes=announced.bytes,
                expires_at=self._now() + HOLDS,
            )

    def arrived(self, key: str) -> StoredObject:
        with self.kept.perhaps("arrived"):
            sent = self._sent(key)
            return StoredObject(
                key=key,
                bytes=len(sent.content),
                etag=sent.etag,
                created_at=self._now(),
                modified_at=self._now(),
            )

    def open_arrived(self, key: str) -> AbstractContextManager[BinaryIO]:
        with self.kept.perhaps("open_arrived"):
            return BytesIO(self._sent(key).content)

    def settle(self, key: str, original: Received, *, etag: str) -> StoredObject:
        with self.kept.perhaps("settle"):
            if self._sent(key).etag != etag:
                raise ObjectMissingError("Something else lies there.")
            assert hashlib.sha256(self._sent(key).content).hexdigest() == original.sha256
            return self.put(key, original)

    def discard(self, key: str) -> None:
        with self.kept.perhaps("discard"):
            self.came.pop(key, None)

    def _sent(self, key: str) -> Sent:
        try:
            return self.came[key]
        except KeyError:
            raise ObjectMissingError("Nothing has arrived.") from None
