"""A preset asked for the first time, over HTTP: against libvips alone, set the same."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import cold, pictures, servers
from bench.cold import Cold
from bench.report import Bench, BenchError, Figure, clocked, medians, ratio_at_most
from gallery.transformation import BUILT_IN, Transformation

_SAVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "webp": ("webpsave_buffer", {"Q": 80, "effort": 2}),
    "avif": ("heifsave_buffer", {"Q": 63, "effort": 0, "compression": "av1", "bitdepth": 8}),
    "base": ("jpegsave_buffer", {"Q": 80, "optimize_coding": True}),
}
"""As the gallery's encoders are set."""

_PROGRESSIVE_PIXELS = 500_000
"""A JPEG of that size is progressive besides."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One preset for one kind of client."""

    preset: str
    bucket: str
    accept: str
    sizes: tuple[int, ...]

    @property
    def wanted(self) -> Transformation:
        return next(each.largest for each in BUILT_IN if each.name == self.preset)

    def __str__(self) -> str:
        name = "jpeg" if self.bucket == "base" else self.bucket
        return f"{self.preset} ({self.wanted.steps[0].width} px) as {name}"


_CASES = (
    _Case("thumb", "webp", "image/webp", (2, 12, 24, 48)),
    _Case("card", "base", "image/jpeg", (2, 12, 24, 48)),
    _Case("thumb", "avif", "image/avif", (12,)),
)


def run(bench: Bench) -> None:
    """At every size: from the original, then from its mid-size copy where it has one."""
    sizes = (2, 12) if bench.quick else tuple(pictures.MEGAPIXELS)
    with bench.about("variants", "a preset, derived because it is asked for the first time"):
        files = pictures.draw(bench.folder, *sizes)
        data = bench.folder / "data"
        with servers.gallery(data) as gallery, closing(gallery.connect()) as connection:
            upload = partial(cold.upload, gallery, data)
            bare = {size: upload(file, copy=False) for size, file in files.items()}
            whole = {size: upload(file, copy=True) for size, file in files.items()}
            for case in _CASES:
                for size in (each for each in case.sizes if each in sizes):
                    _from_original(bench, connection, case, size, bare[size], files[size])
            for size in sizes:
                if whole[size].copy:
                    _from_copy(bench, connection, size, whole[size], bare[size])


def _from_original(
    bench: Bench, connection: HTTPConnection, case: _Case, size: int, image: Cold, file: Path
) -> None:
    path = image.path(str(case.wanted))
    _check_alike(cold.ask(connection, path, case.accept), _bare(file, case), str(case))
    ours, theirs = medians(
        bench.rounds(11),
        partial(image.cold_ms, connection, path, case.accept),
        lambda: clocked(lambda: _bare(file, case)),
    )
    bench.tell(
        f"{case}, from {size} MP",
        Figure(ours, "ms"),
        peer="libvips in process",
        theirs=Figure(theirs, "ms"),
        goal=ratio_at_most(1.15),
    )


def _from_copy(
    bench: Bench, connection: HTTPConnection, size: int, whole: Cold, bare: Cold
) -> None:
    case = _CASES[0]
    ours, theirs = medians(
        bench.rounds(11),
        *(
            partial(image.cold_ms, connection, image.path(str(case.wanted)), case.accept)
            for image in (whole, bare)
        ),
    )
    bench.tell(
        f"{case}, {size} MP, from the mid-size copy",
        Figure(ours, "ms"),
        peer="from the original",
        theirs=Figure(theirs, "ms"),
    )


def _bare(file: Path, case: _Case) -> bytes:
    """The same variant by the fewest calls of libvips, nothing checked and nothing kept."""
    import pyvips

    header = pyvips.Image.new_from_file(str(file))
    width, height = case.wanted.size_of(header.width, header.height)
    shrink = next(
        n for n in (8, 4, 2, 1) if header.width >= width * n and header.height >= height * n
    )
    pixels = pyvips.Image.new_from_file(str(file), access="sequential", shrink=shrink)
    scaled = pixels.resize(width / pixels.width, vscale=height / pixels.height)
    saver, options = _SAVERS[case.bucket]
    if case.bucket == "base" and width * height >= _PROGRESSIVE_PIXELS:
        options = {**options, "interlace": True}
    made: bytes = getattr(scaled, saver)(keep="none", **options)
    return made


def _check_alike(ours: bytes, theirs: bytes, what: str) -> None:
    if abs(len(ours) - len(theirs)) > len(theirs) / 50:
        sizes = f"{len(ours)} and {len(theirs)} bytes"
        raise BenchError(f"{what}: {sizes}; the settings here are not the gallery's any more")
