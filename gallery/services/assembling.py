"""Makes one file of the pieces that an upload came in, and holds it against what was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.catalog.upload import Upload
from gallery.errors import DamagedUploadError, ObjectMissingError
from gallery.model import Received
from gallery.services.incoming import scratch_file
from gallery.stores.base import Parts, SupportsLocalPath
from gallery.stores.parts import disk_errors

_CHUNK_BYTES = 1024 * 1024


class Assembling:
    """Assembles what lies in ``parts``; files of its own lie in ``incoming``."""

    def __init__(self, *, parts: Parts, incoming: Path) -> None:
        self._parts = parts
        self._incoming = incoming

    @contextmanager
    def received(self, upload: Upload, *, md5: bool = False) -> Iterator[Received]:
        """The whole file; gone again when the block ends.

        Raises DamagedUploadError unless it is what was announced, and StorageFullError.
        """
        try:
            with self._in_one_file(upload) as path:
                received = _hashed(path, upload, md5=md5)
                if received.bytes != upload.bytes or upload.sha256 not in ("", received.sha256):
                    raise DamagedUploadError(
                        "What arrived is not what was announced. Please send the file again."
                    )
                yield received
        except ObjectMissingError as error:
            raise DamagedUploadError(
                "Pieces of the file are gone. Please send it again."
            ) from error

    @contextmanager
    def _in_one_file(self, upload: Upload) -> Iterator[Path]:
        if len(upload.parts) == 1 and isinstance(self._parts, SupportsLocalPath):
            yield self._parts.path_of(upload.parts[0].name)
            return
        with scratch_file(self._incoming) as path:
            with path.open("wb", buffering=0) as file:
                for part in upload.parts:
                    with self._parts.open(part.name) as source, disk_errors():
                        while chunk := source.read(_CHUNK_BYTES):
                            file.write(chunk)
            yield path


def _hashed(path: Path, upload: Upload, *, md5: bool) -> Received:
    sha256, digest = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            size += len(chunk)
            sha256.update(chunk)
            if md5:
                digest.update(chunk)
    return Received(
        path=str(path),
        filename=upload.filename,
        bytes=size,
        sha256=sha256.hexdigest(),
        md5=digest.hexdigest() if md5 else "",
    )
