"""The sweep finishes or undoes what was interrupted, once, whoever else sweeps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import DatabaseUnavailableError, StoreError, StoreUnavailableError
from gallery.model import Filter, Image, Sort
from gallery.services import ingest, mending, reconcile
from gallery.services.reconcile import Swept
from tests import pictures
from tests.catalog.making import at_once
from tests.services.breaking import DiedError, breaking
from tests.services.conftest import Parts

DAY_S = 24 * 3600


def interrupted(
    parts: Parts, *, seed: int = 1, kept: bool, lease_s: float = 0, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload whose program died during the put."""
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "LEASE_S", lease_s)
        parts.store.fails("put", DiedError(), after=kept)
        with pytest.raises(DiedError):
            parts.take(pictures.photo(seed=seed))
        parts.store.works()


def test_without_anything_to_do_it_does_nothing(parts: Parts) -> None:
    image = parts.take().image

    assert parts.sweep.run() == Swept()
    assert parts.ready()["id"] == image.id


@pytest.mark.parametrize(("kept", "swept"), [(True, Swept(finished=1)), (False, Swept(undone=1))])
def test_what_lies_in_the_store_is_finished_and_what_does_not_is_undone(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, kept: bool, swept: Swept
) -> None:
    interrupted(parts, kept=kept, monkeypatch=monkeypatch)

    assert parts.sweep.run() == swept
    assert (parts.statuses(), len(parts.objects())) == ((["ready"], 1) if kept else ([], 0))
    assert parts.sweep.run() == Swept()


def test_a_finished_image_is_as_if_nothing_had_happened(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(parts, kept=True, monkeypatch=monkeypatch)
    parts.sweep.run()

    page, _ = parts.library.page(Filter(), Sort.NEWEST, cursor=None, limit=5)
    [image] = page.images
    assert image.url == parts.addresses.shown_at(image)
    assert image.bytes == len(pictures.photo().content)
    assert image.store_version == str(int(parts.clock().timestamp()))


def test_whoever_holds_a_lease_is_left_alone(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(parts, kept=True, lease_s=60, monkeypatch=monkeypatch)

    assert parts.sweep.run() == Swept()
    assert parts.statuses() == ["pending"]


def test_leases_of_dead_programs_end_where_one_program_is_alone(
    parts: Parts, make_parts: Callable[..., Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(parts, kept=True, lease_s=3600, monkeypatch=monkeypatch)

    before = make_parts(alone_since=datetime.now(UTC) - timedelta(hours=1))
    assert before.sweep.run() == Swept()
    later = make_parts(alone_since=datetime.now(UTC) + timedelta(seconds=1))
    assert later.sweep.run() == Swept(finished=1)


def test_half_an_object_is_undone(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(parts, kept=True, monkeypatch=monkeypatch)
    [key] = parts.objects()
    parts.store.path_of(key).write_bytes(b"half")

    assert parts.sweep.run() == Swept(undone=1)
    assert parts.nothing_left()
    assert not parts.take().duplicate


@pytest.mark.parametrize(
    ("call", "status", "then"),
    [("stat", "pending", Swept(undone=1)), ("delete", "deleting", Swept(purged=1))],
)
@pytest.mark.parametrize("failure", [StoreUnavailableError("Away."), StoreError("Refused.")])
def test_while_the_store_is_away_everything_waits(
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    status: str,
    then: Swept,
    failure: Exception,
) -> None:
    interrupted(parts, kept=False, monkeypatch=monkeypatch)
    parts.store.fails(call, failure)
    monkeypatch.setattr(mending, "LEASE_S", 0)

    swept = parts.sweep.run()
    assert (swept.finished, swept.undone, swept.purged) == (0, 0, 0)
    assert parts.statuses() == [status]
    assert parts.take(pictures.photo(seed=2)).duplicate is False

    parts.store.works()
    parts.library.purge(parts.take(pictures.photo(seed=2)).image.id)
    assert parts.sweep.run() == then
    assert parts.nothing_left()


def test_sweeps_at_once_share_the_work(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(8):
        interrupted(parts, seed=seed, kept=seed % 2 == 0, monkeypatch=monkeypatch)

    results = at_once(4, lambda _: parts.sweep.run())

    swept = [each for each in results if isinstance(each, Swept)]
    assert len(swept) == 4
    assert sum(each.finished for each in swept) == 4
    assert sum(each.undone for each in swept) == 4
    assert sum(each.failed for each in swept) == 0
    assert parts.statuses() == ["ready"] * 4
    assert len(parts.objects()) == 4


@pytest.mark.parametrize("after", [False, True], ids=["not deleted", "deleted"])
def test_a_purge_that_stopped_midway_is_hidden_and_finished_later(
    parts: Parts, after: bool
) -> None:
    image = parts.take().image
    parts.store.fails("delete", StoreUnavailableError("Away."), after=after)

    with pytest.raises(StoreUnavailableError):
        parts.library.purge(image.id)
    assert parts.statuses() == ["deleting"]

    parts.store.works()
    assert parts.sweep.run() == Swept(purged=1)
    assert parts.nothing_left()


def test_it_goes_on_until_nothing_is_due(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "BATCH", 2)
    for seed in range(5):
        interrupted(parts, seed=seed, kept=True, monkeypatch=monkeypatch)

    assert parts.sweep.run() == Swept(finished=5)

    for document in list(parts.database["images"].find()):
        parts.library.trash(document["id"], version=None)
    parts.clock.advance(31 * DAY_S)

    assert parts.sweep.run() == Swept(purged=5)
    assert parts.nothing_left()


def test_what_fails_again_and_again_does_not_keep_it_from_the_rest(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "BATCH", 2)
    images = [parts.take(pictures.photo(seed=seed)).image for seed in range(5)]
    stuck = images[:3]
    for image in images:
        parts.catalog.mark_deleting(image.id)
    delete = parts.store.delete

    def refuses_some(key: str) -> None:
        if key in {image.key for image in stuck}:
            raise StoreError("Refused.")
        delete(key)

    monkeypatch.setattr(parts.store, "delete", refuses_some)

    assert parts.sweep.run() == Swept(purged=2, failed=3)
    assert parts.objects() == sorted(image.key for image in stuck)


def test_a_store_that_does_not_answer_is_asked_three_times_a_sweep(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(6):
        interrupted(parts, seed=seed, kept=True, monkeypatch=monkeypatch)
    parts.store.fails("stat", StoreUnavailableError("Away."))
    parts.store.calls.clear()

    assert parts.sweep.run() == Swept(failed=3, waiting=3)
    assert parts.store.calls == ["stat"] * 3


def test_a_database_that_goes_away_ends_the_sweep(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(parts, kept=True, monkeypatch=monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(mending, "LEASE_S", 0)
        with (
            breaking(parts.catalog, "make_ready", DatabaseUnavailableError()),
            pytest.raises(DatabaseUnavailableError),
        ):
            parts.sweep.run()

    assert parts.sweep.run() == Swept(finished=1)


def test_a_sweep_that_wakes_late_deletes_nothing_that_another_finished(
    parts: Parts, make_parts: Callable[..., Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "LEASE_S", 0)
    picture = pictures.photo()
    interrupted(parts, kept=False, monkeypatch=monkeypatch)
    [document] = parts.database["images"].find()
    abort = parts.catalog.abort_intent

    def sleeps(*given: Any, **named: Any) -> bool:
        """It saw no object; then that comes after all, and another sweep finds it."""
        received = parts.receive(picture)
        parts.store.put(document["key"], received)
        Path(received.path).unlink()
        assert make_parts().sweep.run() == Swept(finished=1)
        return abort(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(parts.catalog, "abort_intent", sleeps)
        assert parts.sweep.run() == Swept()

    assert parts.ready()["id"] == document["id"]


def test_without_grace_leases_hold_no_longer(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(parts, kept=True, lease_s=3600, monkeypatch=monkeypatch)
    file = Path(parts.receive(pictures.photo(seed=2)).path)

    assert parts.sweep.run(grace_s=60) == Swept()
    assert parts.sweep.run(grace_s=0) == Swept(finished=1, removed=1)
    assert not file.exists()


def test_a_dry_run_tells_what_it_would_do_and_does_nothing(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed, kept in enumerate((True, False)):
        interrupted(parts, seed=seed, kept=kept, lease_s=3600, monkeypatch=monkeypatch)
    purged, expired, replaced = (
        parts.take(pictures.photo(seed=seed)).image for seed in range(2, 5)
    )
    parts.library.trash(expired.id, version=None)
    parts.clock.advance(31 * DAY_S)
    parts.catalog.mark_deleting(purged.id)
    with (
        breaking(parts.catalog, "finish_replacement", DatabaseUnavailableError()),
        pytest.raises(DatabaseUnavailableError),
    ):
        parts.replacing.replace(replaced, parts.receive(pictures.photo(seed=5)))
    before = list(parts.database["images"].find()), parts.objects()
    told: list[tuple[str, str]] = []

    swept = parts.sweep.run(
        grace_s=0, dry_run=True, tell=lambda what, name: told.append((what, name))
    )

    assert swept == Swept(finished=2, undone=1, purged=2, removed=1)
    assert ("purged", purged.id) in told
    assert ("finished", replaced.id) in told
    assert (list(parts.database["images"].find()), parts.objects()) == before
    assert parts.sweep.run(grace_s=0) == swept


def test_it_stops_when_it_is_told(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        interrupted(parts, seed=seed, kept=True, monkeypatch=monkeypatch)

    swept = parts.sweep.run(tell=lambda what, name: parts.sweep.stop())

    assert swept == Swept(finished=1)


def trashed(parts: Parts) -> Image:
    image = parts.take().image
    parts.library.trash(image.id, version=None)
    return image


@pytest.mark.parametrize(("days", "purged"), [(29, 0), (31, 1)])
def test_the_trash_is_emptied_after_thirty_days(parts: Parts, days: int, purged: int) -> None:
    trashed(parts)

    parts.clock.advance(days * DAY_S)

    assert parts.sweep.run() == Swept(purged=purged)
    assert parts.nothing_left() == bool(purged)


def test_what_is_restored_while_the_trash_is_emptied_stays(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = trashed(parts)
    parts.clock.advance(31 * DAY_S)
    expired = parts.catalog.expired_trash

    def restored_meanwhile(**options: Any) -> list[Image]:
        found = expired(**options)
        parts.library.restore(image.id)
        return found

    monkeypatch.setattr(parts.catalog, "expired_trash", restored_meanwhile)

    assert parts.sweep.run().purged == 0
    assert parts.ready()["id"] == image.id


def test_files_that_no_upload_comes_back_for_are_removed(parts: Parts) -> None:
    stale, fresh = (Path(parts.receive().path) for _ in range(2))
    yesterday = time.time() - DAY_S - 60
    os.utime(stale, (yesterday, yesterday))

    results = at_once(4, lambda _: parts.sweep.run())

    assert sorted(results, key=repr) == [Swept()] * 3 + [Swept(removed=1)]
    assert (stale.exists(), fresh.exists()) == (False, True)


def test_files_that_a_store_left_on_their_way_in_are_removed(parts: Parts) -> None:
    parts.take()
    folder = parts.folder / "originals" / ".incoming"
    folder.mkdir(exist_ok=True)
    stale, fresh = folder / "stale.part", folder / "fresh.part"
    for path in (stale, fresh):
        path.touch()
    yesterday = time.time() - DAY_S - 60
    os.utime(stale, (yesterday, yesterday))

    parts.sweep.run()

    assert (stale.exists(), fresh.exists()) == (False, True)
    assert parts.ready()


def test_files_of_a_program_that_was_killed_go_when_the_next_one_starts(
    make_parts: Callable[..., Parts],
) -> None:
    parts = make_parts(alone_since=datetime.now(UTC) - timedelta(seconds=60))
    folder = parts.folder / "originals" / ".incoming"
    folder.mkdir(parents=True)
    before = [Path(parts.receive().path), folder / "before.part"]
    since = [Path(parts.receive().path), folder / "since.part"]
    for path in (before[1], since[1]):
        path.touch()
    for path in before:
        os.utime(path, (time.time() - 90, time.time() - 90))

    parts.sweep.run()

    assert [path.exists() for path in before + since] == [False, False, True, True]


def test_a_file_that_another_sweep_removed_first_is_no_failure(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Path(parts.receive().path)
    glob = Path.glob

    def gone_meanwhile(self: Path, pattern: str) -> list[Path]:
        found = list(glob(self, pattern))
        stale.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "glob", gone_meanwhile)

    assert parts.sweep.run() == Swept()


def test_counts_of_tags_that_a_crash_left_wrong_are_put_right(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.take(tags=("garden",))
    parts.database["tags"].update_one({"_id": "garden"}, {"$set": {"count": 7}})

    parts.sweep.run()
    assert parts.library.tags() == [("garden", 7)]
    monkeypatch.setattr(reconcile, "RECOUNT_EVERY_S", -1)
    parts.sweep.run()

    assert parts.library.tags() == [("garden", 1)]


def test_a_clock_that_is_set_back_holds_nobody_up(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By three hours: until then the lease of the dead would last."""
    interrupted(parts, kept=True, lease_s=40, monkeypatch=monkeypatch)
    parts.pass_time(-3 * 3600)

    assert parts.sweep.run() == Swept(finished=1)


def test_clocks_that_differ_a_little_take_nothing_from_anybody(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(parts, kept=True, lease_s=40, monkeypatch=monkeypatch)
    parts.pass_time(-30)

    assert parts.sweep.run() == Swept()


def test_a_clock_that_is_set_back_makes_nobody_look_dead(
    make_parts: Callable[..., Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since then everything seems to be older than the program."""
    parts = make_parts(alone_since=datetime.now(UTC) + timedelta(hours=3))
    parts.sweep.run()
    interrupted(parts, kept=True, lease_s=40, monkeypatch=monkeypatch)
    file = Path(parts.receive(pictures.photo(seed=2)).path)

    assert parts.sweep.run() == Swept()
    assert file.exists()
