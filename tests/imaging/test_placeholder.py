"""ThumbHashes equal those of their author's own program; colours are those that are seen most."""

from __future__ import annotations

import base64

import pytest

from gallery.imaging.placeholder import Small, dominant_color, thumb_hash

RED, CLEAR, GREY = (200, 30, 40, 255), (0, 255, 0, 0), (90, 90, 90, 255)


def _patterned(width: int, height: int, *, has_alpha: bool) -> Small:
    numbers = ((i * i * 7 + i * 13) % 251 for i in range(width * height * 4))
    rgba = bytes(255 if i % 4 == 3 and not has_alpha else n for i, n in enumerate(numbers))
    return Small(width, height, rgba)


def _of(*pixels: tuple[int, int, int, int]) -> Small:
    return Small(len(pixels), 1, bytes(band for pixel in pixels for band in pixel))


# From the npm package thumbhash 0.1.1, on the same pixels.
@pytest.mark.parametrize(
    ("width", "height", "has_alpha", "expected"),
    [
        (24, 32, False, "HvgBDQKnizkqZMSZJFaZ918sCZ5m"),
        (32, 20, False, "HvgBDIBKqCtYt0zH+ne4uP+XqA=="),
        (32, 32, False, "3vcBBwBsqHZZk8pm2p2cX3p41u+J/q8B"),
        (3, 2, False, "nrg9NZBXqAh2iIeHiJh4gBsM+Bh4"),
        (16, 16, True, "HfiBDQIHlyBYymiKB6KPS7cFjL+INnKXyw=="),
        (32, 5, True, "HQiCCYIHNK9oiTW/eXVGB4hdgpOLyV8="),
    ],
)
def test_equals_the_reference(width: int, height: int, has_alpha: bool, expected: str) -> None:
    assert thumb_hash(_patterned(width, height, has_alpha=has_alpha)) == expected


@pytest.mark.parametrize("has_alpha", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (32, 1), (1, 32), (32, 32), (32, 31), (7, 32)])
def test_needs_25_bytes_at_most(size: tuple[int, int], has_alpha: bool) -> None:
    assert len(base64.b64decode(thumb_hash(_patterned(*size, has_alpha=has_alpha)))) <= 25


def test_draws_one_colour_without_a_wave() -> None:
    grey = Small(8, 8, bytes(GREY) * 64)
    assert set(base64.b64decode(thumb_hash(grey))[5:]) == {0}


def test_finds_the_colour_that_is_seen_most() -> None:
    assert dominant_color(_of(RED, RED, GREY)) == "#c81e28"
    assert dominant_color(_of((200, 24, 40, 255), (202, 26, 42, 255), GREY)) == "#c91929"


def test_does_not_count_colours_that_nobody_sees() -> None:
    assert dominant_color(_of(CLEAR, CLEAR, CLEAR, RED)) == "#c81e28"
    assert dominant_color(_of(CLEAR, CLEAR)) == "#ffffff"
