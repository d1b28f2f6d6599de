"""Documents of images that were never uploaded, as the catalog writes them."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from gallery import embedded
from gallery.catalog.documents import IMAGES, arrival_of, document_of
from gallery.catalog.images import ImageCatalog
from gallery.catalog.tag_counts import TagCounts
from gallery.catalog.terms import terms_of
from gallery.catalog.vocabulary import Vocabulary
from gallery.model import Camera, Image, Status
from gallery.signing import new_id

Document = dict[str, Any]

COMMONEST = "word0"
"""In about one image of six, as the commonest word of a collection is."""

_WORDS = [f"word{number}" for number in range(5_000)]
_WEIGHTS = list(accumulate(1 / (number + 13) for number in range(len(_WORDS))))
_TAGS = [f"tag{number}" for number in range(30)]
_ADDRESS = f"/cdn/vitrine/image/upload/s--{'x' * 32}--/c_limit,f_auto,h_2560,q_auto,w_2560"
_BATCH = 5_000


def client_of(data: Path) -> MongoClient[Document]:
    """A client of the gallery's own database, while it runs on that folder."""
    return MongoClient(embedded.uri_of(data))


def lay(data: Path, count: int) -> None:
    """Fills a gallery that does not run: one that does would be told of every image."""
    with embedded.connect_or_start(data) as uri, MongoClient[Document](uri) as client:
        database = client.get_default_database()
        fill(database, count)
        ImageCatalog(database, now=lambda: datetime.now(UTC)).ensure_indexes()


def fill(database: Database[Document], count: int) -> None:
    """Adds so many ready images, with all that is kept beside them."""
    Vocabulary(database).learn(_WORDS)
    drawn = random.Random(1)  # noqa: S311 (the same text in every run)
    arrived_at = datetime.now(UTC) - timedelta(days=700)
    step = timedelta(days=699) / count
    for begin in range(0, count, _BATCH):
        numbers = range(begin, min(begin + _BATCH, count))
        batch = [document(drawn, arrived_at + step * number) for number in numbers]
        database[IMAGES].insert_many(batch, ordered=False)
    TagCounts(database).recount()


def document(drawn: random.Random, arrived_at: datetime) -> Document:
    """A ready image that arrived then."""
    id = new_id()
    image = Image(
        order="",
        id=id,
        public_id=id,
        status=Status.READY,
        store="local",
        key=id,
        url=f"{_ADDRESS}/v1/{id}",
        description=" ".join(drawn.choices(_WORDS, cum_weights=_WEIGHTS, k=8)),
        alt=" ".join(drawn.choices(_WORDS, cum_weights=_WEIGHTS, k=6)),
        tags=tuple(sorted(drawn.sample(_TAGS, 3))),
        filename=f"{id[:8]}.jpg",
        width=4032,
        height=3024,
        format="jpeg",
        bytes=3_145_728,
        sha256=hashlib.sha256(id.encode()).hexdigest(),
        etag=f"{id}-300000",
        store_version="1",
        color="#8a6f4d",
        placeholder=base64.b64encode(drawn.randbytes(24)).decode(),
        created_at=arrived_at,
        updated_at=arrived_at,
        taken_at=arrived_at,
        camera=Camera(model="Camera 7", lens="35 mm", exposure="1/250 s, f/2.8, ISO 100"),
    )
    found_by = {"terms": _terms(image), "content": image.sha256}
    return document_of(image) | {"_id": arrival_of(image), **found_by}


def _terms(image: Image) -> list[str]:
    """As ``terms_of`` finds them; it need not look at the same few words a million times."""
    words = f"{image.description} {image.alt}".split()
    found = (*map(_terms_of_tag, image.tags), *map(_terms_of_word, words))
    return list(dict.fromkeys(chain.from_iterable(found)))


@cache
def _terms_of_word(word: str) -> tuple[str, ...]:
    return terms_of(word)


@cache
def _terms_of_tag(tag: str) -> tuple[str, ...]:
    return terms_of(tags=[tag])


def endless(database: Database[Document]) -> Iterator[str]:
    """Adds one image each time it is asked; its id."""
    drawn = random.Random(2)  # noqa: S311 (the same text in every run)
    while True:
        made = document(drawn, datetime.now(UTC))
        database[IMAGES].insert_one(made)
        yield str(made["id"])
