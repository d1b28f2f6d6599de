"""The permanent addresses of an image: each leads to a size of it, wherever the image lives now."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from gallery.catalog.images import ImageCatalog
from gallery.errors import (
    AddressRefusedError,
    FetchFailedError,
    NotFoundError,
    StoreUnavailableError,
    TooLargeError,
)
from gallery.imaging.formats import HEAD_BYTES, sniff
from gallery.outgoing import Outgoing
from gallery.services.addresses import Addresses
from gallery.services.incoming import scratch_file

MAX_BYTES = 64 * 1024**2
"""Of a variant that passes through us; one picture of the largest preset has a tenth of that."""

_ACCEPT = {
    "avif": "image/avif,image/webp,image/*",
    "webp": "image/webp,image/*",
    "base": "image/jpeg,image/png,image/gif",
}


class Permanent:
    """Finds where permanent addresses lead, and fetches what lies there."""

    def __init__(
        self, *, catalog: ImageCatalog, addresses: Addresses, outgoing: Outgoing, incoming: Path
    ) -> None:
        """``outgoing`` may reach the hosts of the stores; ``incoming`` holds what passes
        through."""
        self._catalog = catalog
        self._addresses = addresses
        self._outgoing = outgoing
        self._incoming = incoming

    def url(self, image_id: str, preset: str) -> str:
        """Where the largest size of that preset is fetched now: absolute, or a path of ours.

        Raises NotFoundError.
        """
        image = self._catalog.find(image_id)
        if preset not in self._addresses.presets:
            raise NotFoundError("There is no such size of a photo.")
        return self._addresses.variants(image)[preset].url

    def fetched(self, url: str, bucket: str) -> BinaryIO:
        """The picture at one of those URLs, whole, for who can show formats of that class.

        An open file, gone when the caller closes it. Raises StoreUnavailableError.
        """
        with scratch_file(self._incoming) as path:
            self._download(url, path, bucket)
            return _picture(path)

    def _download(self, url: str, to: Path, bucket: str) -> None:
        headers = {"Accept": _ACCEPT[bucket]}
        try:
            self._outgoing.download(url, to=to, max_bytes=MAX_BYTES, headers=headers)
        except (FetchFailedError, AddressRefusedError, TooLargeError) as error:
            # Each is about an address that somebody gave us; this one is our own.
            raise StoreUnavailableError(
                "The media store does not send this photo at the moment."
            ) from error


def _picture(path: Path) -> BinaryIO:
    file = path.open("rb")
    if sniff(file.read(HEAD_BYTES)) is None:
        file.close()
        raise StoreUnavailableError("What the media store sent is no picture.")
    file.seek(0)
    return file
