"""What a file is comes from its first bytes, and what a client gets from its Accept header."""

from __future__ import annotations

import pytest

from gallery.errors import UnsupportedFormatError
from gallery.imaging.formats import BY_NAME, accept_bucket, content_type_of, identify, sniff
from tests import pictures

FTYP = b"\0\0\0\x1cftyp"


@pytest.mark.parametrize("format", ["jpeg", "png", "gif", "webp", "avif", "heic", "tiff"])
def test_tells_the_formats_apart(format: str) -> None:
    head = pictures.photo(format).content[:512]
    assert sniff(head) is BY_NAME[format]
    assert identify(head).name == format
    assert content_type_of(head[:32]) == f"image/{format}"


@pytest.mark.parametrize(
    "head",
    [
        FTYP + b"avis\0\0\0\0avismsf1miaf",
        FTYP + b"mif1\0\0\0\0mif1avifmiaf",
        FTYP + b"heix\0\0\0\0mif1heixmiaf",
        FTYP + b"mif1\0\0\0\0mif1heicmiaf",
        FTYP + b"mif1\0\0\0\0mif1miafMiHB" + b"\0\0\0\x15infe\2\0\0\0\0\1\0\0hvc1\0",
        b"MM\0*\0\0\0\x08",
        b"II+\0\x08\0\0\0",
        b"GIF87a",
    ],
)
def test_knows_their_less_common_beginnings(head: bytes) -> None:
    assert sniff(head) is not None


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (FTYP + b"mif1\0\0\0\0mif1miafMiHB", "video"),
        (FTYP + b"isom\0\0\0\0isomiso2mp41", "video"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<svg>", "SVG"),
        (b"<!DOCTYPE html><title>x</title>", "web page"),
        (b"%PDF-1.7\n", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw"),
        (b"BM\x36\0\0\0", "format"),
        (b"8BPS\0\x01", "format"),
        (b"\xff\x0a\xfa\x1f", "format"),
        (b"Rosebud\n", "not a picture"),
        (b"\0" * 64, "not a picture"),
        (b"push graphic-context\nviewbox 0 0 640 480\n", "not a picture"),
        (b"\xff\xd8", "not a picture"),
        (b"", "not a picture"),
    ],
)
def test_says_why_anything_else_is_refused_and_what_to_send(head: bytes, word: str) -> None:
    assert sniff(head) is None
    with pytest.raises(UnsupportedFormatError) as refusal:
        identify(head)
    assert word in refusal.value.detail
    assert "JPEG" in refusal.value.detail


def test_calls_unknown_bytes_by_no_type_that_a_browser_would_show() -> None:
    assert content_type_of(b"<html>") == "application/octet-stream"


@pytest.mark.parametrize(
    ("accept", "bucket"),
    [
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "avif"),
        ("image/webp,image/png;q=0.9,*/*;q=0.5", "webp"),
        ("IMAGE/WebP ; q=0.5", "webp"),
        ("image/avif;q=0, image/webp;q=0.001", "webp"),
        ("image/avif; q=0.0", "base"),
        ("image/*", "base"),
        ("*/*", "base"),
        ("text/html", "base"),
        ("", "base"),
        ("image/avifx, ximage/webp", "base"),
    ],
)
def test_puts_every_accept_header_in_one_of_three_buckets(accept: str, bucket: str) -> None:
    assert accept_bucket(accept) == bucket
