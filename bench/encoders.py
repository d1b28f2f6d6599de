"""What speed costs in bytes and in likeness: our encoders against slower ones, and thumbor's."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

from bench import cold, image_peers, likeness, pictures, servers
from bench.cold import Cold
from bench.image_peers import Maker, Wanted
from bench.report import Bench, Figure, ratio_at_least, ratio_at_most

_WEBP, _AVIF, _JPEG = (Wanted(format, 400) for format in ("webp", "avif", "jpeg"))
_PIXELS = "c_limit,f_png,h_400,w_400"
_EFFORT = 4
"""libvips's own default."""


def run(bench: Bench) -> None:
    """Once: bytes and SSIM are the same in every run."""
    sizes = (2, 12) if bench.quick else (2, 12, 24)
    headline = "bytes and SSIM of variants as they come, 400 px"
    with bench.about("encoders", headline), ExitStack() as stack:
        enter = stack.enter_context
        files = pictures.draw(bench.folder, *sizes)
        data = bench.folder / "data"
        gallery = enter(servers.gallery(data))
        connection = enter(closing(gallery.connect()))
        thumbor = enter(image_peers.started(bench.folder))["thumbor"]
        for size, file in files.items():
            image = cold.upload(gallery, data, file, copy=False)
            guard = _Guard(bench, connection, image, f"{size} MP", file)
            guard.weight()
            for wanted in (_WEBP, _AVIF, _JPEG):
                guard.likeness(wanted, thumbor)


@dataclass(frozen=True, slots=True)
class _Guard:
    """One picture."""

    bench: Bench
    connection: HTTPConnection
    image: Cold
    picture: str
    file: Path

    def weight(self) -> None:
        """WebP against the same pixels written with more effort, AVIF against our WebP."""
        webp, avif = (self._made(each.transformation) for each in (_WEBP, _AVIF))
        self._tell("webp", webp, f"effort {_EFFORT}", _with_effort(self._made(_PIXELS)), 1.03)
        self._tell("avif", avif, "our own WebP", webp, 0.7)

    def likeness(self, wanted: Wanted, thumbor: Maker | None) -> None:
        """SSIM against what thumbor has in as many bytes."""
        ours = self._made(wanted.transformation)
        theirs = None if thumbor is None else _at(len(ours), thumbor, self.file, wanted)
        self.bench.tell(
            f"SSIM of {wanted.format} from {self.picture}",
            Figure(likeness.to_original(ours, self.file)),
            peer="thumbor, as many bytes",
            theirs=None if theirs is None else Figure(theirs),
            goal=ratio_at_least(1.0),
        )

    def _made(self, transformation: str) -> bytes:
        return cold.ask(self.connection, self.image.path(transformation))

    def _tell(self, format: str, ours: bytes, peer: str, theirs: bytes, most: float) -> None:
        self.bench.tell(
            f"bytes of {format} from {self.picture}",
            Figure(len(ours) / 1000, "kB"),
            peer=peer,
            theirs=Figure(len(theirs) / 1000, "kB"),
            goal=ratio_at_most(most),
        )


def _with_effort(png: bytes) -> bytes:
    import pyvips

    pixels = pyvips.Image.new_from_buffer(png, "")
    written: bytes = pixels.webpsave_buffer(keep="none", Q=80, effort=_EFFORT)
    return written


def _at(size: int, thumbor: Maker, file: Path, wanted: Wanted) -> float:
    """thumbor's SSIM at so many bytes, between its two qualities that come nearest."""

    def made(quality: int) -> bytes:
        return thumbor(file, replace(wanted, quality=quality)).content

    low, high = 1, 100
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(made(middle)) <= size else (low, middle)
    smaller, larger = made(low), made(high)
    part = (size - len(smaller)) / max(1, len(larger) - len(smaller))
    below, above = (likeness.to_original(each, file) for each in (smaller, larger))
    return below + (above - below) * min(1.0, max(0.0, part))
