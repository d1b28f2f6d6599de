"""Files that go straight to a store by tickets become images, each once, whatever stops midway."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gallery.catalog.upload import Upload, UploadStatus
from gallery.catalog.uploads import KEPT
from gallery.catalog.wakes import Wakes
from gallery.errors import (
    BusyError,
    ConflictError,
    DamagedUploadError,
    NotFoundError,
    StoreUnavailableError,
    TooLargeError,
    TooManyRequestsError,
    UnsupportedFormatError,
)
from gallery.services import uploads
from gallery.services.arrivals import FIRST_LOOK, LATE, LOOK_EVERY
from gallery.services.ingest import Ingest
from gallery.services.tickets import Issued, Method
from gallery.stores.abilities import SupportsTickets
from gallery.stores.registry import Stores
from gallery.stores.spool import DiskSpool
from tests import pictures
from tests.conftest import Clock
from tests.services.breaking import DiedError, breaking
from tests.services.conftest import SECRET, Parts
from tests.services.ticketed import HOLDS, TicketStore
from tests.services.uploading import (
    ME,
    Uploading,
    end_leases,
    uploading_on,
)

PHOTO = pictures.photo().content
OTHER = pictures.photo(seed=3).content
AWAY = StoreUnavailableError("The cloud does not answer.")


@dataclass(kw_only=True)
class Scene:
    """A gallery whose new images go to a cloud that gives tickets."""

    parts: Parts
    pieces: Uploading
    cloud: TicketStore

    def sent(self, content: bytes = PHOTO, *, announced: bytes = PHOTO, **told: Any) -> Upload:
        """An upload that its sender has brought to the cloud, and told nobody."""
        issued = self.issue(announced, **told)
        assert issued.ticket
        self.cloud.send(issued.ticket, content)
        return issued.upload

    def issue(self, announced: bytes = PHOTO, **told: Any) -> Issued:
        return self.pieces.issue(announced, **told)

    def finish(self, upload: Upload) -> Upload:
        return self.pieces.finishing.finish(upload)

    def now(self, upload: Upload) -> Upload:
        return self.pieces.uploads.find(upload.id, ME)

    def upkeep(self) -> None:
        self.pieces.finishing.run()

    def objects(self) -> list[str]:
        return [each.key for each in self.cloud.list()]

    def nothing_left(self) -> bool:
        return self.parts.statuses() == self.objects() == [*self.cloud.came] == []

    def is_whole(self, upload: Upload) -> bool:
        """Whether the upload has become its image, and nothing else is left of it anywhere."""
        [document] = self.parts.database["images"].find()
        assert (document["id"], document["status"]) == (upload.id, "ready")
        assert (document["store"], self.objects()) == ("cloud", [upload.id])
        assert (self.now(upload).status, self.cloud.came) == (UploadStatus.READY, {})
        return list((self.parts.folder / "incoming").iterdir()) == []


@pytest.fixture
def scene(make_parts: Callable[..., Parts], tmp_path: Path, clock: Clock) -> Scene:
    cloud = TicketStore(tmp_path / "cloud", now=clock)
    spool = DiskSpool(tmp_path / "spool", max_bytes=10**9, cloud_name="vitrine", secret=SECRET)
    parts = make_parts(others=Stores([cloud, spool], for_new="cloud"))
    return Scene(parts=parts, pieces=uploading_on(parts, where="disk"), cloud=cloud)


def test_the_fake_is_such_a_store(scene: Scene) -> None:
    assert isinstance(scene.cloud, SupportsTickets)


def test_a_ticket_leads_to_the_store_and_is_remembered(scene: Scene, clock: Clock) -> None:
    issued = scene.issue(sha256="a" * 64)

    upload, ticket = issued.upload, issued.ticket
    assert ticket
    assert (upload.store, upload.key) == ("cloud", upload.id)
    assert ticket.fields == {"key": upload.id}
    announced = scene.cloud.tickets[upload.id]
    assert (announced.bytes, announced.content_type) == (len(PHOTO), "image/jpeg")
    assert announced.sha256 == "a" * 64
    assert scene.cloud.notified == ["https://photos.example/api/hooks/cloud"]
    assert scene.now(upload) == upload
    assert upload.expires_at == clock() + HOLDS + LATE


def test_what_arrived_becomes_the_image_and_is_settled_where_it_lies(scene: Scene) -> None:
    upload = scene.sent(told={"description": "The sea", "tags": ("a",)})

    ended = scene.finish(upload)

    assert (ended.status, ended.image_id, ended.offset) == ("ready", upload.id, len(PHOTO))
    assert scene.is_whole(upload)
    [document] = scene.parts.database["images"].find()
    assert (document["description"], document["tags"]) == ("The sea", ["a"])
    assert scene.cloud.kept.calls.count("settle") == scene.cloud.kept.calls.count("put") == 1


def test_the_page_the_hook_and_upkeep_may_all_finish_it(scene: Scene) -> None:
    upload = scene.sent()

    with ThreadPoolExecutor(6) as running:
        list(running.map(lambda _: scene.finish(upload), range(6)))
    scene.upkeep()

    assert scene.is_whole(upload)
    scene.finish(upload)
    assert scene.is_whole(upload)


def test_what_has_not_arrived_is_waited_for(scene: Scene, clock: Clock) -> None:
    issued = scene.issue()

    waiting = scene.finish(issued.upload)

    assert waiting.status is UploadStatus.PENDING
    assert scene.nothing_left()
    assert issued.ticket
    scene.cloud.send(issued.ticket, PHOTO)
    clock.advance(LOOK_EVERY.total_seconds())
    scene.upkeep()
    assert scene.is_whole(issued.upload)


def test_upkeep_looks_for_what_nobody_tells_of(scene: Scene, clock: Clock) -> None:
    upload = scene.sent()
    clock.advance(FIRST_LOOK.total_seconds() - 1)
    scene.upkeep()
    assert scene.now(upload).status is UploadStatus.PENDING

    clock.advance(1)
    scene.upkeep()

    assert scene.is_whole(upload)


def test_a_hint_is_heard_at_once(scene: Scene) -> None:
    upload = scene.sent()

    assert scene.pieces.catalog.hurry("cloud", [upload.key, "x" * 22]) == 1

    scene.upkeep()
    assert scene.is_whole(upload)


def test_a_hint_that_names_another_store_is_none(scene: Scene) -> None:
    upload = scene.sent()

    assert scene.pieces.catalog.hurry("s3", [upload.key]) == 0

    scene.upkeep()
    assert scene.now(upload).status is UploadStatus.PENDING


def test_a_hint_while_the_store_is_asked_has_it_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = scene.issue()
    arrived = scene.cloud.arrived

    def asked_too_early(key: str) -> Any:
        monkeypatch.setattr(scene.cloud, "arrived", arrived)
        try:
            return arrived(key)
        finally:
            assert issued.ticket
            scene.cloud.send(issued.ticket, PHOTO)
            scene.finish(issued.upload)

    monkeypatch.setattr(scene.cloud, "arrived", asked_too_early)
    scene.finish(issued.upload)

    scene.upkeep()

    assert scene.is_whole(issued.upload)


@pytest.mark.parametrize(
    ("content", "told", "error"),
    [
        (b"x" * len(PHOTO), {}, UnsupportedFormatError),
        (PHOTO, {"sha256": "0" * 64}, DamagedUploadError),
        (PHOTO[:-1], {}, DamagedUploadError),
        (PHOTO + b"x", {}, DamagedUploadError),
        (b"", {}, DamagedUploadError),
        (OTHER, {}, DamagedUploadError),
    ],
)
def test_what_is_not_as_announced_fails_and_is_removed(
    scene: Scene, content: bytes, told: dict[str, Any], error: type[Exception]
) -> None:
    upload = scene.sent(content, **told)

    with pytest.raises(error):
        scene.finish(upload)

    failed = scene.now(upload)
    assert failed.status is UploadStatus.FAILED
    assert failed.problem is not None
    assert failed.problem["detail"].startswith("beach.jpg: ")
    assert scene.nothing_left()


def test_bytes_that_are_here_are_not_kept_twice(scene: Scene) -> None:
    first, second = scene.sent(), scene.sent()
    scene.finish(first)

    ended = scene.finish(second)

    assert (ended.image_id, ended.duplicate) == (first.id, True)
    assert scene.is_whole(first)


def test_another_picture_takes_the_place_of_one(scene: Scene) -> None:
    image = scene.finish(scene.sent())
    upload = scene.sent(OTHER, announced=OTHER, replaces=image.image_id)

    ended = scene.finish(upload)

    assert ended.image_id == image.image_id
    [document] = scene.parts.database["images"].find()
    assert scene.objects() == [document["key"]]
    assert (document["version"], scene.cloud.came) == (2, {})


def test_what_was_exchanged_since_it_was_looked_at_is_not_settled(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = scene.issue()
    assert issued.ticket
    scene.cloud.send(issued.ticket, PHOTO)
    settle = scene.cloud.settle

    def too_late(*given: Any, **told: Any) -> Any:
        assert issued.ticket
        scene.cloud.send(issued.ticket, b"y" * len(PHOTO))
        return settle(*given, **told)

    monkeypatch.setattr(scene.cloud, "settle", too_late)

    scene.finish(issued.upload)

    assert scene.is_whole(issued.upload)
    with scene.cloud.open(issued.upload.id) as file:
        assert file.read() == PHOTO


def test_a_ticket_that_nobody_uses_expires(scene: Scene, clock: Clock) -> None:
    upload = scene.issue().upload
    clock.advance((HOLDS + LATE).total_seconds() - 1)
    scene.upkeep()
    assert scene.now(upload).status is UploadStatus.PENDING

    clock.advance(1)
    scene.upkeep()

    assert scene.now(upload).status is UploadStatus.EXPIRED
    [document] = scene.parts.database["uploads"].find()
    assert "due_at" not in document
    assert document["forget_at"] == clock() + KEPT


def test_what_arrives_at_the_last_moment_is_taken(scene: Scene, clock: Clock) -> None:
    upload = scene.sent()
    clock.advance((HOLDS + LATE + timedelta(hours=5)).total_seconds())

    scene.upkeep()

    assert scene.now(upload).status is UploadStatus.READY
    assert scene.objects() == [upload.id]


@pytest.mark.parametrize("how", ["ready", "failed", "cancelled", "expired"])
def test_what_comes_late_is_removed(scene: Scene, clock: Clock, how: str) -> None:
    issued = scene.issue()
    upload, ticket = issued.upload, issued.ticket
    assert ticket
    if how == "cancelled":
        scene.pieces.uploads.cancel(upload.id, ME)
    elif how == "expired":
        scene.pieces.catalog.take(upload.id, holder="h", lease_s=60)
        scene.pieces.catalog.end(upload.id, UploadStatus.EXPIRED, holder="h")
    else:
        scene.cloud.send(ticket, PHOTO if how == "ready" else b"no picture")
        try:
            scene.finish(upload)
        except DamagedUploadError:
            assert how == "failed"
    scene.upkeep()
    assert scene.cloud.came == {}

    scene.cloud.send(ticket, OTHER)
    clock.advance((HOLDS + LATE).total_seconds())
    scene.upkeep()

    assert scene.cloud.came == {}
    assert scene.objects() == ([upload.id] if how == "ready" else [])
    [document] = scene.parts.database["uploads"].find()
    assert "due_at" not in document


def test_a_cancelled_upload_is_there_for_nobody(scene: Scene) -> None:
    upload = scene.sent()

    scene.pieces.uploads.cancel(upload.id, ME)

    assert scene.nothing_left()
    with pytest.raises(NotFoundError):
        scene.now(upload)
    scene.upkeep()
    assert scene.nothing_left()


@pytest.mark.parametrize(
    ("whose", "call", "after"),
    [
        ("cloud", "arrived", False),
        ("cloud", "open_arrived", True),
        ("catalog", "record_intent", True),
        ("cloud", "settle", False),
        ("cloud", "settle", True),
        ("catalog", "make_ready", False),
        ("catalog", "make_ready", True),
        ("uploads", "end", False),
        ("uploads", "end", True),
        ("cloud", "discard", False),
        ("cloud", "discard", True),
        ("uploads", "look_again", True),
    ],
)
def test_whatever_a_crash_interrupts_ends_in_one_image(
    scene: Scene, whose: str, call: str, after: bool
) -> None:
    owners = {
        "cloud": scene.cloud, "catalog": scene.parts.catalog, "uploads": scene.pieces.catalog
    }  # fmt: skip
    upload = scene.sent()
    with breaking(owners[whose], call, after=after), pytest.raises(DiedError):
        scene.finish(upload)

    for _ in range(3):  # What the sweep must look at first is looked at again.
        end_leases(scene.parts)
        scene.parts.sweep.run()
        scene.upkeep()

    assert scene.is_whole(upload)


@pytest.mark.parametrize("call", ["arrived", "open_arrived"])
def test_a_store_that_does_not_answer_is_asked_again(scene: Scene, call: str) -> None:
    upload = scene.sent()
    scene.cloud.kept.fails(call, AWAY)
    waiting = scene.finish(upload)
    assert waiting.status is UploadStatus.PROCESSING

    scene.cloud.kept.works()
    end_leases(scene.parts)
    scene.upkeep()

    assert scene.is_whole(upload)


def test_while_its_store_goes_away_a_file_waits_in_the_spool(scene: Scene, clock: Clock) -> None:
    upload = scene.sent()
    for call in ("settle", "put", "discard"):
        scene.cloud.kept.fails(call, AWAY)

    ended = scene.finish(upload)

    assert ended.status is UploadStatus.READY
    [document] = scene.parts.database["images"].find()
    assert (document["store"], document["key"]) == ("spool", upload.id)
    assert [*scene.cloud.came] == [upload.id]
    scene.cloud.kept.works()
    clock.advance(60)
    scene.upkeep()
    assert scene.cloud.came == {}


def test_a_store_that_is_known_to_be_away_gives_no_tickets(scene: Scene) -> None:
    scene.cloud.is_away = True

    issued = scene.issue()

    assert (issued.ticket, issued.upload.store) == (None, "")


@pytest.mark.parametrize("error", [AWAY, BusyError("Too many.")])
def test_a_store_that_gives_none_now_is_gone_round(scene: Scene, error: Exception) -> None:
    scene.cloud.kept.fails("ticket", error)

    issued = scene.issue()

    assert (issued.ticket, issued.upload.store) == (None, "")


def test_whoever_wants_tus_gets_it(scene: Scene) -> None:
    issued = scene.issue(method=Method.TUS)

    assert (issued.ticket, issued.upload.store) == (None, "")
    scene.finish(scene.pieces.append(issued.upload, PHOTO))
    assert scene.objects() == [issued.upload.id]


def test_what_the_store_would_refuse_is_refused_before_it_is_sent(scene: Scene) -> None:
    scene.cloud.max_bytes = 10

    with pytest.raises(TooLargeError):
        scene.issue()

    assert scene.parts.database["uploads"].count_documents({}) == 0


def test_pieces_are_not_taken_for_what_goes_to_the_store(scene: Scene) -> None:
    upload = scene.issue().upload

    with pytest.raises(ConflictError):
        scene.pieces.append(upload, PHOTO)


def test_tickets_count_as_unfinished_but_take_no_room_here(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_OPEN", 2)
    scene.issue()
    assert scene.pieces.catalog.reserved() == (0, 0)
    assert scene.pieces.catalog.reserved(ME) == (1, len(PHOTO))

    scene.issue()

    with pytest.raises(TooManyRequestsError):
        scene.issue()


def test_a_fetched_file_that_is_refused_leaves_no_file_here(scene: Scene) -> None:
    upload = scene.sent()

    with breaking(Ingest, "take"), pytest.raises(DiedError):
        scene.finish(upload)

    assert list((scene.parts.folder / "incoming").iterdir()) == []


@pytest.fixture
def web(scene: Scene) -> Uploading:
    """A process on the same data that leaves the work to others."""
    return uploading_on(scene.parts, where="disk", works_here=False)


def test_a_web_process_may_leave_the_work_to_others(scene: Scene, web: Uploading) -> None:
    upload = scene.sent()

    left = web.finishing.finish(upload)

    assert left.status is UploadStatus.PROCESSING
    assert "arrived" not in scene.cloud.kept.calls
    scene.upkeep()
    assert scene.is_whole(upload)


def test_what_comes_in_pieces_is_left_to_others_too(scene: Scene, web: Uploading) -> None:
    upload = web.append(scene.issue(method=Method.TUS).upload, PHOTO)

    assert web.finishing.finish(upload).status is UploadStatus.PROCESSING

    scene.upkeep()
    assert scene.now(upload).status is UploadStatus.READY


def test_what_was_left_before_it_had_arrived_is_waited_for(scene: Scene, web: Uploading) -> None:
    issued = scene.issue()
    web.finishing.finish(issued.upload)
    scene.upkeep()
    assert scene.now(issued.upload).status is UploadStatus.PENDING
    assert issued.ticket
    scene.cloud.send(issued.ticket, PHOTO)

    web.finishing.finish(issued.upload)
    scene.upkeep()

    assert scene.is_whole(issued.upload)


def test_pieces_that_are_missing_are_left_to_nobody(scene: Scene, web: Uploading) -> None:
    upload = web.append(scene.issue(method=Method.TUS).upload, PHOTO[:100])

    assert web.finishing.finish(upload).status is UploadStatus.PENDING


@pytest.mark.parametrize("told", ["by the page", "by the store"])
def test_others_are_woken(scene: Scene, web: Uploading, told: str) -> None:
    upload = scene.sent()
    stop, woken = threading.Event(), threading.Semaphore(0)

    def listen() -> None:
        for _ in Wakes(scene.parts.database).watch(stop):
            woken.release()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        assert woken.acquire(timeout=60)  # It listens.
        if told == "by the page":
            web.finishing.finish(upload)
        else:
            web.catalog.hurry("cloud", [upload.key])
        assert woken.acquire(timeout=60)
    finally:
        stop.set()
        listening.join()


def test_others_who_look_at_the_same_time_hold_nobody_up(scene: Scene) -> None:
    """What is due is found by all, and asked of the store by one."""
    uploads = [scene.issue().upload for _ in range(3)]
    scene.pieces.catalog.hurry("cloud", [each.id for each in uploads])

    with ThreadPoolExecutor(3) as running:
        list(running.map(lambda _: scene.upkeep(), range(3)))

    assert scene.cloud.kept.calls.count("arrived") == 3
    due = scene.parts.database["uploads"].distinct("due_at")
    assert due == [scene.parts.clock() + LOOK_EVERY]
