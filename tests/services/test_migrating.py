"""From one store to another, while the gallery is in use: nothing is lost, no address breaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gallery.catalog.audits import Audits
from gallery.catalog.migrations import MOST_FAILURES, Migrations, State
from gallery.errors import (
    ConflictError,
    GalleryError,
    InvalidInputError,
    NotFoundError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.model import Edit, Image, Particulars, Status
from gallery.services import moving
from gallery.services.audit import Auditor
from gallery.services.delivered import ElsewhereError
from gallery.services.judging import Hashing
from gallery.services.meanings import Asked
from gallery.services.migrating import Migrating, Progress
from gallery.services.moving import Moving, moved_version
from gallery.stores.registry import Stores
from gallery.transformation.address import read
from tests import pictures
from tests.catalog.making import at_once
from tests.services.breaking import DiedError, before, breaking
from tests.services.conftest import Parts, UnreliableStore, asked, mover_of
from tests.services.remote import VERSION, RemoteStore

HOUR_S = 3600.0
PHOTO = pictures.photo()
OTHER = pictures.photo(seed=2)


@dataclass(kw_only=True)
class Scene:
    """A gallery with its own disk and a cloud."""

    parts: Parts
    local: UnreliableStore
    cloud: RemoteStore
    moving: Moving
    migrating: Migrating

    def begin(self, from_: str = "local", to: str = "cloud", **bounds: Any) -> None:
        given: dict[str, Any] = {"keep_s": HOUR_S, "rate": None}
        self.migrating.begin(from_=from_, to=to, **given | bounds)

    def find(self, image: Image) -> Image:
        return self.parts.catalog.find(image.id, among=tuple(Status))

    def places(self) -> tuple[list[str], list[str]]:
        """The keys on our disk and those in the cloud."""
        return [each.key for each in self.local.list()], [each.key for each in self.cloud.list()]

    def document(self) -> dict[str, Any]:
        [document] = self.parts.database["images"].find()
        return dict(document)

    def progress(self) -> Progress:
        progress = self.migrating.progress()
        assert progress is not None
        return progress

    def state(self) -> State:
        return self.progress().order.state

    def bytes_of(self, image: Image) -> bytes:
        with self.parts.library.original(self.find(image)) as original:
            return original.read()

    def another_mover(self) -> Moving:
        return mover_of(self.parts)

    def time_passes(self) -> None:
        """Whatever stays has stayed long enough, and whoever held something is dead."""
        images = self.parts.database["images"]
        past = datetime(2020, 1, 1, tzinfo=UTC)
        images.update_many({"staying": {"$exists": True}}, {"$set": {"staying.$[].until": past}})
        images.update_many({"leaving": {"$exists": True}}, {"$unset": {"leaving.$[].until": ""}})
        images.update_many(
            {"migrating": {"$exists": True}},
            {"$set": {"migrating.lease.lasts_s": 0}, "$unset": {"migrating.not_before": ""}},
        )
        self.parts.database["migrations"].update_many({}, {"$unset": {"not_before": ""}})

    def drift(self, *, grace_s: float = 0) -> list[str]:
        auditor = Auditor(
            catalog=self.parts.catalog,
            stores=self.parts.stores,
            audits=Audits(self.parts.database),
            derived=self.parts.folder / "derived",
            incoming=self.parts.folder / "incoming",
            now=self.parts.clock,
        )
        audit = auditor.run(grace_s=grace_s, record=False, hashing=Hashing(where="all"))
        return [f"{each.drift} {each.name} {each.detail}" for each in audit.findings]

    def ends_clean(self) -> None:
        """Everything comes to its end, and all agrees."""
        self.time_passes()
        self.moving.run()
        self.time_passes()
        self.parts.sweep.run()
        for path in self.parts.received:
            path.unlink(missing_ok=True)
        assert self.drift() == []
        left = {"migrating", "leaving", "staying", "replacing", "lease"}
        for document in self.parts.database["images"].find():
            assert document.keys().isdisjoint(left), document


@pytest.fixture
def scene(make_parts: Callable[..., Parts], tmp_path: Path) -> Scene:
    local, cloud = UnreliableStore(tmp_path / "here"), RemoteStore(tmp_path / "cloud")
    parts = make_parts(others=Stores([local, cloud], for_new="local"))
    mover = mover_of(parts)
    orders = Migrations(parts.database)
    return Scene(
        parts=parts,
        local=local,
        cloud=cloud,
        moving=mover,
        migrating=Migrating(catalog=parts.catalog, orders=orders, stores=parts.stores),
    )


def test_every_image_moves_and_what_was_there_stays_for_a_while(scene: Scene) -> None:
    images = [scene.parts.take(pictures.photo(seed=seed)).image for seed in range(4)]
    scene.parts.library.trash(images[3].id, version=None)
    scene.begin()

    assert scene.moving.run() == 4

    for image in images:
        now = scene.find(image)
        assert (now.store, now.key, now.store_version) == ("cloud", f"{image.id}.1", VERSION)
        assert now.earlier_versions == (image.store_version,)
        assert now.moving_to == ""
        assert (now.version - scene.find(image).version, now.sha256) == (0, image.sha256)
    assert scene.find(images[0]).url.startswith(f"https://cloud.example/v{VERSION}/")
    assert scene.places() == (
        sorted(image.key for image in images),
        sorted(f"{image.id}.1" for image in images),
    )
    progress = scene.progress()
    assert (progress.order.state, progress.moved, progress.left) == (State.DONE, 4, 0)
    assert scene.drift() == []
    assert scene.parts.sweep.run().purged == 0
    scene.time_passes()
    assert scene.drift() != []
    assert scene.parts.sweep.run(dry_run=True).purged == 4
    assert scene.parts.sweep.run().purged == 4
    assert scene.places()[0] == []
    scene.ends_clean()


def test_an_address_of_before_leads_to_where_it_is(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    scene.moving.run()
    scene.ends_clean()

    with pytest.raises(ElsewhereError) as sent:
        scene.parts.delivery.deliver(asked(image))

    assert sent.value.url.startswith(f"https://cloud.example/v{VERSION}/")


def test_the_address_of_the_whole_leads_to_no_original(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    scene.moving.run()

    whole = read(f"image/upload/v{image.store_version}/{image.public_id}")
    with pytest.raises(ElsewhereError) as sent:
        scene.parts.delivery.deliver(Asked(address=whole, readings=whole.readings, signed=True))

    assert "/c_limit,f_auto,h_4096,q_auto,w_4096/" in sent.value.url


def test_what_is_laid_over_another_is_made_here_wherever_both_are(scene: Scene) -> None:
    image, logo = scene.parts.take(PHOTO).image, scene.parts.take(OTHER).image
    wanted = f"w_40/l_{logo.public_id},w_10/fl_layer_apply"
    before = scene.parts.delivery.deliver(asked(image, wanted)).content
    scene.begin()
    scene.moving.run()
    scene.ends_clean()
    scene.parts.delivery.forget(image.id)

    assert scene.parts.delivery.deliver(asked(image, wanted)).content == before


def test_there_and_back_the_bytes_are_the_same(scene: Scene) -> None:
    image = scene.parts.take(PHOTO, description="The old cherry").image
    scene.begin()
    scene.moving.run()
    there = scene.find(image)

    scene.begin(from_="cloud", to="local")
    scene.moving.run()

    back = scene.find(image)
    assert (back.store, back.key, back.description) == ("local", f"{image.id}.2", "The old cherry")
    assert back.url.startswith("/cdn/vitrine/")
    assert scene.bytes_of(image) == PHOTO.content
    for each in (image, there, back):
        assert scene.parts.delivery.deliver(asked(each)).content
    scene.ends_clean()
    assert scene.places() == ([back.key], [])


def test_the_version_stays_where_a_store_has_none_of_its_own(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    stored, now = scene.local.stat(image.key), scene.parts.clock()

    assert moved_version(stored, replace(image, store_version="77"), now).store_version == "77"
    moved = moved_version(
        stored, replace(image, store_version="2cdc28f0-017a", earlier_versions=("9999999999",)), now
    )
    assert moved.store_version == "10000000000"


def test_when_nothing_is_to_stay_it_goes_at_once(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin(keep_s=0)

    scene.moving.run()

    assert scene.places() == ([], [f"{image.id}.1"])
    assert scene.drift() == []


def test_what_comes_meanwhile_moves_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    before(monkeypatch, scene.cloud.kept, "put", lambda: scene.parts.take(OTHER))

    assert scene.moving.run() == 2
    assert scene.find(image).store == "cloud"
    assert scene.state() is State.DONE


def test_one_that_is_edited_while_it_moves_arrives_with_its_new_words(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    words = Edit(description="New words")
    before(
        monkeypatch,
        scene.cloud.kept,
        "put",
        lambda: scene.parts.library.edit(image.id, words, version=None),
    )

    assert scene.moving.run() == 1

    now = scene.find(image)
    assert (now.store, now.description) == ("cloud", "New words")
    scene.ends_clean()


def test_one_that_is_trashed_while_it_moves_arrives_in_the_trash(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    before(
        monkeypatch,
        scene.cloud.kept,
        "put",
        lambda: scene.parts.library.trash(image.id, version=None),
    )

    assert scene.moving.run() == 1
    assert (scene.find(image).store, scene.find(image).status) == ("cloud", Status.TRASHED)
    scene.ends_clean()


def test_one_that_is_purged_while_it_moves_leaves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    before(monkeypatch, scene.cloud.kept, "put", lambda: scene.parts.library.purge(image.id))

    assert scene.moving.run() == 0
    scene.time_passes()
    scene.parts.sweep.run()

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))


@pytest.mark.parametrize("begun", ["before", "after"])
def test_one_that_is_replaced_while_it_moves_ends_in_the_new_picture(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    """``before``: the replacement was recorded before the move began, and flips in its middle."""
    image = scene.parts.take(PHOTO).image

    def replaces() -> None:
        scene.parts.replacing.replace(scene.find(image), scene.parts.receive(OTHER))

    if begun == "after":
        scene.begin()
        before(monkeypatch, scene.cloud.kept, "put", replaces)
        assert scene.moving.run() == 1, "the new picture moves as well"
    else:

        def moves() -> None:
            scene.begin()
            scene.moving.run()

        before(monkeypatch, scene.local, "put", moves)
        replaces()
    scene.ends_clean()

    now = scene.find(image)
    assert scene.bytes_of(image) == OTHER.content
    assert (now.store, now.earlier_versions[1:]) == ("cloud", ())
    assert scene.places() == ([], [now.key])


def test_a_mark_that_came_after_a_replacement_was_recorded_goes_with_it(scene: Scene) -> None:
    """Its mover would bring the picture before."""
    image = scene.parts.take(PHOTO).image
    scene.begin()
    order = scene.progress().order
    replacement = scene.parts.catalog.record_replacement(
        image.id, lambda now, key: replace(now, key=key), version=None, holder="one", lease_s=60
    )
    assert not scene.parts.catalog.begin_move(order, images_only=True, holder="two", lease_s=60)
    scene.parts.database["images"].update_one({}, {"$rename": {"replacing": "put_aside"}})
    assert scene.parts.catalog.begin_move(order, images_only=True, holder="two", lease_s=60)
    scene.parts.database["images"].update_one({}, {"$rename": {"put_aside": "replacing"}})

    stored = scene.local.put(replacement.after.key, scene.parts.receive(PHOTO))
    stored = replace(stored, store_version="7")
    scene.parts.catalog.finish_replacement(image.id, holder="one", stored=stored, url="/cdn/x")

    assert "migrating" not in scene.document()
    assert {each["key"] for each in scene.document()["leaving"]} == {image.key, f"{image.id}.2"}


def test_a_purge_takes_what_stays_as_well(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    scene.moving.run()

    scene.parts.library.purge(image.id)

    assert (scene.parts.statuses(), scene.places()) == ([], ([], []))


def test_of_a_picture_that_was_replaced_nothing_stays(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    scene.moving.run()
    assert scene.places()[0] == [image.key]

    now = scene.parts.replacing.replace(scene.find(image), scene.parts.receive(OTHER))

    assert scene.places() == ([now.key], [])


def test_many_movers_move_each_image_once(scene: Scene) -> None:
    images = [scene.parts.take(pictures.photo(seed=seed)).image for seed in range(8)]
    scene.begin()
    movers = [scene.moving, *(scene.another_mover() for _ in range(3))]

    results = at_once(4, lambda number: movers[number].run())

    assert sum(each for each in results if isinstance(each, int)) == len(images)
    assert scene.cloud.kept.calls.count("put") == len(images)
    assert scene.state() is State.DONE
    scene.ends_clean()


STEPS = [
    ("catalog", "begin_move", True),
    ("cloud", "put", False),
    ("cloud", "put", True),
    ("catalog", "finish_move", False),
    ("catalog", "finish_move", True),
    ("orders", "note_success", False),
    ("replacing", "delete_left", False),
    ("local", "delete", True),
    ("catalog", "forget_left", False),
    ("orders", "end", False),
]


@pytest.mark.parametrize(("part", "call", "after"), STEPS)
def test_a_mover_that_dies_anywhere_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, part: str, call: str, after: bool
) -> None:
    monkeypatch.setattr(moving, "LEASE_S", 0)
    image = scene.parts.take(PHOTO).image
    scene.begin(keep_s=0)
    where: Any = {
        "catalog": scene.parts.catalog,
        "replacing": scene.parts.replacing,
        "cloud": scene.cloud,
        "local": scene.local,
        "orders": scene.moving._migrating._orders,
    }[part]

    with breaking(where, call, after=after):
        with suppress(DiedError):
            scene.moving.run()
        assert scene.bytes_of(image) == PHOTO.content

    scene.moving.run()
    scene.parts.sweep.run()
    assert scene.state() is State.DONE
    assert scene.find(image).store == "cloud"
    assert scene.places() == ([], [scene.find(image).key])
    scene.ends_clean()


def test_paused_it_begins_nothing_and_resumed_it_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(4):
        scene.parts.take(pictures.photo(seed=seed))
    scene.begin()
    before(monkeypatch, scene.cloud.kept, "put", scene.migrating.pause)

    moved = scene.moving.run()

    assert 1 <= moved <= 2, "what was on its way arrives"
    assert scene.moving.run() == 0
    assert (scene.state(), scene.progress().moved) == (State.PAUSED, moved)
    scene.migrating.resume()
    assert scene.moving.run() == 4 - moved
    assert scene.state() is State.DONE
    with pytest.raises(NotFoundError):
        scene.migrating.pause()


def test_turned_back_everything_goes_home(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [scene.parts.take(pictures.photo(seed=seed)).image for seed in range(4)]
    scene.begin()
    before(monkeypatch, scene.cloud.kept, "put", scene.migrating.pause)
    scene.moving.run()

    scene.migrating.turn_back()
    scene.moving.run()

    assert {scene.find(image).store for image in images} == {"local"}
    progress = scene.progress()
    assert (progress.order.is_back, progress.order.state) == (True, State.DONE)
    assert (progress.moved, progress.left) == (scene.cloud.kept.calls.count("put"), 0)
    scene.ends_clean()
    assert scene.places()[1] == []
    with pytest.raises(ConflictError):
        scene.migrating.turn_back()


def test_what_was_there_before_does_not_go_back_with_the_others(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    scene.moving.run()
    scene.parts.take(OTHER)
    scene.begin()
    scene.moving.run()

    scene.migrating.turn_back()
    scene.moving.run()

    assert scene.find(image).store == "cloud"
    assert sorted(each["store"] for each in scene.parts.database["images"].find()) == [
        "cloud", "local"
    ]  # fmt: skip


def test_a_mover_that_died_before_it_was_turned_back_leaves_no_mark(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()

    with breaking(scene.parts.catalog, "finish_move"), suppress(DiedError):
        scene.moving.run()
    scene.migrating.turn_back()
    assert "migrating" in scene.document(), "somebody may be at it"

    scene.time_passes()
    scene.moving.run()
    assert "migrating" not in scene.document()
    scene.ends_clean()
    assert scene.places() == ([image.key], [])


def test_what_the_store_refuses_stays_with_the_reason(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.begin()
    scene.cloud.kept.fails("put", TooLargeError("Too large for the cloud."))

    assert scene.moving.run() == 0

    progress = scene.progress()
    assert (progress.order.state, progress.left, progress.refused) == (State.DONE, 1, 1)
    assert progress.order.refusals == ((image.id, "Too large for the cloud."),)
    scene.moving.run()
    assert "migrating" not in scene.document()
    assert scene.bytes_of(image) == PHOTO.content
    scene.cloud.kept.works()
    scene.begin()
    assert scene.moving.run() == 1
    scene.ends_clean()


def test_an_original_that_is_not_what_it_was_is_not_passed_on(scene: Scene) -> None:
    image = scene.parts.take(PHOTO).image
    scene.local.path_of(image.key).write_bytes(PHOTO.content[:-1] + b"!")
    scene.begin()

    scene.moving.run()

    progress = scene.progress()
    assert progress.refused == 1
    assert "other bytes" in progress.order.refusals[0][1]
    assert scene.places() == ([image.key], [])


def test_an_original_that_is_gone_keeps_nobody_waiting(scene: Scene) -> None:
    image, whole = scene.parts.take(PHOTO).image, scene.parts.take(OTHER).image
    scene.local.path_of(image.key).unlink()
    scene.begin()

    assert scene.moving.run() == 1

    assert scene.find(whole).store == "cloud"
    assert (scene.state(), scene.progress().refused) == (State.DONE, 1)


def test_after_many_failures_the_store_is_left_alone_and_says_why(scene: Scene) -> None:
    for seed in range(MOST_FAILURES + 3):
        scene.parts.take(pictures.photo(seed=seed))
    scene.begin()
    scene.cloud.kept.fails("put", StoreError("The key is wrong."))

    scene.moving.run()

    order = scene.progress().order
    assert (order.state, order.problem) == (State.RUNNING, "The key is wrong.")
    assert MOST_FAILURES <= scene.cloud.kept.calls.count("put") <= MOST_FAILURES + 2
    assert order.rests_s > 0
    scene.cloud.kept.works()
    assert scene.moving.run() == 0
    scene.migrating.resume()
    scene.time_passes()
    scene.moving.run()
    assert scene.state() is State.DONE
    scene.ends_clean()


@pytest.mark.parametrize("store", ["local", "cloud"])
def test_a_store_that_does_not_answer_is_tried_again_later(scene: Scene, store: str) -> None:
    scene.parts.take(PHOTO)
    scene.begin()
    away = StoreUnavailableError("It does not answer.")
    scene.cloud.kept.fails("put", away)
    if store == "local":
        scene.cloud.is_away = True

    assert scene.moving.run() == 0

    assert (scene.state(), scene.progress().refused) == (State.RUNNING, 0)
    scene.cloud.is_away = False
    scene.cloud.kept.works()
    scene.ends_clean()
    assert scene.state() is State.DONE


def test_a_rate_is_kept_by_all_movers_together(scene: Scene) -> None:
    for seed in range(8):
        scene.parts.take(pictures.photo(seed=seed))
    scene.begin(rate=4)
    movers = [scene.moving, scene.another_mover()]
    began = time.monotonic()

    at_once(2, lambda number: movers[number].run())

    # A second's worth and one may go at once; the others follow a quarter of a second apart.
    assert time.monotonic() - began >= 0.75
    assert scene.state() is State.DONE


def test_raw_files_stay_where_a_store_keeps_pictures_alone(scene: Scene) -> None:
    raw = scene.parts.ingest.take(
        scene.parts.receive(PHOTO),
        Edit(),
        keep_duplicates=True,
        particulars=Particulars(resource_type="raw", extension="bin"),
    ).image
    image = scene.parts.take(PHOTO).image
    assert scene.migrating.extent(from_="local", to="cloud").images == 1
    scene.begin()

    scene.moving.run()

    assert scene.state() is State.DONE
    assert (scene.find(raw).store, scene.find(image).store) == ("local", "cloud")


def test_new_photographs_are_not_kept_waiting(scene: Scene) -> None:
    """A migration may take days: what comes from the spool goes first."""
    image = scene.parts.take(PHOTO).image
    scene.begin()
    spooled = {"to": "cloud", "key": image.id}
    scene.parts.database["images"].update_one({}, {"$set": {"migrating": spooled}})

    move, _ = scene.moving._claim()

    assert move is not None
    assert (move.leg, move.key) == ("", image.id)


def test_how_much_there_is_to_move(scene: Scene) -> None:
    assert scene.migrating.progress() is None
    scene.parts.take(PHOTO)
    scene.parts.take(OTHER)

    extent = scene.migrating.extent(from_="local", to="cloud")

    sizes = len(PHOTO.content) + len(OTHER.content)
    assert (extent.images, extent.bytes, extent.too_large) == (2, sizes, 0)
    assert scene.migrating.extent(from_="cloud", to="local").images == 0


@pytest.mark.parametrize(
    ("from_", "to", "bounds", "error"),
    [
        ("local", "local", {}, InvalidInputError),
        ("local", "nowhere", {}, InvalidInputError),
        ("spool", "cloud", {}, InvalidInputError),
        ("local", "cloud", {"rate": 0}, InvalidInputError),
        ("local", "cloud", {"rate": -1.0}, InvalidInputError),
        ("local", "cloud", {"rate": float("nan")}, InvalidInputError),
    ],
)
def test_what_is_no_order(
    scene: Scene, from_: str, to: str, bounds: dict[str, Any], error: type[GalleryError]
) -> None:
    with pytest.raises(error):
        scene.begin(from_, to, **bounds)
    assert scene.migrating.progress() is None


def test_one_at_a_time_and_the_same_again_goes_on(scene: Scene) -> None:
    scene.parts.take(PHOTO)
    scene.begin(rate=1)
    scene.migrating.pause()
    first = scene.progress().order

    scene.begin(rate=None)

    again = scene.progress().order
    assert (again.id, again.rate, again.state) == (first.id, None, State.RUNNING)
    with pytest.raises(ConflictError, match="from local to cloud is running"):
        scene.begin("cloud", "local")


def test_what_is_being_moved_is_given_back_at_the_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.parts.take(PHOTO)
    scene.begin()
    leases: list[bool] = []

    def told_to_end() -> None:
        scene.moving.stop()
        scene.moving.release()
        leases.append("lease" in scene.document()["migrating"])

    before(monkeypatch, scene.cloud.kept, "put", told_to_end)
    scene.moving.run()

    assert leases == [False]
    assert scene.another_mover().run() == 1
    scene.ends_clean()
