"""What lies at a provider already becomes images, once, and stays where it is."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from gallery.catalog.adoptions import Adoptions
from gallery.errors import InvalidInputError, ObjectMissingError, StorageFullError
from gallery.model import Image, Status
from gallery.services import adopting
from gallery.services.adopting import Adopting
from gallery.services.wishes import Imported
from gallery.stores.abilities import Foreign
from gallery.stores.registry import Stores
from tests.pictures import Picture, animation, photo
from tests.services.conftest import Parts, UnreliableStore
from tests.services.remote import RemoteStore

LONG_AGO = datetime(2019, 7, 1, 12, tzinfo=UTC)


class Attic(RemoteStore):
    """A cloud in which somebody has left pictures."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.found: dict[str, tuple[Foreign, bytes]] = {}
        self.fetched: list[str] = []

    def leave(self, name: str, picture: Picture | bytes, **told: Any) -> None:
        content = picture if isinstance(picture, bytes) else picture.content
        usual: dict[str, Any] = {"bytes": len(content), "modified_at": LONG_AGO}
        self.found[name] = (Foreign(name=name, **usual | told), content)

    def foreign(self, prefix: str = "") -> Iterator[Foreign]:
        yield from (each for each, _ in self.found.values() if each.name.startswith(prefix))

    @contextmanager
    def open_foreign(self, name: str) -> Iterator[BinaryIO]:
        self.fetched.append(name)
        try:
            _, content = self.found[name]
        except KeyError:
            raise ObjectMissingError("Nothing there.") from None
        with closing(io.BytesIO(content)) as file:
            yield file


class Scene:
    """A gallery, and an attic to clear."""

    def __init__(self, parts: Parts, attic: Attic) -> None:
        self.parts = parts
        self.attic = attic
        self.progress: list[tuple[int, int]] = []

    def adopt(self, store: str = "cloud", **asked: Any) -> Imported:
        usual: dict[str, Any] = {"prefix": "", "tags": (), "dry_run": False}
        service = Adopting(
            catalog=self.parts.catalog,
            adoptions=Adoptions(self.parts.database),
            stores=self.parts.stores,
            ingest=self.parts.ingest,
            incoming=self.parts.folder / "incoming",
            max_bytes=1024 * 1024,
            at_once=3,
            now=self.parts.clock,
            sleep=lambda _: None,
        )
        progress = lambda done, total: self.progress.append((done, total))  # noqa: E731
        return service.run(store, progress=progress, **usual | asked)

    def images(self) -> dict[str, Image]:
        """By their public ids."""
        found = [each["id"] for each in self.parts.database["images"].find()]
        images = (self.parts.catalog.find(id, among=tuple(Status)) for id in found)
        return {image.public_id: image for image in images}


@pytest.fixture
def scene(make_parts: Callable[..., Parts], tmp_path: Path) -> Scene:
    attic = Attic(tmp_path / "attic")
    stores = Stores([UnreliableStore(tmp_path / "here"), attic], for_new="local")
    return Scene(make_parts(others=stores), attic)


def test_pictures_come_with_their_names_and_words(scene: Scene) -> None:
    scene.attic.leave(
        "holiday/beach.jpg", photo(), description="Am Strand", alt="Sea", tags=("sea", "2019")
    )
    scene.attic.leave("cat", animation())

    adopted = scene.adopt(tags=("old", "sea"))

    assert (adopted.imported, adopted.failed, adopted.problems) == (2, 0, [])
    images = scene.images()
    beach = images["holiday/beach"]
    assert (beach.description, beach.alt) == ("Am Strand", "Sea")
    assert beach.tags == ("old", "sea", "2019")
    assert (beach.store, beach.filename, beach.created_at) == ("local", "beach.jpg", LONG_AGO)
    assert images["cat"].status is Status.READY
    with scene.parts.library.original(beach) as original:
        assert original.read() == photo().content
    assert scene.progress[0] == (0, 2)
    assert scene.progress[-1] == (2, 2)
    assert len(scene.attic.found) == 2
    assert list((scene.parts.folder / "incoming").iterdir()) == []


def test_again_nothing_is_fetched_twice(scene: Scene) -> None:
    scene.attic.leave("one", photo(seed=1))
    scene.attic.leave("two", photo(seed=2))
    scene.adopt()
    scene.attic.fetched.clear()
    scene.attic.leave("two", photo(seed=3), modified_at=LONG_AGO.replace(year=2020))
    scene.attic.leave("three", photo(seed=4))

    adopted = scene.adopt()

    assert (adopted.imported, adopted.duplicates) == (2, 1)
    assert sorted(scene.attic.fetched) == ["three", "two"]


def test_one_that_was_deleted_for_ever_may_come_again(scene: Scene) -> None:
    scene.attic.leave("one", photo())
    scene.adopt()
    [image] = scene.images().values()
    scene.parts.library.trash(image.id, version=None)
    assert scene.adopt().duplicates == 1
    scene.parts.library.purge(image.id)

    assert scene.adopt().imported == 1


def test_a_dry_run_fetches_nothing(scene: Scene) -> None:
    scene.attic.leave("one", photo())
    scene.attic.leave("large", photo(), bytes=2 * 1024 * 1024)

    adopted = scene.adopt(dry_run=True)

    assert (adopted.imported, adopted.refused) == (1, 1)
    assert (scene.attic.fetched, scene.images()) == ([], {})


def test_only_what_begins_so(scene: Scene) -> None:
    scene.attic.leave("2019/one", photo(seed=1))
    scene.attic.leave("2020/two", photo(seed=2))

    assert scene.adopt(prefix="2020/").imported == 1
    assert list(scene.images()) == ["2020/two"]


def test_the_same_picture_under_two_names_is_one(scene: Scene) -> None:
    for number in range(4):
        scene.attic.leave(f"copy {number}", photo())

    adopted = scene.adopt()

    assert (adopted.imported, adopted.duplicates, adopted.failed) == (1, 3, 0)


def test_what_is_no_picture_is_told(scene: Scene) -> None:
    scene.attic.leave("notes.txt", b"no picture at all, only words")
    scene.attic.leave("broken.jpg", photo(seed=3).cut_off(300))
    scene.attic.leave("empty", b"")
    scene.attic.leave(
        "longer than it said.jpg", photo(seed=4).content + b"\0" * 1024 * 1024, bytes=7
    )
    scene.attic.leave("gone.jpg", photo(seed=5))
    scene.attic.leave("good.jpg", photo(seed=6))
    foreign = scene.attic.found["gone.jpg"][0]
    scene.attic.found["gone.jpg"] = (replace(foreign, name="not there.jpg"), b"")

    adopted = scene.adopt()

    assert adopted.imported == 1
    problems = dict(adopted.problems)
    assert {"notes.txt", "broken.jpg", "empty", "longer than it said.jpg"} <= problems.keys()
    assert problems["not there.jpg"] == "Nothing there."
    assert (adopted.refused, adopted.failed) == (4, 1)
    assert list(scene.images()) == ["good"]


@pytest.mark.parametrize(
    ("name", "public_id"),
    [
        ("a/b.c/photo.JPEG", "a/b.c/photo"),
        ("no extension.of ours", "no extension.of ours"),
        ("/leads/nowhere.png", ""),
        ("ends with a slash/", ""),
        ("twice//slashed", ""),
        ("what?is=this", ""),
        ("line\nbreak", ""),
        ("x" * 256, ""),
        ("\u00fcber/\u6d77", "\u00fcber/\u6d77"),
    ],
)
def test_a_name_becomes_a_public_id_if_it_may(scene: Scene, name: str, public_id: str) -> None:
    scene.attic.leave(name, photo())

    assert scene.adopt().imported == 1

    [image] = scene.images().values()
    assert image.public_id == (public_id or image.id)


def test_a_name_that_is_taken_here_stays_whose_it_is(scene: Scene) -> None:
    scene.attic.leave("beach.jpg", photo(seed=1))
    scene.attic.leave("beach.png", photo(seed=2))

    assert scene.adopt().imported == 2

    images = scene.images()
    assert len(images) == 2
    assert "beach" in images


def test_an_image_of_another_gallery_keeps_its_id(scene: Scene) -> None:
    scene.attic.leave("originals/AbCdEfGhIjKlMnOpQrStUv", photo())

    scene.adopt()

    [image] = scene.images().values()
    assert image.id == "AbCdEfGhIjKlMnOpQrStUv"


def test_words_that_are_too_long_are_cut(scene: Scene) -> None:
    scene.attic.leave(
        "one",
        photo(),
        description="x" * 5000,
        alt="a\0\ud800b",
        tags=("", "t" * 100, *(f"tag {number}" for number in range(40))),
    )

    assert scene.adopt().imported == 1

    [image] = scene.images().values()
    assert (len(image.description), image.alt, len(image.tags)) == (2000, "ab", 20)


def test_a_moment_to_come_is_now(scene: Scene) -> None:
    scene.attic.leave("one", photo(), modified_at=datetime(2100, 1, 1, tzinfo=UTC))

    scene.adopt()

    [image] = scene.images().values()
    assert image.created_at == scene.parts.clock()


def test_where_nobody_else_can_have_left_anything(scene: Scene) -> None:
    for name in ("local", "nowhere"):
        with pytest.raises(InvalidInputError, match="Stores here from which it can: cloud"):
            scene.adopt(name)


def test_a_full_disk_ends_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.attic.leave("one", photo())
    monkeypatch.setattr(adopting, "free_bytes", lambda _: 1000)

    with pytest.raises(StorageFullError):
        scene.adopt()
    assert list((scene.parts.folder / "incoming").iterdir()) == []
