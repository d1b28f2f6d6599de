"""While its store is away an image waits in the spool, to be seen at once; then it moves on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.blobs import Blobs
from gallery.catalog.leases import LATE_S
from gallery.catalog.wakes import Wakes
from gallery.errors import (
    BusyError,
    DatabaseUnavailableError,
    GalleryError,
    KeyTakenError,
    SpoolFullError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.imaging.sandbox import Engine
from gallery.model import Edit, Image, Status
from gallery.services import holding, ingest, mending, moving
from gallery.services.moving import FIRST_PAUSE_S, LONGEST_PAUSE_S, Moving, pause
from gallery.services.reconcile import Swept
from gallery.stores.base import MediaStore
from gallery.stores.registry import Stores
from gallery.stores.spool import BlobSpool, DiskSpool
from tests import pictures
from tests.catalog.making import at_once
from tests.programs import eventually
from tests.services.breaking import DiedError, before, breaking
from tests.services.conftest import SECRET, Parts, mover_of
from tests.services.remote import VERSION, RemoteStore

PHOTO = pictures.photo()
OTHER = pictures.photo(seed=2)

AWAY = StoreUnavailableError("The cloud does not answer.")


@dataclass(kw_only=True)
class Scene:
    """A gallery whose images are for a cloud."""

    parts: Parts
    cloud: RemoteStore
    spool: MediaStore
    moving: Moving

    def goes_away(self, *, known: bool = False, kept: bool = False) -> None:
        """Nothing is answered; ``kept``: although puts are done. ``known``: nobody asks then."""
        self.cloud.is_away = known
        self.cloud.kept.fails("put", AWAY, after=kept)
        self.cloud.kept.fails("stat", AWAY)
        self.cloud.kept.fails("delete", AWAY)

    def comes_back(self) -> None:
        self.cloud.is_away = False
        self.cloud.kept.works()

    def find(self, image: Image) -> Image:
        return self.parts.catalog.find(image.id)

    def places(self) -> tuple[list[str], list[str]]:
        """The keys in the spool and those in the cloud."""
        return [each.key for each in self.spool.list()], [each.key for each in self.cloud.list()]

    def document(self) -> dict[str, Any]:
        [document] = self.parts.database["images"].find()
        return dict(document)

    def due(self) -> None:
        """Whatever was put off may be tried now."""
        self.parts.database["images"].update_many({}, {"$unset": {"migrating.not_before": ""}})


@pytest.fixture(params=["files", "blobs"])
def scene(
    request: pytest.FixtureRequest,
    make_parts: Callable[..., Parts],
    tmp_path: Path,
    database: Database[dict[str, Any]],
    engine: Engine,
) -> Scene:
    return make_scene(request.param, make_parts, tmp_path, database, engine)


def make_scene(
    kind: str,
    make_parts: Callable[..., Parts],
    folder: Path,
    database: Database[dict[str, Any]],
    engine: Engine,
    *,
    max_bytes: int = 10**9,
) -> Scene:
    cloud = RemoteStore(folder / "cloud")
    own: dict[str, Any] = {"max_bytes": max_bytes, "cloud_name": "vitrine", "secret": SECRET}
    spool: MediaStore = (
        DiskSpool(folder / "spool", **own)
        if kind == "files"
        else BlobSpool(Blobs(database, "spool"), **own)
    )
    parts = make_parts(others=Stores([cloud, spool], for_new="cloud"))
    mover = mover_of(parts)
    return Scene(parts=parts, cloud=cloud, spool=spool, moving=mover)


def arrived(scene: Scene, image: Image) -> Image:
    """The image, where it belongs: one object in the cloud, none in the spool, nothing begun."""
    now = scene.find(image)
    assert scene.places() == ([], [now.key])
    assert (now.store, now.moving_to, now.store_version) == ("cloud", "", VERSION)
    assert now.url.startswith(f"https://cloud.example/v{VERSION}/")
    assert scene.document().keys().isdisjoint({"migrating", "leaving", "replacing", "lease"})
    return now


@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept"])
def test_a_photo_is_seen_at_once_and_moves_on(scene: Scene, kept: bool) -> None:
    scene.goes_away(kept=kept)

    image = scene.parts.take(PHOTO, description="The old cherry").image

    assert (image.status, image.store, image.moving_to) == (Status.READY, "spool", "cloud")
    assert image.url.startswith("/cdn/vitrine/")
    with scene.parts.library.original(image) as original:
        assert original.read() == PHOTO.content
    assert scene.places() == ([image.key], [image.key] if kept else [])
    scene.comes_back()
    assert scene.moving.run() == 1
    now = arrived(scene, image)
    assert (now.description, now.created_at) == ("The old cherry", image.created_at)
    assert now.version == image.version + 1


def test_of_a_store_that_is_known_to_be_away_nothing_is_asked(scene: Scene) -> None:
    scene.goes_away(known=True)

    image = scene.parts.take(PHOTO).image

    assert image.store == "spool"
    assert scene.cloud.kept.calls == []
    assert scene.moving.run() == 0
    assert scene.cloud.kept.calls == []


def test_when_all_its_places_are_taken_the_spool_takes_it(scene: Scene) -> None:
    scene.cloud.kept.fails("put", BusyError("Many photos are on their way."))

    assert scene.parts.take(PHOTO).image.store == "spool"


def test_the_same_bytes_are_the_same_image_there_too(scene: Scene) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image

    again = scene.parts.take(PHOTO)

    assert again.duplicate
    assert again.image == image


@pytest.mark.parametrize("known", [False, True], ids=["noticed", "known"])
def test_a_full_spool_leaves_nothing_that_is_in_the_way(
    make_parts: Callable[..., Parts],
    tmp_path: Path,
    database: Database[dict[str, Any]],
    engine: Engine,
    known: bool,
) -> None:
    scene = make_scene("files", make_parts, tmp_path, database, engine, max_bytes=10)
    scene.goes_away(known=known, kept=not known)

    with pytest.raises(SpoolFullError) as refusal:
        scene.parts.take(PHOTO)
    assert refusal.value.retry_after_s

    scene.comes_back()
    assert not scene.parts.take(PHOTO).duplicate


def test_what_could_not_be_deleted_goes_when_the_store_is_back(
    make_parts: Callable[..., Parts],
    tmp_path: Path,
    database: Database[dict[str, Any]],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest, "LEASE_S", 0)
    scene = make_scene("files", make_parts, tmp_path, database, engine, max_bytes=10)
    scene.goes_away(kept=True)
    with pytest.raises(SpoolFullError):
        scene.parts.take(PHOTO)
    assert len(scene.places()[1]) == 1

    scene.comes_back()
    assert scene.parts.sweep.run() == Swept()
    scene.parts.pass_time(LATE_S)
    assert scene.parts.sweep.run() == Swept(purged=1)

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))


def test_a_photo_that_was_edited_meanwhile_moves_as_it_is(scene: Scene) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()

    scene.parts.library.edit(image.id, Edit(description="New words"), version=None)
    scene.moving.run()

    assert arrived(scene, image).description == "New words"


def test_an_edit_that_read_it_before_it_moved_begins_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it would bring back where the image lay."""
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    looked = scene.parts.catalog._ready

    def slowly(*args: Any) -> Image:
        before = looked(*args)
        scene.moving.run()
        return before

    monkeypatch.setattr(scene.parts.catalog, "_ready", slowly)
    edited = scene.parts.library.edit(image.id, Edit(description="New words"), version=None)

    assert edited == arrived(scene, image)


def test_one_in_the_trash_moves_too_and_comes_back_whole(scene: Scene) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.parts.library.trash(image.id, version=None)
    scene.comes_back()

    scene.moving.run()

    scene.parts.library.restore(image.id)
    arrived(scene, image)


@pytest.mark.parametrize("tried", [False, True], ids=["waiting", "kept without an answer"])
def test_one_that_is_purged_before_it_moved_leaves_nothing(scene: Scene, tried: bool) -> None:
    scene.goes_away(kept=tried)
    image = scene.parts.take(PHOTO).image
    scene.comes_back()

    scene.parts.library.purge(image.id)

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))
    assert scene.moving.run() == 0


def test_one_that_is_purged_while_it_moves_leaves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    before(monkeypatch, scene.cloud.kept, "put", lambda: scene.parts.library.purge(image.id))

    assert scene.moving.run() == 0
    scene.parts.sweep.run()

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))


def test_a_purge_keeps_in_mind_what_a_dead_mover_may_still_bring(scene: Scene) -> None:
    """Its put can arrive after the purge; for a while after its lease the document stays."""
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    move = scene.parts.catalog.claim_move(to=["cloud"], holder="dead", lease_s=300)
    assert move
    scene.comes_back()

    scene.parts.library.purge(image.id)
    assert scene.parts.statuses() == ["deleting"]
    scene.cloud.put(image.key, scene.parts.receive(PHOTO))
    scene.parts.pass_time(300)
    scene.parts.sweep.run()
    assert scene.parts.statuses() == ["deleting"]
    scene.parts.pass_time(LATE_S)
    scene.parts.sweep.run()

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))


def test_a_replacement_takes_the_place_of_one_that_waits(scene: Scene) -> None:
    scene.goes_away(kept=True)
    image = scene.parts.take(PHOTO).image

    scene.goes_away()
    now = scene.parts.replacing.replace(scene.find(image), scene.parts.receive(OTHER))

    assert (now.store, now.moving_to, now.key) == ("spool", "cloud", f"{image.id}.1")
    assert [now.key] == scene.places()[0]
    scene.comes_back()
    scene.parts.sweep.run()
    scene.moving.run()
    assert arrived(scene, image).sha256 == now.sha256


def test_a_replacement_waits_for_the_store_like_any_image(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    assert image.store == "cloud"
    scene.goes_away(kept=True)

    now = scene.parts.replacing.replace(image, scene.parts.receive(OTHER))

    assert (now.store, now.moving_to) == ("spool", "cloud")
    scene.comes_back()
    scene.moving.run()
    scene.parts.sweep.run()
    assert arrived(scene, image).sha256 == now.sha256


def test_one_that_is_replaced_while_it_moves_ends_in_the_new_picture(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    before(
        monkeypatch,
        scene.cloud.kept,
        "put",
        lambda: scene.parts.replacing.replace(scene.find(image), scene.parts.receive(OTHER)),
    )

    assert scene.moving.run() == 0
    document = scene.document()
    for left in document.get("leaving", []):  # Nobody can be putting it there any more.
        left["until"] = document["updated_at"]
    scene.parts.database["images"].update_one(
        {}, {"$set": {"leaving": document.get("leaving", [])}}
    )
    scene.parts.sweep.run()

    assert scene.find(image).key == f"{image.id}.1"
    assert scene.places() == ([], [f"{image.id}.1"])


def test_a_replacement_that_began_before_the_move_knows_where_its_object_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away(known=True)
    image = scene.parts.take(PHOTO).image
    put = scene.spool.put

    def slowly(key: str, original: Any) -> Any:
        scene.comes_back()
        assert scene.moving.run() == 1
        return put(key, original)

    monkeypatch.setattr(scene.spool, "put", slowly)
    now = scene.parts.replacing.replace(scene.find(image), scene.parts.receive(OTHER))

    assert (now.store, now.moving_to) == ("spool", "cloud")
    with scene.parts.library.original(now) as original:
        assert original.read() == OTHER.content
    scene.moving.run()
    arrived(scene, image)


@pytest.mark.parametrize("refusal", [TooLargeError("Too large."), KeyTakenError("Taken.")])
def test_what_the_store_refuses_stays_with_the_reason(scene: Scene, refusal: GalleryError) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    scene.cloud.kept.fails("put", refusal)

    assert scene.moving.run() == 0

    assert scene.places() == ([image.key], [])
    waiting = scene.parts.catalog.waiting()
    assert (waiting.images, waiting.refused, waiting.problem) == (1, 1, refusal.detail)
    scene.comes_back()
    assert scene.moving.run() == 0  # Not today.
    scene.due()
    assert scene.moving.run() == 1
    arrived(scene, image)
    assert scene.parts.catalog.waiting().images == 0


def test_a_spool_that_cannot_be_read_is_not_the_fault_of_the_store(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()

    def unread(*_: Any) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(scene.moving, "_original_of", unread)
        assert scene.moving.run() == 0

    assert scene.parts.catalog.waiting().problem == ""
    scene.due()
    scene.moving.run()
    arrived(scene, image)


def test_a_store_that_does_not_answer_is_tried_again_later(scene: Scene) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image

    assert scene.moving.run() == 0
    assert scene.moving.run() == 0

    assert scene.document()["migrating"]["tries"] in (1, 2)
    assert scene.parts.catalog.waiting().problem == ""
    scene.comes_back()
    scene.due()
    scene.moving.run()
    arrived(scene, image)


@pytest.mark.parametrize("scene", ["blobs"], indirect=True)
def test_what_somebody_cleared_from_the_disk_meanwhile_is_sent_again_soon(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away(known=True)
    image = scene.parts.take(PHOTO).image
    scene.comes_back()

    def clears_the_disk() -> None:
        shutil.rmtree(scene.parts.folder / "incoming")

    before(monkeypatch, scene.cloud.kept, "put", clears_the_disk)

    assert scene.moving.run() == 0
    assert (scene.find(image).store, scene.document()["migrating"]["tries"]) == ("spool", 1)
    assert "lease" not in scene.document()["migrating"]
    monkeypatch.undo()
    scene.due()
    assert scene.moving.run() == 1
    arrived(scene, image)


def test_pauses_grow_and_are_spread() -> None:
    drawn = [[pause(tries) for _ in range(200)] for tries in range(1, 9)]

    for nth, each in enumerate(drawn):
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**nth)
        assert min(each) < longest / 4
        assert longest * 3 / 4 < max(each) <= longest


def test_many_movers_move_each_image_once(scene: Scene) -> None:
    scene.goes_away()
    images = [scene.parts.take(pictures.photo(seed=seed)).image for seed in range(6)]
    scene.comes_back()
    scene.cloud.kept.calls.clear()

    results = at_once(4, lambda _: scene.moving.run())

    assert sum(each for each in results if isinstance(each, int)) == len(images)
    assert scene.cloud.kept.calls.count("put") == len(images)
    assert scene.places() == ([], sorted(image.key for image in images))


STEPS = [
    ("catalog", "claim_move", True),
    ("cloud", "put", False),
    ("cloud", "put", True),
    ("catalog", "finish_move", False),
    ("catalog", "finish_move", True),
    ("replacing", "delete_left", False),
    ("spool", "delete", True),
    ("catalog", "forget_left", False),
]


@pytest.mark.parametrize(("part", "call", "after"), STEPS)
def test_a_mover_that_dies_anywhere_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, part: str, call: str, after: bool
) -> None:
    monkeypatch.setattr(moving, "LEASE_S", 0)
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    where: Any = {
        "catalog": scene.parts.catalog,
        "replacing": scene.parts.replacing,
        "cloud": scene.cloud,
        "spool": scene.spool,
    }[part]

    with breaking(where, call, after=after):
        with suppress(DiedError):
            scene.moving.run()
        with scene.parts.library.original(scene.find(image)) as original:
            assert original.read() == PHOTO.content

    scene.moving.run()
    scene.parts.sweep.run()
    arrived(scene, image)


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
def test_a_database_that_does_not_answer_takes_nothing_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(moving, "LEASE_S", 0)
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()

    with (
        breaking(scene.parts.catalog, "finish_move", DatabaseUnavailableError(), after=after),
        pytest.raises(DatabaseUnavailableError),
    ):
        scene.moving.run()

    scene.moving.run()
    scene.parts.sweep.run()
    arrived(scene, image)


def test_whoever_wakes_late_does_not_win_and_deletes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()

    def another_moves_it() -> None:
        scene.parts.database["images"].update_one({}, {"$set": {"migrating.lease.lasts_s": 0}})
        move = scene.parts.catalog.claim_move(to=["cloud"], holder="another", lease_s=300)
        assert move
        assert scene.moving._try(move)

    before(monkeypatch, scene.cloud.kept, "put", another_moves_it)

    assert scene.moving.run() == 0
    arrived(scene, image)


@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept"])
def test_a_crash_before_the_spool_took_it_frees_the_bytes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """The store is still away, and the sender tries again."""
    monkeypatch.setattr(ingest, "LEASE_S", 0)
    monkeypatch.setattr(mending, "LEASE_S", 0)
    scene.goes_away(kept=kept)

    with breaking(scene.spool, "put"), suppress(DiedError):
        scene.parts.take(PHOTO)
    scene.cloud.is_away = True
    scene.parts.sweep.run()
    image = scene.parts.take(PHOTO)

    assert not image.duplicate
    scene.comes_back()
    scene.parts.pass_time(LATE_S)
    scene.parts.sweep.run()
    scene.moving.run()
    arrived(scene, image.image)


def test_what_is_being_moved_is_given_back_at_the_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.goes_away()
    scene.parts.take(PHOTO)
    scene.comes_back()
    leases: list[bool] = []

    def told_to_end() -> None:
        scene.moving.stop()
        scene.moving.release()
        leases.append("lease" in scene.document()["migrating"])

    before(monkeypatch, scene.cloud.kept, "put", told_to_end)
    scene.moving.run()

    assert leases == [False]


def test_once_stopped_it_begins_nothing(scene: Scene) -> None:
    scene.goes_away()
    scene.parts.take(PHOTO)
    scene.comes_back()

    scene.moving.stop()

    assert scene.moving.run() == 0
    assert "lease" not in scene.document()["migrating"]


def test_an_object_that_came_too_late_is_deleted(scene: Scene) -> None:
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    move = scene.parts.catalog.claim_move(to=["cloud"], holder="slow", lease_s=0)
    assert move
    scene.parts.library.purge(image.id)
    stored = scene.cloud.put(image.key, scene.parts.receive(PHOTO))

    assert not scene.moving._arrive(move, stored)
    scene.parts.sweep.run()

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))


def test_what_a_crash_left_of_a_spooled_file_is_swept(
    scene: Scene, database: Database[dict[str, Any]]
) -> None:
    if not isinstance(scene.spool, BlobSpool):
        return  # Of files the sweep looks after in any store.
    Blobs(database, "spool").create("half").write(b"-" * 2 * 1024 * 1024)

    assert scene.parts.sweep.run().removed == 0
    # What it is named by knows seconds only.
    assert scene.parts.sweep.run(grace_s=-2).removed == 1

    assert database["spool.chunks"].count_documents({}) == 0


def test_a_wake_tells_of_what_is_ready_to_go(scene: Scene) -> None:
    stop, woken = threading.Event(), threading.Semaphore(0)

    def listen() -> None:
        for _ in Wakes(scene.parts.database).watch(stop):
            woken.release()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        assert woken.acquire(timeout=30)  # It listens.
        scene.goes_away()
        scene.parts.take(PHOTO)
        assert woken.acquire(timeout=30)
    finally:
        stop.set()
        listening.join()


def test_a_move_keeps_what_is_its_own_as_long_as_it_takes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "RENEWED_EVERY_S", 0.01)
    scene.goes_away()
    image = scene.parts.take(PHOTO).image
    scene.comes_back()
    renew, renewals = scene.parts.catalog.renew_move, list[bool]()

    def counted(*given: Any, **named: Any) -> bool:
        renewals.append(renew(*given, **named))
        return renewals[-1]

    monkeypatch.setattr(scene.parts.catalog, "renew_move", counted)
    before(monkeypatch, scene.cloud.kept, "put", lambda: eventually(lambda: len(renewals) > 2, 30))

    assert scene.moving.run() == 1
    assert all(renewals)
    arrived(scene, image)
