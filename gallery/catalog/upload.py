"""An upload as it is recorded: values and their document."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gallery.catalog.documents import Document


class UploadStatus(StrEnum):
    """Where an upload is: pending → processing → ready or failed; or expired."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of an upload that is kept."""

    offset: int
    bytes: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload as far as it came."""

    id: str
    principal: str
    """Whose it is: for everybody else it is not there."""
    filename: str = ""
    bytes: int | None = None
    offset: int = 0
    parts: tuple[Part, ...] = ()
    status: UploadStatus = UploadStatus.PENDING
    description: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    sha256: str = ""
    """As the sender announced it."""
    keep_duplicates: bool = False
    replaces: str = ""
    """The image whose picture it shall be."""
    metadata: str = ""
    """``Upload-Metadata`` as it came, to be told again."""
    store: str = ""
    """Where its sender brings it himself, by a ticket; empty when the bytes come here."""
    key: str = ""
    """Under which it arrives there."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What another protocol wants to know again with the next piece. It finishes such an upload
    itself."""
    image_id: str = ""
    """What became of it."""
    duplicate: bool = False
    """The image was here before."""
    problem: dict[str, Any] | None = None
    """Why it failed, or waits."""
    expires_at: datetime
    """When it is given up; of a ticket, when nothing can arrive by it any more."""

    @property
    def is_whole(self) -> bool:
        """Whether every byte is here."""
        return self.bytes is not None and self.offset == self.bytes

    @property
    def may_be_finished(self) -> bool:
        """Whether it is whole, or may be in its store, and all is known of what shall become of
        it."""
        return (self.is_whole or bool(self.store)) and not self.notes


_NESTED = frozenset({"id", "status", "parts", "tags", "albums"})
_KNOWN = frozenset(Upload.__dataclass_fields__) - _NESTED


def document_of(upload: Upload) -> Document:
    """The document of an upload, without what only the catalog adds."""
    document = asdict(upload) | {"_id": upload.id, "status": upload.status.value}
    document["parts"] = [asdict(each) for each in upload.parts]
    del document["id"]
    return {name: value for name, value in document.items() if value not in (None, "", {})}


def upload_of(document: Document) -> Upload:
    """The upload that a document records."""
    return Upload(
        id=document["_id"],
        status=UploadStatus(document["status"]),
        parts=tuple(Part(**each) for each in document["parts"]),
        tags=tuple(document["tags"]),
        albums=tuple(document["albums"]),
        **{name: document[name] for name in _KNOWN if name in document},
    )
