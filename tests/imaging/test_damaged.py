"""Hostile, broken and enormous files: refused with words that help, or decoded, and no more."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.errors import (
    BrokenImageError,
    GalleryError,
    ImageTooLargeError,
    TooLargeError,
    UnsupportedFormatError,
)
from gallery.imaging.sandbox import Engine
from gallery.model import Facts
from tests import pictures
from tests.imaging.judging import LIMITS
from tests.pictures import Picture, gif_of, png_chunk, png_of

Inspect = Callable[[Picture], Facts]

GOOD = {
    "jpeg": pictures.photo("jpeg"),
    "progressive": pictures.photo("jpeg", progressive=True),
    "png": pictures.photo("png"),
    "interlaced": pictures.in_sixteen_bits("png"),
    "gif": pictures.photo("gif"),
    "moving gif": pictures.animation("gif"),
    "webp": pictures.photo("webp"),
    "lossless webp": pictures.photo("webp", lossless=True),
    "moving webp": pictures.animation("webp"),
    "avif": pictures.photo("avif"),
    "heic": pictures.photo("heic", metadata=True),
    "tiled heic": pictures.photo("heic", width=200, height=140, tile_size=64),
    "tiff": pictures.photo("tiff"),
    "lzw": pictures.photo("tiff", compression="tiff_lzw", metadata=True),
    "metadata": pictures.photo("jpeg", metadata=True),
}
"""One of each kind that is built differently."""


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("missing", [1, 2, 13, 0.1, 0.6])
def test_refuses_every_file_that_was_cut_off(inspect: Inspect, kind: str, missing: float) -> None:
    count = int(missing * len(GOOD[kind].content)) if missing < 1 else int(missing)
    with pytest.raises((BrokenImageError, UnsupportedFormatError)) as refusal:
        inspect(GOOD[kind].cut_off(count))
    assert "Send" in refusal.value.detail


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("height", [200, 203, 208])
def test_refuses_a_jpeg_that_lost_only_its_last_rows(
    inspect: Inspect, subsampling: str, height: int
) -> None:
    good = pictures.photo("jpeg", width=300, height=height, subsampling=subsampling)
    assert inspect(good).height == height
    cut = good.content[:-12] + b"\xff\xd9"
    with pytest.raises(BrokenImageError):
        inspect(Picture(format="jpeg", content=cut, width=300, height=height))


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("seed", range(5))
def test_refuses_or_decodes_files_with_changed_bytes(
    inspect: Inspect, kind: str, seed: int
) -> None:
    changed = GOOD[kind].mutated(seed, count=1 + 3 * seed)
    # A decoder that died or hung would be DecoderFailedError.
    with suppress(BrokenImageError, ImageTooLargeError, UnsupportedFormatError):
        assert inspect(changed).format == changed.format


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", BrokenImageError),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", UnsupportedFormatError),
        (b"%PDF-1.7\n1 0 obj\n", UnsupportedFormatError),
        (b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n", UnsupportedFormatError),
        (b"<!doctype html><script>alert(1)</script>", UnsupportedFormatError),
        (b"width,height\n1,2\n" * 40, UnsupportedFormatError),
        (b"\x08\xf2\xa6\xb6" + bytes(60), UnsupportedFormatError),
        (b"push graphic-context\nimage over 0,0 0,0 'https://x/y'\n", UnsupportedFormatError),
        (b"\xff\xd8\xff\xe0", BrokenImageError),
        (b"\x89PNG\r\n\x1a\n", BrokenImageError),
        (b"GIF89a", BrokenImageError),
        (b"RIFF\x10\0\0\0WEBPVP8 ", BrokenImageError),
        (b"II*\0\x08\0\0\0\0\0", BrokenImageError),
    ],
)
@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_refuses_what_is_no_picture_under_the_name_of_one(
    inspect: Inspect, format: str, content: bytes, error: type[GalleryError]
) -> None:
    with pytest.raises(error):
        inspect(Picture(format=format, content=content, width=1, height=1))


def test_refuses_a_film(inspect: Inspect) -> None:
    film = b"\0\0\0\x1cftypavis\0\0\0\0avismsf1miaf" + struct.pack(">I", 16) + b"mdat" + bytes(8)
    with pytest.raises(UnsupportedFormatError, match="AVIF films"):
        inspect(Picture(format="avif", content=film, width=1, height=1))


def test_refuses_camera_raw_in_the_clothes_of_tiff(inspect: Inspect) -> None:
    raw = pictures.photo("tiff", tiffinfo={0xFE: 1})
    with pytest.raises(UnsupportedFormatError, match="raw"):
        inspect(raw)


def _jpeg_of(width: int, height: int) -> Picture:
    small = pictures.photo("jpeg")
    return small.patched(small.content.index(b"\xff\xc0") + 5, struct.pack(">HH", height, width))


def _gif_of(width: int, height: int) -> Picture:
    small = gif_of(1, width=width, height=height)
    return small.patched(small.content.index(b"\x2c") + 5, struct.pack("<HH", width, height))


def _webp_of(width: int, height: int) -> Picture:
    small = pictures.photo("webp", lossless=True)
    bits = (width - 1) | (height - 1) << 14
    return small.patched(small.content.index(b"VP8L") + 9, struct.pack("<I", bits))


def _avif_of(width: int, height: int) -> Picture:
    small = pictures.photo("avif")
    return small.patched(small.content.index(b"ispe") + 8, struct.pack(">II", width, height))


def _heic_of(width: int, height: int) -> Picture:
    small = pictures.photo("heic")
    return small.patched(small.content.index(b"ispe") + 8, struct.pack(">II", width, height))


def _tiff_of(width: int, height: int) -> Picture:
    small = pictures.photo("tiff")
    first = struct.unpack("<I", small.content[4:8])[0]
    changed = small
    for entry in range(first + 2, first + 2 + 24, 12):
        tag = struct.unpack("<H", small.content[entry : entry + 2])[0]
        side = {256: width, 257: height}.get(tag)
        if side:
            changed = changed.patched(entry + 2, struct.pack("<HII", 4, 1, side))
    return changed


@pytest.mark.parametrize(
    "bomb",
    [
        _jpeg_of(60_000, 60_000),
        png_of(50_000, 50_000),
        png_of(2**31 - 1, 2**31 - 1),
        _gif_of(60_000, 60_000),
        _webp_of(16_000, 16_000),
        _avif_of(60_000, 60_000),
        _heic_of(60_000, 60_000),
        _heic_of(12_000, 8_000),
        _tiff_of(60_000, 60_000),
    ],
    ids=lambda bomb: bomb.format,
)
def test_refuses_more_pixels_than_the_limit_before_decoding_any(
    inspect: Inspect, bomb: Picture
) -> None:
    assert len(bomb.content) < 100_000
    with pytest.raises((ImageTooLargeError, BrokenImageError)):
        inspect(bomb)


def test_names_the_limit_and_what_was_found(inspect: Inspect) -> None:
    with pytest.raises(ImageTooLargeError) as refusal:
        inspect(png_of(50_000, 40_000))
    for words in ("50,000 by 40,000", "2,000 megapixels", "100 are taken", "smaller"):
        assert words in refusal.value.detail


def test_refuses_an_animation_of_more_frames_than_the_limit(inspect: Inspect) -> None:
    inspect(gif_of(3_000, width=4, height=4))
    with pytest.raises(ImageTooLargeError, match="3,000 frames"):
        inspect(gif_of(3_001, width=4, height=4))


def test_refuses_an_animation_of_more_pixels_than_the_limit(inspect: Inspect) -> None:
    with pytest.raises(ImageTooLargeError, match="400 megapixels in all"):
        inspect(gif_of(2_000, width=2_000, height=2_000))


def test_refuses_a_document_of_more_pixels_than_the_limit(tmp_path: Path) -> None:
    engine = Engine(replace(LIMITS, max_frame_pixels=10_000), children=1)
    document = pictures.pages((40, 40), (80, 80), (60, 60)).saved_in(tmp_path)
    with pytest.raises(ImageTooLargeError, match="3 frames or pages"):
        engine.inspect(document)
    engine.close()


@pytest.mark.parametrize("format", ["webp", "avif", "heic"])
def test_refuses_sooner_what_takes_more_memory_to_decode(format: str, tmp_path: Path) -> None:
    engine = Engine(replace(LIMITS, max_pixels=10_000), children=1)
    engine.inspect(pictures.photo("png", width=100, height=99).saved_in(tmp_path))
    with pytest.raises(ImageTooLargeError, match="send it as JPEG"):
        engine.inspect(pictures.photo(format, width=100, height=99).saved_in(tmp_path))
    engine.close()


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(40_000_000))),
        png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(40_000_000))),
        png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(40_000_000))),
    ],
    ids=["text", "international text", "profile"],
)
def test_refuses_texts_that_unpack_to_more_than_the_limit(inspect: Inspect, chunk: bytes) -> None:
    with pytest.raises(ImageTooLargeError, match="16,777,216 bytes"):
        inspect(png_of(10, 10, chunk))


def test_refuses_more_bytes_than_the_limit_and_names_both(tmp_path: Path) -> None:
    engine = Engine(replace(LIMITS, max_bytes=1_000), children=1)
    original = pictures.photo("png")
    with pytest.raises(TooLargeError) as refusal:
        engine.inspect(original.saved_in(tmp_path))
    assert f"{len(original.content):,}" in refusal.value.detail
    assert "1,000" in refusal.value.detail


def test_refuses_a_png_whose_checksums_are_wrong(inspect: Inspect) -> None:
    good = png_of(10, 10, png_chunk(b"tEXt", b"Comment\0hello"))
    with pytest.raises(BrokenImageError, match="damaged"):
        inspect(good.patched(good.content.index(b"hello"), b"jello"))
