"""Moments and cameras from EXIF, whatever a stranger wrote into it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from gallery.imaging.metadata import MAX_TEXT_CHARACTERS, camera, read_exif, taken_at
from gallery.model import Camera

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAKE, MODEL = 0x010F, 0x0110
TAKEN, OFFSET = 0x9003, 0x9011
EXPOSURE, F_NUMBER, ISO, FOCAL, LENS = 0x829A, 0x829D, 0x8827, 0x920A, 0xA434


def _block(first: dict[int, Any] | None = None, exif: dict[int, Any] | None = None) -> bytes:
    block = Image.Exif()
    block.update(first or {})
    block.get_ifd(0x8769).update(exif or {})
    return block.tobytes()


def _taken(**texts: str) -> datetime | None:
    tags = {TAKEN: texts["at"]} | ({OFFSET: texts["offset"]} if "offset" in texts else {})
    return taken_at(read_exif(_block(exif=tags)), now=NOW)


def test_reads_the_moment_in_the_zone_that_was_recorded() -> None:
    assert _taken(at="2024:05:06 07:08:09") == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    east = _taken(at="2024:05:06 07:08:09", offset="+05:30")
    assert east == datetime(2024, 5, 6, 1, 38, 9, tzinfo=UTC)
    west = _taken(at="2024:12:31 23:30:00", offset="-01:00")
    assert west == datetime(2025, 1, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("offset", ["", "Z", "+99:00", "5", "+05:30:00", "\u202e+05:30"])
def test_takes_an_offset_that_cannot_be_for_none(offset: str) -> None:
    taken = _taken(at="2024:05:06 07:08:09", offset=offset)
    assert taken == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "2024:02:30 10:00:00",
        "2024:05:06 25:00:00",
        "    :  :     :  :  ",
        "1700:01:01 00:00:00",
        "2026:11:23 00:00:00",
        "9999:12:31 23:59:59",
        "2024-05-06T07:08:09",
        "yesterday",
        "",
    ],
)
def test_knows_no_moment_that_cannot_be(text: str) -> None:
    assert _taken(at=text) is None
    assert _taken(at=text, offset="-12:00") is None


def test_a_photograph_may_be_old() -> None:
    assert _taken(at="1899:12:31 12:00:00") == datetime(1899, 12, 31, 12, tzinfo=UTC)


def test_tells_the_exposure_as_people_do() -> None:
    settings = {
        EXPOSURE: IFDRational(1, 250),
        F_NUMBER: IFDRational(28, 10),
        ISO: 100,
        FOCAL: IFDRational(35, 1),
        LENS: "RF35mm F1.8",
    }
    block = _block({MAKE: "Canon", MODEL: "Canon EOS R6"}, settings)
    assert camera(read_exif(block)) == Camera(
        model="Canon EOS R6", lens="RF35mm F1.8", exposure="1/250 s, f/2.8, ISO 100, 35 mm"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({EXPOSURE: IFDRational(2, 1)}, "2 s"),
        ({EXPOSURE: IFDRational(1, 2)}, "0.5 s"),
        ({EXPOSURE: IFDRational(1, 8000), ISO: 12800}, "1/8000 s, ISO 12800"),
        ({F_NUMBER: IFDRational(4, 1), FOCAL: IFDRational(425, 100)}, "f/4, 4.25 mm"),
        ({EXPOSURE: IFDRational(0, 1), F_NUMBER: IFDRational(0, 0), ISO: 0}, None),
        ({EXPOSURE: IFDRational(4294967295, 1)}, None),
    ],
)
def test_leaves_out_what_cannot_be(settings: dict[int, Any], told: str | None) -> None:
    found = camera(read_exif(_block({MODEL: "X"}, settings)))
    assert found == Camera(model="X", exposure=told)


@pytest.mark.parametrize(
    ("make", "model", "told"),
    [
        ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("SONY", "ILCE-7M4", "SONY ILCE-7M4"),
        ("", "Camera", "Camera"),
        ("Leica", "", "Leica"),
    ],
)
def test_names_the_maker_once(make: str, model: str, told: str) -> None:
    found = camera(read_exif(_block({MAKE: make, MODEL: model})))
    assert found is not None
    assert found.model == told


def test_cleans_and_bounds_texts() -> None:
    hostile = "<b>\x1b[31mX\r\n\u202eevil\u200b\t y".encode() + b"z" * 1000
    block = _block({MODEL: "m" * len(hostile)}).replace(b"m" * len(hostile), hostile)
    found = camera(read_exif(block))
    assert found is not None
    assert found.model is not None
    assert found.model.startswith("<b> [31mX evil yzzz")
    assert found.model.isprintable()
    assert len(found.model) == MAX_TEXT_CHARACTERS


def test_reads_no_place_no_serial_number_and_no_owner() -> None:
    secrets = {0xA430: "Olga Owner", 0xA431: "SN-4711", 0xA435: "SN-4712"}
    exif = read_exif(_block({0x013B: "Olga Owner", 0x8298: "(c) Olga"}, secrets))
    assert exif.texts == {}


@pytest.mark.parametrize("order", [b"II*\0", b"MM\0*"])
@pytest.mark.parametrize("tail", [b"", b"\x08\0\0\0", b"\xff" * 40, bytes(40), b"\0\0\0\x08" * 30])
def test_finds_nothing_in_a_block_that_lies(order: bytes, tail: bytes) -> None:
    exif = read_exif(b"Exif\0\0" + order + tail)
    assert taken_at(exif, now=NOW) is None
    assert camera(exif) is None


def test_finds_what_is_left_of_a_block_that_was_cut() -> None:
    whole = _block({MAKE: "Canon", MODEL: "Canon EOS R6"}, {TAKEN: "2024:05:06 07:08:09"})
    for length in range(len(whole)):
        exif = read_exif(whole[:length])
        camera(exif)
        taken_at(exif, now=NOW)
