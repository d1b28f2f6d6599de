"""The README names every setting, ``docs/errors.md`` every error code; and nothing that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gallery import config, errors
from gallery.errors import ChangesLostError, ConfigError, GalleryError
from gallery.web.errors import CODES

README = (config.ROOT / "README.md").read_text(encoding="utf-8")
ERRORS = (config.ROOT / "docs" / "errors.md").read_text(encoding="utf-8")

NEVER_ANSWERED = {ConfigError, ChangesLostError}
"""The one stops the start; the other becomes the event ``reload``."""


class Asked(dict[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None, /) -> Any:
        self.names.add(name)
        return super().get(name, default)


def section(title: str) -> str:
    """The lines of the README between that heading and the next of its rank."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of the rows of tables."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def settings_read(folder: Path) -> set[str]:
    """Every name that reading the settings asks for; ``NAME_FILE`` only where there is no NAME."""
    asked = Asked(GALLERY_DATA=str(folder))
    config.read(asked)
    return {name for name in asked.names if name.removesuffix("_FILE") not in asked.names - {name}}


def subclasses(of: type[GalleryError]) -> Iterator[type[GalleryError]]:
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_setting_is_in_the_readme_and_nothing_else(tmp_path: Path) -> None:
    named = {
        name
        for cells in rows(section("Settings"))
        for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cells[0])
    }

    assert named == settings_read(tmp_path)


def test_every_error_code_is_told_with_its_status() -> None:
    told = {cells[0].strip("`"): cells[1] for cells in rows(ERRORS)}

    answered = set(subclasses(GalleryError)) - NEVER_ANSWERED | {GalleryError}
    codes = {each.code: str(each.status) for each in answered}
    codes |= {code: str(status) for status, code in CODES.items()} | {"http_error": "any other"}
    assert told == codes


def test_no_two_failures_share_a_code() -> None:
    codes = [GalleryError.code, *(each.code for each in subclasses(GalleryError))]

    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_every_failure_says_what_it_is() -> None:
    for each in subclasses(errors.GalleryError):
        assert each.__doc__
        assert each.title != GalleryError.title
