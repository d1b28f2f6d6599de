"""The use cases on a real MongoDB and a real disk, above a store that fails when told to."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.idempotency import IdempotencyKeys
from gallery.catalog.images import ImageCatalog
from gallery.catalog.migrations import Migrations
from gallery.catalog.transformations import NamedTransformations
from gallery.imaging.sandbox import Engine, Limits
from gallery.model import Edit, Image, Received, Status, StoredObject
from gallery.services.addresses import Addresses
from gallery.services.delivery import Delivery
from gallery.services.ingest import Ingest, Outcome
from gallery.services.library import Library
from gallery.services.meanings import Asked, Client
from gallery.services.migrating import Migrating
from gallery.services.moving import Moving
from gallery.services.named import Named
from gallery.services.once import OncePerKey
from gallery.services.reconcile import Sweep
from gallery.services.replacing import Replacing
from gallery.stores.local import LocalStore
from gallery.stores.registry import Stores
from gallery.transformation import presets_from
from gallery.transformation.address import read
from tests import pictures
from tests.conftest import Clock

SECRET = "s" * 32


class UnreliableStore(LocalStore):
    """A local store whose calls fail as told: before they did anything, or after they did it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, cloud_name="vitrine", secret=SECRET)
        self.faults: dict[str, tuple[BaseException, bool]] = {}
        self.calls: list[str] = []

    def fails(self, call: str, error: BaseException, *, after: bool = False) -> None:
        self.faults[call] = (error, after)

    def works(self) -> None:
        self.faults.clear()

    @contextmanager
    def perhaps(self, call: str) -> Iterator[None]:
        self.calls.append(call)
        error, after = self.faults.get(call, (None, False))
        if error is not None and not after:
            raise error
        yield
        if error is not None:
            raise error

    def put(self, key: str, original: Received) -> StoredObject:
        with self.perhaps("put"):
            return super().put(key, original)

    def stat(self, key: str) -> StoredObject:
        with self.perhaps("stat"):
            return super().stat(key)

    def delete(self, key: str) -> None:
        with self.perhaps("delete"):
            super().delete(key)


@dataclass(kw_only=True)
class Parts:
    """The use cases of one gallery, and what lies behind them."""

    database: Database[dict[str, Any]]
    clock: Clock
    folder: Path
    store: UnreliableStore
    catalog: ImageCatalog
    keys: IdempotencyKeys
    stores: Stores
    addresses: Addresses
    delivery: Delivery
    ingest: Ingest
    once: OncePerKey
    library: Library
    replacing: Replacing
    sweep: Sweep
    received: list[Path] = field(default_factory=list)

    def receive(self, picture: pictures.Picture | None = None) -> Received:
        """A file as the web floor hands it down."""
        content = (picture or pictures.photo()).content
        path = self.folder / "incoming" / f"upload-{secrets.token_hex(4)}"
        path.write_bytes(content)
        self.received.append(path)
        return Received(
            path=str(path),
            filename="beach.jpg",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def take(self, picture: pictures.Picture | None = None, **told: Any) -> Outcome:
        """What becomes of a file, as one request: its received file is gone afterwards."""
        received = self.receive(picture)
        try:
            return self.ingest.take(received, Edit(**told))
        finally:
            Path(received.path).unlink()

    def pass_time(self, seconds: float) -> None:
        """As if all leases had been renewed so much earlier."""
        for name in ("lease", "replacing.lease", "migrating.lease"):
            earlier = {"$subtract": [f"${name}.renewed_at", round(seconds * 1000)]}
            self.database["images"].update_many(
                {name: {"$exists": True}}, [{"$set": {f"{name}.renewed_at": earlier}}]
            )

    def statuses(self) -> list[str]:
        """The states of all documents there are."""
        return sorted(each["status"] for each in self.database["images"].find())

    def objects(self) -> list[str]:
        """The keys of all objects there are."""
        return [each.key for each in self.store.list()]

    def nothing_left(self) -> bool:
        return self.statuses() == self.objects() == []

    def ready(self) -> dict[str, Any]:
        """The one document there is, whose object is there too."""
        [document] = self.database["images"].find()
        assert document["status"] == Status.READY
        assert self.objects() == [document["key"]]
        return document


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = Engine(Limits(max_bytes=1024 * 1024, max_pixels=1_000_000), children=2)
    yield engine
    engine.close()


@pytest.fixture
def make_parts(
    database: Database[dict[str, Any]], clock: Clock, tmp_path: Path, engine: Engine
) -> Callable[..., Parts]:
    """Builds the use cases; more than once, they are as many processes on the same data."""
    (tmp_path / "incoming").mkdir()

    def make(*, others: Stores | None = None, **changes: Any) -> Parts:
        catalog, keys = ImageCatalog(database, now=clock), IdempotencyKeys(database)
        catalog.ensure_indexes()
        keys.ensure_indexes()
        store = UnreliableStore(tmp_path / "originals")
        stores = others or Stores([store], for_new="local")
        addresses = Addresses(stores, presets_from({}))
        delivery = Delivery(
            root=tmp_path / "derived",
            catalog=catalog,
            stores=stores,
            engine=engine,
            names=Named(catalog=NamedTransformations(database), presets=presets_from({})),
            secret="k" * 32,
        )
        ingest = Ingest(
            catalog=catalog, stores=stores, engine=engine, addresses=addresses, now=clock
        )
        library = Library(catalog=catalog, stores=stores, delivery=delivery, secret="k" * 32)
        replacing = Replacing(
            catalog=catalog,
            stores=stores,
            engine=engine,
            addresses=addresses,
            delivery=delivery,
            now=clock,
        )
        swept: dict[str, Any] = {
            "catalog": catalog,
            "stores": stores,
            "addresses": addresses,
            "library": library,
            "replacing": replacing,
            "keys": keys,
            "incoming": tmp_path / "incoming",
            "alone_since": None,
            "now": clock,
        }
        return Parts(
            database=database,
            clock=clock,
            folder=tmp_path,
            store=store,
            catalog=catalog,
            keys=keys,
            stores=stores,
            addresses=addresses,
            delivery=delivery,
            ingest=ingest,
            once=OncePerKey(keys=keys, catalog=catalog, ingest=ingest),
            library=library,
            replacing=replacing,
            sweep=Sweep(**swept | changes),
        )

    return make


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    return make_parts()


def mover_of(parts: Parts) -> Moving:
    """What moves images, as another process on the same data."""
    orders = Migrations(parts.database)
    orders.ensure_indexes()
    return Moving(
        catalog=parts.catalog,
        stores=parts.stores,
        addresses=parts.addresses,
        replacing=parts.replacing,
        migrating=Migrating(catalog=parts.catalog, orders=orders, stores=parts.stores),
        incoming=parts.folder / "incoming",
        now=parts.clock,
    )


SMALL = "c_limit,f_auto,h_40,w_40"


def asked(image: Image, wanted: str = SMALL, *, bucket: str = "base", version: str = "") -> Asked:
    """As somebody asks with a signature."""
    version = version or image.store_version or ""
    address = read(f"image/upload/{wanted}/v{version}/{image.public_id}")
    return Asked(
        address=address, readings=address.readings[:1], signed=True, client=Client(bucket=bucket)
    )


@pytest.fixture(params=["disk", "mongodb"])
def where(request: pytest.FixtureRequest) -> str:
    """Where pieces of uploads lie."""
    name: str = request.param
    return name
