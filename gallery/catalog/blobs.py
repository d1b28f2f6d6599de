"""Bytes in MongoDB, for what every node must be able to read: streamed both ways, never whole in
memory.

Two collections for each name, much like GridFS, which would let two writers of one name mix their
chunks:

=================== ==============================================================================
``NAME.blobs``      ``_id`` is the key; ``bytes``, ``sha256``, ``kept_at``, and ``content``: whose
                    chunks they are
``NAME.chunks``     ``_id`` is ``{"of": content, "n": number}``; ``data``, at most a mebibyte
=================== ==============================================================================

Each writer has a ``content`` of its own, and the blob that names it is recorded last. So a key has
all of its bytes or is not there; what a crash leaves are chunks that no blob names (``tidy``).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from bson import Binary, MaxKey, ObjectId
from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from gallery.catalog.documents import Document, collection, text
from gallery.catalog.failures import answering, database_failures
from gallery.errors import KeyTakenError, ObjectMissingError, StoreError
from gallery.model import StoredObject

CHUNK_BYTES = 1024 * 1024

_PAGE = 500


class Blobs:
    """The blobs of one name. Every call may raise DatabaseUnavailableError."""

    def __init__(self, database: Database[Document], name: str) -> None:
        self._blobs = collection(database, f"{name}.blobs")
        self._chunks = collection(database, f"{name}.chunks")

    @database_failures
    def ensure_indexes(self) -> None:
        """Makes the index by which chunks are known to be a blob's."""
        self._blobs.create_indexes([IndexModel("content", name="content", unique=True)])

    def put(self, key: str, file: BinaryIO, *, sha256: str | None = None) -> StoredObject:
        """Keeps what the file has from here on under ``key``, durably.

        The same bytes under the same key again is success; other bytes raise KeyTakenError, and
        what lies there stays. Raises StoreError when the bytes are not those of ``sha256``; then
        nothing is kept.
        """
        writer = self.create(key)
        try:
            while chunk := file.read(CHUNK_BYTES):
                writer.write(chunk)
            return writer.keep(sha256=sha256)
        except BaseException:
            writer.discard()
            raise

    def create(self, key: str) -> BlobWriter:
        """A blob to be: there once it is kept."""
        return BlobWriter(self, text(key))

    @database_failures
    def stat(self, key: str) -> StoredObject:
        """What lies under ``key``. Raises ObjectMissingError."""
        return _described(self._find(key))

    @database_failures
    def open(self, key: str) -> BinaryIO:
        """The bytes, for reading and seeking; memory holds one chunk. Raises ObjectMissingError."""
        return io.BufferedReader(_Reader(self, self._find(key)), CHUNK_BYTES // 4)

    @database_failures
    def delete(self, key: str) -> None:
        """Removes the blob. Missing is success."""
        document = self._blobs.find_one_and_delete({"_id": text(key)})
        if document is not None:
            self._drop_chunks(document["content"])

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The blobs whose keys begin so, in the order of the keys."""
        query: Document = {"$gte": text(prefix), "$lt": prefix + "\U0010ffff"}
        while page := self._page(query):
            yield from map(_described, page)
            query = {"$gt": page[-1]["_id"], "$lt": query["$lt"]}

    @database_failures
    def _page(self, query: Document) -> Sequence[Document]:
        return self._blobs.find({"_id": query}).sort("_id", 1).limit(_PAGE).to_list()

    def tidy(self, *, older_than: datetime) -> int:
        """How many unfinished blobs were removed: begun before that moment, and never kept."""
        removed = 0
        for content in self._contents(before=ObjectId.from_datetime(older_than)):
            with answering():
                if self._blobs.find_one({"content": content}, {"_id": 1}) is None:
                    self._drop_chunks(content)
                    removed += 1
        return removed

    def _contents(self, *, before: ObjectId) -> Iterator[ObjectId]:
        """Whose chunks there are, begun before that."""
        above: Document = {"$gte": _chunk_id(ObjectId(b"\0" * 12), 0)}
        while True:
            with answering():
                found = self._chunks.find_one(
                    {"_id": {**above, "$lt": _chunk_id(before, 0)}}, {"_id": 1}, sort=[("_id", 1)]
                )
            if found is None:
                return
            content = found["_id"]["of"]
            yield content
            above = {"$gt": _chunk_id(content, MaxKey())}

    def stale(self, *, older_than: datetime) -> Iterator[str]:
        """The keys of blobs kept before that moment; unfinished ones of that age are removed."""
        self.tidy(older_than=older_than)
        yield from (each.key for each in self.list() if each.created_at < older_than)

    def _find(self, key: str) -> Document:
        document = self._blobs.find_one({"_id": text(key)})
        if document is None:
            raise ObjectMissingError("There is no such file in the store.")
        return document

    @database_failures
    def _keep_chunk(self, content: ObjectId, n: int, data: bytes) -> None:
        self._chunks.insert_one({"_id": _chunk_id(content, n), "data": Binary(data)})

    @database_failures
    def _chunk(self, content: ObjectId, n: int) -> bytes:
        document = self._chunks.find_one({"_id": _chunk_id(content, n)})
        if document is None:
            raise ObjectMissingError("The file was removed while it was read.")
        return bytes(document["data"])

    @database_failures
    def _drop_chunks(self, content: ObjectId) -> None:
        self._chunks.delete_many(
            {"_id": {"$gte": _chunk_id(content, 0), "$lt": _chunk_id(content, MaxKey())}}
        )

    @database_failures
    def _record(self, key: str, content: ObjectId, size: int, sha256: str) -> bool:
        """Whether the blob names that content now, and not another."""
        told = {"content": content, "bytes": size, "sha256": sha256, "chunk_bytes": CHUNK_BYTES}
        try:
            # An upsert that matches nothing: unlike an insert it can write the database's own time.
            self._blobs.update_one(
                {"_id": key, "content": content},
                {"$setOnInsert": told, "$currentDate": {"kept_at": True}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return True


class BlobWriter:
    """One blob on its way in, by one thread. Ends with ``keep`` or ``discard``."""

    def __init__(self, blobs: Blobs, key: str) -> None:
        self._blobs = blobs
        self._key = key
        self._content = ObjectId()
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self._chunks = 0
        self.bytes = 0
        """As many as were written."""

    def write(self, data: bytes) -> None:
        """Takes more bytes; whole chunks go to the database at once."""
        self._digest.update(data)
        self._waiting += data
        self.bytes += len(data)
        while len(self._waiting) >= CHUNK_BYTES:
            self._flush()

    def keep(self, *, sha256: str | None = None) -> StoredObject:
        """The blob, durable and there. Raises as ``Blobs.put`` does."""
        if self._waiting:
            self._flush()
        found = self._digest.hexdigest()
        if sha256 not in (None, found):
            self.discard()
            raise StoreError("The file changed while it was being stored. Please try again.")
        if self._blobs._record(self._key, self._content, self.bytes, found):
            return self._blobs.stat(self._key)
        self.discard()
        there = self._blobs.stat(self._key)
        if (there.bytes, there.sha256) != (self.bytes, found):
            raise KeyTakenError("Another file has that name in the store.")
        return there

    def discard(self) -> None:
        """Removes what was written, unless it was kept."""
        if not self._is_kept():
            self._blobs._drop_chunks(self._content)

    def _is_kept(self) -> bool:
        with answering():
            return self._blobs._blobs.find_one({"content": self._content}) is not None

    def _flush(self) -> None:
        chunk = bytes(memoryview(self._waiting)[:CHUNK_BYTES])
        self._blobs._keep_chunk(self._content, self._chunks, chunk)
        del self._waiting[:CHUNK_BYTES]
        self._chunks += 1


class _Reader(io.RawIOBase):
    """A blob's bytes; it holds the chunk that was read last."""

    def __init__(self, blobs: Blobs, document: Document) -> None:
        super().__init__()
        self._blobs = blobs
        self._document = document
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._document["bytes"]}
        self._position = max(0, start[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        left = self._document["bytes"] - self._position
        if left <= 0:
            return 0
        n, at = divmod(self._position, self._document["chunk_bytes"])
        if self._held[0] != n:
            self._held = n, self._blobs._chunk(self._document["content"], n)
        piece = self._held[1][at : at + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def _chunk_id(content: ObjectId, n: int | MaxKey) -> Document:
    return {"of": content, "n": n}


def _described(document: Document) -> StoredObject:
    return StoredObject(
        key=document["_id"],
        bytes=document["bytes"],
        etag=str(document["content"]),
        created_at=document["kept_at"],
        modified_at=document["kept_at"],
        sha256=document["sha256"],
    )
