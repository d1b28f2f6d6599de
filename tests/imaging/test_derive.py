"""Variants: upright, in the format that was asked for, and without metadata."""

from __future__ import annotations

import pytest

from gallery.errors import BrokenImageError, DecoderFailedError
from gallery.imaging.sandbox import Engine
from tests import pictures
from tests.imaging.judging import BUCKETS, STILL, Derive, assert_near
from tests.pictures import CORNERS, Picture


@pytest.mark.parametrize("format", STILL)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_every_orientation_upright(derive: Derive, format: str, orientation: int) -> None:
    tall = pictures.photo(format, width=80, height=120, orientation=orientation)
    variant = derive(tall, "c_limit,h_60,w_60")
    assert variant.image.size == (40, 60)
    assert_near(variant.corners(), CORNERS)


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("format", [*STILL, "gif"])
def test_gives_every_original_to_every_client(derive: Derive, format: str, bucket: str) -> None:
    variant = derive(pictures.photo(format), "c_limit,h_50,w_50", bucket=bucket)
    assert variant.format == {"base": "jpeg"}.get(bucket, bucket)
    assert_near(variant.corners(), CORNERS)


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("format", STILL)
def test_leaves_no_place_and_no_names(derive: Derive, format: str, bucket: str) -> None:
    original = pictures.photo(format, metadata=True)
    assert all(secret in original.content for secret in pictures.SECRETS)
    derive(original, bucket=bucket)


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize(
    "payload", [b"<script>alert(1)</script>", b"<?php x", b"PK\x03\x04", b"%PDF-1.7"]
)
def test_leaves_nothing_of_a_file_that_is_two_things(
    derive: Derive, bucket: str, payload: bytes
) -> None:
    photo = pictures.photo("jpeg", comment=payload)
    original = Picture(
        format="jpeg", content=photo.content + payload, width=photo.width, height=photo.height
    )
    assert payload not in derive(original, bucket=bucket).derived.bytes


@pytest.mark.parametrize(
    ("wanted", "format"),
    [("avif", "avif"), ("webp", "webp"), ("jpg", "jpeg"), ("png", "png"), ("gif", "gif")],
)
def test_gives_the_format_that_was_asked_for_to_everybody(
    derive: Derive, wanted: str, format: str
) -> None:
    for bucket in BUCKETS:
        variant = derive(pictures.photo(), f"c_limit,f_{wanted},h_50,w_50", bucket=bucket)
        assert variant.format == format


def test_refuses_to_derive_from_half_a_file(derive: Derive) -> None:
    with pytest.raises((BrokenImageError, DecoderFailedError)):
        derive(pictures.photo("jpeg", width=600, height=400).cut_off(6000))


def test_refuses_a_bucket_that_it_does_not_know(engine: Engine, derive: Derive) -> None:
    with pytest.raises(DecoderFailedError):
        derive(pictures.photo(), bucket="jxl")
