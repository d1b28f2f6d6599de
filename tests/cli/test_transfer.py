"""Export and import: a gallery goes into a folder, and comes out of it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from gallery.config import ROOT
from gallery.model import Filter, Image, Sort
from gallery.services import manifest
from gallery.services.exporting import path_of
from tests.cli.conftest import Here
from tests.pictures import animation, photo, see_through
from tests.programs import eventually

WORDS = {
    "description": "Am Strand \u2013 \u201etoll\u201c\nzweite Zeile \U0001f305",
    "alt": "Sea",
    "tags": ("sea", "\u00fcber"),
}


def images_of(here: Here) -> list[Image]:
    """The oldest first."""
    with here.opened() as gallery:
        page, _ = gallery.library.page(Filter(), Sort.OLDEST, cursor=None, limit=100)
    return list(page.images)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def told_of(image: Image) -> dict[str, Any]:
    """What must survive of an image."""
    kept = asdict(image)
    return {
        name: kept[name] for name in kept if name not in {"order", "asset_id", "updated_at", "etag"}
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exported"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with pictures in it, and with what is none."""
    folder = tmp_path / "pictures"
    (folder / "2019" / "sea").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "secret.jpg").write_bytes(photo(seed=9).content)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "beach.jpg").write_bytes(photo(seed=1).content)
    (folder / "2019" / "sea" / "boat.JPG").write_bytes(photo(seed=2).content)
    (folder / "2019" / "same boat.jpg").write_bytes(photo(seed=2).content)
    (folder / "notes.txt").write_text("no picture")
    (folder / "broken.jpg").write_bytes(photo(seed=3).cut_off(300).content)
    return folder


def test_an_export_holds_every_original_and_every_word(here: Here, folder: Path) -> None:
    image = here.add(photo(), **WORDS)
    other = here.add(see_through())

    ended = here.run("export", str(folder))

    assert ended.exit_code == 0
    assert ended.stdout == "2 originals written, 0 there already, 0 failed\n"
    files = files_in(folder)
    assert files.pop("manifest.jsonl")
    assert files == {
        str(path_of(image)): photo().content,
        str(path_of(other)): see_through().content,
    }
    assert "beach." in str(path_of(image))
    line = lines_of(folder)[0]
    assert (line["file"], line["id"]) == (str(path_of(image)), image.id)
    assert (line["description"], line["alt"], tuple(line["tags"])) == tuple(WORDS.values())


def test_an_export_goes_on_where_it_was_and_mends_what_is_not_whole(
    here: Here, folder: Path
) -> None:
    images = [here.add(photo(seed=seed)) for seed in range(3)]
    here.run("export", str(folder))
    (folder / path_of(images[0])).unlink()
    (folder / path_of(images[1])).write_bytes(b"!" * images[1].bytes)
    (folder / "mine.txt").write_text("stays")

    told = here.run_json("export", str(folder), "--dry-run")
    assert (told["written"], told["skipped"], told["dry_run"]) == (2, 1, True)
    assert not (folder / path_of(images[0])).exists()
    told = here.run_json("export", str(folder))

    assert (told["written"], told["skipped"]) == (2, 1)
    assert (folder / path_of(images[1])).read_bytes() == photo(seed=1).content
    assert (folder / "mine.txt").exists()


def test_a_rotten_original_is_told_and_not_exported(here: Here, folder: Path) -> None:
    image, whole = here.add(photo(seed=1)), here.add(photo(seed=2))
    here.original(image).write_bytes(b"!" * image.bytes)

    ended = here.run("export", str(folder))

    assert ended.exit_code == 1
    assert image.id in ended.stderr
    assert [line["id"] for line in lines_of(folder)] == [whole.id]
    assert sorted(files_in(folder)) == sorted(["manifest.jsonl", str(path_of(whole))])


@pytest.mark.parametrize("command", ["export", "import"])
def test_the_gallerys_own_folder_is_refused(here: Here, command: str) -> None:
    inside = here.settings.gallery_data / "originals"
    inside.mkdir(parents=True)

    ended = here.run(command, str(inside))

    assert (ended.exit_code, ended.stderr) == (2, "Choose a folder outside of GALLERY_DATA.\n")


def test_an_import_takes_every_picture_once(here: Here, pictures: Path) -> None:
    before = files_in(pictures)
    dry = here.run_json("import", str(pictures), "--dry-run")
    assert images_of(here) == []
    assert (dry["imported"], dry["dry_run"]) == (4, True), "only decoding tells a broken one"

    ended = here.run("import", str(pictures), "--tag", "old", "--tag", "old")

    assert ended.exit_code == 0
    assert ended.stdout == ("2 pictures imported, 1 duplicate skipped, 2 hidden, 2 not taken\n")
    assert f"{pictures / 'notes.txt'}: This is not a picture" in ended.stderr
    assert f"{pictures / 'broken.jpg'}: " in ended.stderr
    images = images_of(here)
    assert {image.tags for image in images} == {("old",)}
    assert {image.filename for image in images} <= {"beach.jpg", "boat.JPG", "same boat.jpg"}
    assert files_in(pictures) == before
    assert list((here.settings.gallery_data / "incoming").iterdir()) == []
    assert here.run_json("import", str(pictures))["duplicates"] == 3
    assert here.run("audit", "--grace", "0").exit_code == 0


def test_the_original_is_not_shared_with_the_folder(here: Here, pictures: Path) -> None:
    here.run("import", str(pictures))
    for path in pictures.rglob("*.jpg"):
        with path.open("ab") as file:
            file.write(b"edited")

    assert here.run("audit").exit_code == 0


def test_a_tag_that_cannot_be_one_is_refused(here: Here, pictures: Path) -> None:
    assert here.run("import", str(pictures), "--tag", "x" * 65).exit_code == 2
    assert images_of(here) == []


def test_there_and_back_again_keeps_every_byte_and_word(
    make_here: Callable[[str], Here], folder: Path
) -> None:
    first = make_here("first")
    for picture, words in (
        (photo(), WORDS),
        (see_through(), {}),
        (animation(), {"albums": ("a",)}),
    ):
        first.add(picture, **words)
    before = images_of(first)
    assert first.run("export", str(folder)).exit_code == 0
    second = make_here("second")

    assert second.run("import", str(folder)).exit_code == 0

    by_id = {image.id: image for image in images_of(second)}
    assert {id: told_of(image) for id, image in by_id.items()} == {
        image.id: told_of(image) for image in before
    }
    for image in before:
        assert second.original(image).read_bytes() == first.original(image).read_bytes()
    assert second.run_json("import", str(folder))["duplicates"] == 3
    again = folder.parent / "again"
    second.run("export", str(again))
    assert files_in(again).keys() == files_in(folder).keys()


def test_the_order_of_arrival_is_kept(make_here: Callable[[str], Here], folder: Path) -> None:
    first = make_here("first")
    first.add(photo(seed=9))
    first.run("export", str(folder))
    [line] = lines_of(folder)
    lines = []
    for day in (3, 1, 2):
        file = f"{day}.jpg"
        (folder / file).write_bytes(photo(seed=day).content)
        lines.append({"file": file, "created_at": f"2020-01-0{day}T12:00:00Z"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    second = make_here("second")

    second.run("import", str(folder))

    assert [image.filename for image in images_of(second)] == [
        "1.jpg", "2.jpg", "3.jpg", Path(line["file"]).name
    ]  # fmt: skip


def test_twins_stay_two(make_here: Callable[[str], Here], folder: Path) -> None:
    first = make_here("first")
    one = first.add(photo(), description="one")
    with first.opened() as gallery:
        gallery.library.trash(one.id, version=None)
    two = first.add(photo(), description="two")
    with first.opened() as gallery:
        gallery.library.restore(one.id)
    first.run("export", str(folder))
    second = make_here("second")

    assert second.run_json("import", str(folder))["imported"] == 2

    assert {image.id: image.description for image in images_of(second)} == {
        one.id: "one", two.id: "two"
    }  # fmt: skip


def test_an_import_into_a_gallery_that_has_the_picture_adds_nothing(
    make_here: Callable[[str], Here], folder: Path
) -> None:
    first = make_here("first")
    first.add(photo(), description="theirs")
    first.run("export", str(folder))
    second = make_here("second")
    mine = second.add(photo(), description="mine")

    assert second.run_json("import", str(folder))["duplicates"] == 1

    assert [image.id for image in images_of(second)] == [mine.id]


def test_lines_that_cannot_be_used_are_told_and_lead_nowhere(
    here: Here, folder: Path, tmp_path: Path
) -> None:
    folder.mkdir()
    (tmp_path / "outside.jpg").write_bytes(photo(seed=1).content)
    (folder / "good.jpg").write_bytes(photo(seed=2).content)
    lines: list[Any] = [
        {"file": "../outside.jpg"},
        {"file": str(tmp_path / "outside.jpg")},
        {"file": "good.jpg", "description": {"$ne": ""}},
        {"file": "good.jpg", "tags": ["x"] * 21},
        {"file": "gone.jpg"},
        ["good.jpg"],
        {"file": "good.jpg", "id": "no id", "description": "Good"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + "no json\n"
    (folder / manifest.NAME).write_text(text)

    told = here.run_json("import", str(folder))

    assert (told["imported"], told["failed"]) == (1, 7)
    assert [image.description for image in images_of(here)] == ["Good"]


class Killed:
    """A command that works alone on its data and is killed in the middle."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "gallery", *words],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "GALLERY_DATA": str(self.data)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill_when(self, holds: Callable[[], bool], *words: str) -> None:
        process = self.start(*words)
        eventually(lambda: holds() or process.poll() is not None, 60)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def run(self, *words: str) -> int:
        return self.start(*words).wait(120)


def test_a_kill_in_the_middle_of_either_loses_nothing(tmp_path: Path, folder: Path) -> None:
    pictures, data, again = tmp_path / "pictures", tmp_path / "data", tmp_path / "again"
    pictures.mkdir()
    for seed in range(12):
        (pictures / f"{seed}.jpg").write_bytes(photo(seed=seed).content)
    command = Killed(data)

    def some_of(place: Path, pattern: str, count: int) -> Callable[[], bool]:
        return lambda: len(list(place.glob(pattern))) >= count

    command.kill_when(some_of(data / "originals", "??/*", 2), "import", str(pictures))
    command.kill_when(some_of(data / "originals", "??/*", 6), "import", str(pictures))
    assert command.run("import", str(pictures)) == 0
    command.kill_when(some_of(folder, "*/*.jpg", 2), "export", str(folder))
    assert command.run("export", str(folder)) == 0

    wanted = sorted(photo(seed=seed).content for seed in range(12))
    assert sorted(path.read_bytes() for path in folder.glob("*/*.jpg")) == wanted
    assert len(lines_of(folder)) == 12
    assert command.run("audit", "--grace", "0") == 0
    other = Killed(again)
    assert other.run("import", str(folder)) == 0
    assert other.run("audit", "--grace", "0") == 0
    assert sorted(path.read_bytes() for path in again.glob("originals/??/*")) == wanted
