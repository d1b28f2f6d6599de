"""The judge: what the API, the database and the store say, held against what clients were told.

It reads documents, files and the store's own log by itself. A judge that asked the gallery's audit
would believe its mistakes, so that audit is held to the same here as everything else.
"""

from __future__ import annotations

import hashlib
import http.client
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from tests.chaos import kept
from tests.chaos.history import History, Told
from tests.chaos.listener import Listener
from tests.cloudinary_server import CloudinaryServer

HEARD_WITHIN_S = 20.0
_VISIBLE = {"ready", "trashed"}
_UNFINISHED = ("lease", "replacing", "leaving", "staying", "migrating")


@dataclass(slots=True)
class Verdict:
    """What is wrong, in words; a gallery that has lost nothing has six empty lists."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged, and not there any more, or with other bytes."""
    twins: list[str] = field(default_factory=list)
    """One request that has become two images."""
    half: list[str] = field(default_factory=list)
    """Neither done nor undone."""
    orphans: list[str] = field(default_factory=list)
    """Objects and files that no document knows."""
    ghosts: list[str] = field(default_factory=list)
    """Listed, and not there when one looks."""
    unheard: list[str] = field(default_factory=list)
    """Created, and no listener was told."""

    def counts(self) -> tuple[int, ...]:
        return tuple(len(getattr(self, each.name)) for each in fields(self))

    def beyond(self, known: Verdict) -> Verdict:
        """What the other did not say."""
        new = Verdict()
        for each in fields(self):
            said = getattr(known, each.name)
            getattr(new, each.name).extend(p for p in getattr(self, each.name) if p not in said)
        return new

    def add(self, other: Verdict) -> None:
        """Says what the other says, too."""
        for each in fields(self):
            getattr(self, each.name).extend(getattr(other, each.name))

    def problems(self) -> list[str]:
        return [
            f"{each.name}: {problem}"
            for each in fields(self)
            for problem in getattr(self, each.name)
        ]


class Judge:
    """Judges one gallery while it runs and nobody writes to it."""

    def __init__(
        self,
        *,
        data: tuple[Path, ...],
        uri: str,
        port: int,
        history: History,
        listener: Listener,
        twin: CloudinaryServer | None,
    ) -> None:
        """``data`` are the data folders of all its nodes; the first has the originals."""
        self._data = data
        self._uri = uri
        self._port = port
        self._history = history
        self._listener = listener
        self._twin = twin
        self._looked_at: set[str] = set()

    def verdict(self) -> Verdict:
        """What is wrong now."""
        with MongoClient[dict[str, Any]](self._uri, timeoutMS=20_000) as client:
            database = client.get_default_database()
            images = database.get_collection("images", read_concern=ReadConcern("majority"))
            documents = list(images.find())
            uploads = database["uploads"]
            parts = set(uploads.distinct("parts.name"))
            awaited = set(uploads.distinct("key", {"status": {"$in": ["pending", "processing"]}}))
            verdict = Verdict(orphans=list(kept.nobodys(database, parts)))
            there = dict(kept.spooled(database)) | dict(self._objects())
        listed = {image["id"]: image for image in self._list()}
        self._judge_documents(documents, verdict)
        self._judge_objects(documents, there, parts, awaited, verdict)
        self._judge_list(documents, listed, verdict)
        self._judge_history(documents, listed, verdict)
        ready = {document["id"] for document in documents if document["status"] == "ready"}
        verdict.unheard += self._listener.heard_of(ready, within_s=HEARD_WITHIN_S)
        return verdict

    def _judge_documents(self, documents: list[dict[str, Any]], verdict: Verdict) -> None:
        for document in documents:
            left = [name for name in _UNFINISHED if name in document]
            if document["status"] not in _VISIBLE or left:
                verdict.half.append(f"{document['id']} is {document['status']}, has {left}")
        keys = Counter(document["sha256"] for document in documents)
        verdict.twins += [f"{sha256} {count} times" for sha256, count in keys.items() if count > 1]

    def _judge_objects(
        self,
        documents: list[dict[str, Any]],
        there: dict[tuple[str, str], str],
        parts: set[str],
        awaited: set[str],
        verdict: Verdict,
    ) -> None:
        """``parts`` are named by uploads, and what arrived under a key that is ``awaited`` is one's
        that has not ended."""
        known = {(document["store"], document["key"]): document for document in documents}
        for place, document in known.items():
            if document["status"] not in _VISIBLE:
                continue
            if place not in there:
                verdict.half.append(f"{document['id']} has no object {place}")
            elif there[place] != document["sha256"]:
                verdict.half.append(f"{document['id']} has another object {place}")
        arriving = {("cloudinary", f"arrivals.{key}") for key in awaited}
        unknown = there.keys() - known.keys() - arriving
        verdict.orphans += [f"object {place}" for place in unknown]
        verdict.orphans += [f"file {path}" for path in self._strays() if path.name not in parts]
        named = {_folder_of(document["id"]) for document in documents}
        verdict.orphans += [f"derived {path}" for path in self._derived() if path.name not in named]

    def _objects(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Place and SHA-256 of everything that lies in a store, but for what is in MongoDB."""
        for path in (self._data[0] / "originals").glob("??/*"):
            yield ("local", path.name), _sha256(path.read_bytes())
        for data in self._data:
            for path in (data / "spool").glob("??/*"):
                yield ("spool", path.name), _sha256(path.read_bytes())
        if self._twin:
            for (_, public_id), asset in list(self._twin.account.assets.items()):
                key = public_id.removeprefix("vitrine/").replace("/", ".")
                yield ("cloudinary", key), _sha256(asset.content)

    def _strays(self) -> Iterator[Path]:
        """What was on its way in, and should have gone with whoever brought it."""
        for data in self._data:
            for folder in (
                data / "incoming",
                data / "originals" / ".incoming",
                data / "spool" / ".incoming",
                data / "uploads",
            ):
                yield from (path for path in folder.rglob("*") if path.is_file())

    def _derived(self) -> Iterator[Path]:
        for data in self._data:
            yield from (data / "derived").glob("??/*")

    def _judge_list(
        self, documents: list[dict[str, Any]], listed: dict[str, Any], verdict: Verdict
    ) -> None:
        ready = {document["id"] for document in documents if document["status"] == "ready"}
        verdict.half += [f"{each} is ready and not listed" for each in ready - listed.keys()]
        verdict.ghosts += [f"{each} is listed and not ready" for each in listed.keys() - ready]
        shas = {document["id"]: document["sha256"] for document in documents}
        unseen = [image for image in listed.values() if image["id"] not in self._looked_at]
        with ThreadPoolExecutor(4) as looking:
            for image, problem in looking.map(
                lambda image: (image, self._look(image, shas.get(image["id"], ""))), unseen
            ):
                if problem:
                    verdict.ghosts.append(f"{image['id']} {problem}")
                else:
                    self._looked_at.add(image["id"])

    def _look(self, image: dict[str, Any], sha256: str) -> str:
        """What is wrong with an image that is listed, as a visitor sees it."""
        path = f"/api/images/{image['id']}"
        if (status := self._get(path)[0]) != 200:
            return f"answers {status}"
        status, original = self._get(f"{path}/original")
        if status != 200 or _sha256(original) != sha256:
            return f"has an original that answers {status}, other bytes than recorded"
        if (status := self._get(image["variants"]["thumb"]["url"])[0]) != 200:
            return f"has a thumb that answers {status}"
        return ""

    def _judge_history(
        self, documents: list[dict[str, Any]], listed: dict[str, Any], verdict: Verdict
    ) -> None:
        held = {document["id"]: document["sha256"] for document in documents}
        for entry in self._history.acknowledged():
            if entry.id in self._history.gone:
                continue
            may_hold = self._history.expected.get(entry.id or "", {entry.sha256})
            if entry.id not in listed or held.get(entry.id or "") not in may_hold:
                verdict.lost.append(f"{entry.id} of request {entry.key}")
        by_content = Counter(held.values())
        for key, upload in self._history.uploads.items():
            entries = self._history.told(key)
            if len({entry.id for entry in entries if entry.id}) > 1:
                verdict.twins.append(f"request {key} was answered with several ids")
            refused = entries and all(entry.told is Told.REFUSED for entry in entries)
            if refused and by_content[upload.sha256]:
                verdict.half.append(f"request {key} was refused and has left an image")

    def _list(self) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            status, body = self._get(f"/api/images?limit=100{more}")
            assert status == 200, (status, body)
            page = json.loads(body)
            yield from page["images"]
            cursor = page["next_cursor"]

    def _get(self, address: str) -> tuple[int, bytes]:
        parts = urlsplit(address)
        host = parts.netloc or f"127.0.0.1:{self._port}"
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            return _asked(host, target)
        except ConnectionError:  # A worker that was killed had not quite gone.
            return _asked(host, target)


def _asked(host: str, target: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _folder_of(image_id: str) -> str:
    return hashlib.blake2b(image_id.encode(), digest_size=16).hexdigest()
