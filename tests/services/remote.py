"""A store on another machine, as the services see one: it may be away, and has no files here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from gallery.model import Image, Received, StoredObject
from gallery.stores.base import BreakerState, StoreHealth
from gallery.transformation import Transformation
from tests.services.conftest import UnreliableStore

VERSION = "1800000000"


class RemoteStore:
    """Keeps what it is sent, and fails as ``kept.fails`` says."""

    name = "cloud"
    delivery_hosts: tuple[str, ...] = ("https://cloud.example",)
    makes_variants = True

    def __init__(self, root: Path) -> None:
        self.kept = UnreliableStore(root)
        self.is_away = False

    def put(self, key: str, original: Received) -> StoredObject:
        return replace(self.kept.put(key, original), store_version=VERSION)

    def stat(self, key: str) -> StoredObject:
        return replace(self.kept.stat(key), store_version=VERSION)

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return self.kept.open(key)

    def delete(self, key: str) -> None:
        self.kept.delete(key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        return self.kept.list(prefix)

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        return f"https://cloud.example/v{image.store_version}/{wanted}/{image.key}"

    def probe(self) -> None:
        self.kept.probe()

    def health(self) -> StoreHealth:
        state = BreakerState.OPEN if self.is_away else BreakerState.CLOSED
        return StoreHealth(
            state=state,
            requests=0,
            failures=0,
            since=datetime.now(UTC),
            is_away=self.is_away,
            is_resting=self.is_away,
        )
