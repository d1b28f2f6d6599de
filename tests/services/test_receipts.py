"""What was purged is looked for at its addresses, until nobody finds it there any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gallery.catalog.audits import Drift
from gallery.catalog.receipts import Receipt, Receipts
from gallery.config.account import find_account
from gallery.config.given import Given
from gallery.errors import FetchFailedError, StoreUnavailableError
from gallery.imaging.sandbox import Engine
from gallery.model import Edit, Image
from gallery.outgoing import Outgoing
from gallery.services.addresses import Addresses
from gallery.services.derived import folder_of
from gallery.services.ingest import Ingest
from gallery.services.library import Library
from gallery.services.receipts import Receipting
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.stores.registry import Stores
from gallery.transformation import presets_from
from tests.catalog.making import at_once
from tests.cloudinary_server import CloudinaryServer
from tests.services.conftest import Parts
from tests.services.test_audit import auditor_of


class Cdn(Outgoing):
    """Answers as told."""

    def __init__(self) -> None:
        self.status_now = 404
        self.asked: list[str] = []

    def status(self, url: str) -> int:
        self.asked.append(url)
        if self.status_now == 0:
            raise FetchFailedError("No answer.")
        return self.status_now


@pytest.fixture
def cdn() -> Cdn:
    return Cdn()


@pytest.fixture
def receipts(parts: Parts) -> Receipts:
    kept = Receipts(parts.database)
    kept.ensure_indexes()
    return kept


@pytest.fixture
def receipting(parts: Parts, receipts: Receipts, cdn: Cdn) -> Receipting:
    return Receipting(
        receipts=receipts,
        addresses=parts.addresses,
        delivery=parts.delivery,
        outgoing=cdn,
        secret="s" * 32,
        now=parts.clock,
    )


@pytest.fixture
def library(parts: Parts, receipting: Receipting) -> Library:
    return Library(
        catalog=parts.catalog,
        stores=parts.stores,
        delivery=parts.delivery,
        secret="k" * 32,
        open_receipt=receipting.open,
    )


def only(receipting: Receipting) -> Receipt:
    [receipt] = receipting.newest(limit=10)
    return receipt


def in_a_cloud(receipting: Receipting, image: Image) -> None:
    """A purged image that another program delivered."""
    receipting._receipts.open(image.id, store="cloud", urls=["https://cdn.example/a"])


def due_again(parts: Parts) -> None:
    parts.database["receipts"].update_many(
        {"due_at": {"$exists": True}}, [{"$set": {"due_at": {"$subtract": ["$$NOW", 1000]}}}]
    )


def test_a_purge_here_is_seen_to_be_complete(
    parts: Parts, library: Library, receipting: Receipting
) -> None:
    image = parts.take().image
    before = receipting._status_of(image.url)
    library.purge(image.id)
    assert only(receipting).still_there is None

    assert receipting.run() == 1

    receipt = only(receipting)
    assert before == 200
    assert (receipt.id, receipt.store, receipt.still_there) == (image.id, "local", False)
    assert {status for _, status in receipt.urls} == {404}
    assert image.url in dict(receipt.urls)
    assert len(receipt.urls) > 2, "every size of every preset"
    assert (receipt.is_open, receipt.looks) == (False, 1)
    assert receipting.run() == 0


def test_a_variant_that_was_left_is_found(
    parts: Parts, library: Library, receipting: Receipting
) -> None:
    image = parts.take().image
    assert receipting._status_of(image.url) == 200
    folder = folder_of(parts.folder / "derived", image.id)
    aside = folder.rename(parts.folder / "aside")
    library.purge(image.id)
    aside.rename(folder)

    receipting.run()

    receipt = only(receipting)
    assert (receipt.still_there, receipt.is_open) == (True, True)
    assert dict(receipt.urls)[image.url] == 200


def test_a_purge_that_stops_midway_opens_its_receipt_once(
    parts: Parts, library: Library, receipting: Receipting, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = parts.take().image
    with monkeypatch.context() as patch:
        patch.setattr(parts.catalog, "remove", _dies)
        with pytest.raises(StoreUnavailableError):
            library.purge(image.id)
    receipting.run()

    library.purge(image.id)

    assert only(receipting).looks == 1


def _dies(*given: object, **options: object) -> None:
    raise StoreUnavailableError


def test_what_was_never_shown_needs_none(parts: Parts, receipting: Receipting) -> None:
    receipting.open(replace(parts.take().image, url=""))

    assert receipting.newest(limit=10) == []


def test_copies_that_a_cdn_still_keeps_are_looked_at_again(
    parts: Parts, receipting: Receipting, cdn: Cdn
) -> None:
    in_a_cloud(receipting, parts.take().image)
    for status, looks in ((200, 1), (0, 2), (503, 3)):
        cdn.status_now = status
        assert receipting.run() == 1
        assert receipting.run() == 0, "not before its time"
        receipt = only(receipting)
        assert (receipt.still_there, receipt.is_open, receipt.looks) == (True, True, looks)
        assert receipt.urls == (("https://cdn.example/a", status),)
        due_again(parts)

    cdn.status_now = 404
    assert receipting.run() == 1

    assert (only(receipting).still_there, only(receipting).is_open) == (False, False)
    assert receipting.given_up(limit=10) == []


def test_after_a_day_it_is_given_up_and_the_audit_tells_it(
    parts: Parts, receipting: Receipting, receipts: Receipts, cdn: Cdn
) -> None:
    image = parts.take().image
    in_a_cloud(receipting, image)
    cdn.status_now = 200
    receipting.run()
    parts.database["receipts"].update_one(
        {}, {"$set": {"purged_at": parts.clock() - timedelta(hours=25)}}
    )
    due_again(parts)

    receipting.run()

    assert [each.id for each in receipting.given_up(limit=10)] == [image.id]
    [finding] = auditor_of(parts, receipts=receipts).run().findings
    assert (finding.drift, finding.name) == (Drift.STILL_THERE, image.id)
    assert finding.detail == "https://cdn.example/a"


def test_many_who_look_share_the_work(parts: Parts, receipting: Receipting, cdn: Cdn) -> None:
    image = parts.take().image
    for number in range(6):
        receipting._receipts.open(
            f"{image.id[:-1]}{number}", store="cloud", urls=[f"https://cdn.example/{number}"]
        )

    looked = at_once(3, lambda _: receipting.run())

    assert sum(int(str(each)) for each in looked) == 6
    assert sorted(cdn.asked) == [f"https://cdn.example/{number}" for number in range(6)]


def test_whoever_wakes_late_does_not_write_over_a_later_look(
    parts: Parts, receipting: Receipting, receipts: Receipts
) -> None:
    in_a_cloud(receipting, parts.take().image)
    late = receipts.claim(holder="late", lease_s=-1)
    assert late is not None
    receipting.run()

    receipts.note(late.id, holder="late", statuses=[200], still_there=True, again_after_s=1)

    assert only(receipting).still_there is False


def test_an_image_at_cloudinary(
    parts: Parts, receipts: Receipts, engine: Engine, make_cloudinary: Callable[[], Any]
) -> None:
    store, host = make_cloudinary()
    stores = Stores([parts.store, store], for_new="cloudinary")
    addresses = Addresses(stores, presets_from({}))
    ingest = Ingest(
        catalog=parts.catalog, stores=stores, engine=engine, addresses=addresses, now=parts.clock
    )
    receipting = Receipting(
        receipts=receipts,
        addresses=addresses,
        delivery=parts.delivery,
        outgoing=Outgoing(trusted=(host,)),
        secret="s" * 32,
        now=parts.clock,
    )
    image = ingest.take(parts.receive(), Edit()).image
    assert receipting._status_of(image.url) == 200
    library = Library(
        catalog=parts.catalog,
        stores=stores,
        delivery=parts.delivery,
        secret="k" * 32,
        open_receipt=receipting.open,
    )

    library.purge(image.id)
    receipting.run()

    assert only(receipting).still_there is False
    assert {status for _, status in only(receipting).urls} == {404}


@pytest.fixture
def make_cloudinary() -> Iterator[Callable[[], Any]]:
    with CloudinaryServer() as server:

        def make() -> Any:
            account = find_account(Given({"CLOUDINARY_URL": server.url}))
            assert account is not None
            store = CloudinaryStore(account)
            return store, store.delivery_hosts[0].partition("://")[2]

        yield make
