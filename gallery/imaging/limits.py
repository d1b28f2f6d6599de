"""How much a picture may ask of us."""

from __future__ import annotations

from dataclasses import dataclass

BYTES_PER_PIXEL = 8
"""What decoding takes at most: four interlaced channels of 16 bits, whole in memory."""

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is refused beyond, and what a decoding process may use. The defaults suit two cores."""

    max_bytes: int
    """Of the file."""
    max_pixels: int
    """Of the picture, width by height."""
    max_frames: int = 3_000
    max_frame_pixels: int = 400_000_000
    """Of all frames of an animation, or all pages of a document, together."""
    max_metadata_bytes: int = 16 * _MIB
    """EXIF, XMP, profiles and texts, unpacked."""
    memory_bytes: int = 0
    """Address space of a decoding process; 0 means enough for ``max_pixels``."""
    wall_s: float = 9.0
    """One picture takes no longer, or its process is killed."""
    cpu_s: int = 9
    """Processor time for one picture."""
    wait_s: float = 8.0
    """Nobody waits longer for a free process."""
    images_per_child: int = 500
    """Then a process is replaced: whatever leaks in a decoder, leaks only so far."""
    idle_s: float = 60.0
    """A process that had nothing to do for so long is ended."""

    @property
    def address_space_bytes(self) -> int:
        """What RLIMIT_AS is set to: the picture, the file, and the program with its libraries."""
        return self.memory_bytes or BYTES_PER_PIXEL * self.max_pixels + self.max_bytes + 512 * _MIB
