"""Images for the tests of the catalog, as an upload would make them; and many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from gallery.catalog.images import ImageCatalog
from gallery.model import Image, Status, StoredObject
from gallery.signing import new_id

HOLDER = "holder-of-this-test"

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

_numbers = count(1)


def pending(**told: Any) -> Image:
    """An image that was just received, as ingest would record it."""
    name = new_id()
    usual: dict[str, Any] = {
        "order": "",
        "id": name,
        "public_id": name,
        "status": Status.PENDING,
        "store": "local",
        "key": name,
        "sha256": f"{next(_numbers):064x}",
        "width": 400,
        "height": 300,
        "format": "jpeg",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Image(**usual | told)


def stored(image: Image) -> StoredObject:
    """What a store says after it has put the image's bytes."""
    return StoredObject(
        key=image.key,
        bytes=1234,
        etag="etag",
        created_at=NOON,
        modified_at=NOON,
        store_version="1",
        sha256=image.sha256,
    )


def record(catalog: ImageCatalog, *, lease_s: float = 60, **told: Any) -> Image:
    """An image as far as its intent."""
    return catalog.record_intent(
        pending(**told), unique_content=True, holder=HOLDER, lease_s=lease_s
    )


def finish(catalog: ImageCatalog, image: Image) -> Image:
    """The image, its upload ended well."""
    return catalog.make_ready(image.id, holder=HOLDER, stored=stored(image), url=f"/x/{image.id}")


def add(catalog: ImageCatalog, **told: Any) -> Image:
    """A ready image."""
    return finish(catalog, record(catalog, **told))


def at_once(number: int, work: Callable[[int], object]) -> list[object]:
    """What each of so many threads returned or raised, all let loose together."""
    barrier = threading.Barrier(number)
    results: list[object] = [None] * number

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = work(index)
        except Exception as error:  # noqa: BLE001 - the test looks at every kind
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
