"""The audit finds every way in which documents and what they stand for disagree, and no other."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gallery.catalog.audits import Audit, Audits, Drift
from gallery.catalog.documents import document_of
from gallery.catalog.receipts import Receipts
from gallery.config.account import find_account
from gallery.config.given import Given
from gallery.errors import StoreUnavailableError
from gallery.imaging.sandbox import Engine
from gallery.model import Edit, Image, Status
from gallery.services import derived, judging
from gallery.services.addresses import Addresses
from gallery.services.audit import Auditor
from gallery.services.ingest import Ingest
from gallery.services.judging import Hashing
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.stores.registry import Stores
from gallery.transformation import presets_from
from tests import pictures
from tests.catalog.making import pending, record
from tests.cloudinary_server import CloudinaryServer
from tests.services.conftest import Parts, asked


def auditor_of(
    parts: Parts, stores: Stores | None = None, receipts: Receipts | None = None
) -> Auditor:
    audits = Audits(parts.database)
    audits.ensure_indexes()
    return Auditor(
        catalog=parts.catalog,
        stores=stores or parts.stores,
        audits=audits,
        derived=parts.folder / "derived",
        incoming=parts.folder / "incoming",
        receipts=receipts,
        now=parts.clock,
    )


@pytest.fixture
def auditor(parts: Parts) -> Auditor:
    return auditor_of(parts)


def found(audit: Audit) -> list[tuple[Drift, str]]:
    assert audit.total_drift == len(audit.findings)
    return sorted((each.drift, each.name) for each in audit.findings)


def file_of(parts: Parts, image: Image) -> Path:
    return parts.store.path_of(image.key)


def test_a_gallery_in_use_agrees_with_itself(parts: Parts, auditor: Auditor) -> None:
    images = [parts.take(pictures.photo(seed=seed)).image for seed in range(4)]
    parts.delivery.deliver(asked(images[0]))
    parts.library.trash(images[1].id, version=None)
    parts.replacing.replace(images[2], parts.receive(pictures.photo(seed=9)))
    parts.library.purge(images[3].id)
    record(parts.catalog, lease_s=60)

    audit = auditor.run()

    assert found(audit) == []
    assert audit.images == {"ready": 2, "trashed": 1, "pending": 1}
    assert (audit.objects, audit.hashed, audit.derived) == ({"local": 3}, 3, 1)


def test_an_original_that_is_gone(parts: Parts, auditor: Auditor) -> None:
    shown, hidden, whole = (parts.take(pictures.photo(seed=seed)).image for seed in range(3))
    parts.library.trash(hidden.id, version=None)
    for image in (shown, hidden):
        file_of(parts, image).unlink()

    missing = [(Drift.MISSING, image.id) for image in (shown, hidden)]
    assert found(auditor.run()) == sorted(missing)
    assert whole.status is Status.READY


def test_an_original_that_is_longer(parts: Parts, auditor: Auditor) -> None:
    image = parts.take().image
    with file_of(parts, image).open("ab") as file:
        file.write(b"!")

    assert found(auditor.run(hashing=Hashing(where="none"))) == [(Drift.ALTERED, image.id)]


def test_one_bit_that_fell_over(parts: Parts, auditor: Auditor) -> None:
    image = parts.take().image
    content = bytearray(file_of(parts, image).read_bytes())
    content[len(content) // 2] ^= 1
    file_of(parts, image).write_bytes(content)

    audit = auditor.run()
    assert found(audit) == [(Drift.ALTERED, image.id)]
    assert audit.findings[0].detail == "the bytes have another SHA-256"
    assert found(auditor.run(hashing=Hashing(where="none"))) == []


def test_in_parts_every_original_is_read_once(parts: Parts, auditor: Auditor) -> None:
    for seed in range(6):
        parts.take(pictures.photo(seed=seed))

    read = [auditor.run(hashing=Hashing(parts=3, part=part)).hashed for part in range(3)]

    assert sum(read) == 6


def test_an_object_that_nobody_names(parts: Parts, auditor: Auditor) -> None:
    kept = parts.take().image
    gone = parts.take(pictures.photo(seed=2)).image
    parts.database["images"].delete_one({"id": gone.id})

    audit = auditor.run()
    assert found(audit) == [(Drift.UNKNOWN, gone.key)]
    assert audit.findings[0].store == "local"
    assert parts.catalog.find(kept.id)


def test_objects_on_their_way_in_or_out_are_known(parts: Parts, auditor: Auditor) -> None:
    image = parts.take().image
    parts.store.fails("delete", StoreUnavailableError("Away."))
    now = parts.replacing.replace(image, parts.receive(pictures.photo(seed=2)))
    parts.store.works()
    other = parts.take(pictures.photo(seed=3)).image
    moving = {"to": "local", "key": f"{other.key}.7"}
    parts.database["images"].update_one({"id": other.id}, {"$set": {"migrating": moving}})
    parts.store.put(moving["key"], parts.receive(pictures.photo(seed=4)))

    assert parts.objects() == sorted([image.key, now.key, other.key, moving["key"]])
    assert found(auditor.run()) == []


def test_what_was_begun_and_not_ended(parts: Parts, auditor: Auditor) -> None:
    upload = record(parts.catalog, lease_s=-901)
    record(parts.catalog, lease_s=-600)
    purged = parts.take().image
    parts.store.fails("delete", StoreUnavailableError("Away."))
    with pytest.raises(StoreUnavailableError):
        parts.library.purge(purged.id)
    replaced = parts.take(pictures.photo(seed=2)).image
    parts.replacing.replace(replaced, parts.receive(pictures.photo(seed=3)))
    assert found(auditor.run()) == [(Drift.UNFINISHED, upload.id)]

    parts.clock.advance(1000)

    audit = auditor.run()
    assert sorted((each.name, each.detail) for each in audit.findings) == sorted(
        [(upload.id, "upload"), (purged.id, "deletion"), (replaced.id, "leftover")]
    )


def test_without_grace_nothing_may_be_under_way(parts: Parts, auditor: Auditor) -> None:
    upload = record(parts.catalog, lease_s=60)
    file = Path(parts.receive().path)

    assert found(auditor.run()) == []
    assert found(auditor.run(grace_s=0)) == sorted(
        [(Drift.UNFINISHED, upload.id), (Drift.LEFTOVER, file.name)]
    )


def test_pieces_that_no_upload_names(parts: Parts) -> None:
    auditor = Auditor(
        catalog=parts.catalog,
        stores=parts.stores,
        audits=Audits(parts.database),
        derived=parts.folder / "derived",
        incoming=parts.folder / "incoming",
        now=parts.clock,
        pieces=lambda older_than: ["left.1"] if older_than > datetime.now(UTC) - DAY else [],
    )

    assert found(auditor.run()) == []
    assert found(auditor.run(grace_s=0)) == [(Drift.LEFTOVER, "left.1")]


DAY = timedelta(days=1)


def test_variants_of_an_image_that_nobody_may_see(parts: Parts, auditor: Auditor) -> None:
    for seed in range(2):
        parts.delivery.deliver(asked(parts.take(pictures.photo(seed=seed)).image))
    image = parts.take(pictures.photo(seed=2)).image
    kept = parts.delivery.deliver(asked(image))
    parts.library.trash(image.id, version=None)
    kept.path.parent.mkdir(parents=True)
    kept.path.write_bytes(b"written late")
    folder = derived.folder_of(parts.folder / "derived", image.id)
    past = time.time() - 60
    os.utime(folder, (past, past))

    audit = auditor.run()
    assert found(audit) == [(Drift.DANGLING, folder.name)]
    assert audit.derived == 3


def test_an_image_in_a_store_that_is_not_set_up(parts: Parts, auditor: Auditor) -> None:
    image = parts.take().image
    parts.database["images"].update_one({"id": image.id}, {"$set": {"store": "elsewhere"}})

    assert found(auditor.run()) == sorted(
        [(Drift.UNREACHABLE, image.id), (Drift.UNKNOWN, image.key)]
    )


def test_what_changes_during_the_audit_is_no_finding(
    parts: Parts, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    purged, replaced = (parts.take(pictures.photo(seed=seed)).image for seed in range(2))
    survey = parts.catalog.survey

    def changed_meanwhile(**options: Any) -> Any:
        page = survey(**options)
        if not options["behind"]:
            parts.library.purge(purged.id)
            parts.replacing.replace(replaced, parts.receive(pictures.photo(seed=5)))
            parts.take(pictures.photo(seed=6))
        return page

    monkeypatch.setattr(parts.catalog, "survey", changed_meanwhile)

    assert found(auditor.run()) == []


def test_a_store_that_does_not_answer_ends_it_and_nothing_is_recorded(
    parts: Parts, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(prefix: str = "") -> Iterator[Any]:
        raise StoreUnavailableError("Away.")

    monkeypatch.setattr(parts.store, "list", away)

    with pytest.raises(StoreUnavailableError):
        auditor.run()
    assert auditor.last() is None


def test_the_last_audit_is_remembered(parts: Parts, auditor: Auditor) -> None:
    auditor.run()
    parts.clock.advance(60)
    file_of(parts, parts.take().image).unlink()
    audit = auditor.run()
    parts.clock.advance(60)
    auditor.run(record=False)

    assert auditor.last() == audit
    assert audit.drift == {"missing": 1}


def test_only_some_findings_are_named_and_all_are_counted(
    parts: Parts, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "FINDINGS_KEPT", 3)
    for _ in range(5):
        record(parts.catalog, lease_s=-901)

    audit = auditor.run()

    assert (len(audit.findings), audit.total_drift) == (3, 5)


def test_its_progress_is_told(parts: Parts, auditor: Auditor) -> None:
    for _ in range(120):
        record(parts.catalog)
    told: list[tuple[int, int]] = []

    auditor.run(progress=lambda done, total: told.append((done, total)))

    assert told == [(50, 120), (100, 120), (120, 120)]


def test_memory_does_not_grow_with_the_documents(parts: Parts, auditor: Auditor) -> None:
    def peak(count: int) -> int:
        documents = [document_of(pending(status=Status.PENDING)) for _ in range(count)]
        lease = {"holder": "h", "renewed_at": parts.clock() + timedelta(days=9), "lasts_s": 60}
        parts.database["images"].insert_many(each | {"lease": lease} for each in documents)
        tracemalloc.start()
        try:
            auditor.run(record=False)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(2000)
    many = peak(8000)

    assert many < few * 1.5


class TestInTheCloud:
    @pytest.fixture
    def server(self) -> Iterator[CloudinaryServer]:
        with CloudinaryServer() as running:
            yield running

    @pytest.fixture
    def store(self, server: CloudinaryServer) -> CloudinaryStore:
        account = find_account(Given({"CLOUDINARY_URL": server.url}))
        assert account is not None
        return CloudinaryStore(account)

    @pytest.fixture
    def stores(self, parts: Parts, store: CloudinaryStore) -> Stores:
        return Stores([parts.store, store], for_new="cloudinary")

    @pytest.fixture
    def images(self, parts: Parts, stores: Stores, engine: Engine) -> list[Image]:
        """Two in the cloud, one here."""
        ingest = Ingest(
            catalog=parts.catalog,
            stores=stores,
            engine=engine,
            addresses=Addresses(stores, presets_from({})),
            now=parts.clock,
        )
        received = [parts.receive(pictures.photo(seed=seed)) for seed in range(2)]
        there = [ingest.take(each, Edit()).image for each in received]
        return [*there, parts.take(pictures.photo(seed=3)).image]

    @pytest.fixture
    def auditor(self, parts: Parts, stores: Stores, images: list[Image]) -> Auditor:
        assert len(images) == 3
        return auditor_of(parts, stores)

    def test_both_stores_agree(self, auditor: Auditor) -> None:
        audit = auditor.run()

        assert found(audit) == []
        assert (audit.objects, audit.hashed) == ({"cloudinary": 2, "local": 1}, 1)
        assert auditor.run(hashing=Hashing(where="all")).hashed == 3

    def test_what_was_deleted_in_the_account(
        self, auditor: Auditor, store: CloudinaryStore, images: list[Image]
    ) -> None:
        store.delete(images[0].key)

        assert found(auditor.run()) == [(Drift.MISSING, images[0].id)]

    def test_what_only_the_account_knows(
        self, auditor: Auditor, parts: Parts, images: list[Image]
    ) -> None:
        parts.database["images"].delete_one({"id": images[1].id})

        assert found(auditor.run()) == [(Drift.UNKNOWN, images[1].key)]

    def test_many_suspects_are_not_asked_about_one_by_one(
        self,
        auditor: Auditor,
        server: CloudinaryServer,
        parts: Parts,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(judging, "ASKED_AGAIN", 1)
        parts.database["images"].delete_many({"store": "cloudinary"})

        assert auditor.run().drift == {"unknown": 2}
        assert len(server.requests("resource")) == 1
