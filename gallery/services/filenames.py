"""File names: fit to be shown, and fit to be written."""

from __future__ import annotations

import re
import unicodedata

MAX_FILENAME = 255

MAX_STEM_BYTES = 160
"""With what is put before and behind it, no more than the 255 bytes that filesystems take."""

_UNWRITABLE = re.compile(r'[<>:"/\\|?*]')
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def clean_filename(name: str) -> str:
    """A file name fit to be shown: its last part, without controls or direction overrides,
    bounded."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = unicodedata.normalize("NFC", _UNSHOWABLE.sub("", base)).strip()
    return shown.encode("utf-8", "ignore").decode()[:MAX_FILENAME]


def stem_of(filename: str) -> str:
    """The name without its extension, as every filesystem takes it; empty when nothing is left."""
    shown = clean_filename(filename)
    stem = _UNWRITABLE.sub("_", shown.rpartition(".")[0] or shown)
    return stem.encode()[:MAX_STEM_BYTES].decode("utf-8", "ignore").strip(" .")
