"""One engine for the tests of imaging, and Pillow as the judge of what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.imaging.sandbox import Engine
from gallery.model import Facts
from gallery.transformation import parse
from tests.imaging.judging import LIMITS, Judged
from tests.pictures import Picture


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """With time for a machine that is busy with other things."""
    engine = Engine(replace(LIMITS, wall_s=60.0, cpu_s=60), children=2)
    yield engine
    engine.close()


@pytest.fixture
def inspect(engine: Engine, tmp_path: Path) -> Callable[[Picture], Facts]:
    """What the engine finds in a picture."""
    return lambda picture: engine.inspect(picture.saved_in(tmp_path))


@pytest.fixture
def derive(engine: Engine, tmp_path: Path) -> Callable[..., Judged]:
    """What the engine makes of a picture, after it was judged to be sound.

    Where the transformation says nothing of the format, it is ``format``. Further pictures are
    layers, by the public id that the transformation calls them.
    """

    def derive(
        picture: Picture,
        transformation: str = "c_limit,h_400,w_400",
        *,
        bucket: str = "base",
        format: str | None = "auto",
        **layers: Picture,
    ) -> Judged:
        wanted = parse(transformation)
        if format and wanted.format is None:
            wanted = wanted.with_format(format)
        derived = engine.derive(
            picture.saved_in(tmp_path), wanted, bucket=bucket, layers=_saved(layers, tmp_path)
        )
        assert (derived.width, derived.height) == wanted.size_of(picture.width, picture.height)
        judged = Judged.of(derived)
        judged.is_sound()
        return judged

    return derive


def _saved(layers: dict[str, Picture], folder: Path) -> dict[str, Path]:
    files = {}
    for public_id, picture in layers.items():
        files[public_id] = folder / f"layer-{public_id}"
        files[public_id].write_bytes(picture.content)
    return files
