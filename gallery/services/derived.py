"""Where derived variants lie: a cache on disk that may be removed at any time.

``{root}/{2 characters}/{digest of the id}/{digest of name, version and access}/{digest of the
variant}``: an image is forgotten by removing one folder, and what was made under another name or
version of it is never met again. What a file is, its first bytes say.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import IO

from gallery.catalog.assets import DeliveredAs
from gallery.model import Image
from gallery.transformation import Step, Transformation

USED_AGAIN_S = 3600.0
"""A use is noted at most so often: it costs a write."""

SHELF = 2
"""Characters of a digest that folders are gathered by."""

LOCKS = "locks"
"""Beside the folders of images: what only helps processes to work together."""

WRITTEN = "written"
"""Among the locks: a line for each file kept since the last look at the whole, its bytes."""


@dataclass(frozen=True, slots=True)
class Name:
    """What an image is called in a delivery address, and who may fetch it there."""

    resource_type: str
    type: str
    public_id: str
    store_version: str
    access_mode: str
    headers: tuple[str, ...]


def name_of(image: Image | DeliveredAs) -> Name:
    """The image's present name."""
    return Name(
        image.resource_type,
        image.type,
        image.public_id,
        image.store_version or "",
        image.access_mode,
        image.headers,
    )


def variant_name(wanted: Transformation, bucket: str, layers: Mapping[str, Image]) -> str:
    """Names everything that the bytes hang on besides the image itself."""
    laid = (f"{each.id} {each.store_version}" for each in layers.values())
    return "\n".join((bucket, str(_without_flags(wanted)), *laid))


def _without_flags(wanted: Transformation) -> Transformation:
    """How it is delivered makes no other picture."""
    steps = (
        replace(step, flags=tuple(f for f in step.flags if not f.startswith("attachment")))
        for step in wanted.steps
    )
    return Transformation(tuple(step for step in steps if step != Step()))


class DerivedFiles:
    """The files under ``root``. Safe between threads and processes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, id: str, name: Name, variant: str) -> Path:
        """Where a variant lies, whether or not it is there. ``variant`` names what is done to the
        image, and everything else that the result depends on."""
        return folder_of(self.root, id) / _known_as(name) / _digest(variant)

    def read(self, path: Path) -> bytes | None:
        """What lies there."""
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def keep(self, path: Path, content: bytes) -> bool:
        """Whether there was room for it: whole and durable, or not there at all."""
        return self.keep_file(path, io.BytesIO(content))

    def keep_file(self, path: Path, content: IO[bytes]) -> bool:
        """The same for what can be read from ``content``, piece by piece."""
        try:
            size = _write(path, content)
        except OSError:
            return False
        with suppress(OSError):
            self._note(size)
        return True

    def forget(self, id: str) -> None:
        """Removes every variant of the image."""
        shutil.rmtree(folder_of(self.root, id), ignore_errors=True)

    def forget_others(self, id: str, name: Name) -> None:
        """Removes what was derived from the image under other names than this one."""
        known_as = _known_as(name)
        for folder in inside(folder_of(self.root, id)):
            if folder.name != known_as:
                shutil.rmtree(folder, ignore_errors=True)

    def forget_all_but(self, named: Iterable[tuple[str, Name]]) -> int:
        """Removes what was derived under other names than these, each with the image's id; how many
        folders that were. What is derived from now on is left alone."""
        here = self._known()
        if here:  # Most often there is something; where there is not, nobody needs to be asked.
            for id, name in named:
                here.get(folder_of(self.root, id), set()).discard(_known_as(name))
        for folder, stale in here.items():
            for known_as in stale:
                shutil.rmtree(folder / known_as, ignore_errors=True)
        return sum(map(len, here.values()))

    def _known(self) -> dict[Path, set[str]]:
        """The folder of each image that something was derived from, and the names in it."""
        return {
            folder: {each.name for each in inside(folder)}
            for shelf in inside(self.root)
            if len(shelf.name) == SHELF
            for folder in inside(shelf)
        }

    def _note(self, size: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self.root / LOCKS / WRITTEN, flags, 0o600)
        try:
            os.write(handle, b"%d\n" % size)
        finally:
            os.close(handle)


def note_use(path: str, written_or_used_at: float) -> None:
    """Remembers that the file was used now, if that is news; the oldest go first."""
    if time.time() - written_or_used_at > USED_AGAIN_S:
        with suppress(OSError):
            os.utime(path)


def folder_of(root: Path, id: str) -> Path:
    """Where all that was derived from an image lies, by its permanent id."""
    name = _digest(id)
    return root / name[:SHELF] / name


def inside(folder: Path) -> list[Path]:
    """What is in a folder; nothing when it is gone."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return list(folder.iterdir())
    return []


def _known_as(name: Name) -> str:
    """What a name stands for among the folders of its image."""
    kind = (name.resource_type, name.type, name.public_id, name.store_version, name.access_mode)
    return _digest("\0".join((*kind, *name.headers)))


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _write(path: Path, content: IO[bytes]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).rename(path)
            return file.tell()
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
