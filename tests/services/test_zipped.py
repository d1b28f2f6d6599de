"""The zip that is made while it is sent: whole in every reader, as long as announced."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from gallery.errors import ObjectMissingError, StoreError
from gallery.services import zipped
from gallery.services.zipped import Entry, size_of, stream

WHEN = datetime(2024, 5, 17, 14, 30, 7, tzinfo=UTC)


def entry(
    name: str, content: bytes, *, announced: int | None = None, when: datetime = WHEN
) -> Entry:
    size = len(content) if announced is None else announced
    return Entry(name=name, bytes=size, modified_at=when, open=lambda: io.BytesIO(content))


ENTRIES = [
    entry("beach.jpg", b"sand" * 200_000),
    entry("empty.png", b""),
    entry("Grüße 🌅.webp", b"x"),
    entry("old.gif", b"y" * 3, when=datetime(1901, 2, 3, tzinfo=UTC)),
]


def test_holds_the_files_as_they_are() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(stream(ENTRIES)))) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [each.name for each in ENTRIES]
        for each in ENTRIES:
            with each.open() as file:
                assert opened.read(each.name) == file.read()
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert opened.getinfo("beach.jpg").date_time == (2024, 5, 17, 14, 30, 6)
        assert opened.getinfo("old.gif").date_time[0] == 1980


@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip here")
def test_other_programs_open_it_and_keep_the_moment(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"".join(stream(ENTRIES)))

    subprocess.run(["unzip", "-q", "a.zip"], cwd=tmp_path, check=True, env={"TZ": "Asia/Tokyo"})

    beach = tmp_path / "beach.jpg"
    assert beach.read_bytes() == b"sand" * 200_000
    assert beach.stat().st_mtime == WHEN.timestamp()


@pytest.mark.parametrize("count", range(len(ENTRIES) + 1))
def test_is_as_long_as_announced(count: int) -> None:
    entries = ENTRIES[:count]

    assert len(b"".join(stream(entries))) == size_of(entries)


@pytest.mark.parametrize("limit", [1, 300_000, 800_100, 800_200, 10**6])
def test_is_as_long_as_announced_when_it_is_large(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """Beyond 2 GiB, or wherever we say that this begins, other fields are written."""
    for module in (zipfile, zipped):
        monkeypatch.setattr(module, "ZIP64_LIMIT", limit)
    content = b"".join(stream(ENTRIES))

    assert len(content) == size_of(ENTRIES)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None


def test_files_are_opened_one_after_the_other_and_only_when_their_turn_has_come() -> None:
    open_now: list[str] = []

    def opening(name: str) -> Callable[[], contextmanager[BinaryIO]]:
        @contextmanager
        def opened() -> Iterator[BinaryIO]:
            open_now.append(name)
            yield io.BytesIO(bytes(600_000))
            open_now.remove(name)

        return opened

    entries = [
        Entry(name=name, bytes=600_000, modified_at=WHEN, open=opening(name)) for name in "abc"
    ]
    seen = {tuple(open_now) for _ in stream(entries)}

    assert seen == {("a",), ("b",), ("c",), ()}


@pytest.mark.parametrize("length", [0, 5, 7])
def test_a_file_of_another_length_breaks_it_off(length: int) -> None:
    entries = [ENTRIES[0], entry("cut.jpg", bytes(length), announced=6), ENTRIES[2]]
    sent = []

    with pytest.raises(StoreError):
        sent.extend(stream(entries))

    assert not zipfile.is_zipfile(io.BytesIO(b"".join(sent)))


def test_a_file_that_is_missing_breaks_it_off() -> None:
    def missing() -> BinaryIO:
        raise ObjectMissingError

    sent = []
    lost = Entry(name="lost.jpg", bytes=6, modified_at=WHEN, open=missing)
    with pytest.raises(ObjectMissingError):
        sent.extend(stream([ENTRIES[0], lost]))

    assert not zipfile.is_zipfile(io.BytesIO(b"".join(sent)))
