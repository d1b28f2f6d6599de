"""Originals as files on a disk of ours.

*Permissions*: the folder belongs to the user who runs the gallery; files are 0600, folders 0700.
*Objects*: one file for each key, ``{root}/{first two characters}/{key}``; copies on their way in
lie in ``{root}/.incoming`` until they are whole. *Limits* are the disk's own. It needs a filesystem
with hard links (ext4, XFS, Btrfs, APFS, NFS; not FAT or exFAT): a link is the one way to create a
name that refuses to replace another.

A put is durable when it returns: the bytes are flushed before they get their name, and the name
after that, so a power cut leaves a whole file or none.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from gallery.errors import KeyTakenError, ObjectMissingError, StorageFullError, StoreError
from gallery.model import Image, Received, StoredObject
from gallery.signing import sign_delivery
from gallery.stores.base import KEY, checked
from gallery.stores.durable import copy_flushed, flush_folder
from gallery.transformation import Transformation

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CANNOT_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK)


class LocalStore:
    """Originals under ``root``; ``/cdn`` of this program delivers them, signed with ``secret``."""

    name = "local"
    delivery_hosts: tuple[str, ...] = ()
    makes_variants = False

    def __init__(self, root: Path, *, cloud_name: str, secret: str) -> None:
        self._root = root
        self._incoming = root / ".incoming"
        self._cloud_name = cloud_name
        self._secret = secret
        self._lasting: set[Path] = set()

    def put(self, key: str, original: Received) -> StoredObject:
        """Keeps the file durably; without copying it when it lies on the same filesystem."""
        place = self._place(key)
        with _disk_errors():
            self._make_lasting(place.parent)
            try:
                self._link(original, place)
            except FileExistsError:
                if not _same_bytes(place, original):
                    raise KeyTakenError("Another file has that name in the store.") from None
            flush_folder(place.parent)
            return _described(key, place.stat(), sha256=original.sha256)

    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``. Does not read the bytes, so the SHA-256 is not told."""
        place = self._place(key)
        with _disk_errors(), _missing():
            return _described(key, place.stat())

    def open(self, key: str) -> BinaryIO:
        """The original's bytes, for reading."""
        place = self._place(key)
        with _disk_errors(), _missing():
            return place.open("rb")

    def delete(self, key: str) -> None:
        """Removes the original for good. Variants are not the store's here but our engine's."""
        place = self._place(key)
        with _disk_errors(), suppress(FileNotFoundError):
            place.unlink(missing_ok=True)
            flush_folder(place.parent)  # Also when it is gone: who removed it may have crashed.

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Everything under ``root`` in the order of the keys, a folder at a time."""
        with _disk_errors():
            for folder in _names(self._root):
                if len(folder) == 2 and folder.startswith(prefix[:2]):
                    yield from self._list_folder(self._root / folder, prefix)

    def delivery_url(self, image: Image, wanted: Transformation) -> str:
        """A path under ``/cdn``, signed for this very transformation."""
        return own_address(self._secret, self._cloud_name, image, wanted)

    def probe(self) -> None:
        """Returns when a file can be made under ``root``, linked, and removed again."""
        with _disk_errors(), self._temporary() as temporary:
            temporary.touch(mode=0o600)
            second = temporary.with_suffix(".probe")
            os.link(temporary, second)
            second.unlink()

    def path_of(self, key: str) -> Path:
        """The original's file."""
        place = self._place(key)
        with _disk_errors(), _missing():
            place.stat()
        return place

    def stale_temporaries(self, *, older_than: datetime) -> Iterator[Path]:
        """What a crash left on its way in, last written before that moment: safe to remove."""
        with _disk_errors(), suppress(FileNotFoundError):
            for path in sorted(self._incoming.iterdir()):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < older_than.timestamp():
                        yield path

    def _place(self, key: str) -> Path:
        return self._root / checked(key)[:2] / key

    def _make_lasting(self, folder: Path) -> None:
        """Makes root and folder, their names flushed once by each process, whoever made them."""
        for each in (self._root, folder):
            if each not in self._lasting:
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
                flush_folder(each.parent)
                self._lasting.add(each)

    def _link(self, original: Received, place: Path) -> None:
        """Flushes the file, then gives it its name. Raises FileExistsError when that is taken."""
        try:
            _flush_file(Path(original.path))
            os.link(original.path, place)
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            self._link_copy(original, place)

    def _link_copy(self, original: Received, place: Path) -> None:
        """As ``_link``, for a file that lies on another filesystem or cannot have a second name."""
        with self._temporary() as temporary:
            if _copy(Path(original.path), temporary) != original.sha256:
                raise StoreError("The upload changed while it was being stored. Please try again.")
            os.link(temporary, place)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A name for a file on its way in, on the filesystem of ``root``; gone afterwards."""
        self._make_lasting(self._incoming)
        path = self._incoming / f"{secrets.token_hex(8)}.part"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _list_folder(self, folder: Path, prefix: str) -> Iterator[StoredObject]:
        for name in _names(folder):
            if KEY.fullmatch(name) and name[:2] == folder.name and name.startswith(prefix):
                with suppress(FileNotFoundError):  # Deleted since its folder was read.
                    yield _described(name, (folder / name).stat())


def own_address(secret: str, cloud_name: str, image: Image, wanted: Transformation) -> str:
    """The path under our own ``/cdn`` of a variant, signed for this very transformation."""
    # Cloudinary's SDKs escape the tilde too, and the signature covers the escaped spelling.
    public_id = quote(image.public_id, safe="/:").replace("~", "%7E")
    signature = sign_delivery(secret, f"{wanted}/{public_id}")
    place = f"/cdn/{cloud_name}/image/{image.type}/s--{signature}--"
    return f"{place}/{wanted}/v{image.store_version}/{public_id}"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        return []


def _described(key: str, found: os.stat_result, *, sha256: str | None = None) -> StoredObject:
    # A key's bytes never change, so the time they were written is both of its times.
    written_at = datetime.fromtimestamp(found.st_mtime, UTC)
    return StoredObject(
        key=key,
        bytes=found.st_size,
        etag=f"{found.st_mtime_ns:x}-{found.st_size:x}",
        created_at=written_at,
        modified_at=written_at,
        sha256=sha256,
    )


def _same_bytes(place: Path, original: Received) -> bool:
    if place.stat().st_size != original.bytes:
        return False
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == original.sha256


def _copy(source: Path, target: Path) -> str:
    """Copies and flushes a file; the SHA-256 of what was written."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reader, os.fdopen(descriptor, "wb") as writer:
        return copy_flushed(reader, writer)


def _flush_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Turns what the operating system says into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError("The disk of the gallery is full. Nothing was kept.") from error
        raise StoreError("The folder of the originals cannot be used.") from error


@contextmanager
def _missing() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissingError("There is no such file in the store.") from error
