"""Another picture takes the place of one, or the one before stays: nothing between, no remains."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import (
    BrokenImageError,
    ConflictError,
    DatabaseUnavailableError,
    GalleryError,
    InProgressError,
    NotFoundError,
    StoreError,
    StoreUnavailableError,
    UnsupportedFormatError,
    VersionMismatchError,
)
from gallery.model import Edit, Image, Particulars
from gallery.services import replacing
from gallery.services.holding import LEASE_S
from gallery.services.reconcile import Swept
from tests import pictures
from tests.services.breaking import DiedError, breaking
from tests.services.conftest import Parts, asked

BEFORE, AFTER = pictures.photo(seed=1), pictures.photo(width=90, height=160, seed=2)


@pytest.fixture
def image(parts: Parts) -> Image:
    return parts.take(BEFORE, description="By the sea", tags=("sea",)).image


def replaced(parts: Parts, image: Image, picture: pictures.Picture = AFTER, **told: Any) -> Image:
    received = parts.receive(picture)
    try:
        return parts.replacing.replace(image, received, **told)
    finally:
        Path(received.path).unlink()


def content_of(parts: Parts, image: Image) -> bytes:
    with parts.library.original(image) as file:
        return file.read()


def left(parts: Parts) -> set[str]:
    """What of the documents says that something is on its way."""
    [document] = parts.database["images"].find()
    return document.keys() & {"replacing", "leaving"}


def is_as_before(parts: Parts, image: Image) -> bool:
    now = parts.library.find(image.id)
    return (now, left(parts), parts.objects()) == (image, set(), [image.key])


def test_it_is_the_same_image_with_another_picture(parts: Parts, image: Image) -> None:
    parts.clock.advance(10)

    now = replaced(parts, image)

    assert (now.width, now.height) == (90, 160)
    assert now == parts.library.find(image.id)
    for name in ("id", "asset_id", "public_id", "created_at", "description", "tags", "order"):
        assert getattr(now, name) == getattr(image, name)
    assert now.version == image.version + 1
    assert now.key == f"{image.id}.1"
    assert content_of(parts, now) == AFTER.content
    assert now.url == parts.addresses.shown_at(now) != image.url
    assert int(now.store_version or 0) == int(image.store_version or 0) + 10
    assert (parts.objects(), left(parts)) == ([now.key], set())


def test_versions_grow_within_a_second_and_when_the_clock_goes_back(
    parts: Parts, image: Image
) -> None:
    versions = [int(image.store_version or 0)]
    for seconds in (0, 0, -3600):
        parts.clock.advance(seconds)
        image = replaced(parts, image)
        versions.append(int(image.store_version or 0))

    assert versions == sorted(set(versions))
    assert image.key == f"{image.id}.3"


def test_what_was_told_with_it_changes_with_it(parts: Parts, image: Image) -> None:
    now = replaced(parts, image, particulars=Particulars(tags=("garden",), context={"a.b": "c"}))

    assert (now.tags, dict(now.context)) == (("garden",), {"a.b": "c"})
    assert parts.library.tags() == [("garden", 1)]


def test_variants_of_the_picture_before_are_gone(parts: Parts, image: Image) -> None:
    before = parts.delivery.deliver(asked(image)).path

    replaced(parts, image)

    assert not before.exists()
    with pytest.raises(NotFoundError):
        parts.delivery.deliver(asked(image))


def test_the_bytes_before_may_come_again(parts: Parts, image: Image) -> None:
    replaced(parts, image)

    again = parts.take(BEFORE)
    assert not again.duplicate
    assert parts.take(AFTER).image.id == image.id


def test_bytes_that_another_image_holds_may_come(parts: Parts, image: Image) -> None:
    other = parts.take(AFTER).image

    now = replaced(parts, image)

    assert content_of(parts, now) == content_of(parts, other) == AFTER.content
    assert parts.take(AFTER).image.id == other.id


def test_only_the_version_that_was_seen_is_replaced(parts: Parts, image: Image) -> None:
    edited = parts.library.edit(image.id, Edit(alt="Waves"), version=None)

    with pytest.raises(VersionMismatchError):
        replaced(parts, image, version=image.version)
    assert is_as_before(parts, edited)
    assert replaced(parts, image, version=edited.version).alt == "Waves"


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"no picture", UnsupportedFormatError), (AFTER.content[:2000], BrokenImageError)],
)
def test_a_bad_picture_changes_nothing(
    parts: Parts, image: Image, content: bytes, error: type[GalleryError]
) -> None:
    received = parts.receive()
    Path(received.path).write_bytes(content)

    with pytest.raises(error):
        parts.replacing.replace(image, received)
    assert is_as_before(parts, image)


@pytest.mark.parametrize("kept", [True, False])
def test_what_the_store_refuses_changes_nothing(parts: Parts, image: Image, kept: bool) -> None:
    parts.store.fails("put", StoreError("Refused."), after=kept)

    with pytest.raises(StoreError):
        replaced(parts, image)
    parts.store.works()
    assert is_as_before(parts, image)
    assert replaced(parts, image).key == f"{image.id}.2"


@pytest.mark.parametrize(("kept", "swept"), [(True, Swept(finished=1)), (False, Swept(undone=1))])
def test_after_an_unknown_outcome_the_sweep_decides(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch, kept: bool, swept: Swept
) -> None:
    monkeypatch.setattr(replacing, "LEASE_S", 0)
    parts.store.fails("put", StoreUnavailableError("Away."), after=kept)
    with pytest.raises(StoreUnavailableError):
        replaced(parts, image)
    assert content_of(parts, parts.library.find(image.id)) == BEFORE.content
    parts.store.works()

    assert parts.sweep.run() == swept
    now = parts.library.find(image.id)
    assert content_of(parts, now) == (AFTER if kept else BEFORE).content
    assert (parts.objects(), left(parts)) == ([now.key], set())
    assert parts.sweep.run() == Swept()


def test_whoever_is_replacing_is_left_alone(parts: Parts, image: Image) -> None:
    parts.store.fails("put", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        replaced(parts, image)
    parts.store.works()

    assert parts.sweep.run() == Swept()
    with pytest.raises(InProgressError):
        replaced(parts, image)


@pytest.mark.parametrize("after", [False, True], ids=["not kept", "kept"])
def test_whoever_was_killed_keeps_nobody_waiting_for_long(
    parts: Parts, image: Image, after: bool
) -> None:
    parts.store.fails("put", KeyboardInterrupt(), after=after)
    with pytest.raises(KeyboardInterrupt):
        replaced(parts, image)
    parts.store.works()
    parts.pass_time(LEASE_S)

    now = replaced(parts, image)

    assert parts.ready()["sha256"] == now.sha256
    assert parts.sweep.run() == Swept()


STEPS: tuple[tuple[str, str, bool], ...] = (
    ("catalog", "record_replacement", True),
    ("store", "put", False),
    ("store", "put", True),
    ("catalog", "finish_replacement", False),
    ("catalog", "finish_replacement", True),
    ("store", "delete", False),
    ("store", "delete", True),
    ("catalog", "forget_left", True),
)


@pytest.mark.parametrize(("part", "call", "after"), STEPS)
def test_a_crash_at_any_moment_is_finished_or_undone(
    parts: Parts,
    image: Image,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    call: str,
    after: bool,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(replacing, "LEASE_S", 0)
        with breaking(getattr(parts, part), call, after=after), pytest.raises(DiedError):
            replaced(parts, image)
    between = parts.library.find(image.id)
    assert content_of(parts, between) in (BEFORE.content, AFTER.content)

    parts.sweep.run()

    now = parts.library.find(image.id)
    assert content_of(parts, now) in (BEFORE.content, AFTER.content)
    assert (parts.objects(), left(parts)) == ([now.key], set())
    assert parts.sweep.run() == Swept()
    assert content_of(parts, replaced(parts, now, BEFORE)) == BEFORE.content


def test_a_database_that_goes_away_at_the_flip_loses_nothing(parts: Parts, image: Image) -> None:
    with (
        breaking(parts.catalog, "finish_replacement", DatabaseUnavailableError(), after=True),
        pytest.raises(DatabaseUnavailableError),
    ):
        replaced(parts, image)

    assert content_of(parts, parts.library.find(image.id)) == AFTER.content
    assert parts.sweep.run() == Swept(purged=1)
    assert parts.objects() == [f"{image.id}.1"]


def during_put(parts: Parts, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Lets something happen while the new picture is on its way to the store."""
    works = parts.store.put

    def put(*given: Any) -> Any:
        stored = works(*given)
        act()
        return stored

    monkeypatch.setattr(parts.store, "put", put)


def test_an_image_that_is_trashed_meanwhile_keeps_its_picture(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    during_put(parts, monkeypatch, lambda: parts.library.trash(image.id, version=None))

    with pytest.raises(ConflictError):
        replaced(parts, image)

    assert (parts.objects(), left(parts)) == ([image.key], set())
    assert content_of(parts, parts.library.restore(image.id)) == BEFORE.content


def test_an_image_that_is_purged_meanwhile_leaves_nothing(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    during_put(parts, monkeypatch, lambda: parts.library.purge(image.id))

    with pytest.raises(ConflictError):
        replaced(parts, image)
    parts.sweep.run()

    assert parts.nothing_left()


def test_an_image_that_is_purged_while_its_replacer_dies_leaves_nothing(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def purge_and_die() -> None:
        parts.library.purge(image.id)
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(replacing, "LEASE_S", 0)
        during_put(parts, patch, purge_and_die)
        with pytest.raises(DiedError):
            replaced(parts, image)
    parts.sweep.run()
    parts.sweep.run()

    assert parts.nothing_left()


def test_an_edit_meanwhile_is_kept(
    parts: Parts, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Edit(description="In the garden", tags=("garden",))
    during_put(parts, monkeypatch, lambda: parts.library.edit(image.id, told, version=None))

    now = replaced(parts, image)

    assert (now.description, now.tags) == ("In the garden", ("garden",))
    assert content_of(parts, now) == AFTER.content
    assert parts.library.tags() == [("garden", 1)]


def test_of_many_at_once_each_either_wins_or_is_told(parts: Parts, image: Image) -> None:
    results: list[object] = []

    def work(seed: int) -> None:
        received = parts.receive(pictures.photo(seed=seed))
        try:
            results.append(parts.replacing.replace(image, received))
        except InProgressError as error:
            results.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(10, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    won = [each for each in results if isinstance(each, Image)]
    assert len(results) == 4
    assert won
    now = parts.library.find(image.id)
    assert now.version == image.version + len(won)
    assert (parts.objects(), left(parts)) == ([now.key], set())
