"""How the tests look at what the engine made: with Pillow, which shares no code with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from PIL import Image

from gallery.imaging.formats import content_type_of
from gallery.imaging.made import Derived
from gallery.imaging.sandbox import Limits
from tests.pictures import SECRETS, Color

LIMITS = Limits(max_bytes=25 * 1024 * 1024, max_pixels=100_000_000)
LOSSY = 20
"""How far a channel may be off after JPEG, WebP or AVIF."""

STILL = ("jpeg", "png", "webp", "tiff", "avif")
BUCKETS = ("avif", "webp", "base")


@dataclass(frozen=True, slots=True)
class Judged:
    """A variant, and what Pillow sees of it."""

    derived: Derived
    image: Image.Image

    @classmethod
    def of(cls, derived: Derived) -> Self:
        return cls(derived, Image.open(io.BytesIO(derived.bytes)))

    @property
    def format(self) -> str:
        return self.derived.format

    @property
    def frames(self) -> int:
        return getattr(self.image, "n_frames", 1)

    def is_sound(self) -> None:
        """It is what it says, of the size it says, and carries nothing but pixels."""
        assert self.image.format == self.format.upper()
        assert content_type_of(self.derived.bytes[:32]) == f"image/{self.format}"
        assert self.image.size == (self.derived.width, self.derived.height)
        assert not self.image.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & self.image.info.keys()
        assert not [secret for secret in SECRETS if secret in self.derived.bytes]

    def color_at(self, across: float, down: float) -> Color:
        """The colour at a point given in parts of width and height."""
        return self._pixel(across, down)[:3]

    def alpha_at(self, across: float, down: float) -> int:
        return self._pixel(across, down)[3]

    def colors(self) -> set[Color]:
        """Every colour that there is."""
        counted = self.image.convert("RGB").getcolors(1 << 24) or []
        return {color for _, color in counted}  # type: ignore[misc]

    def corners(self) -> list[Color]:
        """Top left, top right, bottom right, bottom left."""
        points = ((0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95))
        return [self.color_at(*point) for point in points]

    def _pixel(self, across: float, down: float) -> tuple[int, int, int, int]:
        image = self.image.convert("RGBA")
        at = round(across * (image.width - 1)), round(down * (image.height - 1))
        red, green, blue, alpha = image.getpixel(at)  # type: ignore[misc]
        return red, green, blue, alpha


def assert_near(seen: Iterable[Color], wanted: Iterable[Color], within: int = LOSSY) -> None:
    """Each colour is what it should be, but for so much in a channel."""
    for one, other in zip(seen, wanted, strict=True):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) <= within, (one, other)


Derive = Callable[..., Judged]
"""The fixture of that name."""
